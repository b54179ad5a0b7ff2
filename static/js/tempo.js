/** Lab time: its clock and what can be done to it. In wall time, where real clients come in, there is nothing to draw. */

import { h } from "./paint.js";
import { clockTime } from "./words.js";

const RATES = ["0.01", "0.1", "0.5", "1", "2", "10"];

let heard = { version: -1, ms: 0 };

/** Between two frames nothing happens, but time passes. @param {import("./types.js").Model} model */
function now_us(model) {
  if (heard.version !== model.version) heard = { version: model.version, ms: performance.now() };
  return model.at_us + (performance.now() - heard.ms) * 1000 * model.rate;
}

/** @param {import("./types.js").Model} model */
export function drawTempo(model) {
  const lab = model.entities.lab;
  if (lab?.mode !== "lab") return [];
  return [
    h("span", { key: "time", class: "tempo-time", title: "The time in the lab" }, clockTime(now_us(model))),
    lab.paused
      ? press("play", { command: "play_time" }, "Play", "Let time go on")
      : press("hold", { command: "pause_time" }, "Stop time", "Let the cluster itself stand still"),
    press("step", { command: "step_time" }, "Step", "Let time go on to the next fact"),
    ...RATES.map((rate) => press(rate, { command: "set_rate", rate }, `${rate}×`, `${rate} seconds of the lab in one second`, Number(rate) === lab.rate)),
  ];
}

function press(key, command, said, title, on) {
  return h("button", {
    key, type: "button", class: "quiet-button", title, "data-command": JSON.stringify(command), ...(on === undefined ? {} : { "aria-pressed": String(on) }),
  }, said);
}
