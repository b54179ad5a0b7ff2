/** The bar above a learner's stage: what the instructor says, how long there is, and whether all are paused. */

import { clock, last, openRoom } from "./room.js";

const at = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const words = JSON.parse(at("#room-words").textContent ?? "{}");
const SENT = "from-your-instructor";
/** As the page was loaded: closed rooms have no stage. */
let wasOpen = true;

function draw() {
  const room = last.get("room");
  if (room === undefined) return;
  if (wasOpen && !room.open) {
    wasOpen = false;
    location.reload();
  }
  at("#room-message").textContent = room.message;
  at("#room-message").title = room.message;
  at("#room-paused").hidden = !room.paused;
  document.documentElement.toggleAttribute("data-room-paused", room.paused);
  drawTimer(room.timer_until_ms);
}

function drawTimer(/** @type {number|null} */ until_ms) {
  const timer = at("#room-timer");
  timer.hidden = until_ms === null;
  if (until_ms === null) return;
  const left = clock(until_ms);
  timer.toggleAttribute("data-over", left === "");
  timer.textContent = left === "" ? words.over : `${left} ${words.left}`;
}

document.addEventListener("room", (event) => {
  const told = /** @type {CustomEvent} */ (event).detail;
  if (told.type === "sent") location.assign(`${location.pathname}?branch=${SENT}`);
  else if (told.type === "begun_again" && (told.place === "" || told.place === document.documentElement.dataset.place)) location.assign(location.pathname);
  else draw();
});
setInterval(draw, 1000);
openRoom(document.documentElement.dataset.roomSocket ?? "", (state) => {
  document.documentElement.dataset.roomLine = state;
});
