/** What the class sees on the wall: how to join until there is a lab in the spotlight, and what the room is told. */

import { last, openRoom } from "./room.js";
import { drawTimer } from "./timer.js";
import { say } from "./words.js";

const at = (/** @type {string} */ selector) => /** @type {HTMLElement|null} */ (document.querySelector(selector));
/** Of what this page was made: another one in the spotlight is another page. */
const shown = document.documentElement.dataset.projected ?? "";

function draw() {
  const room = last.get("room");
  const message = at("#room-message");
  if (room !== undefined && message !== null) message.textContent = room.message;
  drawTimer(room?.timer_until_ms);
  const joined = at("#room-joined");
  const board = last.get("board");
  if (joined !== null && board !== undefined) joined.textContent = say("joined", { count: board.tiles.length });
}

document.addEventListener("room", (event) => {
  const told = /** @type {CustomEvent} */ (event).detail;
  if (told.type === "board" && told.projected !== shown) location.reload();
  draw();
});
setInterval(draw, 1000);
openRoom(document.documentElement.dataset.roomSocket ?? "");
