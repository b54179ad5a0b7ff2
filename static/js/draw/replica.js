/**
 * One replica of a partition, as a bar in its broker's column.
 *
 * Role and health are told by shape and letter as well as by colour: the leader is filled and wears an L,
 * a follower is outlined with an F, one out of sync is hatched and says how far behind, one offline is crossed out.
 */

import { cellsOf } from "../cells.js";
import { h } from "../paint.js";
import { drawGlyph } from "./glyph.js";
import { number, width } from "../words.js";

/**
 * How much a row says: a low one its name, newest keys and log end in one line; a high one puts them one below
 * the other, larger, and adds its state in words. The sizes of the letters stand in flow.css.
 */
const SIZES = [
  { lines: 3, from: 62, tab: 34, name: 18, letter: 10.6, glyph: 12, slot: 17 },
  { lines: 2, from: 42, tab: 26, name: 15, letter: 8.8, glyph: 10, slot: 15 },
  { lines: 1, from: 0, tab: 20, name: 12, letter: 7.2, glyph: 8, slot: 12 },
];

/** So many of the newest offsets are looked at for it: the server sends no more. */
const TAIL = 16;
/** The room that the word before the log end takes. */
const END_WORD = 24;

/**
 * @param {import("../types.js").Entity} partition
 * @param {import("../types.js").Entity} replica
 * @param {{x: number, y: number, w: number, h: number}} box
 * @param {boolean} selected
 */
export function drawReplica(partition, replica, box, selected) {
  const state = replicaState(replica);
  const size = SIZES.find((one) => box.h >= one.from) ?? SIZES[2];
  const text = size.tab + 8;
  const label = `p${partition.partition}`;
  const end = number(replica.log_end);
  const endWidth = 10 + end.length * size.letter;
  const behind = state === "lagging" && replica.lag > 0 ? `−${number(replica.lag)}` : null;
  const note = noteOf(partition, replica);
  const noteWidth = note && size.lines < 3 ? 10 + width(note.short, 11) : 0;
  const notes = endWidth + (behind ? 10 + behind.length * size.letter : 0);
  // Where there is no room for both, how far it is behind says more than where it ends.
  const named = text + width(label, size.name) + (size.lines === 1 ? noteWidth : 0);
  const both = named + notes <= box.w;
  const inWords = note?.words ?? WORDS[state];
  // The number alone says nothing to whoever sees it first: its word stands below it, or before it where there is room.
  const below = size.lines === 3 && text + width(inWords, 12.5) + END_WORD <= box.w;
  const worded = size.lines < 3 && named + notes + END_WORD <= box.w;
  const ended = behind ? both && (worded || below) : named + endWidth <= box.w;
  const middle = box.h / 2;
  const line = { 1: middle + 4, 2: middle - 3, 3: middle - 10 }[size.lines] ?? middle;
  const tail = size.lines === 1
    ? drawTail(replica, partition, size, { from: text + 7 + label.length * size.letter + noteWidth, to: box.w - notes - (worded ? END_WORD : 0) - 4, y: middle - 4 })
    : drawTail(replica, partition, size, { from: text + (size.lines === 2 ? noteWidth : 0), to: box.w - 8, y: size.lines === 2 ? middle + 5 : middle + 18 });
  return h("g", {
    class: "replica", "data-state": state, "data-lines": size.lines, "data-note": note?.kind ?? null, "data-selected": selected, "aria-current": selected && "true", transform: `translate(${box.x} ${box.y})`,
    "data-id": `replica:${replica.topic}:${replica.partition}:${replica.broker}`, tabindex: 0, role: "button",
    "aria-label": `${replica.topic} partition ${replica.partition} on broker ${replica.broker}: ${SAID[state]}${note ? `, ${note.words}` : ""}, log end ${replica.log_end}`,
  },
    h("rect", { class: "replica-body", width: box.w, height: box.h, rx: 5 }),
    state === "lagging" && h("rect", { class: "hatched", width: box.w, height: box.h, rx: 5 }),
    h("path", { class: "replica-tab", d: `M5 0H${size.tab}V${box.h}H5A5 5 0 0 1 0 ${box.h - 5}V5A5 5 0 0 1 5 0Z` }),
    h("text", { class: "replica-letter", x: size.tab / 2, y: middle + size.name / 3 }, LETTERS[state]),
    state === "offline" && h("path", { class: "crossed", d: `M${size.tab + 4} 4L${box.w - 4} ${box.h - 4}M${box.w - 4} 4L${size.tab + 4} ${box.h - 4}` }),
    h("text", { class: "replica-name", x: text, y: line }, label),
    size.lines === 3 && h("text", { class: "replica-state", x: text, y: middle + 8 }, inWords),
    note && size.lines === 2 && h("text", { class: "replica-note", x: text, y: middle + 14 }, note.short),
    note && size.lines === 1 && h("text", { class: "replica-note", x: text + 6 + label.length * size.letter, y: line }, note.short),
    tail,
    behind && h("text", { class: "replica-lag", x: ended ? box.w - endWidth - (worded ? END_WORD : 0) - 6 : box.w - 9, y: line }, behind),
    ended && h("text", { class: "replica-end", x: box.w - 9, y: line }, worded && h("tspan", { class: "replica-end-word" }, "end "), end),
    ended && below && h("text", { class: "replica-end-word", x: box.w - 9, y: middle + 8 }, "end"),
  );
}

/** What is to be said of a replica beyond its role: a reassignment under way, or that it may lead though it is not in sync. */
function noteOf(partition, replica) {
  const { broker } = replica;
  if (partition.adding.includes(broker)) return { kind: "adding", short: "+ new", words: "+ being added" };
  if (partition.removing.includes(broker)) return { kind: "removing", short: "− leaves", words: "− being removed" };
  if (partition.elr.includes(broker)) return { kind: "elr", short: "ELR", words: "ELR: may lead" };
  if (partition.recovering && broker === partition.leader) return { kind: "recovering", short: "unclean", words: "leads uncleanly" };
  return null;
}

const LETTERS = { leader: "L", follower: "F", lagging: "F", offline: "X" };
const SAID = { leader: "leader", follower: "follower, in sync", lagging: "follower, out of sync", offline: "offline" };
const WORDS = { leader: "leader", follower: "in sync", lagging: "out of sync", offline: "offline" };

/** @param {import("../types.js").Entity} replica @returns {"leader"|"follower"|"lagging"|"offline"} */
export function replicaState(replica) {
  if (replica.role === "offline") return "offline";
  if (replica.role === "leader") return "leader";
  return replica.in_sync ? "follower" : "lagging";
}

/** The newest records as key glyphs: full below the high watermark, faint above it; dots where there are more before them. */
function drawTail(replica, partition, size, { from, to, y }) {
  const room = Math.max(0, Math.floor((to - from) / size.slot));
  const all = cellsOf(replica);
  const more = room > 1 && all.length > 0 && (all.length > room || replica.log_end - TAIL > replica.log_start);
  const shown = more ? room - 1 : room;
  const cells = shown === 0 ? [] : all.slice(-shown);
  const first = from + (more ? size.slot : 0);
  return h("g", { class: "tail" },
    more && h("text", { key: "more", class: "tail-more", x: from, y: y + size.glyph * 0.8 }, "…"),
    cells.map((cell, index) => h("g", {
      key: cell.offset, class: "tail-cell", "data-visible": String(cell.offset < partition.high_watermark),
    }, drawGlyph(cell.glyph, first + index * size.slot, y, size.glyph))));
}
