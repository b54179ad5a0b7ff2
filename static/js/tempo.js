/** The time of the lab: whose it is, how fast it goes, what can be done to it, and the histories that parted from it. */

import { h } from "./paint.js";
import { clockTime, number } from "./words.js";

const RATES = ["0.01", "0.1", "0.5", "1", "2", "10"];
const RATE_WORDS = { 0.01: "1/100", 0.1: "1/10", 0.5: "1/2", 1: "1×", 2: "2×", 10: "10×" };

let heard = { version: -1, ms: 0 };

/** Between two frames nothing happens, but time passes. @param {import("./types.js").Model} model */
function now_us(model) {
  if (heard.version !== model.version) heard = { version: model.version, ms: performance.now() };
  if (model.entities.lab?.stands_at_us) return model.entities.lab.stands_at_us;
  return model.at_us + (performance.now() - heard.ms) * 1000 * model.rate;
}

/** @param {import("./types.js").Model} model */
export function drawTempo(model) {
  const lab = model.entities.lab;
  if (!lab) return [];
  return [...(lab.mode === "lab" ? labTime(model, lab) : wallTime(model, lab)), ...histories(model, lab)];
}

function labTime(model, lab) {
  return [
    h("span", { key: "whose", class: "tempo-whose", "data-mode": "lab", title: lab.listens ? "Time is yours: it goes over to the wall's clock by itself when a real client connects" : "Time is yours" }, "Lab time"),
    h("span", { key: "time", class: "tempo-time", "data-still": String(lab.paused), title: "The time in the lab" }, clockTime(now_us(model))),
    lab.paused
      ? press("play", { command: "play_time" }, "Play", "Let time go on (Space)")
      : press("hold", { command: "pause_time" }, "Pause", "Let the cluster itself stand still (Space)"),
    press("step", { command: "step_time" }, "Step", "To the next fact or message (→)"),
    press("far", { command: "step_to_significant" }, "Next that matters", "To the next fact that matters: a leader, a group, a fault (Shift →)"),
    h("span", { key: "rates", class: "tempo-rates", role: "group", "aria-label": "Speed ([ and ])" },
      RATES.map((rate) => press(rate, { command: "set_rate", rate }, RATE_WORDS[rate], `${rate} seconds of the lab in one second ([ and ])`, Number(rate) === lab.rate))),
  ];
}

function wallTime(model, lab) {
  const connected = lab.real_connections;
  const lag_s = Math.round(lab.clocks_ahead_ms / 1000);
  return [
    h("span", { key: "whose", class: "tempo-whose", "data-mode": "wall" }, "Wall time"),
    h("span", { key: "time", class: "tempo-time" }, clockTime(now_us(model) + lab.clocks_ahead_ms * 1000)),
    h("span", { key: "why", class: "tempo-why" }, connected > 0
      ? `Real clients hold ${number(connected)} connection${connected === 1 ? "" : "s"}: time is theirs too and cannot be held. Pause holds the picture.`
      : "No real client is connected any more.",
    Math.abs(lag_s) > 0 && ` Timers are ${number(Math.abs(lag_s))} s ${lag_s > 0 ? "behind" : "ahead of"} the clocks.`),
    ...(connected === 0 ? [press("back", { command: "enter_lab_time" }, "Back to lab time", "Take time in hand again: hold it, step, slow it down")] : []),
  ];
}

// -- histories -----------------------------------------------------------------------------------

function histories(model, lab) {
  const branches = Object.values(model.entities).filter((it) => it.kind === "branch");
  const all = [{ name: "", path: lab.trunk, of: null }, ...branches];
  return [h("span", { key: "histories", class: "histories", role: "group", "aria-label": "Branches" },
    branches.length > 0 && all.map((each) => history(each, lab)),
    h("button", { key: "fork", type: "button", class: "quiet-button", "data-form": "fork", title: "Begin another history that goes on from here (F)" }, "Fork…"))];
}

function history(each, lab) {
  const here = each.name === lab.branch;
  const name = each.name || lab.trunk;
  const lineage = each.of === null ? "The lab itself" : `Parted from ${each.of || lab.trunk} at ${clockTime(each.parted_us)}`;
  const compared = `/labs/${lab.trunk}/compare/?a=${encodeURIComponent(lab.branch)}&b=${encodeURIComponent(each.name)}`;
  return h("span", { key: `history ${name}`, class: "history", "data-here": String(here) },
    here
      ? h("b", { class: "history-name", title: lineage, "aria-current": "page" }, name)
      : h("a", { class: "history-name", href: `/labs/${each.path}/`, title: lineage }, name),
    each.of !== null && h("small", null, `from ${clockTime(each.parted_us).slice(0, 8)}`),
    !here && h("a", { class: "history-compare", href: compared, title: `Side by side with ${name}`, "aria-label": `Compare with ${name}` }, "compare"),
    each.name && press(`remove ${name}`, { command: "remove_branch", name: each.name }, "×", `Let go of ${name}`));
}

function press(key, command, said, title, on) {
  return h("button", {
    key, type: "button", class: "quiet-button", title, "data-command": JSON.stringify(command),
    ...(said === "×" ? { "aria-label": title } : {}), ...(on === undefined ? {} : { "aria-pressed": String(on) }),
  }, said);
}

// -- keys ----------------------------------------------------------------------------------------

/**
 * What a key does to lab time; false where it is no key of time, or time is not ours.
 * @param {KeyboardEvent} event
 * @param {import("./types.js").Model} model
 * @returns {{command: string, [field: string]: any} | null}
 */
export function keyOfTime(event, model) {
  const lab = model.entities.lab;
  if (lab?.mode !== "lab") return null;
  if (event.key === "ArrowRight") return { command: event.shiftKey ? "step_to_significant" : "step_time" };
  const by = { "[": -1, "]": 1 }[event.key];
  if (by === undefined) return null;
  const at = RATES.findIndex((rate) => Number(rate) === lab.rate);
  const rate = RATES[Math.max(0, Math.min(RATES.length - 1, at + by))];
  return { command: "set_rate", rate };
}
