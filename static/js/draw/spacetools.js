/** Above the space-time lens: which requests are shown, which lines of life are put away, whether local facts are folded. */

import { h } from "../paint.js";

/** @param {import("../types.js").Model} model @param {import("../types.js").Ui} ui */
export function drawSpaceTools(model, ui) {
  const { hidden, apis, collapsed } = ui.space;
  const counts = new Map();
  for (const packet of model.packets) counts.set(packet.api, (counts.get(packet.api) ?? 0) + 1);
  const names = [...new Set([...counts.keys(), ...apis])].sort();
  return [
    h("span", { key: "apis", class: "quiet" }, "Requests"),
    ...names.map((api) => h("button", { key: `api ${api}`, type: "button", class: "chip", "data-api": api, "aria-pressed": String(!apis.includes(api)), title: `${counts.get(api) ?? 0} remembered` }, api)),
    names.length === 0 && h("span", { key: "none", class: "quiet" }, "none yet"),
    h("button", { key: "collapse", type: "button", class: "chip", "data-collapse": "", "aria-pressed": String(collapsed) }, "fold what is local"),
    ...hidden.map((node) => h("button", { key: `node ${node}`, type: "button", class: "chip", "data-hide": node, "aria-pressed": "false", title: "Show its line of life again" }, `+ ${node}`)),
    h("span", { key: "left", class: "quiet" }, "Heartbeats and empty fetches are left out."),
  ].filter(Boolean);
}
