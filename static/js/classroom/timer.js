/** How long there is: the timer of a room, wherever it is shown. */

import { say } from "./words.js";

/** How long until then, in minutes and seconds; "" when it is over. @param {number} until_ms */
export function clock(until_ms, now_ms = Date.now()) {
  const left_s = Math.ceil((until_ms - now_ms) / 1000);
  return left_s <= 0 ? "" : `${Math.floor(left_s / 60)}:${String(left_s % 60).padStart(2, "0")}`;
}

/** @param {number|null|undefined} until_ms null for none */
export function drawTimer(until_ms) {
  const timer = /** @type {HTMLElement|null} */ (document.querySelector("#room-timer"));
  if (timer === null) return;
  timer.hidden = typeof until_ms !== "number";
  if (typeof until_ms !== "number") return;
  const left = clock(until_ms);
  timer.toggleAttribute("data-over", left === "");
  timer.textContent = left === "" ? say("over") : `${left} ${say("left")}`;
}
