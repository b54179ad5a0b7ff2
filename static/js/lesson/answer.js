/** A question of a lesson as a form: a number, a choice, or several things. What is typed stays the browser's. */

import { h } from "../paint.js";
import { say } from "./words.js";

const SURE = [1, 2, 3, 4, 5];

/**
 * @param {string} key another one for each question, so that no answer is taken over to the next
 * @param {string} command
 * @param {{ask: any, kind: string, choices: Record<string, any>}} asked
 * @param {string|null} place what was chosen on the stage, where that is asked
 * @param {string} title @param {string} lock what the button says @param {boolean} predicted whether one is asked how sure one is
 */
export function drawAnswer(key, command, asked, place, title, lock, predicted) {
  return h("form", { key, class: "lesson-form", "data-lesson-form": command, novalidate: true, autocomplete: "off" },
    h("h4", null, title),
    asked.kind === "choice" ? drawChoices(asked) : asked.kind === "place" ? drawPlace(asked, place) : drawField(asked),
    predicted && drawSure(),
    predicted && h("textarea", { name: "because", rows: 2, maxlength: 500, placeholder: say("because"), "aria-label": say("because") }),
    h("div", { class: "lesson-acts" },
      h("button", { type: "submit", "data-main": true }, lock),
      predicted && h("button", { type: "button", class: "quiet-button", "data-lesson-command": '{"command":"explore_first"}' }, say("explore"))));
}

function drawChoices(asked) {
  return h("fieldset", { class: "lesson-choices" },
    h("legend", { class: "lesson-ask" }, asked.ask),
    Object.entries(asked.choices).map(([name, words]) => h("label", { key: name },
      h("input", { type: "radio", name: "answer", value: name }), h("span", null, words))));
}

/** The stage is the list to choose from. */
function drawPlace(asked, place) {
  return h("div", { class: "lesson-place" },
    h("p", { class: "lesson-ask" }, asked.ask),
    h("p", { class: "quiet" }, say("place_how")),
    h("output", { class: "lesson-chosen", "data-chosen": String(place !== null), "aria-live": "polite" }, place === null ? say("place_none") : placeWords(place)),
    h("input", { type: "hidden", name: "answer", value: place ?? "" }));
}

/** @param {string} id of an entity */
export function placeWords(id) {
  const [kind, ...names] = id.split(":");
  return kind === "replica" ? `replica ${names.slice(0, -1).join("-")} @ ${names.at(-1)}` : `${kind} ${names.join("-")}`;
}

/**
 * What a thing on the stage counts as where things of a kind are asked for: a replica lies on a broker.
 * @param {string} id @param {string} among @returns {string|null}
 */
export function placeAmong(id, among) {
  const [kind, topic, partition, broker] = id.split(":");
  if (kind === among) return id;
  if (kind !== "replica") return null;
  const counts = { broker: `broker:${broker}`, partition: `partition:${topic}:${partition}`, topic: `topic:${topic}` };
  return counts[among] ?? null;
}

function drawField(asked) {
  const number = asked.kind === "number";
  const hint = say(number ? "number" : asked.kind === "set" ? "things_set" : "things");
  return h("label", { class: "lesson-field" },
    h("span", { class: "lesson-ask" }, asked.ask),
    h("input", { name: "answer", type: "text", placeholder: hint, maxlength: 300, ...(number ? { inputmode: "decimal", "data-number": true } : {}) }));
}

function drawSure() {
  return h("fieldset", { class: "lesson-sure" },
    h("legend", null, say("sure")),
    h("span", { class: "quiet" }, say("sure_1")),
    SURE.map((number) => h("label", { key: number },
      h("input", { type: "radio", name: "confidence", value: String(number) }), h("span", null, String(number)))),
    h("span", { class: "quiet" }, say("sure_5")));
}
