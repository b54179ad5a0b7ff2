/** The faults that are on: in words, where they stand on the stage, and as the list above it. */

import { cast } from "./cast.js";
import { h } from "./paint.js";
import { span } from "./words.js";

/** broker-2 as broker 2; clients keep their names. @param {string} node */
const nodeName = (node) => node.replace(/^(broker|controller)-(\d+)$/, "$1 $2");

/**
 * Where a fault hits: a link has two ends; what hits one broker stands in its column; the rest spans what it hits.
 * @param {import("./types.js").Entity} fault
 * @returns {"link"|"broker"|"span"}
 */
export function placeOf(fault) {
  if (fault.settings.one !== undefined && fault.settings.other !== undefined) return "link";
  return fault.nodes.length === 1 && fault.nodes[0].startsWith("broker-") ? "broker" : "span";
}

/** @param {import("./types.js").Entity} fault @param {number} brokers how many there are */
export function whereIs(fault, brokers) {
  const place = placeOf(fault);
  if (place === "link") return `${nodeName(fault.settings.one)} ${fault.settings.direction === "one way" ? "→" : "↔"} ${nodeName(fault.settings.other)}`;
  if (place === "span" && fault.nodes.length === brokers) return "all brokers";
  return fault.nodes.map(nodeName).join(", ");
}

/** @param {import("./types.js").Model} model @param {import("./types.js").Entity} fault */
export const since = (model, fault) => span(Math.max(0, model.at_us - fault.since_us));

/** @param {import("./types.js").Entity} fault */
export const undoing = (fault) => JSON.stringify({ command: "undo_fault", fault: fault.fault });

/** The list above the stage. @param {import("./types.js").Model} model */
export function drawFaultList(model) {
  const on = cast(model);
  if (on.faults.length === 0) return [];
  const count = on.faults.length;
  return [
    h("h2", { key: "title" }, h("span", { class: "fault-mark", "aria-hidden": "true" }, "✕ "), count === 1 ? "1 fault" : `${count} faults`),
    h("ul", { key: "list" }, on.faults.map((fault) => h("li", { key: fault.id },
      h("button", { type: "button", class: "fault-what", "data-id": fault.id },
        h("strong", null, whereIs(fault, on.brokers.length)), ` ${fault.label}`, h("span", { class: "fault-since" }, since(model, fault))),
      h("button", { type: "button", class: "small", "data-command": undoing(fault), "aria-label": `Undo: ${whereIs(fault, on.brokers.length)} ${fault.label}` }, "Undo")))),
  ];
}
