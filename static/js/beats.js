/**
 * One event that matters is one beat: who takes part in it stays as it is, all else steps back.
 *
 * While things play a beat lasts for 600 ms of the watcher's time; where time stands still it stays until the next.
 */

import { cast } from "./cast.js";
import { familyOf } from "./facts.js";

export const BEAT_MS = 600;
const TELLING = new Set(["leadership", "replication", "group", "transaction", "fault"]);
/** Facts that the engine tells in the same moment are one beat: an election of three leaders is not three. */
const ONE_BEAT_US = 20_000;
/** While nobody watches, what is recorded comes twice a second: a moment that tells of a fact is no later than this. */
const JUST_NOW_US = 1_000_000;

/** @typedef {{text: string, facts: import("./types.js").Fact[], ids: Set<string>}} Beat */

/**
 * The newest beat that a model knows of.
 * @param {import("./types.js").Model} model
 * @returns {Beat|null}
 */
export function newestBeat(model) {
  const told = model.facts.filter((fact) => TELLING.has(familyOf(fact.kind)));
  const last = told.at(-1);
  if (last === undefined) return null;
  const at_us = last.last_us ?? last.at_us;
  const facts = told.slice(-24).filter((fact) => at_us - (fact.last_us ?? fact.at_us) <= ONE_BEAT_US);
  return { text: last.text ?? last.kind, facts, ids: new Set(facts.flatMap((fact) => involved(model, fact))) };
}

/**
 * Who takes part in a fact, by the names of its fields.
 * @param {import("./types.js").Model} model
 * @param {import("./types.js").Fact} fact
 * @returns {string[]}
 */
export function involved(model, fact) {
  const on = cast(model);
  const ids = [];
  for (const place of fact.parts ?? [fact]) {
    if (place.topic === undefined || place.topic === null) continue;
    ids.push(`topic:${place.topic}`);
    for (const partition of on.partitions.get(place.topic) ?? []) {
      if (place.partition !== undefined && place.partition !== partition.partition) continue;
      ids.push(partition.id, ...partition.replicas.map((broker) => `replica:${place.topic}:${partition.partition}:${broker}`));
    }
  }
  const told = named(fact.node, "broker-");
  const brokers = [fact.broker, fact.leader, fact.previous, told].filter((one) => typeof one === "number");
  ids.push(...brokers.map((broker) => `broker:${broker}`));
  // What befalls a broker befalls all that it has; what it tells of a partition or a group does not.
  const whole = fact.topic === undefined && fact.parts === undefined && fact.group === undefined ? fact.broker ?? told : null;
  if (typeof whole === "number") ids.push(...Object.keys(model.entities).filter((id) => id.startsWith("replica:") && id.endsWith(`:${whole}`)));
  const controller = fact.controller ?? named(fact.node, "controller-");
  if (controller !== null && controller !== undefined) ids.push(`controller:${controller}`);
  if (fact.group !== undefined && fact.group !== null) {
    ids.push(`group:${fact.group}`, ...on.consumers.filter((one) => one.group === fact.group).map((one) => one.id));
  }
  if (fact.transactional_id !== undefined) ids.push(`transaction:${fact.transactional_id}`);
  for (const name of [fact.client, fact.node]) if (name) ids.push(`producer:${name}`, `consumer:${name}`, `client:${name}`);
  return ids;
}

function named(node, kind) {
  return typeof node === "string" && node.startsWith(kind) ? Number(node.slice(kind.length)) : null;
}

/** What was before and what is now, where a fact says both. @param {import("./types.js").Fact} fact @returns {string|null} */
export function changeOf(fact) {
  const said = (value) => (Array.isArray(value) ? `[${value.join(", ")}]` : String(value));
  if (fact.kind === "LeaderElected") return `leader ${fact.previous < 0 ? "none" : fact.previous} → ${fact.leader}`;
  if (fact.before === undefined || fact.after === undefined) return null;
  return `${fact.kind.startsWith("Isr") ? "ISR " : ""}${said(fact.before)} → ${said(fact.after)}`;
}

/**
 * Holds the beat that is shown.
 * @param {() => number} now_ms
 */
export function makeBeats(now_ms = () => performance.now()) {
  /** @type {string|null} */
  let heard = null;
  let heard_ms = -Infinity;
  return {
    /** @param {import("./types.js").Model} model @param {boolean} still whether time stands still @returns {Beat|null} */
    of(model, still) {
      const newest = newestBeat(model);
      const last = newest?.facts.at(-1);
      const age_us = last ? model.at_us - (last.last_us ?? last.at_us) : Infinity;
      const name = newest === null ? "" : `${last?.at_us} ${newest.facts.length} ${newest.text}`;
      if (name !== heard) {
        // What happened before the page was opened is no beat, nor what was long before the moment that one went to.
        heard_ms = heard !== null && age_us < JUST_NOW_US ? now_ms() : -Infinity;
        heard = name;
      }
      // Whoever holds the picture of a calm cluster wants to see all of it; a beat that is under way stays.
      return (still ? age_us < JUST_NOW_US : now_ms() - heard_ms < BEAT_MS) ? newest : null;
    },
  };
}

/** Whether nothing moves: the picture is held, or the lab's time is. */
export function standsStill(model, ui) {
  return ui.paused || (model.entities.lab?.mode === "lab" && model.entities.lab.paused === true);
}
