/**
 * The log lens: one band a partition, its replicas stacked with the leader first, offset under offset.
 *
 * Cells before the high watermark are solid, those after it dashed. Groups plant their flags above the band:
 * solid where they committed, hollow where they stand.
 */

import { cellsOf } from "../cells.js";
import { cast } from "../cast.js";
import { placeOf } from "../faults.js";
import { h } from "../paint.js";
import { fit, number, short, width } from "../words.js";
import { drawGlyph } from "./glyph.js";
import { replicaState } from "./replica.js";
import { drawShare, SHARE_ROW } from "./share.js";

const EDGE = 16;
const LABEL = 168;
const LOWEST_CELL = 30;
const HIGHEST_CELL = 54;
const TALL = 42;
const REPLICA_GAP = 5;
const HEAD = 30;
const FLAGS = 22;
const BAND_GAP = 14;
const CELLS = 16;
const EPOCH_TINTS = 6;
/** More bands than this nobody can follow at once. */
const PARTITIONS_SHOWN = 12;

/** What stands in a cell that is no record: how a transaction ended, or another control batch. */
const MARKS = { control: "ctl", commit: "✓", abort: "✕" };

/**
 * @param {import("../types.js").Model} model
 * @param {import("../types.js").Ui} ui
 * @param {{width: number, height: number}} room
 */
export function drawLog(model, ui, room) {
  const on = cast(model);
  const topic = on.topics.find((one) => one.topic === ui.topic) ?? on.topics[0];
  if (!topic) return { height: room.height, drawn: [nothing(room)] };
  const all = on.partitions.get(topic.topic) ?? [];
  const first = firstShown(all, ui);
  const partitions = all.slice(first, first + PARTITIONS_SHOWN);
  const shared = partitions.reduce((sum, partition) => sum + on.shares(partition.topic, partition.partition).length * (SHARE_ROW + REPLICA_GAP), 0);
  const scale = { x: EDGE + LABEL, cell: Math.min(96, Math.floor((room.width - EDGE * 2 - LABEL - 104) / CELLS)), h: cellHeight(partitions, room.height, shared) };
  let y = 12;
  const bands = partitions.map((partition) => {
    const band = drawBand(on, partition, y, room.width, scale, ui);
    y += band.h + BAND_GAP;
    return band.drawn;
  });
  if (all.length === partitions.length) return { height: Math.max(room.height, y), drawn: bands };
  const said = `Partitions ${first} to ${first + partitions.length - 1} of ${number(all.length)}. `;
  const more = h("g", { key: "more", class: "to-matrix", "data-lens-tab": "matrix", tabindex: 0, role: "button", "aria-label": `${said}Choose others on the matrix` },
    h("text", { class: "card-line", x: EDGE, y: y + 14 }, said, h("tspan", { class: "invite" }, "Choose others on the matrix")));
  return { height: Math.max(room.height, y + 28), drawn: [...bands, more] };
}

/** Of a wide topic those from the chosen partition on. */
function firstShown(partitions, ui) {
  const chosen = partitions.findIndex((one) => ui.selected === `partition:${one.topic}:${one.partition}` || ui.selected?.startsWith(`replica:${one.topic}:${one.partition}:`));
  return chosen < PARTITIONS_SHOWN ? 0 : Math.min(chosen, partitions.length - PARTITIONS_SHOWN);
}

/** Cells grow with the room there is, so that a projector shows them large. */
function cellHeight(partitions, height, shared) {
  const rows = partitions.reduce((sum, partition) => sum + partition.replicas.length, 0);
  const around = 12 + partitions.length * (HEAD + FLAGS + 12 + BAND_GAP) + rows * REPLICA_GAP + shared;
  return Math.max(LOWEST_CELL, Math.min(HIGHEST_CELL, Math.floor((height - around) / Math.max(1, rows))));
}

function nothing(room) {
  return h("g", { key: "bare", class: "invitation", "data-form": "create_topic", tabindex: 0, role: "button" },
    h("rect", { x: room.width / 2 - 160, y: 60, width: 320, height: 70, rx: 8 }),
    h("text", { class: "card-line", x: room.width / 2, y: 90 }, "There is no log to read yet."),
    h("text", { class: "invite", x: room.width / 2, y: 112 }, "Create a topic"));
}

function drawBand(on, partition, y, width, scale, ui) {
  const id = `partition:${partition.topic}:${partition.partition}`;
  const replicas = partition.replicas
    .map((broker) => on.replica(partition.topic, partition.partition, broker))
    .filter(Boolean)
    .sort((one, other) => Number(other.broker === partition.leader) - Number(one.broker === partition.leader) || one.broker - other.broker);
  const last = Math.max(partition.log_end, ...replicas.map((replica) => replica.log_end));
  const from = Math.max(0, last - CELLS);
  const flags = flagsOf(on, partition, from, last);
  const top = HEAD + (flags.length > 0 ? FLAGS : 6);
  const shares = on.shares(partition.topic, partition.partition);
  const h_ = top + replicas.length * (scale.h + REPLICA_GAP) + 12 + (shares.length > 0 ? 12 + shares.length * (SHARE_ROW + REPLICA_GAP) : 0);
  const at = (offset) => scale.x + (offset - from) * scale.cell;
  const rows = replicas.map((replica, index) => drawRow(on, replica, partition, top + index * (scale.h + REPLICA_GAP), { at, from, cell: scale.cell, h: scale.h }, ui));
  const bottom = top + replicas.length * (scale.h + REPLICA_GAP) - REPLICA_GAP;
  const below = bottom + 22;
  const sharing = shares.map((share, index) => drawShare(share, below + index * (SHARE_ROW + REPLICA_GAP), { at, from, cell: scale.cell, edge: EDGE, label: LABEL }, last));
  const drawn = h("g", { key: id, class: "band", transform: `translate(0 ${y})` },
    h("rect", { class: "band-body", x: EDGE - 6, width: width - EDGE * 2 + 12, height: h_, rx: 8 }),
    drawHead(partition, id, ui),
    rows,
    sharing,
    drawMarker("start", partition.log_start, at, from, last, top, bottom, "log start"),
    drawBounds(partition, at, from, last, top, bottom),
    flags.map((flag) => (flag.early ? drawEarly : drawFlag)(flag, at(flag.offset), top)),
  );
  return { h: h_, drawn };
}

function drawHead(partition, id, ui) {
  const name = `${partition.topic}-${partition.partition}`;
  const leader = partition.leader < 0 ? "no leader" : `led by broker ${partition.leader}`;
  const facts = [leader, `epoch ${partition.leader_epoch}`, `ISR ${partition.isr.join(", ") || "none"}`];
  if (partition.elr.length > 0) facts.push(`ELR ${partition.elr.join(", ")}`);
  if (partition.adding.length > 0) facts.push(`adding ${partition.adding.join(", ")}`);
  if (partition.removing.length > 0) facts.push(`removing ${partition.removing.join(", ")}`);
  if (partition.recovering) facts.push("unclean leader");
  const state = partition.offline ? "offline" : partition.under_replicated ? "under-replicated" : "well";
  return h("g", {
    class: "band-head", "data-id": id, "data-selected": ui.selected === id, "aria-current": ui.selected === id && "true", "data-state": state, tabindex: 0, role: "button",
    "aria-label": `Partition ${name}, ${facts.join(", ")}`,
  },
    h("rect", { class: "band-hit", x: EDGE, y: 4, width: LABEL + 360, height: 22, rx: 4 }),
    h("text", { class: "shelf-name", x: EDGE + 4, y: 20 }, short(name, 22)),
    h("text", { class: "card-small", x: EDGE + LABEL, y: 20 }, facts.join(" · ")),
    state !== "well" && h("text", { class: "band-alarm", x: EDGE + LABEL + width(facts.join(" · "), 11.5) + 14, y: 20 },
      state === "offline" ? "✕ offline" : "▲ under-replicated"));
}

function drawRow(on, replica, partition, y, scale, ui) {
  const state = replicaState(replica);
  const id = `replica:${replica.topic}:${replica.partition}:${replica.broker}`;
  const role = { leader: "leader", follower: "in sync", lagging: replica.lag > 0 ? `out of sync, −${number(replica.lag)}` : "out of sync", offline: "offline" }[state];
  const moving = partition.adding.includes(replica.broker) ? "being added" : partition.removing.includes(replica.broker) ? "being removed" : null;
  const eligible = partition.elr.includes(replica.broker) ? "ELR" : null;
  const count = replica.segments.length;
  const faults = on.faults.filter((fault) => placeOf(fault) === "broker" && fault.nodes[0] === `broker-${replica.broker}`);
  const says = [role, moving, eligible, ...faults.map((fault) => `✕ ${fault.label}`), count > 1 && `${count} segments`].filter(Boolean).join(" · ");
  const cells = cellsOf(replica).filter((cell) => cell.offset >= scale.from);
  const tall = scale.h >= TALL;
  const middle = scale.h / 2;
  return h("g", { key: id, class: "log-row", transform: `translate(0 ${y})`, "data-state": state, "data-tall": String(tall) },
    h("g", { class: "log-label", "data-id": id, "data-selected": ui.selected === id, "aria-current": ui.selected === id && "true", tabindex: 0, role: "button", "aria-label": `Replica on broker ${replica.broker}, ${says}` },
      h("rect", { class: "band-hit", x: EDGE, width: LABEL - 10, height: scale.h, rx: 4 }),
      h("rect", { class: "role-tab", x: EDGE + 4, y: middle - 10, width: 20, height: 20, rx: 4 }),
      h("text", { class: "role-letter", x: EDGE + 14, y: middle + 4.5 }, { leader: "L", follower: "F", lagging: "F", offline: "X" }[state]),
      h("text", { class: "card-line strong", x: EDGE + 32, y: middle - (tall ? 3 : 1) }, `Broker ${replica.broker}`),
      h("text", { class: "card-small", x: EDGE + 32, y: middle + (tall ? 13 : 12) }, fit(says, LABEL - 44, 11.5)),
      h("title", null, says)),
    drawDeleted(replica, scale),
    gapsIn(replica, cells, scale).map((gap) => drawGap(gap, scale)),
    inSlots(cells).map((cell) => drawCell(replica, partition, cell, scale, ui)),
    drawEnd(scale.at(Math.max(scale.from, replica.log_end)), replica, scale),
  );
}

/**
 * As many slots as cells are shown: a record takes that of the one that has left, so that while a thousand a second go
 * by nothing is made anew, only changed.
 */
function inSlots(cells) {
  return [...cells].sort((one, other) => (one.offset % CELLS) - (other.offset % CELLS));
}

function drawCell(replica, partition, cell, scale, ui) {
  const x = scale.at(cell.offset);
  const visible = cell.offset < partition.high_watermark;
  const chosen = ui.record !== null && ui.record.topic === replica.topic && ui.record.partition === replica.partition && ui.record.offset === cell.offset;
  const border = replica.segments.some((segment) => segment.base === cell.offset && segment.base > 0);
  const tall = scale.h >= TALL;
  const foot = scale.h - (tall ? 10 : 6.5);
  const key = cell.key === null ? "no key" : `key ${cell.key}`;
  return h("g", {
    key: cell.offset % CELLS, class: "cell", "data-visible": String(visible), "data-kind": cell.kind, "data-epoch": cell.epoch % EPOCH_TINTS,
    "data-record": `${replica.topic} ${replica.partition} ${cell.offset} ${replica.broker}`, "data-selected": chosen, "aria-current": chosen && "true",
    transform: `translate(${x} 0)`, tabindex: -1, role: "button", "aria-label": `Offset ${cell.offset}, ${key}, epoch ${cell.epoch}`,
  },
    h("title", null, `offset ${cell.offset} · ${key} · ${cell.bytes} bytes · leader epoch ${cell.epoch}${cell.kind === "data" ? "" : ` · ${cell.kind}`}`),
    h("rect", { class: "cell-body", x: 1, width: scale.cell - 2, height: scale.h, rx: 4 }),
    h("rect", { class: "cell-epoch", x: 1, y: scale.h - 4, width: scale.cell - 2, height: 4, rx: 2 }),
    h("text", { class: "cell-offset", x: 6, y: tall ? 17 : 12 }, short(String(cell.offset), Math.floor(scale.cell / 7))),
    MARKS[cell.kind] ? h("text", { class: "cell-mark", x: 6, y: foot }, MARKS[cell.kind]) : drawGlyph(cell.glyph, 6, foot - (tall ? 12 : 9.5), tall ? 12 : 9),
    cell.kind === "tombstone" && h("text", { class: "cell-mark cell-tombstone", x: tall ? 20.5 : 17.5, y: foot }, "∅"),
    h("text", { class: "cell-digit", x: scale.cell - 6, y: foot - 1 }, `e${cell.epoch}`),
    border && h("path", { class: "segment-border", d: `M0 -3V${scale.h + 3}` }));
}

/** Before the start of its log nothing is left: retention or DeleteRecords took it, or it was never copied. */
function drawDeleted(replica, scale) {
  const until = Math.min(replica.log_start, replica.log_end);
  if (until <= scale.from) return null;
  const w = (until - scale.from) * scale.cell;
  return h("g", { key: "deleted", class: "deleted", transform: `translate(${scale.at(scale.from)} 0)` },
    h("title", null, `Offsets before ${replica.log_start} are deleted: the log starts there.`),
    h("rect", { x: 1, y: 3, width: w - 2, height: scale.h - 6, rx: 4 }),
    w > 56 && h("text", { x: w / 2, y: scale.h / 2 + 4 }, "deleted"));
}

/** Runs of offsets inside the log that hold no record any more: compaction took them. */
function gapsIn(replica, cells, scale) {
  const gaps = [];
  let next = Math.max(scale.from, replica.log_start);
  for (const offset of [...cells.map((cell) => cell.offset), replica.log_end]) {
    if (offset > next) gaps.push({ from: next, to: offset });
    next = Math.max(next, offset + 1);
  }
  return gaps;
}

function drawGap({ from, to }, scale) {
  const w = (to - from) * scale.cell;
  const many = to - from;
  return h("g", { key: `gap ${from}`, class: "gap", transform: `translate(${scale.at(from)} 0)` },
    h("title", null, many === 1 ? `Offset ${from} is empty: its record was compacted away.` : `Offsets ${from} to ${to - 1} are empty: their records were compacted away.`),
    h("path", { d: `M3 ${scale.h / 2}H${w - 3}` }),
    w > 84 && h("rect", { x: w / 2 - 34, y: scale.h / 2 - 8, width: 68, height: 16 }),
    w > 84 && h("text", { x: w / 2, y: scale.h / 2 + 4 }, "compacted"));
}

function drawEnd(x, replica, scale) {
  return h("g", { class: "log-end", transform: `translate(${x + 3} 0)` },
    h("path", { d: `M4 3H0V${scale.h - 3}H4` }),
    h("text", { x: 10, y: scale.h / 2 + 4 }, number(replica.log_end)),
    replica.log_end <= scale.from && h("text", { class: "card-small", x: 18 + number(replica.log_end).length * 8, y: scale.h / 2 + 4 },
      replica.log_end === 0 ? "empty" : `← its log ends here, ${number(replica.lag)} behind the leader`));
}

/** How far readers may read. Where the two offsets stand close one label tells of both. */
function drawBounds(partition, at, from, last, top, bottom) {
  const watermark = `high watermark ${number(partition.high_watermark)}`;
  if (partition.last_stable_offset >= partition.high_watermark) {
    return drawMarker("watermark", partition.high_watermark, at, from, last, top, bottom, watermark);
  }
  const stable = `last stable offset ${number(partition.last_stable_offset)}`;
  const close = at(partition.high_watermark) - at(Math.max(from, partition.last_stable_offset)) < width(watermark, 12) + 30;
  return [
    drawMarker("watermark", partition.high_watermark, at, from, last, top, bottom, close ? `${stable} · ${watermark}` : watermark),
    drawMarker("stable", partition.last_stable_offset, at, from, last, top, bottom, close ? "" : stable),
  ];
}

function drawMarker(kind, offset, at, from, last, top, bottom, label) {
  if (offset < from || (kind === "start" && offset === 0)) return null;
  const x = at(Math.min(offset, last));
  return h("g", { key: kind, class: `marker marker-${kind}` },
    h("path", { d: `M${x} ${top - 5}V${bottom + 5}` }),
    h("path", { class: "marker-foot", d: `M${x} ${bottom + 5}l-4 5h8Z` }),
    h("text", { x: x + 8, y: bottom + 11, "data-turned": String(offset - from > CELLS - 3) }, label));
}

function flagsOf(on, partition, from, last) {
  const same = (at) => at.topic === partition.topic && at.partition === partition.partition;
  const spots = new Map();
  const plant = (offset, name, kind) => {
    if (offset === undefined || offset > last) return;
    const early = offset < from;
    if (early && kind === "standing") return;
    const spot = spots.get(early ? -1 : offset) ?? { offset: Math.max(offset, from), early, committed: [], standing: [] };
    spot[kind].push(early ? `${name} at ${number(offset)}` : name);
    spots.set(early ? -1 : offset, spot);
  };
  for (const group of on.groups) plant(group.offsets.find(same)?.committed, group.group, "committed");
  for (const consumer of on.consumers) plant(consumer.positions.find(same)?.position, consumer.name, "standing");
  return [...spots.values()].sort((one, other) => one.offset - other.offset);
}

/** Who committed less than the first cell shown stands to the left of it. */
function drawEarly(flag, x, top) {
  return h("g", { key: "early", class: "flag", transform: `translate(${x} ${top - 20})` },
    h("title", null, `committed: ${flag.committed.join(", ")}`),
    h("text", { class: "flag-name", x: -6, y: 9, "data-early": "true" }, `← ${short(flag.committed.join(", "), 24)}`));
}

function drawFlag(flag, x, top) {
  const names = flag.committed.length > 0 ? flag.committed : flag.standing;
  return h("g", { key: `flag ${flag.offset}`, class: "flag", transform: `translate(${x} ${top - 20})` },
    h("title", null, [flag.committed.length ? `committed: ${flag.committed.join(", ")}` : "", flag.standing.length ? `position: ${flag.standing.join(", ")}` : ""].filter(Boolean).join(" · ")),
    h("path", { class: "flag-pole", d: "M0 0V18" }),
    flag.standing.length > 0 && h("path", { class: "flag-hollow", d: "M0 .5H11L8 5L11 9.5H0Z" }),
    flag.committed.length > 0 && h("path", { class: "flag-solid", d: flag.standing.length > 0 ? "M0 3H7L5.4 5L7 7H0Z" : "M0 .5H11L8 5L11 9.5H0Z" }),
    h("text", { class: "flag-name", x: 14, y: 9 }, short(names.join(", "), 16)));
}
