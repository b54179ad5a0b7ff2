/**
 * Present mode: for a projector. Light, large, nothing around the stage, and one sentence of what happens now.
 *
 * A presenter's remote sends PageDown, PageUp and a period: the next beat, the one before, and a dark screen.
 */

import { standsStill } from "./beats.js";
import { h, paint } from "./paint.js";
import { clockTime } from "./words.js";

const root = document.documentElement;
const at = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** Which beat the sentence tells: so many before the newest. */
let back = 0;
let newest = "";

/** What the page wore before: a projector wants dark letters on a light ground. @type {string|undefined} */
let theme;

function enter(on) {
  root.toggleAttribute("data-present", on);
  root.removeAttribute("data-dark-screen");
  if (on) theme = root.dataset.theme;
  if (on || theme !== undefined) root.dataset.theme = on ? "light" : theme;
  else delete root.dataset.theme;
  back = 0;
  const code = /** @type {HTMLImageElement} */ (at("#join-code"));
  // Only who presents needs it.
  if (on && code.dataset.from && !code.getAttribute("src")) code.src = code.dataset.from;
}

/**
 * The keys of a remote.
 * @param {KeyboardEvent} event @param {import("./controls.js").Hands} hands
 */
export function pressByRemote(event, hands) {
  if (!hands.ui().present || !["PageDown", "PageUp", ".", "Escape"].includes(event.key)) return false;
  event.preventDefault();
  if (event.key === "Escape") hands.change({ present: false });
  else if (event.key === ".") root.toggleAttribute("data-dark-screen");
  else if (event.key === "PageUp") step(1, hands);
  else step(-1, hands);
  hands.change({});
  return true;
}

/** In the lab's time the next beat is made when there is none to go forward to; else one waits for it. */
function step(by, hands) {
  const told = hands.model().facts.length;
  if (by < 0 && back === 0) {
    const lab = hands.model().entities.lab;
    if (lab?.mode === "lab" && lab.paused) hands.ask({ command: "step_time" });
    return;
  }
  back = Math.max(0, Math.min(told - 1, back + by));
}

/** @param {import("./types.js").Model} model @param {import("./types.js").Ui} ui */
export function drawBeat(model, ui) {
  if (ui.present !== root.hasAttribute("data-present")) enter(ui.present);
  if (!ui.present) return;
  const last = model.facts.at(-1);
  const name = `${last?.at_us} ${last?.text}`;
  if (name !== newest && !standsStill(model, ui)) back = 0;
  newest = name;
  const fact = model.facts.at(-1 - back);
  const said = fact?.text ?? "Nothing has happened yet.";
  paint(at("#beat"), [
    h("span", { key: "when", class: "beat-when" }, fact ? clockTime(fact.last_us ?? fact.at_us).slice(0, 8) : "", back > 0 && ` · ${back} before the last`),
    h("span", { key: "said", class: "beat-said" }, said),
  ]);
}
