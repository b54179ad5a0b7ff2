/**
 * The matrix lens: partitions by brokers. A cell says what that broker's copy is: leader, preferred leader that does
 * not lead, follower, out of sync with its lag, or offline. Above it stands how evenly all that is spread.
 *
 * Topics with few partitions have one row each below the brokers; wide ones are laid out in blocks of small cells.
 * What was drawn of a row is kept until something in it changes: five hundred rows are not made anew for each frame.
 */

import { cast } from "../cast.js";
import { h } from "../paint.js";
import { bytes, fit, number, spoken } from "../words.js";

const EDGE = 16;
const LABEL = 132;
const HEAD = 92;
const SHELF = 26;
const LOWEST_ROW = 30;
const HIGHEST_ROW = 52;
const SMALL = { row: 17, cell: 26, label: 34, gap: 20, head: 16 };
/** Topics with more partitions than this are laid out in blocks. */
const WIDE = 24;
/** A topic with more starts folded. */
const VERY_WIDE = 600;

/** @typedef {"leader"|"preferred"|"follower"|"lagging"|"offline"} CellState */
const LETTERS = { leader: "L", preferred: "P", follower: "F", lagging: "S", offline: "X" };
export const SAID = {
  leader: "leader", preferred: "preferred leader, but does not lead", follower: "follower, in sync",
  lagging: "out of sync", offline: "offline",
};

/** @param {import("../types.js").Entity} partition @param {import("../types.js").Entity} replica @returns {CellState} */
export function cellState(partition, replica) {
  if (replica.role === "offline") return "offline";
  if (replica.role === "leader") return "leader";
  if (!replica.in_sync) return "lagging";
  return partition.preferred === replica.broker ? "preferred" : "follower";
}

/**
 * @param {import("../types.js").Model} model
 * @param {import("../types.js").Ui} ui
 * @param {{width: number, height: number}} room
 */
export function drawMatrix(model, ui, room) {
  const on = cast(model);
  const brokers = on.brokers;
  const scale = { x: EDGE + LABEL, w: (room.width - EDGE * 2 - LABEL) / Math.max(1, brokers.length), width: room.width, row: rowHeight(on, ui, room.height - HEAD) };
  const head = { height: HEAD, drawn: drawHead(model, on, scale, ui) };
  let y = 10;
  const shelves = on.topics.map((topic) => {
    const shelf = drawShelf(model, on, topic, y, scale, ui);
    y += shelf.h;
    return shelf.drawn;
  });
  return { head, height: Math.max(room.height - head.height, y + EDGE), drawn: [...shelves, drawCarried(ui)].filter(Boolean) };
}

const isOpen = (ui, topic) => ui.open.includes(topic.topic) !== (!topic.internal && topic.partitions <= VERY_WIDE);

/** Rows grow with the room there is, so that a projector shows them large. */
function rowHeight(on, ui, space) {
  const rows = on.topics.filter((topic) => isOpen(ui, topic)).reduce((sum, topic) => sum + (topic.partitions > WIDE ? Math.ceil(topic.partitions / 3) : topic.partitions), 0);
  return Math.max(LOWEST_ROW, Math.min(HIGHEST_ROW, Math.floor((space - on.topics.length * (SHELF + 16) - EDGE) / Math.max(1, rows))));
}

// -- how evenly it is spread -------------------------------------------------------------------------

function drawHead(model, on, scale, ui) {
  const loads = on.brokers.map((broker) => loadOf(model, on, broker.broker));
  const most = { leaders: 1, replicas: 1, bytes: 1 };
  for (const load of loads) for (const of of Object.keys(most)) most[of] = Math.max(most[of], load[of]);
  const rows = [["leaders", "leads"], ["replicas", "replicas"], ["bytes", "bytes"]];
  return [
    h("rect", { key: "ground", class: "matrix-ground", x: 0, y: 0, width: scale.width, height: HEAD }),
    ...rows.map(([of, label], row) => h("g", { key: of, class: "matrix-load" },
      h("text", { class: "card-small", x: EDGE + 4, y: 47 + row * 17 }, label, h("tspan", { class: "quiet", dx: 6 }, skew(loads.map((load) => load[of]))))),
    ),
    ...on.brokers.map((broker, index) => {
      const x = scale.x + index * scale.w;
      const state = broker.state === "running" && broker.fenced ? "fenced" : broker.state;
      const target = ui.move !== null && ui.move.to === broker.broker && ui.move.replicas === null;
      return h("g", {
        key: broker.id, class: "matrix-broker", "data-id": broker.id, "data-slot": `- - ${broker.broker}`, "data-state": state, "data-selected": ui.selected === broker.id, "data-target": target,
        tabindex: 0, role: "button", "aria-label": `Broker ${broker.broker}, ${spoken(state)}, leads ${loads[index].leaders} of ${loads[index].replicas} replicas, ${bytes(loads[index].bytes)}`,
        transform: `translate(${x} 0)`,
      },
        h("rect", { class: "matrix-broker-body", x: 3, y: 6, width: scale.w - 6, height: HEAD - 10, rx: 8 }),
        h("text", { class: "broker-name", x: 12, y: 25 }, fit(`Broker ${broker.broker}`, scale.w * 0.6, 15.5)),
        scale.w > 120 && h("text", { class: "broker-state", x: scale.w - 12, y: 25 }, fit(state === "running" ? broker.rack ?? "" : spoken(state), scale.w * 0.45, 12)),
        rows.map(([of], row) => h("g", { transform: `translate(12 ${38 + row * 17})` },
          h("rect", { class: "load-track", width: scale.w - 24, height: 13, rx: 3 }),
          h("rect", { class: "load-bar", "data-of": of, width: (scale.w - 24) * loads[index][of] / most[of], height: 13, rx: 3 }),
          h("text", { class: "load-value", x: 6, y: 10 }, of === "bytes" ? bytes(loads[index][of]) : number(loads[index][of])))));
    }),
  ];
}

/** What lies on a broker, of topics and of the cluster's own books alike. */
function loadOf(model, on, broker) {
  const load = { leaders: 0, replicas: 0, bytes: 0 };
  for (const partitions of on.partitions.values()) {
    for (const partition of partitions) {
      if (!partition.replicas.includes(broker)) continue;
      load.replicas += 1;
      load.leaders += Number(partition.leader === broker);
      load.bytes += on.replica(partition.topic, partition.partition, broker)?.bytes ?? 0;
    }
  }
  return load;
}

/** How far the fullest is above the mean. @param {number[]} loads */
export function skew(loads) {
  const mean = loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length);
  const above = mean === 0 ? 0 : Math.round((Math.max(...loads) / mean - 1) * 100);
  return above === 0 ? "even" : `skew +${above}%`;
}

// -- topics ------------------------------------------------------------------------------------------

function drawShelf(model, on, topic, y, scale, ui) {
  const all = on.partitions.get(topic.topic) ?? [];
  const open = isOpen(ui, topic);
  const wide = all.length > WIDE;
  const body = !open ? { h: 0, drawn: [] } : wide ? drawBlocks(model, on, all, y + SHELF + 4, scale, ui) : drawRows(model, on, all, y + SHELF + 4, scale, ui);
  const id = `topic:${topic.topic}`;
  const plural = topic.partitions === 1 ? "partition" : "partitions";
  return {
    h: SHELF + (open ? 12 : 6) + body.h,
    drawn: h("g", { key: id, class: "matrix-shelf" },
      h("g", { class: "shelf-head", "data-id": id, "data-selected": ui.selected === id, tabindex: 0, role: "button", "aria-label": `Topic ${topic.topic}, ${topic.partitions} ${plural}, ${topic.replication_factor} replicas each` },
        h("rect", { class: "shelf-body", x: EDGE - 6, y, width: scale.width - EDGE * 2 + 12, height: SHELF, rx: 5 }),
        h("text", { class: "shelf-name", x: EDGE + 20, y: y + 17.5 }, fit(topic.topic, scale.width * 0.4, 13)),
        h("text", { class: "card-small at-end", x: scale.width - EDGE - 6, y: y + 17 }, `${number(topic.partitions)} ${plural} × ${topic.replication_factor}${topic.internal ? " · internal" : ""}${open ? "" : ` · ${countsOf(on, all)}`}`)),
      h("g", { class: "fold", "data-fold": topic.topic, tabindex: 0, role: "button", "aria-expanded": String(open), "aria-label": `${open ? "Fold" : "Unfold"} ${topic.topic}` },
        h("rect", { class: "fold-body", x: EDGE - 6, y, width: 22, height: SHELF }),
        h("path", { class: "fold-mark", d: open ? "M-4 -2L0 3L4 -2" : "M-2 -4L3 0L-2 4", transform: `translate(${EDGE + 8} ${y + SHELF / 2})` })),
      body.drawn),
  };
}

/** Of a folded topic: what is not well. */
function countsOf(on, partitions) {
  const count = { preferred: 0, lagging: 0, offline: 0 };
  for (const partition of partitions) {
    for (const broker of partition.replicas) {
      const replica = on.replica(partition.topic, partition.partition, broker);
      const state = replica ? cellState(partition, replica) : "offline";
      if (state in count) count[state] += 1;
    }
  }
  const said = [count.lagging && `${count.lagging} out of sync`, count.offline && `${count.offline} offline`, count.preferred && `${count.preferred} preferred not leading`].filter(Boolean);
  return said.join(", ") || "all in sync";
}

/** @type {WeakMap<object, {made: any[], drawn: any}>} */
const kept = new WeakMap();

/** A row as it was drawn last, as long as it was made of the same. */
function keep(partition, made, draw) {
  const known = kept.get(partition);
  if (known && known.made.length === made.length && known.made.every((one, index) => one === made[index])) return known.drawn;
  const drawn = draw();
  kept.set(partition, { made, drawn });
  return drawn;
}

const chosenIn = (ui, partition) => (ui.selected?.endsWith(`:${partition.topic}:${partition.partition}`) || ui.selected?.startsWith(`replica:${partition.topic}:${partition.partition}:`) ? ui.selected : null);
/** Whether it is carried, or proposed to move and not there yet. */
const isMoved = ({ move }, { topic, partition, replicas }) => move !== null && move.topic === topic && move.partition === partition && String(move.replicas) !== String(replicas);
const movedIn = (ui, partition) => (isMoved(ui, partition) ? `${ui.move.from} ${ui.move.to} ${ui.move.replicas}` : null);

function drawRows(model, on, partitions, top, scale, ui) {
  const drawn = partitions.map((partition, index) => {
    const whole = model.entities[`partition:${partition.topic}:${partition.partition}`];
    const replicas = on.brokers.map((broker) => on.replica(partition.topic, partition.partition, broker.broker));
    const y = top + index * scale.row;
    const made = [y, scale.row, scale.w, scale.x, chosenIn(ui, partition), movedIn(ui, partition), on.brokers.length, ...replicas];
    return keep(whole, made, () => drawRow(on, partition, replicas, y, scale, ui));
  });
  return { h: partitions.length * scale.row, drawn };
}

function drawRow(on, partition, replicas, y, scale, ui) {
  const id = `partition:${partition.topic}:${partition.partition}`;
  const state = partition.offline ? "offline" : partition.under_replicated ? "under-replicated" : "well";
  return h("g", { key: id, class: "matrix-row", "data-state": state },
    h("g", { class: "matrix-label", "data-id": id, "data-selected": ui.selected === id, tabindex: 0, role: "button", "aria-label": `Partition ${partition.topic}-${partition.partition}, ${state}` },
      h("rect", { class: "band-hit", x: EDGE, y, width: LABEL - 8, height: scale.row - 4, rx: 4 }),
      h("text", { class: "matrix-name", x: EDGE + 8, y: y + scale.row / 2 + 3 }, `p${partition.partition}`),
      state !== "well" && h("text", { class: "matrix-alarm", x: EDGE + LABEL - 16, y: y + scale.row / 2 + 3 }, state === "offline" ? "no leader" : `ISR ${partition.isr.length}/${partition.replicas.length}`)),
    replicas.map((replica, index) => drawCell(partition, replica, on.brokers[index].broker, { x: scale.x + index * scale.w + 3, y, w: scale.w - 6, h: scale.row - 4 }, ui)));
}

/** Wide topics: blocks side by side, each with its brokers above it. */
function drawBlocks(model, on, partitions, top, scale, ui) {
  const w = SMALL.label + SMALL.cell * on.brokers.length;
  const across = Math.max(1, Math.floor((scale.width - EDGE * 2 + SMALL.gap) / (w + SMALL.gap)));
  const down = Math.ceil(partitions.length / across);
  const blocks = Math.ceil(partitions.length / down);
  const heads = Array.from({ length: blocks }, (_, block) => h("g", { key: `head ${block}`, class: "matrix-block-head" },
    on.brokers.map((broker, index) => h("text", { class: "card-small", x: EDGE + block * (w + SMALL.gap) + SMALL.label + index * SMALL.cell + SMALL.cell / 2, y: top + 11 }, `B${broker.broker}`))));
  const rows = partitions.map((partition, index) => {
    const whole = model.entities[`partition:${partition.topic}:${partition.partition}`];
    const replicas = on.brokers.map((broker) => on.replica(partition.topic, partition.partition, broker.broker));
    const x = EDGE + Math.floor(index / down) * (w + SMALL.gap);
    const y = top + SMALL.head + (index % down) * SMALL.row;
    // Of a small cell nothing shows how long its log is: only what would look otherwise makes a row anew.
    const looks = replicas.map((replica) => replica && `${cellState(partition, replica)} ${replica.lag > 0}`);
    const made = [x, y, chosenIn(ui, partition), movedIn(ui, partition), partition.leader, partition.isr.length, ...looks];
    return keepLooks(whole, made, () => drawSmallRow(on, partition, replicas, x, y, ui));
  });
  return { h: SMALL.head + down * SMALL.row + 4, drawn: [...heads, ...rows] };
}

/** @type {Map<string, {made: any[], drawn: any}>} */
const looksKept = new Map();
const LOOKS_KEPT = 5000;

/** As `keep`, over frames in which the entity is another one and looks the same. */
function keepLooks(partition, made, draw) {
  const id = `${partition.topic}:${partition.partition}`;
  const known = looksKept.get(id);
  if (known && known.made.length === made.length && known.made.every((one, index) => one === made[index])) return known.drawn;
  if (looksKept.size > LOOKS_KEPT) looksKept.clear();
  const drawn = draw();
  looksKept.set(id, { made, drawn });
  return drawn;
}

function drawSmallRow(on, partition, replicas, x, y, ui) {
  const id = `partition:${partition.topic}:${partition.partition}`;
  return h("g", { key: id, class: "matrix-row matrix-small", "data-state": partition.offline ? "offline" : "well" },
    h("text", { class: "matrix-name", "data-id": id, x: x + SMALL.label - 6, y: y + 12 }, String(partition.partition)),
    replicas.map((replica, index) => drawCell(partition, replica, on.brokers[index].broker, { x: x + SMALL.label + index * SMALL.cell + 1, y, w: SMALL.cell - 2, h: SMALL.row - 2 }, ui)));
}

// -- cells -------------------------------------------------------------------------------------------

/** Told apart by letter and shape, and by hue last: filled, notched, outlined, hatched, crossed out. */
function drawCell(partition, replica, broker, box, ui) {
  const slot = `${partition.topic} ${partition.partition} ${broker}`;
  const target = isMoved(ui, partition) && ui.move.to === broker && ui.move.to !== ui.move.from;
  if (!replica) {
    return h("g", { key: slot, class: "matrix-empty", "data-slot": slot, "data-target": target, transform: `translate(${box.x} ${box.y})` },
      h("rect", { class: "matrix-empty-body", width: box.w, height: box.h, rx: 4 }),
      target ? h("text", { class: "matrix-letter", x: box.w / 2, y: box.h / 2 + 4 }, "+") : h("path", { class: "matrix-dot", d: `M${box.w / 2 - 2} ${box.h / 2}h4` }));
  }
  const state = cellState(partition, replica);
  const id = `replica:${partition.topic}:${partition.partition}:${broker}`;
  const large = box.w > 60;
  const change = partition.adding.includes(broker) ? "+" : partition.removing.includes(broker) ? "−" : "";
  const lag = replica.lag > 0 ? `−${number(replica.lag)}` : "";
  const said = `${SAID[state]}${state === "lagging" && lag ? `, ${number(replica.lag)} behind` : ""}${change === "+" ? ", being added" : change ? ", being removed" : ""}`;
  const leaving = isMoved(ui, partition) && ui.move.from === broker && ui.move.to !== broker;
  return h("g", {
    key: slot, class: "matrix-cell", "data-id": id, "data-slot": slot, "data-carry": slot, "data-state": state, "data-target": target, "data-leaving": leaving,
    "data-selected": ui.selected === id, tabindex: large ? 0 : -1, role: "button", "aria-label": `${partition.topic} partition ${partition.partition} on broker ${broker}: ${said}`,
    transform: `translate(${box.x} ${box.y})`,
  },
    h("title", null, `${partition.topic}-${partition.partition} on broker ${broker}: ${said}${large ? "" : `, log end ${number(replica.log_end)}`}. Drag it to another broker to propose a move.`),
    h("rect", { class: "matrix-body", width: box.w, height: box.h, rx: state === "leader" ? 4 : 5 }),
    state === "lagging" && h("rect", { class: "hatched", width: box.w, height: box.h, rx: 5 }),
    state === "preferred" && h("path", { class: "matrix-notch", d: large ? "M0 5A5 5 0 0 1 5 0H12L0 12Z" : "M0 5A5 5 0 0 1 5 0H7L0 7Z" }),
    state === "offline" && h("path", { class: "crossed", d: `M3 3L${box.w - 3} ${box.h - 3}M${box.w - 3} 3L3 ${box.h - 3}` }),
    h("text", { class: "matrix-letter", x: large ? 18 : box.w / 2, y: box.h / 2 + 4.5 }, `${LETTERS[state]}${large ? "" : change}`),
    large && change && h("text", { class: "matrix-change", x: 34, y: box.h / 2 + 4 }, change === "+" ? "+ new" : "− leaves"),
    large && h("text", { class: state === "lagging" ? "matrix-lag" : "matrix-end", x: box.w - 8, y: box.h / 2 + 4 },
      state === "lagging" || state === "offline" ? fit(lag ? `lag ${lag}` : "", box.w - 60, 12) : fit(`end ${number(replica.log_end)}`, box.w - (change ? 100 : 40), 12)));
}

/** The cell under the pointer while it is carried. */
function drawCarried(ui) {
  if (ui.move === null || ui.move.at === null) return null;
  const [x, y] = ui.move.at;
  const label = `${ui.move.topic}-${ui.move.partition}`;
  return h("g", { key: "carried", class: "matrix-carried", transform: `translate(${(x + 8).toFixed(1)} ${(y - 12).toFixed(1)})` },
    h("rect", { width: 24 + label.length * 7.4, height: 24, rx: 5 }), h("text", { x: 12, y: 16.5 }, label));
}
