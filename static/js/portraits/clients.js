/** Producers, consumers and real clients in words. */

import { h } from "../paint.js";
import { bytes, number, offset, spoken } from "../words.js";
import { jump, throttled } from "./parts.js";

export function producer(it) {
  return {
    title: it.name,
    about: it.topic ? `A producer of the lab. It writes to ${it.topic}.` : "The producer that sends what you send by hand.",
    rows: [
      ["State", spoken(it.state), it.state === "finished" ? "It has made as many records as it was asked for." : "Paused, it makes no new records; what it holds it still sends."],
      ["Rate", it.rate > 0 ? `${number(it.rate)} records/s` : "by hand", it.state === "finished" ? "How many records its application made, while it made any." : "How many records its application makes."],
      ["Acks", it.acks, "0: nobody answers. 1: the leader has it. all: every in-sync replica has it."],
      ["Idempotence", it.idempotence ? "on" : "off", "Its batches are numbered, so that a retry is never written twice."],
      ["Producer id", offset(it.producer_id), "Who numbers the batches."],
      it.transactions && ["Transactional id", it.transactions.transactional_id, "Whoever begins under the same name later fences this producer."],
      it.transactions && ["Producer epoch", number(it.producer_epoch), "Goes up with every transaction; writes under an older one are refused."],
      it.transactions && ["Transaction", `${it.transactions.state}, ${number(it.transactions.records)} records`, it.transactions.records_each ? `It ends after ${number(it.transactions.records_each)} records${it.transactions.abort_every ? `; every ${number(it.transactions.abort_every)}th is aborted` : ""}.` : "It begins and ends by hand."],
      it.transactions && ["Committed, aborted", `${number(it.transactions.committed)}, ${number(it.transactions.aborted)}`, "Transactions so far."],
      ["Linger", `${number(it.linger_ms)} ms`, "How long a batch waits for more records."],
      ["Keys", it.key_pattern, "A record's key chooses its partition."],
      it.key_ranges ? ["Partitioner", `by first letter: ${it.key_ranges}`, "Code of one's own in the producer. A key in none of the ranges goes where its hash says."]
        : it.partitioner && ["Partitioner", it.partitioner, "default: a key's hash chooses; without a key it sticks to one partition until batch.size bytes are sent there."],
      it.synchronous && ["Sends", "one by one", "send().get(): it waits for each answer before it makes the next record."],
      ["Value size", bytes(it.value_size), "Of each record."],
      ["Compression", it.compression, "Whole batches are compressed, by the producer."],
      it.retried > 0 && ["Retried", number(it.retried), "Batches that were sent again."],
      ["Sent, acked, failed", `${number(it.sent)}, ${number(it.acked)}, ${number(it.failed)}`, "Records so far: handed to it, confirmed by a broker, given up."],
      ["In flight, buffered", `${number(it.in_flight)}, ${number(it.buffered)}`, "On their way; neither acked nor given up. What is buffered dies with its process."],
      it.last_error && ["Last error", it.last_error, "The newest that it was told; it may have got over it since."],
      ...throttled(it),
    ],
    menu: it.topic === null ? null : undefined,
  };
}

export function consumer(it) {
  if (it.share) return shareConsumer(it);
  return {
    title: it.name,
    about: it.group ? `A consumer of the lab, in group ${it.group}.` : "A consumer of the lab that belongs to no group and reads every partition.",
    rows: [
      ["State", spoken(it.state), it.group ? "Joining, it waits for its partitions. Polling, it asks for the next records of those that it has; processing, it works on what it got." : "It reads every partition on its own."],
      it.group && ["Group", jump(it.group, `group:${it.group}`), "Its members share the partitions."],
      it.group && ["Group protocol", it.group_protocol, "classic: all members join anew at every change. consumer: the coordinator moves partitions one by one."],
      it.group && ["Member id", it.member_id || "none yet", it.group_protocol === "consumer" ? "It made this id itself." : "Given by the coordinator."],
      ["Topics", it.topics.join(", "), "What it subscribes to."],
      ["Delivered", number(it.delivered), it.last.length > 0 ? "Records that its application has received. Here are the last of them, the newest first." : "Records that its application has received."],
      ...[...it.last].reverse().slice(0, 8).map((record) => [`${record.topic}-${record.partition} @ ${record.offset}`,
        h("button", { type: "button", class: "link", "data-record": `${record.topic} ${record.partition} ${record.offset}` }, record.key ?? "no key"), record.value === null ? "No value: a tombstone." : `Value: ${record.value}`]),
      ["Work on each record", `${number(it.processing_ms)} ms`, "How long its application is busy with one; too long between two polls, and the group goes on without it."],
      ["Commits", it.commit, "auto: the offsets that it has polled past, every few seconds. manual: after the work on what a poll returned. before: as soon as the poll returned. none: never."],
      it.in_hand > 0 && ["In hand", number(it.in_hand), "Records from its last poll that its application is not done with."],
      it.gaps?.length > 0 && ["Stood still in rebalances", it.gaps.map((gap) => `${number(gap.ms)} ms`).join(", "), "From the last record before its partitions changed to the first one after, oldest first."],
      it.group && ["Assignor", it.assignor ?? "the coordinator's choice", "The rule by which partitions are handed out."],
      ["Isolation", it.isolation_level ?? "read_uncommitted", "read_committed: it waits for open transactions, and leaves out aborted ones."],
      ["Starts at", it.auto_offset_reset, "Where it begins when nothing is committed."],
      ...it.positions.map((at) => [`${at.topic}-${at.partition}`, `position ${offset(at.position)}`, it.group ? `The position is the next record that it asks for itself. Committed ${offset(at.committed)}: there the group goes on after a restart.` : "The next record that it asks for."]),
      it.last_error && ["Last error", it.last_error, "The newest that it was told; it may have got over it since."],
      ...throttled(it),
    ],
  };
}

function whatIs(name) {
  if (name === "terminal") return "The client through which the tools that are typed in the terminal ask the brokers.";
  if (name.startsWith("stand-in-")) return "A stand-in for a client of your own: it runs in the lab, which knows of it what it asks.";
  return "A real client: it came in over TCP and speaks Kafka's protocol.";
}

export function client(it) {
  return {
    title: it.client_id || it.name,
    about: whatIs(it.name),
    rows: [
      ["Software", `${it.software_name || "unknown"} ${it.software_version || ""}`, "As it told the brokers."],
      ["Address", it.address, "Where its connections come from."],
      ["Comes in as", it.principal, "As the listener that it came in by has authenticated it."],
      ["Role", it.role, "Judged by what it asks for."],
      ["Connected to", it.connections.map(([broker, count]) => `broker ${broker}${count > 1 ? ` (${count} connections)` : ""}`).join(", ") || "nobody", "A client keeps a connection with each broker that it asks, and some keep two."],
      ["Requests", number(it.requests), "On all its connections so far."],
      it.asked_last && ["Asked last", Object.entries(it.asked_last).map(([api, broker]) => `${api}: broker ${broker}`).join(", "), "Which broker it asked last for what."],
      it.bytes_in !== undefined && ["Bytes in, out", `${bytes(it.bytes_in)}, ${bytes(it.bytes_out)}`, "As the brokers count them."],
      it.topics.length > 0 && ["Topics", it.topics.join(", "), "That it has asked for."],
      it.groups.length > 0 && ["Groups", it.groups.join(", "), "That it has asked to join, or committed for."],
      ...throttled(it),
      ...telemetry(it),
    ],
  };
}

/** What it pushes about itself, where somebody has asked for it. */
function telemetry(it) {
  if (!it.telemetry) return [];
  const said = `${it.telemetry.of} metrics in ${it.telemetry.pushes} pushes to broker ${it.telemetry.broker}.`;
  return [["Its metrics", said, "It sends them because a subscription asks it to (KIP-714)."], ...it.telemetry.metrics.map(({ name, value }) => [name, String(value), null])];
}

function shareConsumer(it) {
  return {
    title: it.name,
    about: `A consumer of the lab, in share group ${it.group}.`,
    rows: [
      ["State", spoken(it.state), "Joining, or reading what it was assigned."],
      ["Group", jump(it.group, `group:${it.group}`), "Its members share the records."],
      ["Member id", it.member_id || "none yet", "Chosen by the consumer itself."],
      ["Reads", it.assignment.map((where) => where.join("-")).join(", ") || "nothing yet", "Others may read the same partitions."],
      ["Held", number(it.held), "Records under its lock that it has not told of."],
      ["Worked on", number(it.delivered), "A record that came back counts again."],
      ["Accepted, released, rejected", `${number(it.accepted)}, ${number(it.released)}, ${number(it.rejected)}`, "What it said of them."],
      it.too_late > 0 && ["Came too late", number(it.too_late), "Said when the lock was gone already."],
      ["Work on each record", `${number(it.processing_ms)} ms`, "Longer than the lock lasts, and another is given the record."],
      ["Acknowledges", it.commit, "Implicitly the next poll accepts all of the last; explicitly it says of each record what became of it."],
      it.last_error && ["Last error", it.last_error, "The newest that it was told; it may have got over it since."],
    ],
  };
}
