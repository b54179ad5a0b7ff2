/** Cards beside the brokers: producers, consumers, and the real clients that came in from outside. */

import { h } from "../paint.js";
import { bytes, fit, number, short, spoken, width } from "../words.js";

/** A column that has no room for two things in a line. */
const NARROW = 150;

/**
 * @param {{entity: import("../types.js").Entity, x: number, y: number, w: number, h: number}} box
 * @param {string} className
 * @param {boolean} selected
 * @param {string} said
 * @param {...any} children
 */
export function card(box, className, selected, said, ...children) {
  return h("g", {
    key: box.entity.id, class: `card ${className}`, "data-id": box.entity.id, "data-selected": selected,
    "data-state": box.entity.state ?? null, transform: `translate(${box.x} ${box.y})`, ...pressable(said, selected),
  }, body(box), ...children);
}

/**
 * A card in which there are things to press: what is pressed for the card itself lies beside them and not around them.
 * @param {any} box @param {string} className @param {boolean} selected @param {string} said
 * @param {any[]} head what belongs to the card itself @param {...any} inside
 */
export function cardAround(box, className, selected, said, head, ...inside) {
  const { id, state } = box.entity;
  return h("g", { key: id, class: `card ${className}`, "data-selected": selected, "data-state": state ?? null, transform: `translate(${box.x} ${box.y})` },
    h("g", { key: "head", class: "card-head", "data-id": id, ...pressable(said, selected) }, body(box), ...head), ...inside);
}

const body = (box) => h("rect", { class: "card-body", width: box.w, height: box.h, rx: 8 });

/** What makes a drawing a thing that is found, named and pressed without seeing or pointing. */
export const pressable = (said, selected = false) => ({ tabindex: 0, role: "button", "aria-label": said, ...(selected ? { "aria-current": "true" } : {}) });

/** @param {any} box @param {boolean} selected */
export function drawProducer(box, selected) {
  const { entity, w } = box;
  const letters = Math.floor((w - 22) / 6.3);
  // What has no room in whole words is said in fewer, so that no half of one stands there.
  const fits = (/** @type {string} */ text) => width(text, 12.5) <= w - 20;
  const pace = ["paused", "finished"].includes(entity.state) ? entity.state : entity.rate > 0 ? `${number(entity.rate)} records/s` : "by hand";
  return card(box, "producer", selected, `Producer ${entity.name}${entity.topic ? ` to ${entity.topic}` : ""}, ${pace}`,
    h("rect", { class: "card-edge", x: w - 5, width: 5, height: box.h, rx: 2.5 }),
    drawThrottle(entity, w),
    h("text", { class: "card-name", x: 12, y: 21 }, short(entity.name, letters - (entity.throttled ? 10 : 0))),
    h("text", { class: "card-line", x: 12, y: 40 }, fit(entity.topic ? [`to ${entity.topic} · ${pace}`, `to ${entity.topic} · ${pace.replace(" records", "")}`].find(fits) ?? `to ${entity.topic}` : "what you send by hand", w - 20, 12.5)),
    h("text", { class: "card-small", x: 12, y: 56 },
      short(`acks=${entity.acks}${entity.transactions ? ` · ${entity.transactions.state}` : entity.idempotence ? " · idempotent" : ""}`, letters)),
    entity.state === "buffer full" || entity.failed > 0
      ? h("text", { class: "card-small bad", x: 12, y: 73 }, short(entity.state === "buffer full" ? "buffer full: send() waits" : `${number(entity.failed)} failed`, letters))
      : h("text", { class: "card-small", x: 12, y: 73 }, h("tspan", { class: "count" }, number(entity.acked)), ` of ${number(entity.sent)} acked`),
  );
}

/** @param {any} box @param {boolean} selected */
export function drawClient(box, selected) {
  const { entity, w } = box;
  const letters = Math.floor((w - 22) / 6.3);
  const software = `${entity.software_name || "unknown client"} ${entity.software_version || ""}`.trim();
  return card(box, "client", selected, `${entity.name.startsWith("stand-in-") ? "Stand-in" : "Real client"} ${entity.client_id}, ${software}, from ${entity.address}`,
    h("rect", { class: "card-edge", x: entity.role === "consumer" ? 0 : w - 5, width: 5, height: box.h, rx: 2.5 }),
    entity.throttled ? drawThrottle(entity, w) : drawPlug(w - 28, 11),
    h("text", { class: "card-name", x: 12, y: 21 }, short(entity.client_id || entity.name, letters - (entity.throttled ? 10 : 4))),
    h("text", { class: "card-line", x: 12, y: 40 }, short(software, letters)),
    h("text", { class: "card-small", x: 12, y: 56 },
      short(entity.topics.length ? `${entity.role} · ${entity.topics.join(", ")}` : `${entity.role} · ${entity.address}`, letters)),
    entity.bytes_in !== undefined && h("text", { class: "card-small", x: 12, y: 73 }, short(`in ${bytes(entity.bytes_in)} · out ${bytes(entity.bytes_out)}`, letters)),
  );
}

/** Its broker has answered and does not listen to it for a while: it is over its quota. */
export function drawThrottle(entity, w) {
  if (!entity.throttled) return null;
  return h("g", { class: "throttled", transform: `translate(${w - 78} 8)` },
    h("rect", { width: 66, height: 18, rx: 9 }), h("text", { x: 33, y: 13, "text-anchor": "middle" }, "throttled"));
}

/** The plug says: this one is real and came over TCP. */
export function drawPlug(x, y) {
  return h("path", { class: "plug", d: "M0 5H4M4 1.5H8A3.5 3.5 0 0 1 8 8.5H4ZM11.5 5H16M5 3.4H2.6M5 6.6H2.6", transform: `translate(${x} ${y})` });
}

/** @param {any} box @param {boolean} selected */
export function drawBrokerHead(box, selected) {
  const { entity, w } = box;
  const state = entity.state === "running" && entity.fenced ? "fenced" : entity.state;
  const down = state === "crashed" || state === "stopped";
  const unnoticed = down && !entity.fenced;
  const said = spoken(state);
  // Beside the name where there is room for it, else below.
  const narrow = 32 + width(`Broker ${entity.broker}`, 15.5) > w;
  const plain = narrow && state === "running";
  const long = narrow || 28 + width(`Broker ${entity.broker}`, 15.5) + width(said, 12) + 8 > w;
  const where = `:${entity.port}${entity.rack && !long ? ` · ${entity.rack}` : ""}`;
  const beside = !long || 24 + width(where, 11.5) + width(said, 12) <= w;
  return h("g", {
    key: entity.id, class: "broker", "data-id": entity.id, "data-state": state, "data-selected": selected, "aria-current": selected && "true", tabindex: 0,
    role: "button", transform: `translate(${box.x} ${box.y})`,
    "aria-label": `Broker ${entity.broker}, ${spoken(state)}, ${unnoticed ? "which the controller has not noticed yet" : `leads ${entity.leaders} partitions`}`,
  },
    h("rect", { class: "broker-body", width: w, height: box.h, rx: 10 }),
    drawLamp(state, 17, 18.5),
    h("text", { class: "broker-name", x: 28, y: 23 }, narrow ? `B${entity.broker}` : `Broker ${entity.broker}`),
    !plain && h("text", { class: "broker-state", x: w - 10, y: long ? 41 : 23 }, fit(said, w - 16, 12)),
    (beside || plain) && h("text", { class: "card-small", x: 12, y: 41 }, fit(where, w - 16, 11.5)),
    unnoticed && h("text", { class: "card-small bad", x: 12, y: box.h - 12 }, fit("not noticed yet", w - 18, 11.5)),
    !down && h("text", { class: "card-small", x: 12, y: box.h - 12 }, fit(`leads ${number(entity.leaders)} of ${number(entity.replicas)}`, w - 18, 11.5)),
    !down && w >= NARROW && h("text", { class: "card-small at-end", x: w - 12, y: box.h - 12 }, bytes(entity.log_bytes)),
  );
}

/** Running is a disc, stopped a square, killed a cross, all else a ring: told apart without colour. */
function drawLamp(state, x, y) {
  const shapes = {
    running: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",
    stopped: "M-4 -4H4V4H-4Z",
    crashed: "M-4 -4L4 4M4 -4L-4 4",
  };
  return h("path", { class: "lamp", "data-state": state, d: shapes[/** @type {keyof typeof shapes} */ (state)] ?? "M-3.5 0A3.5 3.5 0 1 1 3.5 0A3.5 3.5 0 1 1 -3.5 0Z", transform: `translate(${x} ${y})` });
}

/** A leader that is not the active one does not know yet that it was deposed. */
const ROLES = { leader: "deposed", candidate: "candidate", prospective: "candidate" };
const ROLE_MARKS = {
  active: "M0 3L4 6.5L7.5 0L11 6.5L15 3L13.4 11H1.6Z",
  candidate: "M7.5 .5A5.5 5.5 0 1 1 7.4 .5ZM5 4.6A2.6 2.4 0 1 1 7.5 6.4V8M7.5 9.4V10",
  deposed: "M0 3L4 6.5L7.5 0L11 6.5L15 3L13.4 11H1.6Z",
  follower: "M2 1H13V10H2Z",
};

/**
 * A controller: the active one is filled and crowned, a candidate asks, a follower copies; one that is down is greyed out.
 * @param {any} box @param {boolean} selected
 */
export function drawController(box, selected) {
  const { entity, w } = box;
  const name = entity.id.split(":")[1];
  const up = ["running", "isolated", "frozen"].includes(entity.state);
  const role = entity.active ? "active" : ROLES[/** @type {keyof typeof ROLES} */ (entity.role)] ?? "follower";
  const doing = entity.active ? "active" : role === "deposed" ? "believes it leads" : spoken(entity.role ?? "follower");
  const said = entity.state === "running" ? doing : up ? `${spoken(entity.state)}, ${doing}` : spoken(entity.state);
  const end = entity.log_end ?? entity.metadata_offset;
  const room = w - 46;
  const facts = [entity.epoch !== undefined && entity.epoch >= 0 && `epoch ${number(entity.epoch)}`, end >= 0 && `metadata ${number(end)}`].filter(Boolean);
  const line = facts.reduce((text, fact) => (width(`${text} · ${fact}`, 11) <= room ? `${text} · ${fact}` : text), said);
  return h("g", {
    key: entity.id, class: "controller", "data-id": entity.id, "data-selected": selected, "aria-current": selected && "true", "data-role": up ? role : "down",
    "data-state": entity.state, tabindex: 0, role: "button", "aria-label": `Controller ${name}, ${[said, ...facts].join(", ")}`,
    transform: `translate(${box.x} ${box.y})`,
  },
    h("rect", { class: "controller-body", width: w, height: box.h, rx: 8 }),
    up ? h("path", { class: "crown", d: ROLE_MARKS[/** @type {keyof typeof ROLE_MARKS} */ (role)], transform: "translate(13 14)" }) : drawLamp(entity.state, 20, 20),
    h("text", { class: "card-line strong", x: 36, y: 17 }, `Controller ${name}`),
    h("text", { class: "card-small controller-role", x: 36, y: 32 }, line),
  );
}
