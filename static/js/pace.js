/**
 * How often something is drawn: at the next frame of the screen when a person asked for it, else no more often than
 * people can read and the machine can bear, and then one part of the page in a frame: all together would make one
 * frame late. Envelopes under way are not paced: they are drawn at every frame.
 */

/** Of the time, drawing takes at most one part in so many: what is left goes to the browser's own work on it. */
const ONE_PART_IN = 8;

/** The frame of the screen in which a part was drawn last. */
let taken = -1;

/**
 * @param {() => void} draw
 * @param {number} least_ms between two drawings that nobody asked for
 */
export function paced(draw, least_ms) {
  let last = -Infinity;
  let gap = least_ms;
  let queued = false;
  let awaited = false;
  /** @type {ReturnType<typeof setTimeout>|null} */
  let timer = null;

  function queue() {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (queued) return;
    queued = true;
    requestAnimationFrame(inTurn);
  }

  /** @param {number} frame */
  function inTurn(frame) {
    if (taken === frame && !awaited) {
      requestAnimationFrame(inTurn);
      return;
    }
    taken = frame;
    queued = awaited = false;
    const began = performance.now();
    draw();
    last = began;
    gap = Math.max(least_ms, (performance.now() - began) * ONE_PART_IN);
  }

  return {
    /** @param {boolean} asked whether a person waits for it */
    ask(asked) {
      awaited ||= asked;
      const wait = last + gap - performance.now();
      if (asked || wait <= 0) queue();
      else if (!queued && timer === null) timer = setTimeout(queue, wait);
    },
  };
}
