/**
 * One replica of a partition, as a bar in its broker's column.
 *
 * Role and health are told by shape and letter as well as by colour: the leader is filled and wears an L,
 * a follower is outlined with an F, one out of sync is hatched and says how far behind, one offline is crossed out.
 */

import { h } from "../paint.js";
import { drawGlyph } from "./glyph.js";
import { number } from "../words.js";

const TAB = 20;
const SLOT = 12;

/**
 * @param {import("../types.js").Entity} partition
 * @param {import("../types.js").Entity} replica
 * @param {{x: number, y: number, w: number, h: number}} box
 * @param {boolean} selected
 */
export function drawReplica(partition, replica, box, selected) {
  const state = replicaState(replica);
  const label = `p${partition.partition}`;
  const end = number(replica.log_end);
  const endWidth = 10 + end.length * 7;
  const behind = state === "lagging" ? `−${number(replica.lag)}` : null;
  const notes = endWidth + (behind ? 10 + behind.length * 7 : 0);
  return h("g", {
    class: "replica", "data-state": state, "data-selected": selected, transform: `translate(${box.x} ${box.y})`,
    "data-id": `replica:${replica.topic}:${replica.partition}:${replica.broker}`, tabindex: 0, role: "button",
    "aria-label": `${replica.topic} partition ${replica.partition} on broker ${replica.broker}: ${SAID[state]}, log end ${replica.log_end}`,
  },
    h("rect", { class: "replica-body", width: box.w, height: box.h, rx: 5 }),
    state === "lagging" && h("rect", { class: "hatched", width: box.w, height: box.h, rx: 5 }),
    h("path", { class: "replica-tab", d: `M5 0H${TAB}V${box.h}H5A5 5 0 0 1 0 ${box.h - 5}V5A5 5 0 0 1 5 0Z` }),
    h("text", { class: "replica-letter", x: TAB / 2, y: box.h / 2 + 4 }, LETTERS[state]),
    h("text", { class: "replica-name", x: TAB + 7, y: box.h / 2 + 4 }, label),
    drawTail(replica, partition, TAB + 14 + label.length * 7.5, box.w - notes - 4, box.h),
    behind && h("text", { class: "replica-lag", x: box.w - endWidth - 6, y: box.h / 2 + 4 }, behind),
    h("text", { class: "replica-end", x: box.w - 8, y: box.h / 2 + 4 }, end),
    state === "offline" && h("path", { class: "crossed", d: `M${TAB + 4} 4L${box.w - 4} ${box.h - 4}M${box.w - 4} 4L${TAB + 4} ${box.h - 4}` }),
  );
}

const LETTERS = { leader: "L", follower: "F", lagging: "F", offline: "X" };
const SAID = { leader: "leader", follower: "follower, in sync", lagging: "follower, out of sync", offline: "offline" };

/** @param {import("../types.js").Entity} replica @returns {"leader"|"follower"|"lagging"|"offline"} */
export function replicaState(replica) {
  if (replica.role === "offline") return "offline";
  if (replica.role === "leader") return "leader";
  return replica.in_sync ? "follower" : "lagging";
}

/** The newest records as key glyphs: full below the high watermark, faint above it. */
function drawTail(replica, partition, from, to, height) {
  const room = Math.max(0, Math.floor((to - from) / SLOT));
  const cells = room === 0 ? [] : replica.tail.slice(-room);
  return h("g", { class: "tail" }, cells.map((cell, index) => h("g", {
    key: cell.offset, class: "tail-cell", "data-visible": String(cell.offset < partition.high_watermark),
  }, drawGlyph(cell.glyph, from + index * SLOT, (height - 8) / 2, 8))));
}
