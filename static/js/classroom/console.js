/** The instructor's console: a tile a seat as the board has them, and orders that are posted as forms. */

import { paint } from "../paint.js";
import { last, openRoom } from "./room.js";
import { drawTiles } from "./tiles.js";
import { drawTimer } from "./timer.js";
import { say } from "./words.js";

const at = (/** @type {string} */ selector) => /** @type {HTMLElement|null} */ (document.querySelector(selector));
const page = document.documentElement;
const token = /** @type {HTMLInputElement} */ (at("[name=csrfmiddlewaretoken]")).value;

function draw() {
  const board = last.get("board");
  const room = last.get("room");
  if (room !== undefined) drawRoom(room);
  if (board === undefined) return;
  const tiles = at("#tiles");
  if (tiles !== null) paint(tiles, drawTiles(/** @type {any} */ (board), token));
  const here = board.tiles.filter((/** @type {any} */ tile) => tile.here).length;
  write("#seats", say("seats", { count: board.tiles.length, here, hands: board.hands }));
  write("#capacity", say("capacity", { ...board.capacity, memory: board.capacity.memory_mib ?? "?" }));
  when("lit", board.spotlight !== "");
  when("dark", board.spotlight === "");
}

function drawRoom(/** @type {import("./room.js").Told} */ room) {
  when("paused", room.paused);
  when("going", !room.paused);
  when("locked", room.locked);
  when("unlocked", !room.locked);
  when("timed", room.timer_until_ms !== null);
  drawTimer(room.timer_until_ms);
}

/** @param {string} selector @param {string} text */
function write(selector, text) {
  const element = at(selector);
  if (element !== null && element.textContent !== text) element.textContent = text;
}

/** What can be pressed only then. @param {string} state @param {boolean} holds */
function when(state, holds) {
  for (const element of document.querySelectorAll(`[data-when=${state}]`)) /** @type {HTMLElement} */ (element).hidden = !holds;
}

async function order(/** @type {FormData} */ fields) {
  write("#refusal", "");
  try {
    const answer = await fetch(page.dataset.orderUrl ?? "", { method: "POST", body: fields, headers: { "HX-Request": "true" } });
    if (!answer.ok) write("#refusal", `${say("refused")} ${answer.status === 409 ? await answer.text() : answer.status}`);
  } catch {
    write("#refusal", say("no_answer"));
  }
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.order === undefined) return;
  event.preventDefault();
  const fields = new FormData(form);
  const pressed = /** @type {HTMLButtonElement|null} */ (event.submitter ?? form.querySelector("button[name=order]"));
  if (pressed !== null) fields.set(pressed.name, pressed.value);
  void order(fields);
});
document.addEventListener("room", (event) => {
  const told = /** @type {CustomEvent} */ (event).detail;
  if (told.type === "room" && told.open !== (at("#tiles") !== null)) location.reload();
  draw();
});
setInterval(() => drawTimer(last.get("room")?.timer_until_ms), 1000);
openRoom(page.dataset.roomSocket ?? "", (state) => {
  page.dataset.roomLine = state;
  if (state !== "open") write("#seats", say("line_waiting"));
});
