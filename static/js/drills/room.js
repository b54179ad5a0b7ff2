/** The console of a room's drill: a line a place as the server tells them, and orders for those that are ticked. */

import { h, paint } from "../paint.js";
import { say } from "./words.js";

const LOOK_MS = 2000;
const at = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const page = document.documentElement;
/** @type {Set<string>} */
const ticked = new Set();

/** @typedef {{place: string, called: string, step: string, says: string, pinned: boolean, error: string, [field: string]: any}} Row */

/** @param {Row[]} rows */
function drawRows(rows) {
  if (rows.length === 0) return [h("p", { class: "quiet" }, say("room_nobody"))];
  const heads = ["place", "step", "impact", "cause", "evidence", "hints", "lost", "broken", "below", "held"];
  return [h("table", { class: "led-table" },
    h("thead", null, h("tr", null, heads.map((name) => h("th", { key: name, scope: "col" }, say(`room_${name}`))))),
    h("tbody", null, rows.map(drawRow)))];
}

/** @param {Row} row */
function drawRow(row) {
  const watch = (page.dataset.watchUrl ?? "").replace("PLACE", row.place);
  const took = (/** @type {number|null|undefined} */ seconds) => (seconds === null || seconds === undefined ? "–" : `${seconds} s`);
  return h("tr", { key: row.place, "data-step": row.step },
    h("th", { scope: "row" }, h("label", null, h("input", { type: "checkbox", name: "places", value: row.place, checked: ticked.has(row.place), "data-tick": row.place }), ` ${row.called}`)),
    h("td", null, row.step === "away" ? row.says : h("a", { href: watch, target: "_blank", rel: "noopener" }, row.says),
      row.step !== "away" && !row.pinned && h("small", null, ` ${say("room_not_pinned")}`), row.error !== "" && h("small", { class: "refusal" }, ` ${row.error}`)),
    h("td", null, took(row.impact_after_s)), h("td", null, took(row.cause_after_s), row.guesses > 0 && h("small", null, ` ${row.guesses}`)),
    h("td", null, String(row.evidence ?? "–")), h("td", null, String(row.hints ?? "–")), h("td", null, String(row.lost ?? "–")),
    h("td", null, String(row.broken ?? "–")), h("td", null, took(row.below_service_level_s)), h("td", null, took(row.held_s)));
}

/** @param {{rows: Row[], ready: number, over: number, refused: [string, string][]}} said */
function hear(said) {
  paint(at("#places"), drawRows(said.rows));
  at("#drill-count").textContent = say("room_count", { all: said.rows.length, ready: said.ready, over: said.over });
  if (said.refused.length > 0) at("#refusal").textContent = said.refused.map(([called, why]) => `${called}: ${why}`).join(" ");
}

async function look() {
  const answer = await fetch(page.dataset.nowUrl ?? "");
  if (answer.status === 404) location.reload();
  else if (answer.ok) hear(await answer.json());
}

at("#led").addEventListener("change", (event) => {
  const on = /** @type {HTMLInputElement} */ (event.target);
  if (on.dataset.tick === undefined) return;
  if (on.checked) ticked.add(on.dataset.tick);
  else ticked.delete(on.dataset.tick);
});
at("#led").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const pressed = /** @type {HTMLButtonElement|null} */ (/** @type {SubmitEvent} */ (event).submitter);
  if (pressed === null) return;
  fields.set(pressed.name, pressed.value);
  at("#refusal").textContent = "";
  const answer = await fetch(page.dataset.orderUrl ?? "", { method: "POST", body: fields, headers: { "HX-Request": "true" } });
  if (answer.ok) hear(await answer.json());
  else at("#refusal").textContent = answer.status === 409 ? await answer.text() : `${answer.status}`;
});
setInterval(look, LOOK_MS);
void look();
