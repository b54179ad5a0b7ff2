/** Where nothing moves, a beat says what was before and what is now, at the thing that changed. */

import { changeOf } from "../beats.js";
import { h } from "../paint.js";
import { width } from "../words.js";

const LETTERS = 12;

/**
 * @param {import("../beats.js").Beat} beat
 * @param {ReturnType<typeof import("../layout.js").anchors>} at
 */
export function drawChanges(beat, at) {
  return beat.facts.flatMap((fact) => (fact.parts ? fact.parts.map((part) => ({ ...fact, ...part })) : [fact])).flatMap((fact, index) => {
    const [said, place] = [changeOf(fact), at.place(fact)];
    if (said === null || place === null) return [];
    const w = width(said, LETTERS) + 16;
    return [h("g", { key: `change ${fact.kind} ${index}`, class: "change", transform: `translate(${(place[0] - 4).toFixed(1)} ${(place[1] - 8).toFixed(1)})` },
      h("rect", { width: w.toFixed(1), height: 19, rx: 4 }), h("text", { x: 8, y: 13.5 }, said))];
  });
}
