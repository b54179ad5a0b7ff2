/** The bar above a learner's stage: what the instructor says, how long there is, and whether all are paused. */

import { last, openRoom } from "./room.js";
import { drawTimer } from "./timer.js";

const at = (/** @type {string} */ selector) => /** @type {HTMLElement|null} */ (document.querySelector(selector));
const page = document.documentElement;

function draw() {
  const room = last.get("room");
  const message = at("#room-message");
  const paused = at("#room-paused");
  if (room === undefined || message === null || paused === null) return;
  message.textContent = room.message;
  message.title = room.message;
  paused.hidden = !room.paused;
  drawTimer(room.timer_until_ms);
}

function hear(/** @type {import("./room.js").Told} */ told) {
  // A closed room has no stage, and a state that was sent is a lab of its own.
  if (told.type === "room" && !told.open) location.reload();
  else if (told.type === "sent") location.assign(page.dataset.sentUrl ?? "");
  else if (told.type === "begun_again" && told.place === page.dataset.place) location.assign(location.pathname);
  else if (told.type === "hands") at("#hand button[value=no]")?.click();
  else draw();
}

document.addEventListener("room", (event) => hear(/** @type {CustomEvent} */ (event).detail));
setInterval(draw, 1000);
openRoom(page.dataset.roomSocket ?? "", (state) => {
  page.dataset.roomLine = state;
  // The seat was taken away.
  if (state === "gone") location.reload();
});
