/**
 * One pure reducer, (model, frame) -> model: it serves the live view and the tests alike.
 *
 * Frames carry entities that are new, and of the others the fields that changed. A frame that does not follow the one before leaves the model as
 * it was and says `gap`: whoever holds the socket then asks for a snapshot.
 */

import { familyOf, isRoutine } from "./facts.js";
import { takenUp } from "./grouping.js";
import { counted } from "./ribbons.js";

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Frame} Frame */

const FACTS_KEPT = 200;
const LOOKED_BACK = 24;
const FLIGHTS_KEPT = 80;
const PACKETS_KEPT = 600;
const FLIGHT_KINDS = new Set(["Packet", "PacketCount"]);
/** What was ordered stands in a list of its own, and on the timeline. */
const NO_SENTENCE = new Set([...FLIGHT_KINDS, "EventCount", "Commanded"]);

/** How long an envelope is shown under way, in the lab's microseconds: the real way is far too quick to see. */
export const FLIGHT_US = 550_000;

/** @type {Model} */
export const EMPTY = Object.freeze({
  version: -1, at_us: 0, rate: 1, gap: false, entities: {}, facts: [], routine: [], flights: [], ways: {}, packets: [],
});

/**
 * @param {Model} model
 * @param {Frame} frame
 * @returns {Model}
 */
export function reduce(model, frame) {
  if (frame.type === "snapshot") {
    return {
      version: frame.version, at_us: frame.at_us, rate: frame.rate, gap: false, entities: frame.entities,
      ...told([], [], frame.events), flights: [], ways: {}, packets: [],
    };
  }
  if (frame.version !== model.version + 1) return { ...model, gap: true };
  return {
    version: frame.version,
    at_us: frame.at_us,
    rate: frame.rate,
    gap: false,
    entities: replaced(model.entities, frame),
    ...told(model.facts, model.routine, frame.events),
    flights: underWay(model.flights, frame),
    ways: counted(model.ways, frame),
    packets: sent(model.packets, frame.events),
  };
}

function replaced(before, { entities: whole, changes = {}, gone = [] }) {
  const changed = Object.keys(changes);
  if (gone.length === 0 && changed.length === 0 && Object.keys(whole).length === 0) return before;
  const entities = { ...before, ...whole };
  for (const id of changed) entities[id] = { ...before[id], ...changes[id] };
  for (const id of gone) delete entities[id];
  return entities;
}

/** Routine is kept apart: there is so much of it that it would crowd out what matters. */
function told(facts, routine, events) {
  const fresh = events.filter((fact) => !NO_SENTENCE.has(fact.kind));
  return {
    facts: kept(facts, fresh.filter((fact) => !isRoutine(fact))),
    routine: kept(routine, fresh.filter(isRoutine)),
  };
}

/** What is said again at once becomes one fact with a number: a retry every second shall not hide the rest. */
function kept(before, fresh) {
  if (fresh.length === 0) return before;
  let facts = [...before];
  for (const fact of fresh) {
    const grouped = takenUp(facts, fact);
    if (grouped !== null) {
      facts = grouped;
      continue;
    }
    const at = saidJustNow(facts, fact);
    if (at < 0) facts.push(fact);
    else facts[at] = { ...facts[at], times: (facts[at].times ?? 1) + 1, last_us: fact.at_us };
  }
  return facts.slice(-FACTS_KEPT);
}

/** Where the same sentence stands: last of all or, of an error, with nothing but errors since. -1 where it does not. */
function saidJustNow(facts, fact) {
  const first = Math.max(0, facts.length - (familyOf(fact.kind) === "error" ? LOOKED_BACK : 1));
  for (let at = facts.length - 1; at >= first; at -= 1) {
    if (facts[at].text === fact.text && facts[at].kind === fact.kind) return at;
    if (familyOf(facts[at].kind) !== "error") return -1;
  }
  return -1;
}

/** What was sent lately, message by message: the space-time lens shows it when it has long arrived. */
function sent(before, events) {
  const fresh = events.filter((fact) => fact.kind === "Packet" && fact.number !== undefined);
  return fresh.length === 0 ? before : [...before, ...fresh].slice(-PACKETS_KEPT);
}

/** Envelopes of one kind on one way, sent within a moment, fly as one with a number. */
function underWay(before, frame) {
  const flights = before.filter((flight) => flight.left_us + FLIGHT_US > frame.at_us);
  const seen = new Map(flights.map((flight) => [flight.key, flight]));
  for (const fact of frame.events) {
    if (!FLIGHT_KINDS.has(fact.kind)) continue;
    const key = [fact.api, fact.source, fact.target, fact.response ? "r" : "q", fact.error, fact.topic, fact.partition].join(" ");
    const same = seen.get(key);
    const many = fact.kind === "PacketCount" ? fact.count : 1 + (fact.more ?? 0);
    if (same && frame.at_us - same.left_us < FLIGHT_US / 4) {
      const more = { ...same, many: same.many + many };
      flights[flights.indexOf(same)] = more;
      seen.set(key, more);
      continue;
    }
    const flight = { ...fact, key, many, left_us: frame.at_us };
    flights.push(flight);
    seen.set(key, flight);
  }
  return flights.slice(-FLIGHTS_KEPT);
}
