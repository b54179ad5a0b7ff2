/** What is chosen, in words: each value with the sentence that says what it means, and what can be done to it. */

import { cast } from "./cast.js";
import { since, whereIs } from "./faults.js";
import { menuOf } from "./menus.js";
import { h } from "./paint.js";
import { bytes, clockTime, number, offset, spoken } from "./words.js";

/**
 * @param {import("./types.js").Model} model
 * @param {import("./types.js").Ui} ui
 */
export function drawNow(model, ui) {
  const entity = ui.selected === null ? undefined : model.entities[ui.selected];
  if (!entity) {
    return [h("p", { class: "quiet" }, ui.selected === null
      ? "Choose a broker, a replica, a group or anything else on the stage, and it explains itself here."
      : "What was chosen here is gone.")];
  }
  const portrait = PORTRAITS[/** @type {keyof typeof PORTRAITS} */ (entity.kind)] ?? unknown;
  const { title, about, rows, first, menu } = portrait({ ...entity, id: ui.selected }, model);
  const { acts, faults } = menu === null ? { acts: [], faults: [] } : menuOf(menu ?? entity);
  const buttons = [...(first ?? []).filter(Boolean), ...acts];
  return [
    h("h2", { key: "title" }, title),
    h("p", { key: "about", class: "about" }, about),
    ...faultsHere(entity, model),
    buttons.length > 0 && h("div", { key: "acts", class: "acts" }, buttons),
    faults.length > 0 && h("details", { key: "break", class: "more break" }, h("summary", null, "Break something"), h("div", { class: "acts" }, faults)),
    h("dl", { key: "values", class: "values" }, rows.filter(Boolean).map(([label, value, sentence]) => h("div", { key: label },
      h("dt", null, label), h("dd", null, value), sentence && h("dd", { class: "meaning" }, sentence)))),
  ].filter(Boolean);
}

/** The faults that hit what is chosen. */
function faultsHere(entity, model) {
  const node = entity.node ?? entity.name;
  if (node === undefined || entity.kind === "fault") return [];
  const on = cast(model);
  const here = on.faults.filter((fault) => fault.nodes.includes(node));
  return here.length === 0 ? [] : [h("ul", { key: "faults", class: "faults-here" }, here.map((fault) => h("li", { key: fault.id },
    jump(`${whereIs(fault, on.brokers.length)}: ${fault.label}`, fault.id), h("span", { class: "quiet" }, ` ${since(model, fault)}`), menuOf(fault).acts)))];
}

const list = (brokers) => (brokers.length === 0 ? "none" : brokers.join(", "));
const jump = (label, id) => h("button", { type: "button", class: "link", "data-id": id }, label);

const PORTRAITS = {
  broker(it) {
    return {
      title: `Broker ${it.broker}`,
      about: `A Kafka broker at ${it.host}:${it.port}. It keeps replicas on its own disk, leads some of them and follows others.`,
      rows: [
        ["State", spoken(it.state), "What its process does."],
        ["Fenced", it.fenced ? "yes" : "no", "While fenced, the controller lets it lead nothing and counts it out of every ISR."],
        ["Broker epoch", number(it.epoch), "Given at registration: requests under an older epoch are refused."],
        ["Leads", `${number(it.leaders)} of ${number(it.replicas)} replicas`, "Clients write to leaders; followers copy from them."],
        ["Log size", bytes(it.log_bytes), "All its segment files together."],
        ["Metadata offset", offset(it.metadata_offset), "How far it has read the controller's log."],
        ["Connections", number(it.connections), "Real clients connected to it now."],
        it.rack && ["Rack", it.rack, "Replicas are spread over racks."],
      ],
    };
  },
  controller(it) {
    return {
      title: `Controller ${it.id.split(":")[1]}`,
      about: "It decides: which brokers are alive, who leads each partition, which topics there are. Its decisions are records in a log that every broker reads.",
      rows: [
        ["State", spoken(it.state), "What its process does."],
        it.role !== undefined && ["Role", spoken(it.role), "One leads the quorum and decides; the others follow, and one of them takes over when it is gone."],
        ["Active", it.active ? "yes" : "no", "Only the active controller decides."],
        it.epoch !== undefined && ["Epoch", offset(it.epoch), "Goes up with every election of a controller."],
        it.metadata_offset !== undefined && ["Metadata offset", offset(it.metadata_offset), "The end of its log of decisions, __cluster_metadata."],
        it.voted_for !== undefined && ["Voted for", it.voted_for < 0 ? "–" : `controller ${it.voted_for}`, "In this epoch: each voter has one vote."],
        it.snapshot_end >= 0 && ["Snapshot up to", number(it.snapshot_end), "Everything before it is kept as a state and no longer as records."],
        it.log_end !== undefined && ["Log end", offset(it.log_end), "The offset that its next record gets."],
        it.high_watermark !== undefined && ["High watermark", offset(it.high_watermark), "What is before it is on most of the controllers: it counts."],
      ],
    };
  },
  topic(it) {
    const configs = Object.entries(it.configs);
    return {
      title: it.topic,
      about: it.internal ? "An internal topic: the cluster keeps its own books in it." : "A topic: a name for its partitions.",
      rows: [
        ["Partitions", number(it.partitions), "Each is a log of its own, with an order of its own."],
        ["Replication factor", number(it.replication_factor), "How many brokers keep a copy of each partition."],
        ["Topic id", it.topic_id, "A topic made again under the same name has another."],
        ...configs.map(([name, value]) => [name, value, "Set on this topic."]),
      ],
      menu: it.internal ? null : undefined,
    };
  },
  partition(it) {
    return {
      title: `${it.topic}-${it.partition}`,
      about: it.offline ? "This partition has no leader: nothing can be written or read until one may lead." : `Broker ${it.leader} leads it: all writes go there.`,
      rows: [
        ["Leader", it.leader < 0 ? "none" : jump(`broker ${it.leader}`, `broker:${it.leader}`), "The one replica that takes writes."],
        ["Preferred leader", `broker ${it.preferred}`, "The first of its replicas; it leads when all is well."],
        ["Leader epoch", number(it.leader_epoch), "Goes up with every election; each batch carries the epoch it was written under."],
        ["Replicas", list(it.replicas), "The brokers that keep a copy."],
        ["In sync (ISR)", list(it.isr), "The replicas that keep up. Any of them may lead without loss."],
        it.elr.length > 0 && ["Eligible leaders (ELR)", list(it.elr), "Not in sync, but they hold all that was committed: they may lead without loss."],
        it.adding.length > 0 && ["Being added", list(it.adding), "A reassignment: they copy the log, and join the ISR when they have it."],
        it.removing.length > 0 && ["Being removed", list(it.removing), "A reassignment: they give it up once the new ones are in sync."],
        it.recovering && ["Recovery state", "recovering", "Its leader was elected uncleanly: records may be lost."],
        ["Min in-sync replicas", number(it.min_isr), "With fewer in sync, writes with acks=all are refused."],
        ["High watermark", number(it.high_watermark), "Everything before it is on every in-sync replica, and consumers may read it."],
        it.last_stable_offset !== undefined && ["Last stable offset", number(it.last_stable_offset), "Before it no transaction is open: consumers with isolation.level=read_committed get so far."],
        ["Log end", number(it.log_end), "The offset that the next record will get."],
        ["Log start", number(it.log_start), "The oldest offset that is still kept."],
        ["Partition epoch", number(it.partition_epoch), "Goes up with every change of leader or ISR."],
      ],
      first: [openLast(it)],
    };
  },
  replica(it, model) {
    const partition = model.entities[`partition:${it.topic}:${it.partition}`];
    const roles = { leader: "leader", follower: it.in_sync ? "follower, in sync" : "follower, out of sync", offline: "offline" };
    return {
      title: `${it.topic}-${it.partition} on broker ${it.broker}`,
      about: "One copy of a partition: a log on one broker's disk.",
      rows: [
        ["Role", roles[it.role], it.role === "leader" ? "It takes the writes." : "It fetches from the leader, as a consumer does."],
        ["Partition", jump(`${it.topic}-${it.partition}`, `partition:${it.topic}:${it.partition}`), null],
        ["Log end", number(it.log_end), "The offset after the last record it has."],
        ["Behind the leader", number(it.lag), "Offsets that it has yet to copy."],
        ["High watermark", number(it.high_watermark), "As this replica knows it: followers hear of it with their next fetch."],
        ["Log start", number(it.log_start), "The oldest offset that it keeps."],
        ["Leader epoch", number(it.leader_epoch), "The epoch under which it leads or follows."],
        partition?.elr.includes(it.broker) && ["Eligible leader", "yes", "Not in sync, but it holds all that was committed: it may lead without loss."],
        partition?.adding.includes(it.broker) && ["Being added", "yes", "It copies the log from the leader, for a reassignment."],
        partition?.removing.includes(it.broker) && ["Being removed", "yes", "It gives the partition up once the new replicas are in sync."],
        ["Size", bytes(it.bytes), `In ${it.segments.length} segment ${it.segments.length === 1 ? "file" : "files"}.`],
        ...it.segments.map((segment) => [`Segment ${String(segment.base).padStart(20, "0")}.log`, bytes(segment.bytes), `Offsets ${segment.base} to ${segment.end} (exclusive).`]),
      ],
      first: partition ? [openLast({ ...partition, log_end: it.log_end }, it.broker)] : [],
      menu: partition,
    };
  },
  producer(it) {
    return {
      title: it.name,
      about: it.topic ? `A producer of the lab. It writes to ${it.topic}.` : "The producer that sends what you send by hand.",
      rows: [
        ["State", spoken(it.state), null],
        ["Rate", it.rate > 0 ? `${number(it.rate)} records/s` : "by hand", null],
        ["Acks", it.acks, "0: nobody answers. 1: the leader has it. all: every in-sync replica has it."],
        ["Idempotence", it.idempotence ? "on" : "off", "Its batches are numbered, so that a retry is never written twice."],
        ["Producer id", offset(it.producer_id), "Who numbers the batches."],
        it.transactions && ["Transactional id", it.transactions.transactional_id, "Whoever begins under the same name later fences this producer."],
        it.transactions && ["Producer epoch", number(it.producer_epoch), "Goes up with every transaction; writes under an older one are refused."],
        it.transactions && ["Transaction", `${it.transactions.state}, ${number(it.transactions.records)} records`, it.transactions.records_each ? `It ends after ${number(it.transactions.records_each)} records${it.transactions.abort_every ? `; every ${number(it.transactions.abort_every)}th is aborted` : ""}.` : "It begins and ends by hand."],
        it.transactions && ["Committed, aborted", `${number(it.transactions.committed)}, ${number(it.transactions.aborted)}`, "Transactions so far."],
        ["Linger", `${number(it.linger_ms)} ms`, "How long a batch waits for more records."],
        ["Keys", it.key_pattern, "A record's key chooses its partition."],
        ["Value size", bytes(it.value_size), null],
        ["Compression", it.compression, null],
        ["Sent, acked, failed", `${number(it.sent)}, ${number(it.acked)}, ${number(it.failed)}`, null],
        ["In flight, buffered", `${number(it.in_flight)}, ${number(it.buffered)}`, "On their way, and waiting for a batch."],
        it.last_error && ["Last error", it.last_error, null],
        ...throttled(it),
      ],
      menu: it.topic === null ? null : undefined,
    };
  },
  group(it) {
    if (it.type === "share") return shareGroup(it);
    return {
      title: `Group ${it.group}`,
      about: "Consumers that share the partitions of their topics: each partition has one owner in the group.",
      rows: [
        ...(it.type === "consumer" ? modernGroup(it) : classicGroup(it)),
        ["Coordinator", it.coordinator < 0 ? "none" : jump(`broker ${it.coordinator}`, `broker:${it.coordinator}`), `The leader of __consumer_offsets-${it.offsets_partition}, where this group's offsets are kept.`],
        ["Members", number(it.members.length), it.members.map((member) => member.ours ?? member.client_id).join(", ")],
        ["Lag in all", number(it.lag), "Records that are visible and not yet committed by the group."],
        ...it.offsets.map((at) => [`${at.topic}-${at.partition}`, `committed ${offset(at.committed)} of ${number(at.end)}`, `Lag ${number(at.lag)}.`]),
      ],
    };
  },
  transaction(it) {
    const waits = it.state.startsWith("Prepare");
    return {
      title: `Transactional id ${it.transactional_id}`,
      about: "A producer that keeps this name over its restarts. What it writes in a transaction counts in all partitions, or in none.",
      rows: [
        ["State", it.state, STATES[it.state] ?? null],
        ["Coordinator", it.coordinator < 0 ? "none" : jump(`broker ${it.coordinator}`, `broker:${it.coordinator}`), `The leader of __transaction_state-${it.state_partition}, where each step is a record.`],
        ["Producer id, epoch", `${offset(it.producer_id)}, ${offset(it.producer_epoch)}`, "Whoever comes under this name with an older epoch is fenced."],
        ["Timeout", `${number(it.timeout_ms)} ms`, "Open for longer, the coordinator aborts it."],
        ["Version", number(it.version), it.version === 2 ? "Each end of a transaction brings a new epoch (KIP-890)." : "The epoch changes only when a producer begins."],
        it.started_ms >= 0 && ["Began", clockTime(it.started_ms * 1000), null],
        ...it.partitions.map(([topic, partition]) => [jump(`${topic}-${partition}`, `partition:${topic}:${partition}`), waits ? "its marker is on the way" : "in the transaction", null]),
        ...[...it.steps].reverse().map((step) => [step.state ? `${step.state}, epoch ${step.epoch}` : "Marker", step.why, null]),
      ],
    };
  },
  consumer(it) {
    if (it.share) return shareConsumer(it);
    return {
      title: it.name,
      about: it.group ? `A consumer of the lab, in group ${it.group}.` : "A consumer of the lab that belongs to no group and reads every partition.",
      rows: [
        ["State", spoken(it.state), null],
        it.group && ["Group", jump(it.group, `group:${it.group}`), null],
        it.group && ["Group protocol", it.group_protocol, "classic: all members join anew at every change. consumer: the coordinator moves partitions one by one."],
        it.group && ["Member id", it.member_id || "none yet", it.group_protocol === "consumer" ? "It made this id itself." : "Given by the coordinator."],
        ["Topics", it.topics.join(", "), null],
        ["Delivered", number(it.delivered), "Records that its application has received."],
        ["Work on each record", `${number(it.processing_ms)} ms`, null],
        ["Commits", it.commit, null],
        it.group && ["Assignor", it.assignor ?? "the coordinator's choice", null],
        ["Isolation", it.isolation_level ?? "read_uncommitted", "read_committed: it waits for open transactions, and leaves out aborted ones."],
        ["Starts at", it.auto_offset_reset, "Where it begins when nothing is committed."],
        ...it.positions.map((at) => [`${at.topic}-${at.partition}`, `position ${offset(at.position)}`, `Committed ${offset(at.committed)}.`]),
        it.last_error && ["Last error", it.last_error, null],
        ...throttled(it),
        ...[...it.last].reverse().slice(0, 8).map((record) => [`${record.topic}-${record.partition} @ ${record.offset}`,
          h("button", { type: "button", class: "link", "data-record": `${record.topic} ${record.partition} ${record.offset}` }, record.key ?? "no key"), record.value]),
      ],
    };
  },
  fault(it, model) {
    const brokers = cast(model).brokers.length;
    return {
      title: `${whereIs(it, brokers)}: ${it.label}`,
      about: `${it.says} Faults end when the lab is stopped.`,
      rows: [
        ["On since", clockTime(it.since_us), `${since(model, it)} of the lab's time.`],
        ["Hits", it.nodes.join(", "), null],
        ...Object.entries(it.settings).filter(([, value]) => value !== null && value !== "").map(([name, value]) => [spoken(name), String(value), null]),
      ],
    };
  },
  client(it) {
    return {
      title: it.client_id || it.name,
      about: "A real client: it came in over TCP and speaks Kafka's protocol.",
      rows: [
        ["Software", `${it.software_name || "unknown"} ${it.software_version || ""}`, "As it told the brokers."],
        ["Address", it.address, null],
        ["Comes in as", it.principal, "As the listener that it came in by has authenticated it."],
        ["Role", it.role, "Judged by what it asks for."],
        ["Connected to", it.connections.map(([broker, count]) => `broker ${broker}${count > 1 ? ` (${count} connections)` : ""}`).join(", ") || "nobody", "A client keeps a connection with each broker that it asks, and some keep two."],
        ["Requests", number(it.requests), null],
        ["Bytes in, out", `${bytes(it.bytes_in)}, ${bytes(it.bytes_out)}`, "As the brokers count them."],
        it.topics.length > 0 && ["Topics", it.topics.join(", "), null],
        it.groups.length > 0 && ["Groups", it.groups.join(", "), null],
        ...throttled(it),
        ...telemetry(it),
      ],
    };
  },
};

function classicGroup(it) {
  return [
    ["State", spoken(it.state), "Empty, preparing (members join), completing (the leader assigns), stable. Without a coordinator nobody can commit or join."],
    ["Type", "classic", "At every change all members join anew, and one of them, the leader, hands out the partitions."],
    ["Generation", number(it.generation), "Goes up with every rebalance; commits under an older one are refused."],
    ["Assignor", it.protocol || "none", "The rule by which the group's leader hands out partitions."],
  ];
}

function modernGroup(it) {
  const names = (partitions) => partitions.map(([topic, partition]) => `${topic}-${partition}`).join(", ");
  return [
    ["State", spoken(it.state), "Empty, assigning (the target is older than the group), reconciling (a member does not have yet what the target gives it), stable."],
    ["Type", "consumer", "The newer protocol (KIP-848): the coordinator hands out partitions, and each member moves on by itself."],
    ["Group epoch", number(it.generation), "Goes up when members come, go, or want other topics."],
    ["Assignment epoch", number(it.assignment_epoch), "The group epoch that the target was computed for."],
    ["Assignor", it.protocol || "none", "The rule by which the coordinator hands out partitions."],
    ...it.members.map((member) => [member.ours ?? member.client_id, `epoch ${member.epoch}, ${spoken(member.state)}`, [
      member.revoking.length > 0 && `Must give up ${names(member.revoking)}.`,
      member.waiting.length > 0 && `Waits for ${names(member.waiting)}, which others still have.`,
      `Target: ${names(member.target) || "nothing"}.`,
    ].filter(Boolean).join(" ")]),
  ];
}

/** Who is over a quota, and until when its broker hears nothing from it. */
function throttled(it) {
  return it.throttled ? [["Throttled", it.throttled.quota, `Broker ${it.throttled.broker} does not listen to it until ${clockTime(it.throttled.until_us)}.`]] : [];
}

/** What it pushes about itself, where somebody has asked for it. */
function telemetry(it) {
  if (!it.telemetry) return [];
  const said = `${it.telemetry.of} metrics in ${it.telemetry.pushes} pushes to broker ${it.telemetry.broker}.`;
  return [["Its metrics", said, null], ...it.telemetry.metrics.map(({ name, value }) => [name, String(value), null])];
}
/** What each state of a transaction means. */
const STATES = {
  Empty: "A producer has begun; it has no transaction yet.",
  Ongoing: "Open: what is written is in the logs, and readers of committed records wait before it.",
  PrepareCommit: "Decided, and safe: it will be committed. The markers are on their way.",
  PrepareAbort: "Decided, and safe: it will be aborted. The markers are on their way.",
  CompleteCommit: "Every partition has its COMMIT marker.",
  CompleteAbort: "Every partition has its ABORT marker.",
  NoCoordinator: "Nobody can begin or end it until the partition of __transaction_state has a leader.",
};
function shareGroup(it) {
  return {
    title: `Share group ${it.group}`,
    about: "Consumers that share partitions record by record: each record is held by one of them at a time, and comes back if it is not done with.",
    rows: [
      ["State", spoken(it.state), "Empty or stable: nobody has to give up a partition before another gets it."],
      ["Group epoch", number(it.generation), "Goes up when a member comes, goes or changes its topics, and when partitions are begun."],
      ["Assignment epoch", number(it.assignment_epoch), "The group epoch that the present assignment was computed for."],
      ["Assignor", it.protocol, "Every partition is read by someone, and everyone reads something."],
      ["Coordinator", it.coordinator < 0 ? "none" : jump(`broker ${it.coordinator}`, `broker:${it.coordinator}`), `The leader of __consumer_offsets-${it.offsets_partition}. How far the group is, share coordinators keep in __share_group_state.`],
      ["Members", number(it.members.length), it.members.map((member) => `${member.ours ?? member.client_id} (epoch ${member.epoch})`).join(", ")],
      ["Lag in all", number(it.lag), "Records that are visible and not done with."],
      ...it.offsets.map((at) => [`${at.topic}-${at.partition}`, `starts at ${offset(at.committed)}`, `Lag ${number(at.lag)}. All before the share partition's start offset is done with.`]),
    ],
  };
}

function shareConsumer(it) {
  return {
    title: it.name,
    about: `A consumer of the lab, in share group ${it.group}.`,
    rows: [
      ["State", spoken(it.state), null],
      ["Group", jump(it.group, `group:${it.group}`), null],
      ["Member id", it.member_id || "none yet", "Chosen by the consumer itself."],
      ["Reads", it.assignment.map((where) => where.join("-")).join(", ") || "nothing yet", "Others may read the same partitions."],
      ["Held", number(it.held), "Records under its lock that it has not told of."],
      ["Worked on", number(it.delivered), "A record that came back counts again."],
      ["Accepted, released, rejected", `${number(it.accepted)}, ${number(it.released)}, ${number(it.rejected)}`, "What it said of them."],
      it.too_late > 0 && ["Came too late", number(it.too_late), "Said when the lock was gone already."],
      ["Work on each record", `${number(it.processing_ms)} ms`, "Longer than the lock lasts, and another is given the record."],
      ["Acknowledges", it.commit, "Implicitly the next poll accepts all of the last; explicitly it says of each record what became of it."],
      it.last_error && ["Last error", it.last_error, null],
    ],
  };
}

/** What the page has no portrait of is shown as it comes. */
function unknown(it) {
  const plain = Object.entries(it).filter(([name, value]) => !["kind", "id"].includes(name) && typeof value !== "object");
  return { title: it.id.replace(":", " "), about: "", rows: plain.map(([name, value]) => [spoken(name), String(value), null]) };
}

function openLast(partition, broker) {
  if (partition.log_end <= partition.log_start) return null;
  const where = `${partition.topic} ${partition.partition} ${partition.log_end - 1}${broker === undefined ? "" : ` ${broker}`}`;
  return h("button", { key: "last", type: "button", class: "small", "data-record": where }, "Open the last record");
}
