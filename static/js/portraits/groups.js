/** Groups and transactions in words. */

import { clockTime, number, offset, spoken } from "../words.js";
import { jump } from "./parts.js";

export function group(it, model, past) {
  const before = past[0]?.lags[it.id] ?? {};
  if (it.type === "share") return shareGroup(it);
  return {
    title: `Group ${it.group}`,
    about: "Consumers that share the partitions of their topics: each partition has one owner in the group.",
    rows: [
      ...(it.type === "consumer" ? modernGroup(it) : classicGroup(it)),
      ["Coordinator", it.coordinator < 0 ? "none" : jump(`broker ${it.coordinator}`, `broker:${it.coordinator}`), `The broker that this group's members join and commit at: the leader of __consumer_offsets-${it.offsets_partition}, where its offsets are kept.`],
      ["Members", number(it.members.length), it.members.map((member) => member.ours ?? member.client_id).join(", ")],
      ["Lag in all", `${number(it.lag)}${trend(it.lag, before.all)}`, "Records that are visible and not yet committed by the group. The arrow: since ten seconds ago."],
      ...it.offsets.map((at) => [jump(`${at.topic}-${at.partition}`, `partition:${at.topic}:${at.partition}`), `committed ${offset(at.committed)} of ${number(at.end)}`,
        `Lag ${number(at.lag)}${trend(at.lag, before[`${at.topic}-${at.partition}`])}: ${at.lag === 0 ? "the group has committed all that it may read" : "so many records are still to be read and committed"}.`]),
    ],
  };
}

/** Whether it grows. @param {number} lag @param {number|undefined} before */
function trend(lag, before) {
  if (before === undefined || before === lag) return "";
  return lag > before ? ` ↗ ${number(lag - before)}` : ` ↘ ${number(before - lag)}`;
}

export function transaction(it) {
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
      it.started_ms >= 0 && ["Began", clockTime(it.started_ms * 1000), "When the first partition was added to it."],
      ...it.partitions.map(([topic, partition]) => [jump(`${topic}-${partition}`, `partition:${topic}:${partition}`), waits ? "its marker is on the way" : "in the transaction", null]),
      ...[...it.steps].reverse().map((step) => [step.state ? `${step.state}, epoch ${step.epoch}` : "Marker", step.why, null]),
    ],
  };
}

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
