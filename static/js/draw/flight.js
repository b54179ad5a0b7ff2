/**
 * Envelopes under way between two nodes: requests and answers, named by their API.
 *
 * Where an envelope is follows from the lab's time alone. With reduced motion it stands still, as an arrow.
 */

import { FLIGHT_US } from "../model.js";
import { h } from "../paint.js";
import { wayKey } from "../ribbons.js";

const FAMILIES = {
  Produce: "produce",
  JoinGroup: "group", SyncGroup: "group", LeaveGroup: "group", Heartbeat: "group",
  OffsetCommit: "offsets", OffsetFetch: "offsets", FindCoordinator: "offsets", ListOffsets: "offsets",
};

/**
 * @param {import("../types.js").Model} model
 * @param {ReturnType<typeof import("../layout.js").anchors>} at
 * @param {number} now_us
 * @param {boolean} still
 */
export function drawFlights(model, at, now_us, still) {
  const flying = model.flights.filter((flight) => isUnderWay(flight, now_us) && !inRibbon(model, flight));
  // What does not move is told in its order: the first has the number one.
  if (still) flying.sort((one, other) => one.left_us - other.left_us || one.sent_us - other.sent_us);
  return flying.flatMap((flight, index) => drawFlight(flight, at, now_us, still ? index + 1 : null) ?? []);
}

function isUnderWay(flight, now_us) {
  const done = (now_us - flight.left_us) / FLIGHT_US;
  return done >= 0 && done < 1;
}

/** What flows as a ribbon does not fly as well, nor do its answers. */
function inRibbon({ ways }, { api, source, target }) {
  return Boolean(ways[wayKey(api, source, target)]?.wide || ways[wayKey(api, target, source)]?.wide);
}

function drawFlight(flight, at, now_us, place) {
  const source = at.box(flight.source);
  const target = at.box(flight.target);
  if (!source || !target || source === target) return null;
  const done = (now_us - flight.left_us) / FLIGHT_US;
  const way = wayOf(flight, source, target, at);
  const still = place !== null;
  const name = flight.error ?? flight.api;
  const api = flight.many > 1 ? `${name} ×${flight.many}` : name;
  const label = still ? `${place} ${api}` : api;
  // Where nothing moves, an envelope to or from a card stands beside the columns, where its name has room.
  const part = still ? (isCard(source) ? 0.25 : isCard(target) ? 0.75 : 0.5) : eased(done);
  const [left, right] = [Math.min(way.from, way.to), Math.max(way.from, way.to)];
  const [along, y] = way.at(part);
  // Over the columns stand names that it shall not cover: there it is an envelope without a name.
  const small = way.among && (at.alone !== null || (along > at.columns[0] && along < at.columns[1]));
  const w = small ? (still ? 34 : 19) : label.length * 6 + 24;
  const x = small ? along : way.among ? besideColumns(along, w / 2, at.columns, left, right) : within(along, w / 2 + 3, left, right);
  return h("g", {
    key: `${flight.key} ${flight.left_us}`, class: "flight", "data-family": familyOf(flight), "data-answer": flight.response, "data-refused": flight.error !== undefined,
    opacity: still ? 1 : Math.min(1, done * 8, (1 - done) * 6).toFixed(2),
  },
    h("path", { class: "flight-way", "data-wide": String(flight.many > 20), d: way.d }),
    still && drawArrow(way),
    h("g", { transform: `translate(${(x - w / 2).toFixed(1)} ${(y - 9).toFixed(1)})` },
      h("rect", { class: "envelope", width: w, height: 18, rx: 4 }),
      h("path", { class: "envelope-flap", d: flight.error !== undefined ? "M6 5.5L13 12.5M13 5.5L6 12.5" : flight.response ? "M5 9.5L8 12.5L13 6" : "M4.5 5.5H14.5V12.5H4.5ZM4.5 5.5L9.5 9.5L14.5 5.5" }),
      !small && h("text", { class: "envelope-name", x: 19, y: 12.7 }, label),
      small && still && h("text", { class: "envelope-name", x: 21, y: 12.7 }, place)));
}

/** Where it goes to, where nothing is seen to go. */
function drawArrow(way) {
  const [[x0, y0], [x, y]] = [way.at(0.96), way.at(1)];
  const angle = (Math.atan2(y - y0, x - x0) * 180) / Math.PI;
  return h("path", { class: "flight-arrow", d: "M-9 -5L0 0L-9 5Z", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${angle.toFixed(0)})` });
}

/** In the gap between a card and the columns: on neither, or where it is too long, on the edge of the card. */
function besideColumns(x, reach, [first, last], left, right) {
  return x <= first ? Math.min(Math.max(x, left + reach - 6), first - reach) : Math.max(Math.min(x, right - reach + 6), last + reach);
}

function within(x, reach, left, right) {
  const clear = Math.min(reach, (right - left) / 2);
  return Math.max(left + clear, Math.min(right - clear, x));
}

/** Between two of a kind a plain bend; between a card and a broker a turn in the gap, then straight along the row. */
function wayOf(flight, source, target, at) {
  const start = at.point(flight.source, target, flight.topic, flight.partition);
  const end = at.point(flight.target, source, flight.topic, flight.partition);
  const among = source.entity.kind === "broker" || target.entity.kind === "broker";
  const inward = target.entity.kind === "broker" && isCard(source);
  if (!inward && !(source.entity.kind === "broker" && isCard(target))) return { ...bend(start, end), among: among && source.entity.kind !== "controller" && target.entity.kind !== "controller" };
  const way = turn(inward ? start : end, inward ? end : start, at.gap);
  return { ...way, among, at: (part) => way.at(inward ? part : 1 - part) };
}

export const isCard = (box) => box.entity.kind !== "broker" && box.entity.kind !== "controller";

function bend([x0, y0], [x1, y1]) {
  const reach = (x1 - x0) * 0.4;
  return {
    from: x0, to: x1, d: `M${x0} ${y0}C${x0 + reach} ${y0} ${x1 - reach} ${y1} ${x1} ${y1}`,
    at: (part) => [curve(x0, x0 + reach, x1 - reach, x1, part), curve(y0, y0, y1, y1, part)],
  };
}

/** From a card to a broker: first into the height of the row, before the first broker's name, then along it. */
function turn([x0, y0], [x1, y1], gap) {
  const corner = x0 + Math.sign(x1 - x0) * Math.min(gap, Math.abs(x1 - x0));
  const middle = (x0 + corner) / 2;
  const turned = Math.hypot(corner - x0, y1 - y0);
  const length = turned + Math.abs(x1 - corner);
  return {
    from: x0, to: x1, d: `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${corner} ${y1}H${x1}`,
    at: (part) => {
      const gone = part * length;
      if (gone < turned) return [curve(x0, middle, middle, corner, gone / turned), curve(y0, y0, y1, y1, gone / turned)];
      return [corner + Math.sign(x1 - x0) * (gone - turned), y1];
    },
  };
}

/** @param {import("../types.js").Fact} flight */
export function familyOf(flight) {
  if (flight.api !== "Fetch") return FAMILIES[/** @type {keyof typeof FAMILIES} */ (flight.api)] ?? "control";
  return flight.source.startsWith("broker-") && flight.target.startsWith("broker-") ? "replicate" : "fetch";
}

const eased = (t) => (t < 0.5 ? 2 * t * t : 1 - (-2 * t + 2) ** 2 / 2);

function curve(a, b, c, d, t) {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}
