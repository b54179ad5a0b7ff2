/** Faults where they hit: chips in a broker's column, and wires above the columns for links and racks. */

import { FAULT_SIZE } from "../faultlayout.js";
import { since, undoing, whereIs } from "../faults.js";
import { h } from "../paint.js";
import { fit } from "../words.js";

const ROOMY = 110;

/**
 * @param {import("../types.js").Model} model
 * @param {import("../types.js").Ui} ui
 * @param {ReturnType<typeof import("../layout.js").flowLayout>} layout
 */
export function drawFaults(model, ui, layout) {
  const { chips, more, wires } = layout.faults;
  return [
    wires.map((wire) => drawWire(model, ui, wire, layout)),
    chips.map((chip) => drawChip(model, ui, chip, layout)),
    more.map((one) => h("text", { key: `more ${one.x} ${one.y}`, class: "card-small bad fault-more", x: one.x, y: one.y }, `and ${one.count} more, in the list above`)),
  ];
}

/** Two lines in a column: what it is, then since when, and the button that undoes it. */
function drawChip(model, ui, { fault, x, y, w, h: height }, layout) {
  return h("g", { key: fault.id, class: "fault", transform: `translate(${x} ${y})` },
    h("g", { class: "fault-chip", "data-id": fault.id, "data-selected": ui.selected === fault.id, "aria-current": ui.selected === fault.id && "true", tabindex: 0, role: "button", "aria-label": said(model, fault, layout) },
      h("title", null, fault.label),
      h("rect", { class: "fault-body", width: w, height, rx: 5 }),
      h("path", { class: "fault-cross", d: "M0 0L7 7M7 0L0 7", transform: "translate(7 6.5)" }),
      h("text", { class: "fault-label", x: 20, y: 14 }, fit(fault.label, w - 26, FAULT_SIZE)),
      w > ROOMY && h("text", { class: "fault-time", x: 20, y: 29.5 }, `for ${since(model, fault)}`)),
    undo(fault, w - 44, height - 18.5, layout));
}

/** A line from end to end with its label in the middle: dashed with a cross where nothing passes, dotted where it suffers. */
function drawWire(model, ui, wire, layout) {
  const { fault, ends, y, x, w } = wire;
  const label = `${whereIs(fault, layout.brokers.length)}: ${fault.label}`;
  const xs = ends.map((end) => end.x);
  const cut = fault.name.startsWith("cut") || fault.name.startsWith("isolate");
  return h("g", { key: fault.id, class: "fault", "data-cut": String(cut) },
    h("path", { class: "fault-wire", d: `M${Math.min(...xs, x)} ${y}H${Math.max(...xs, x + w)}` }),
    ends.map((end, index) => h("path", { key: `end ${index}`, class: "fault-wire", d: end.d })),
    ends.map((end, index) => h("path", { key: `stop ${index}`, class: "fault-cross", d: "M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5", transform: `translate(${end.stop.join(" ")})` })),
    h("g", { transform: `translate(${x} ${y - 10})` },
      h("g", { class: "fault-chip", "data-id": fault.id, "data-selected": ui.selected === fault.id, "aria-current": ui.selected === fault.id && "true", tabindex: 0, role: "button", "aria-label": said(model, fault, layout) },
        h("title", null, label),
        h("rect", { class: "fault-body", width: w, height: 21, rx: 5 }),
        h("text", { class: "fault-label", x: 9, y: 14.5 }, fit(label, w - 98, FAULT_SIZE)),
        h("text", { class: "fault-time at-end", x: w - 50, y: 14.5 }, since(model, fault))),
      undo(fault, w - 44, 2.5, layout)));
}

function undo(fault, x, y, layout) {
  return h("g", { class: "fault-undo", "data-command": undoing(fault), tabindex: 0, role: "button", transform: `translate(${x} ${y})`, "aria-label": `Undo: ${whereIs(fault, layout.brokers.length)} ${fault.label}` },
    h("rect", { class: "fault-undo-body", width: 40, height: 16, rx: 4 }),
    h("text", { x: 20, y: 12 }, "Undo"));
}

const said = (model, fault, layout) => `Fault on ${whereIs(fault, layout.brokers.length)}: ${fault.label}, for ${since(model, fault)}`;
