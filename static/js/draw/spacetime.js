/**
 * The space-time lens: a line of life for each node, arrows for what they sent each other, marks for what they told.
 *
 * Rows stand in the order in which things happened, newest at the bottom, and time is written beside them: most of a
 * cluster's life is waiting, and of what happens much happens at once. What is pointed at lights up with what led to
 * it and what came of it, as the world recorded it: a message has a number, and whatever its handling told or sent
 * says by which message it came about.
 */

import { cast } from "../cast.js";
import { familyOf as familyOfFact, MARKS } from "../facts.js";
import { h } from "../paint.js";
import { clockTime, fit, spoken, width } from "../words.js";
import { familyOf } from "./flight.js";

const GUTTER = 104;
const EDGE = 18;
const ROW = 21;
const GAP_ROW = 18;
const SLOPE = 11;
const HEAD = 46;
const MOST_ROWS = 150;
const GAP_US = 200_000;
const SAME_TIME_US = 1000;
const ADMIN = "admin";

/**
 * @param {import("../types.js").Model} model
 * @param {import("../types.js").Ui} ui
 * @param {{width: number, height: number}} room
 */
export function drawSpace(model, ui, room) {
  const lines = linesOf(model, ui);
  const step = (room.width - GUTTER - EDGE) / Math.max(1, lines.length);
  const x = new Map(lines.map((line, index) => [line.node, GUTTER + step * (index + 0.5)]));
  const rows = rowsOf(model, ui, x);
  const lit = litFrom(rows, ui.space.lit);
  const scale = { x, step, right: room.width - EDGE };
  let y = 12;
  let before = null;
  for (const row of rows) {
    row.gap_us = before === null ? 0 : row.at_us - before.at_us;
    if (row.gap_us > GAP_US) y += GAP_ROW;
    row.y = y;
    y += ROW;
    row.timed = before === null || row.at_us - before.timed_us >= SAME_TIME_US;
    row.timed_us = row.timed ? row.at_us : before.timed_us;
    before = row;
  }
  const space = room.height - HEAD;
  const height = Math.max(space, y + 10);
  // What there is stands at the bottom, where the newest is.
  const drop = Math.max(0, space - y - 10);
  for (const row of rows) row.y += drop;
  return {
    head: { height: HEAD, drawn: drawHead(lines, x, step, ui, room) },
    height,
    drawn: [
      h("g", { key: "lines", class: "life-lines" }, lines.map((line) => h("path", { key: line.node, class: "life-line", "data-state": line.state, d: `M${x.get(line.node)} 0V${height}` }))),
      rows.length === 0 && h("text", { key: "none", class: "card-line", x: GUTTER, y: height - 24 }, "Nothing was sent since this page was opened. What comes now appears here."),
      h("g", { key: "rows", class: "space-rows", "data-lit": lit !== null }, rows.map((row) => drawRow(row, rows, scale, ui, lit))),
    ].filter(Boolean),
  };
}

// -- lines of life -----------------------------------------------------------------------------------

/** Producers, brokers, controllers, consumers: from left to right, as on the flow lens. */
function linesOf(model, ui) {
  const on = cast(model);
  const client = (it) => ({ node: it.name, id: it.id, label: it.client_id || it.name, state: it.state ?? "running" });
  const all = [
    ...on.producers.map(client), ...on.feeders.map(client),
    ...(model.packets.some((packet) => packet.source === ADMIN) ? [{ node: ADMIN, id: null, label: "you (admin)", state: "running" }] : []),
    ...on.controllers.map((it) => ({ node: it.id.replace(":", "-"), id: it.id, label: `Controller ${it.id.split(":")[1]}`, state: it.state })),
    ...on.brokers.map((it) => ({ node: it.node, id: it.id, label: `Broker ${it.broker}`, state: it.state })),
    ...on.consumers.map(client), ...on.clients.filter((it) => it.role === "consumer").map(client),
  ];
  return all.filter((line) => !ui.space.hidden.includes(line.node));
}

/** States of a machine that its dashed line alone would not name. */
const AWAY = ["crashed", "stopped", "frozen", "isolated"];

function drawHead(lines, x, step, ui, room) {
  return [
    h("rect", { key: "ground", class: "matrix-ground", x: 0, y: 0, width: room.width, height: HEAD }),
    h("text", { key: "time", class: "card-small", x: EDGE, y: 28 }, "time ↓"),
    ...lines.map((line) => {
      const w = Math.min(step - 6, 150);
      const middle = x.get(line.node) ?? 0;
      const label = fit(AWAY.includes(line.state) ? `${line.label} · ${spoken(line.state)}` : line.label, w - 30, 13);
      return h("g", { key: line.node, class: "life-head", "data-state": line.state, transform: `translate(${(middle - w / 2).toFixed(1)} 8)` },
        h("g", { class: "life-name", "data-id": line.id, "data-selected": line.id !== null && ui.selected === line.id, tabindex: 0, role: "button", "aria-label": `${line.label}, ${spoken(line.state)}` },
          h("title", null, `${line.label}, ${spoken(line.state)}`),
          h("rect", { class: "life-body", width: w, height: 28, rx: 7 }),
          h("text", { x: 10, y: 18.5 }, label)),
        h("g", { class: "life-hide", "data-hide": line.node, tabindex: 0, role: "button", "aria-label": `Put away the line of ${line.label}` },
          h("rect", { class: "life-hit", x: w - 22, y: 3, width: 19, height: 22, rx: 5 }),
          h("path", { d: `M${w - 16} 10.5l7 7m0-7l-7 7` })));
    }),
  ];
}

// -- rows --------------------------------------------------------------------------------------------

/** What happened, a row each, oldest first. Messages that one step sent under one name leave from one row. */
function rowsOf(model, ui, x) {
  const packets = model.packets.filter((packet) => x.has(packet.source) && x.has(packet.target) && packet.source !== packet.target && !ui.space.apis.includes(packet.api));
  const told = (ui.chatty ? [...model.facts, ...model.routine] : model.facts).filter((fact) => fact.moment !== undefined && x.has(fact.node));
  const items = [
    ...packets.map((packet) => ({ kind: "packets", at_us: packet.sent_us, moment: packet.moment, by: packet.by, order: packet.number, of: [packet] })),
    ...told.map((fact, index) => ({ kind: "facts", at_us: fact.at_us, moment: fact.moment, by: fact.by, order: index - 1e9, of: [fact] })),
  ].sort((one, other) => one.moment - other.moment || one.order - other.order);
  const rows = [];
  for (const item of items) {
    const last = rows.at(-1);
    const together = last && last.kind === item.kind && (item.kind === "packets"
      ? last.moment === item.moment && last.of[0].api === item.of[0].api && last.of[0].source === item.of[0].source && last.of[0].response === item.of[0].response && !last.of.some((one) => one.target === item.of[0].target)
      : ui.space.collapsed);
    if (together) last.of.push(...item.of);
    else rows.push(item);
  }
  return rows.slice(-MOST_ROWS);
}

const keyOfPacket = (packet) => `p${packet.number}`;
const keyOfFact = (fact) => `f${fact.moment} ${fact.kind} ${fact.text}`;

/** From what is pointed at: the keys of what led to it and of what came of it. Null where nothing is. */
export function litFrom(rows, pointed) {
  if (pointed === null) return null;
  const packets = rows.filter((row) => row.kind === "packets").flatMap((row) => row.of);
  const facts = rows.filter((row) => row.kind === "facts").flatMap((row) => row.of);
  const it = packets.find((one) => keyOfPacket(one) === pointed) ?? facts.find((one) => keyOfFact(one) === pointed);
  if (!it) return null;
  const lit = new Map([[pointed, "self"]]);
  // What was told in the same step, and by then, belongs to it.
  if (it.number === undefined) for (const fact of facts) if (fact.moment === it.moment && fact !== it) lit.set(keyOfFact(fact), "cause");
  const byNumber = new Map(packets.map((packet) => [packet.number, packet]));
  for (let one = byNumber.get(it.by); one && !lit.has(keyOfPacket(one)); one = byNumber.get(one.by)) {
    lit.set(keyOfPacket(one), "cause");
    for (const fact of facts) if (fact.moment === one.moment && !lit.has(keyOfFact(fact))) lit.set(keyOfFact(fact), "cause");
  }
  const open = it.number !== undefined ? [it] : packets.filter((one) => one.moment === it.moment && one.by === it.by);
  for (const one of open) if (one !== it) lit.set(keyOfPacket(one), "effect");
  while (open.length > 0) {
    const { number } = open.pop();
    for (const fact of facts) if (fact.by === number && !lit.has(keyOfFact(fact))) lit.set(keyOfFact(fact), "effect");
    for (const packet of packets) {
      if (packet.by !== number || lit.has(keyOfPacket(packet))) continue;
      lit.set(keyOfPacket(packet), "effect");
      open.push(packet);
    }
  }
  return lit;
}

function drawRow(row, rows, scale, ui, lit) {
  const [first] = row.of;
  return h("g", { key: row.kind === "packets" ? keyOfPacket(first) : keyOfFact(first), class: "space-row" },
    row.gap_us > GAP_US && h("text", { class: "space-gap", x: EDGE, y: row.y - 3 }, `⋮ ${waited(row.gap_us)}`),
    row.timed && h("text", { class: "space-time", x: EDGE, y: row.y + 14 }, clockTime(row.at_us)),
    row.kind === "packets" ? row.of.map((packet) => drawArrow(packet, row, rows, scale, lit, packet === farthest(row, scale))) : drawFacts(row, scale, ui, lit));
}

/** Of messages that leave together one bears the name. */
function farthest(row, scale) {
  const reach = (packet) => Math.abs(scale.x.get(packet.target) - scale.x.get(packet.source));
  return row.of.reduce((one, other) => (reach(other) > reach(one) ? other : one));
}

const waited = (us) => (us < 1_000_000 ? `${Math.round(us / 1000)} ms` : us < 60_000_000 ? `${(us / 1_000_000).toFixed(1)} s` : `${Math.round(us / 60_000_000)} min`);

function drawArrow(packet, row, rows, scale, lit, named) {
  const [x0, x1] = [scale.x.get(packet.source), scale.x.get(packet.target)];
  const y0 = row.y + 7;
  // What is long under way arrives further down, beside what happened at that time.
  const arrival = packet.due_us - packet.sent_us > SAME_TIME_US ? rows.find((other) => other.at_us >= packet.due_us && other.y > row.y) : undefined;
  const y1 = arrival ? arrival.y + 4 : y0 + SLOPE;
  const turn = Math.atan2(y1 - y0, x1 - x0) * 180 / Math.PI;
  const part = lit?.get(keyOfPacket(packet)) ?? (lit === null ? null : "no");
  const where = packet.topic === undefined ? "" : ` ${packet.topic}${packet.partition === undefined ? "" : `-${packet.partition}`}`;
  const many = packet.count > 1 ? ` ×${packet.count}` : "";
  const label = fit(`${packet.response ? "✓ " : ""}${packet.api}${where}${many}`, Math.max(40, Math.abs(x1 - x0) - 26), 11);
  const shift = Math.sign(x1 - x0) * (10 + width(label, 11) / 2);
  return h("g", {
    key: packet.number, class: "arrow", "data-family": familyOf(packet), "data-answer": packet.response, "data-lit": keyOfPacket(packet), "data-part": part,
    tabindex: -1, role: "button", "aria-label": `${packet.api} ${packet.response ? "answer" : "request"} from ${packet.source} to ${packet.target}`,
  },
    h("title", null, `${packet.api} ${packet.response ? "answer" : "request"} from ${packet.source} to ${packet.target}, ${clockTime(packet.sent_us)}${packet.due_us > packet.sent_us ? `, ${waited(packet.due_us - packet.sent_us)} on its way` : ""}`),
    h("path", { class: "arrow-hit", d: `M${x0} ${y0}L${x1} ${y1}` }),
    h("path", { class: "arrow-line", d: `M${x0} ${y0}L${x1} ${y1}` }),
    h("path", { class: "arrow-tip", d: "M0 0L-8 -4V4Z", transform: `translate(${x1} ${y1}) rotate(${turn.toFixed(1)})` }),
    named && h("text", { class: "arrow-name", x: x0 + shift, y: y0 - 3 + (y1 - y0) * Math.min(1, Math.abs(shift) / Math.max(1, Math.abs(x1 - x0))) }, label));
}

/** Facts as marks on the line of who told them, with their sentence beside; folded, only as marks with a number. */
function drawFacts(row, scale, ui, lit) {
  if (ui.space.collapsed && row.of.length > 1) {
    const counts = new Map();
    for (const fact of row.of) counts.set(fact.node, [...(counts.get(fact.node) ?? []), fact]);
    return [...counts].map(([node, facts]) => h("g", { key: node, class: "space-fact", "data-family": familyOfFact(facts.at(-1).kind), transform: `translate(${scale.x.get(node)} ${row.y + 10})` },
      h("title", null, facts.map((fact) => fact.text).join("\n")),
      h("circle", { r: 8 }), h("text", { class: "space-mark", y: 4 }, String(facts.length))));
  }
  return row.of.map((fact) => drawFact(fact, row, scale, lit));
}

function drawFact(fact, row, scale, lit) {
  const x = scale.x.get(fact.node);
  const family = familyOfFact(fact.kind);
  const right = scale.right - x > x - GUTTER;
  const room = (right ? scale.right - x : x - GUTTER) - 18;
  const part = lit?.get(keyOfFact(fact)) ?? (lit === null ? null : "no");
  return h("g", {
    key: fact.text, class: "space-fact", "data-family": family, "data-lit": keyOfFact(fact), "data-part": part, "data-why": `${fact.moment} ${fact.text}`,
    tabindex: 0, role: "button", "aria-label": fact.text, transform: `translate(${x} ${row.y + 10})`,
  },
    h("title", null, fact.text),
    h("circle", { r: 8 }),
    h("text", { class: "space-mark", y: 4 }, MARKS[family]),
    h("text", { class: "space-said", x: right ? 14 : -14, y: 4, "data-left": !right }, fit(fact.text, room, 11.5)));
}
