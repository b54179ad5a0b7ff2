/** Topics, partitions and replicas in words. */

import { bytes, number } from "../words.js";
import { jump, list, openLast } from "./parts.js";

const ROLES = { leader: "leader", follower: "follower, in sync", lagging: "follower, out of sync", offline: "offline" };
const capital = (text) => text[0].toUpperCase() + text.slice(1);

export function topic(it) {
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
}

export function partition(it, model) {
  const copies = it.replicas.map((broker) => model.entities[`replica:${it.topic}:${it.partition}:${broker}`]).filter(Boolean);
  return {
    title: `${it.topic}-${it.partition}`,
    about: it.offline ? "This partition has no leader: nothing can be written or read until one may lead." : `Broker ${it.leader} leads it: all writes go there.`,
    rows: [
      ["Leader", it.leader < 0 ? "none" : jump(`broker ${it.leader}`, `broker:${it.leader}`), "The one replica that takes writes."],
      ["Preferred leader", `broker ${it.preferred}`, it.leader === it.preferred ? "The first of its replicas. It leads, as it should." : "The first of its replicas. It does not lead now: an election of the preferred leader would give it back."],
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
      ...copies.map((copy) => [`On broker ${copy.broker}`, jump(`end ${number(copy.log_end)}${copy.lag > 0 ? `, lag ${number(copy.lag)}` : ""}`, `replica:${it.topic}:${it.partition}:${copy.broker}`),
        `${capital(ROLES[copy.role === "follower" && !copy.in_sync ? "lagging" : copy.role])}. ${copy.role === "leader" ? "All others copy from it." : copy.lag === 0 ? "It has all that the leader has." : "So many offsets it has yet to copy."}`]),
      ["Partition epoch", number(it.partition_epoch), "Goes up with every change of leader or ISR."],
    ],
    first: [openLast(it)],
  };
}

export function replica(it, model) {
  const partition = model.entities[`partition:${it.topic}:${it.partition}`];
  const roles = { leader: "leader", follower: it.in_sync ? "follower, in sync" : "follower, out of sync", offline: "offline" };
  return {
    title: `${it.topic}-${it.partition} on broker ${it.broker}`,
    about: "One copy of a partition: a log on one broker's disk.",
    rows: [
      ["Role", roles[it.role], it.role === "leader" ? "It takes the writes." : "It fetches from the leader, as a consumer does."],
      ["Partition", jump(`${it.topic}-${it.partition}`, `partition:${it.topic}:${it.partition}`), "What all its copies together are."],
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
}
