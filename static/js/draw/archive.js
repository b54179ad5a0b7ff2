/** The store that a topic is piped into: how much is there, how old its newest record is, how far each buffer is from a write. */

import { ARCHIVE_HEAD, LINE, LINES_SHOWN } from "../layout.js";
import { h } from "../paint.js";
import { number, short } from "../words.js";
import { card } from "./cards.js";

const BAR = 74;

/** @param {any} box @param {boolean} selected */
export function drawArchive(box, selected) {
  const { entity, w } = box;
  const letters = Math.floor((w - 22) / 6.3);
  const newest = entity.newest_age_s === null ? "" : ` · newest ${number(entity.newest_age_s)} s`;
  const sink = entity.sink === null ? "no sink runs" : entity.state === "failed" ? `${entity.sink} has failed` : `${entity.sink}: at ${entity.buffer_mib} MiB or ${entity.buffer_s} s`;
  const said = `${number(entity.objects)} ${entity.objects === 1 ? "object" : "objects"} · ${number(entity.records)} records${newest}`;
  return card(box, "stored", selected, `Object store of ${entity.topic}, ${said}, ${sink}`,
    h("rect", { class: "card-edge", width: 5, height: box.h, rx: 2.5 }),
    h("text", { class: "card-name", x: 14, y: 21 }, short(`Store of ${entity.archive}`, Math.floor((w - 22) / 8))),
    h("text", { class: "card-line", x: 14, y: 40 }, short(said, letters)),
    h("text", { class: entity.state === "running" ? "card-small" : "card-small bad", x: 14, y: 56 }, short(entity.doubles > 0 ? `${number(entity.doubles)} records are there twice` : sink, Math.floor((w - 112) / 5.6))),
    h("text", { class: "column-head", x: w - 52, y: 58 }, "held"),
    h("text", { class: "column-head", x: w - 12, y: 58 }, "next"),
    entity.partitions.slice(0, LINES_SHOWN).map((each, index) => drawBuffer(entity, each, ARCHIVE_HEAD + index * LINE, w)));
}

/** As full as size or time says, whichever is nearer to a write. */
function drawBuffer(entity, each, y, w) {
  const full = entity.sink === null ? 0 : Math.min(1, Math.max(each.held_size / (entity.buffer_mib * 1_048_576), each.held_s / entity.buffer_s));
  return h("g", { key: each.partition, class: "owned", transform: `translate(0 ${y})` },
    h("text", { class: "owned-name", x: 16, y: 12 }, short(`${entity.topic}-${each.partition}`, Math.floor((w - 190) / 7))),
    h("rect", { class: "buffer-room", x: w - BAR - 100, y: 4, width: BAR, height: 9, rx: 2 }),
    h("rect", { class: "buffer-full", x: w - BAR - 100, y: 4, width: Math.round(BAR * full * 10) / 10, height: 9, rx: 2 }),
    h("text", { class: "figure", x: w - 52, y: 12 }, number(each.held)),
    h("text", { class: "figure", x: w - 12, y: 12 }, number(each.next)));
}
