/**
 * How much flows on each way, counted from the same packets that fly as envelopes.
 *
 * Nobody can follow more than about sixty records in a second. A way that carries more is drawn as one ribbon with a
 * number, and its envelopes are not drawn: a picture of all of them would be a picture of none.
 */

/** @typedef {import("./types.js").Way} Way */

const TOO_MANY_PER_S = 60;
/** Lower than where it begins, so that a way does not flicker between the two. */
const FEW_AGAIN_PER_S = 40;
const WINDOW_US = 1_500_000;
const STEP_US = 250_000;
const KINDS = new Set(["Packet", "PacketCount"]);

export const wayKey = (api, source, target) => `${api} ${source} ${target}`;

/**
 * The ways after a frame.
 * @param {Record<string, Way>} before
 * @param {import("./types.js").Frame} frame
 * @returns {Record<string, Way>}
 */
export function counted(before, frame) {
  /** @type {Record<string, Way>} */
  const after = {};
  const since = frame.at_us - WINDOW_US;
  for (const key in before) {
    const way = before[key];
    const steps = way.steps[0].at_us > since ? way.steps : way.steps.filter((step) => step.at_us > since);
    if (steps.length > 0) after[key] = { ...way, steps };
  }
  for (const fact of frame.events) {
    if (!KINDS.has(fact.kind)) continue;
    const key = wayKey(fact.api, fact.source, fact.target);
    const records = fact.kind === "Packet" ? (fact.count ?? 0) + (fact.more_records ?? 0) : fact.records;
    if (!records) continue;
    const way = after[key] ?? { api: fact.api, source: fact.source, target: fact.target, wide: false, per_s: 0, steps: [] };
    after[key] = { ...way, steps: added(way.steps, frame.at_us, records) };
  }
  for (const key in after) after[key] = judged(after[key], frame);
  return after;
}

function added(steps, at_us, records) {
  const last = steps.at(-1);
  if (last === undefined || at_us - last.at_us >= STEP_US) return [...steps, { at_us, records }];
  return [...steps.slice(0, -1), { at_us: last.at_us, records: last.records + records }];
}

/** Slowed down, the same records come one by one again: it is the watcher's seconds that count. */
function judged(way, frame) {
  const first = way.steps[0].at_us;
  const seconds = Math.max(1, (frame.at_us - first) / 1_000_000);
  const per_s = Math.round(way.steps.reduce((sum, step) => sum + step.records, 0) / seconds);
  const seen_per_s = per_s * Math.min(1, frame.rate || 1);
  return { ...way, per_s, wide: seen_per_s > (way.wide ? FEW_AGAIN_PER_S : TOO_MANY_PER_S) };
}
