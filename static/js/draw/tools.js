/** What stands above the matrix and the space-time lens: what the signs mean, and what to leave out. */

import { drawSpaceTools } from "./spacetools.js";
import { h } from "../paint.js";

const KEY = [
  ["leader", "L", "leader"], ["preferred", "P", "preferred, does not lead"], ["follower", "F", "follower, in sync"],
  ["lagging", "S", "out of sync"], ["offline", "X", "offline"],
];

/** @param {import("../types.js").Model} model @param {import("../types.js").Ui} ui */
export function drawTools(model, ui) {
  if (ui.lens === "spacetime") return drawSpaceTools(model, ui);
  if (ui.move !== null && ui.move.replicas === null && ui.move.at === null) {
    return [h("span", { key: "carrying", class: "strong" }, `Carrying ${ui.move.topic}-${ui.move.partition} from broker ${ui.move.from} to broker ${ui.move.to}: arrow keys choose, Enter puts it down, Escape lets go.`)];
  }
  return [
    ...KEY.map(([state, letter, label]) => h("span", { key: state, class: "key" },
      h("svg", { "aria-hidden": "true" }, h("g", { class: "matrix-cell", "data-state": state },
        h("rect", { class: "matrix-body", x: 1, y: 1, width: 20, height: 14, rx: 4 }),
        state === "lagging" && h("rect", { class: "hatched", x: 1, y: 1, width: 20, height: 14, rx: 4 }),
        state === "preferred" && h("path", { class: "matrix-notch", d: "M1 6A5 5 0 0 1 6 1H9L1 9Z" }),
        state === "offline" && h("path", { class: "crossed", d: "M3 3L19 13M19 3L3 13" }),
        h("text", { class: "matrix-letter", x: 11, y: 12 }, letter))), label)),
    h("span", { key: "how", class: "quiet" }, "Drag a copy to another broker, or press M on it, to propose a move."),
  ];
}
