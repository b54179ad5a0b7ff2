/**
 * Present mode: for a projector. Light, large, nothing around the stage, and one sentence of what happens now.
 *
 * A presenter's remote sends PageDown, PageUp and a period: the next beat, the one before, and a dark screen.
 */

import { sentenceOf } from "./facts.js";
import { h, paint } from "./paint.js";
import { clockTime } from "./words.js";

const root = document.documentElement;
const at = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** What the page wore before: a projector wants dark letters on a light ground. @type {string|undefined} */
let theme;

function enter(on) {
  root.toggleAttribute("data-present", on);
  root.removeAttribute("data-dark-screen");
  if (on) theme = root.dataset.theme;
  if (on || theme !== undefined) root.dataset.theme = on ? "light" : theme;
  else delete root.dataset.theme;
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
  else if (event.key === "PageUp") at("[data-time=leap-back]").click();
  else goOn(hands);
  return true;
}

/** To the next beat of what was recorded; where there is none, time that stands still makes one. */
function goOn(hands) {
  const leap = /** @type {HTMLButtonElement} */ (at("[data-time=leap-on]"));
  const lab = hands.model().entities.lab;
  if (!leap.disabled) leap.click();
  else if (lab?.mode === "lab" && lab.paused) hands.ask({ command: "step_time" });
}

/** @param {import("./types.js").Model} model @param {import("./types.js").Ui} ui */
export function drawBeat(model, ui) {
  if (ui.present !== root.hasAttribute("data-present")) enter(ui.present);
  if (!ui.present) return;
  const fact = model.facts.at(-1);
  paint(at("#presented-beat"), [
    h("span", { key: "when", class: "beat-when" }, `${clockTime(fact ? fact.last_us ?? fact.at_us : model.at_us).slice(0, 8)} · ${at("#behind").textContent || "live"}`),
    h("span", { key: "said", class: "beat-said" }, fact ? sentenceOf(fact) : "Nothing has happened yet."),
  ]);
}
