/** A transactional id: how far its transaction has come, under which epoch, and in which partitions. */

import { h } from "../paint.js";
import { LINE, LINES_SHOWN, TRANSACTION_HEAD } from "../layout.js";
import { fit, short } from "../words.js";
import { card } from "./cards.js";

/**
 * @param {any} box
 * @param {boolean} selected
 */
export function drawTransaction(box, selected) {
  const { entity, w } = box;
  const { state, partitions } = entity;
  const badge = state.length * 7.3 + 28;
  const said = state === "NoCoordinator" ? "its coordinator is down" : `coordinator ${entity.coordinator}`;
  const more = partitions.length - LINES_SHOWN;
  return card(box, "transaction", selected, `Transactional id ${entity.transactional_id}, ${state}, epoch ${entity.producer_epoch}, ${partitions.length} partitions open`,
    h("rect", { class: "card-edge", width: 5, height: box.h, rx: 2.5 }),
    h("text", { class: "card-name", x: 14, y: 21 }, short(entity.transactional_id, Math.floor((w - badge - 34) / 8))),
    h("g", { class: "badge", "data-state": state, "data-calm": String(!isOpen(state)), transform: `translate(${w - badge - 10} 7)` },
      h("rect", { width: badge, height: 19, rx: 9.5 }),
      h("path", { class: "badge-mark", d: MARKS[/** @type {keyof typeof MARKS} */ (state)] ?? MARKS.NoCoordinator, transform: "translate(11 9.5)" }),
      h("text", { x: 20, y: 13.5 }, state)),
    h("text", { class: "card-small", x: 14, y: 39 }, fit(`transaction · id ${entity.producer_id} · epoch ${entity.producer_epoch} · ${said}`, w - 22, 11.5)),
    partitions.slice(0, LINES_SHOWN).map(([topic, partition], index) => h("text", {
      key: `${topic}-${partition}`, class: "owned-name", x: 16, y: TRANSACTION_HEAD + 12 + index * LINE,
    }, fit(`${topic}-${partition}${state.startsWith("Prepare") ? ": its marker is on the way" : ""}`, w - 30, 12.5))),
    more > 0 && h("text", { class: "card-small", x: 16, y: TRANSACTION_HEAD + 12 + LINES_SHOWN * LINE }, `and ${more} more`),
  );
}

const isOpen = (state) => state === "Ongoing" || state.startsWith("Prepare") || state === "NoCoordinator";

/** An open ring, a half disc, a full disc or a cross: the state reads without colour. */
const MARKS = {
  Empty: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0ZM-2.4 0A2.4 2.4 0 1 0 2.4 0A2.4 2.4 0 1 0 -2.4 0Z",
  Ongoing: "M-4 -4L4 0L-4 4Z",
  PrepareCommit: "M-4 0A4 4 0 0 1 4 0Z",
  PrepareAbort: "M-4 0A4 4 0 0 0 4 0Z",
  CompleteCommit: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",
  CompleteAbort: "M-4 -1H4V1H-4Z",
  NoCoordinator: "M-4 -4L4 4L3 5L-5 -3ZM4 -4L5 -3L-3 5L-4 4Z",
};
