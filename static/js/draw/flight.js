/**
 * Envelopes under way between two nodes: requests and answers, named by their API.
 *
 * Where an envelope is follows from the lab's time alone. With reduced motion it stands still, as an arrow.
 */

import { FLIGHT_US } from "../model.js";
import { h } from "../paint.js";

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
  return model.flights.map((flight) => drawFlight(flight, at, now_us, still)).filter(Boolean);
}

function drawFlight(flight, at, now_us, still) {
  const source = at.box(flight.source);
  const target = at.box(flight.target);
  if (!source || !target || source === target) return null;
  const done = (now_us - flight.left_us) / FLIGHT_US;
  if (done < 0 || done >= 1) return null;
  const [x0, y0] = at.point(flight.source, target.x + target.w / 2, flight.topic, flight.partition);
  const [x1, y1] = at.point(flight.target, source.x + source.w / 2, flight.topic, flight.partition);
  const label = flight.many > 1 ? `${flight.api} ×${flight.many}` : flight.api;
  const w = label.length * 6 + 24;
  const part = still ? 0.5 : eased(done);
  const bend = (x1 - x0) * 0.4;
  const clear = Math.sign(x1 - x0) * Math.min(w / 2 + 3, Math.abs(x1 - x0) / 2);
  const x = curve(x0 + clear, x0 + bend, x1 - bend, x1 - clear, part);
  const y = curve(y0, y0, y1, y1, part);
  return h("g", {
    key: `${flight.key} ${flight.left_us}`, class: "flight", "data-family": familyOf(flight), "data-answer": flight.response,
    opacity: Math.min(1, done * 8, (1 - done) * 6).toFixed(2),
  },
    h("path", { class: "flight-way", "data-wide": String(flight.many > 20), d: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}` }),
    h("g", { transform: `translate(${(x - w / 2).toFixed(1)} ${(y - 9).toFixed(1)})` },
      h("rect", { class: "envelope", width: w, height: 18, rx: 4 }),
      h("path", { class: "envelope-flap", d: flight.response ? "M5 9.5L8 12.5L13 6" : "M4.5 5.5H14.5V12.5H4.5ZM4.5 5.5L9.5 9.5L14.5 5.5" }),
      h("text", { class: "envelope-name", x: 19, y: 12.7 }, label)));
}

function familyOf(flight) {
  if (flight.api !== "Fetch") return FAMILIES[flight.api] ?? "control";
  return flight.source.startsWith("broker-") && flight.target.startsWith("broker-") ? "replicate" : "fetch";
}

const eased = (t) => (t < 0.5 ? 2 * t * t : 1 - (-2 * t + 2) ** 2 / 2);

function curve(a, b, c, d, t) {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}
