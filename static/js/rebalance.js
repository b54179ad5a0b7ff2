/**
 * A rebalance as three beats: what was taken away, how long nobody read it, and who got it.
 *
 * Made of what the members say themselves: each tells when it gives partitions up and when it has them.
 */

const NEVER = Number.NEGATIVE_INFINITY;
/** Afterwards it is told for a while, in the lab's time. */
const TOLD_FOR_US = 6_000_000;
/** Members of one rebalance give up and get within this of each other, at most the longest rebalance timeout. */
const APART_US = 300_000_000;

/**
 * @typedef {{revoked: string[], assigned: string[], gap_us: number, over: boolean}} Rebalance
 *
 * @param {import("./types.js").Model} model
 * @param {string} group
 * @returns {Rebalance|null} null when there was none just now
 */
export function rebalanceOf(model, group) {
  const told = model.facts.filter((fact) => fact.group === group && (fact.kind === "PartitionsRevoked" || fact.kind === "PartitionsAssigned"));
  let last = told.length - 1;
  while (last >= 0 && told[last].kind === "PartitionsAssigned") last -= 1;
  let first = last;
  while (first > 0 && told[first - 1].kind === "PartitionsRevoked" && told[last].at_us - told[first - 1].at_us < APART_US) first -= 1;
  if (first < 0) return null;
  const revoked = told.slice(first, last + 1);
  const assigned = told.slice(last + 1);
  const partitions = (facts) => [...new Set(facts.flatMap((fact) => fact.partitions))];
  const given = partitions(assigned);
  const taken = partitions(revoked);
  const over = taken.length > 0 && taken.every((one) => given.includes(one));
  const until_us = over ? Math.max(...assigned.map((fact) => fact.at_us)) : model.at_us;
  if (taken.length === 0 || model.at_us - (over ? until_us : revoked.at(-1)?.at_us ?? NEVER) > TOLD_FOR_US) return null;
  return { revoked: taken, assigned: given, gap_us: until_us - revoked[0].at_us, over };
}
