/**
 * What happens to many partitions at once is told as one fact: a failover is one story and not fourteen lines.
 *
 * The first fact of a kind stays in its place and takes up those that follow it within a moment.
 */

const AT_ONCE_US = 1_500_000;
const LOOKED_BACK = 60;

const named = (fact) => `${fact.topic}-${fact.partition}`;
const without = (all, others) => all.filter((one) => !others.includes(one));

/** Of each kind: what makes two facts part of one story, and how the story is told. */
const STORIES = {
  LeaderElected: {
    same: (fact) => `${fact.previous} ${fact.reason}`,
    told: (fact, n) => `${n} partitions have new leaders${fact.previous >= 0 ? ` in place of broker ${fact.previous}` : ""}; ${fact.reason}.`,
  },
  IsrShrunk: {
    same: (fact) => without(fact.before, fact.after).join(" "),
    told: (fact, n) => `Broker ${without(fact.before, fact.after).join(" and ")} left the in-sync replicas of ${n} partitions.`,
  },
  IsrExpanded: {
    same: (fact) => without(fact.after, fact.before).join(" "),
    told: (fact, n) => `Broker ${without(fact.after, fact.before).join(" and ")} joined the in-sync replicas of ${n} partitions.`,
  },
  PartitionWentOffline: { same: () => "", told: (_, n) => `${n} partitions have no leader: no replica that may lead is alive.` },
  EligibleLeadersChanged: { same: (fact) => String(fact.brokers), told: (_, n) => `Who may lead without being in sync changed for ${n} partitions.` },
  ReassignmentStarted: { same: () => "", told: (_, n) => `${n} partitions begin to move.` },
  ReassignmentEnded: { same: () => "", told: (_, n) => `${n} partitions are where they should be.` },
  LogTruncated: { same: (fact) => String(fact.broker), told: (fact, n) => `Broker ${fact.broker} cut back ${n} logs: ${fact.reason}.` },
  LogCompacted: { same: (fact) => String(fact.broker), told: (fact, n) => `Broker ${fact.broker} compacted ${n} logs.` },
  LogStartMoved: { same: (fact) => `${fact.broker} ${fact.reason}`, told: (fact, n) => `${n} logs begin later now on broker ${fact.broker}: ${fact.reason}.` },
  SegmentDeleted: { same: (fact) => `${fact.broker} ${fact.reason}`, told: (fact, n) => `Broker ${fact.broker} deleted ${n} segments: ${fact.reason}.` },
  ReplicaDeleted: { same: (fact) => String(fact.broker), told: (fact, n) => `Broker ${fact.broker} deleted ${n} replicas.` },
};

/**
 * The facts with one more, or null when it is a story of its own.
 * @param {import("./types.js").Fact[]} facts
 * @param {import("./types.js").Fact} fact
 */
export function takenUp(facts, fact) {
  const story = STORIES[/** @type {keyof typeof STORIES} */ (fact.kind)];
  if (!story) return null;
  const same = story.same(fact);
  for (let at = facts.length - 1; at >= Math.max(0, facts.length - LOOKED_BACK); at -= 1) {
    const other = facts[at];
    if (fact.at_us - (other.last_us ?? other.at_us) > AT_ONCE_US) return null;
    if (other.kind !== fact.kind || other.same !== undefined && other.same !== same || other.same === undefined && story.same(other) !== same) continue;
    const parts = [...(other.parts ?? [partOf(other)]), partOf(fact)];
    const after = [...facts];
    after[at] = { kind: fact.kind, at_us: other.at_us, last_us: fact.at_us, node: other.node, same, parts, text: story.told(fact, parts.length), broker: fact.broker };
    return after;
  }
  return null;
}

/** What was before and what is now is each one's own. */
const partOf = (fact) => ({
  name: named(fact), text: fact.text, topic: fact.topic, partition: fact.partition,
  ...(fact.leader === undefined ? {} : { leader: fact.leader, previous: fact.previous }),
  ...(fact.before === undefined ? {} : { before: fact.before, after: fact.after }),
});
