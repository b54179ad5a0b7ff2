/**
 * The past as the lab recorded it, fetched a stretch at a time and laid together by the reducer that serves the live view.
 *
 * A stretch is the messages of the socket again: a snapshot, and the frames after it.
 */

import { EMPTY, FLIGHT_US, reduce } from "./model.js";

const BEFORE_US = 2_000_000;
const AFTER_US = 6_000_000;
const MOST_FRAMES = 900;
const AGAIN_MS = 1000;

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {{frames: Frame[], from_us: number, to_us: number}} Stretch */

/** How many of the messages came no later; the first always counts. @param {Frame[]} frames @param {number} at_us */
export function countUntil(frames, at_us) {
  let low = 1;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle].at_us <= at_us) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The model after so many messages. @param {Frame[]} frames @param {number} count @returns {Model} */
export const modelAfter = (frames, count) => frames.slice(0, count).reduce(reduce, EMPTY);

/** The moment of the first frame that can tell what happened then, of the last where there is none. */
export function shownAt(/** @type {Frame[]} */ frames, /** @type {number} */ at_us) {
  return (frames.find((frame) => frame.at_us >= at_us) ?? frames[frames.length - 1]).at_us;
}

/** @param {string} runUrl */
export function makePast(runUrl) {
  /** @type {Stretch|null} */
  let held = null;
  /** @type {{count: number, model: Model, of: Frame[]}|null} */
  let last = null;
  /** @type {Promise<void>|null} */
  let coming = null;

  /** @param {number} from_us @param {number} to_us @returns {Promise<Frame[]>} */
  async function fetched(from_us, to_us) {
    const asked = new URLSearchParams({ from_us: String(Math.max(0, Math.round(from_us))), to_us: String(Math.max(0, Math.round(to_us))) });
    const answer = await fetch(`${runUrl}?${asked}`);
    if (answer.ok) return answer.json();
    throw new Error(answer.status === 410 ? (await answer.json()).error : "The lab did not answer.");
  }

  /** @param {number} from_us @param {number} to_us */
  async function load(from_us, to_us) {
    const frames = await fetched(from_us, to_us);
    const whole = frames.length <= MOST_FRAMES;
    // Envelopes that had left before the first of these frames are not seen, unless nothing is held from before.
    const from = frames[0].at_us > from_us ? frames[0].at_us : from_us + FLIGHT_US;
    held = { frames, from_us: from, to_us: whole ? to_us : frames[frames.length - 1].at_us };
  }

  const covers = (/** @type {number} */ at_us) => held !== null && at_us >= held.from_us && at_us <= held.to_us;

  return {
    /** Have what is around that moment at hand. @param {number} at_us @param {number} live_us */
    async have(at_us, live_us) {
      if (!covers(at_us)) await load(at_us - BEFORE_US, Math.min(at_us + AFTER_US, live_us));
    },
    /** Begin to fetch what follows, if that is near. @param {number} at_us @param {number} ahead_us @param {number} live_us */
    goOn(at_us, ahead_us, live_us) {
      if (coming || held === null || at_us + ahead_us < held.to_us || held.to_us >= live_us) return;
      coming = load(at_us - BEFORE_US, Math.min(at_us + AFTER_US + 2 * ahead_us, live_us))
        .catch(() => new Promise((later) => setTimeout(later, AGAIN_MS))).then(() => { coming = null; });
    },
    has: covers,
    frames: () => held?.frames ?? [],
    /** As it was shown then. What lies before is laid together once, and then only what follows is added. @param {number} at_us @returns {Model} */
    at(at_us) {
      const frames = held?.frames ?? [];
      const count = countUntil(frames, at_us);
      const goesOn = last !== null && last.of === frames && last.count <= count;
      const model = goesOn && last ? frames.slice(last.count, count).reduce(reduce, last.model) : modelAfter(frames, count);
      last = { count, model, of: frames };
      return model;
    },
    /** The moment of the frame before the one that is shown then. @param {number} at_us */
    frameBefore: (at_us) => held?.frames[countUntil(held.frames, at_us) - 2]?.at_us,
    /** The moment of the frame before or after in which something happened. @param {number} at_us @param {1|-1} way */
    beside(at_us, way) {
      const frames = held?.frames ?? [];
      const told = (/** @type {Frame} */ frame) => frame.type === "frame" && frame.events.length > 0;
      const count = countUntil(frames, at_us);
      if (way > 0) return frames.slice(count).find(told)?.at_us;
      return frames.slice(0, frames[count - 1]?.at_us === at_us ? count - 1 : count).reverse().find((frame) => told(frame) && frame.at_us < at_us)?.at_us;
    },
    forget() {
      held = last = null;
    },
  };
}
