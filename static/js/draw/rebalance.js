/** A rebalance in three steps, in the head of its group: taken away, read by nobody, handed out again. */

import { h } from "../paint.js";
import { fit, number } from "../words.js";

const Y = 29;
const H = 17;
const GAP = 3;

/** @param {import("../rebalance.js").Rebalance} story @param {number} w of the card */
export function drawRebalance(story, w) {
  const ms = story.gap_us < 10_000 ? (story.gap_us / 1000).toFixed(1) : number(Math.round(story.gap_us / 1000));
  const steps = [
    { name: "revoke", says: `1 revoke ${story.revoked.length}`, share: 0.27, now: false },
    { name: "gap", says: story.over ? `2 gap ${ms} ms` : `2 gap ${ms} ms so far`, share: 0.46, now: !story.over },
    { name: "assign", says: `3 assign ${story.assigned.length}`, share: 0.27, now: story.over },
  ];
  let x = 12;
  const room = w - 22 - 2 * GAP;
  const title = `Rebalance: ${story.revoked.join(", ")} taken away; nobody read them for ${ms} ms${story.over ? `; then assigned ${story.assigned.join(", ")}` : " so far"}`;
  return h("g", { key: "rebalance", class: "rebalance" }, h("title", null, title), steps.map((step) => {
    const wide = room * step.share;
    const drawn = h("g", { key: step.name, class: "rebalance-step", "data-step": step.name, "data-now": String(step.now), transform: `translate(${x.toFixed(1)} ${Y})` },
      h("rect", { width: wide.toFixed(1), height: H, rx: 4 }), h("text", { x: (wide / 2).toFixed(1), y: 12.5 }, fit(step.says, wide - 6, 11)));
    x += wide + GAP;
    return drawn;
  }));
}
