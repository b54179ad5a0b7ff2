/**
 * The lab's time as the page shows it: the last frame's, carried on at the lab's rate until the next comes.
 *
 * Every moving thing is drawn as a function of this time; no animation has a clock of its own.
 */

const NOT_BEYOND_US = 700_000;

/** @param {() => number} wallMs */
export function makeClock(wallMs = () => performance.now()) {
  let model_us = 0;
  let rate = 1;
  let heardMs = wallMs();
  let still = false;
  return {
    /** @param {import("./types.js").Model} model */
    hear(model) {
      if (model.at_us === model_us) return;
      model_us = model.at_us;
      rate = model.rate;
      heardMs = wallMs();
    },
    /** @param {boolean} yes */
    hold(yes) {
      still = yes;
    },
    now_us() {
      return still ? model_us : model_us + Math.min(NOT_BEYOND_US, (wallMs() - heardMs) * 1000 * rate);
    },
  };
}
