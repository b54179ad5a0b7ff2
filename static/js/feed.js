/** What happened, as sentences. What happens all the time is left out until it is asked for. */

import { familyOf, MARKS, sentenceOf } from "./facts.js";
import { h } from "./paint.js";
import { clockTime, number } from "./words.js";

const SHOWN = 60;

/**
 * @param {import("./types.js").Model} model
 * @param {import("./types.js").Ui} ui
 */
export function drawFeed(model, ui) {
  const told = ui.chatty ? [...model.facts, ...model.routine].sort((one, other) => one.at_us - other.at_us) : model.facts;
  if (told.length === 0) return [h("li", { class: "quiet" }, "Nothing has happened yet. Create a topic, or send a record.")];
  return told.slice(-SHOWN).reverse().map((fact) => h("li", {
    key: `${fact.at_us} ${fact.kind} ${fact.parts ? fact.same : fact.text}`, class: "fact", "data-family": familyOf(fact.kind),
  },
    h("button", { type: "button", class: "fact-time", "data-at": fact.last_us ?? fact.at_us, title: "Show this moment" }, h("time", null, clockTime(fact.last_us ?? fact.at_us))),
    h("span", { class: "fact-mark", "aria-hidden": "true" }, MARKS[familyOf(fact.kind)]),
    fact.parts ? story(fact) : h("span", { class: "fact-text", "data-id": aboutWhom(model, fact) }, sentenceOf(fact),
      fact.times !== undefined && h("span", { class: "fact-times" }, ` ×\u2009${number(fact.times)}`)),
    !fact.parts && fact.moment !== undefined && h("button", { type: "button", class: "link fact-why", "data-why": `${fact.moment} ${fact.text}` }, "why"),
    ui.pins && !fact.parts && fact.kind !== "Commanded" && h("button", { type: "button", class: "link fact-pin", "data-pin-told": JSON.stringify({ at_us: fact.last_us ?? fact.at_us, text: fact.text }) }, "pin")));
}

/** One sentence for many partitions, and each of them when it is opened. */
function story(fact) {
  return h("details", { class: "fact-story" },
    h("summary", { class: "fact-text" }, fact.text),
    h("ul", null, fact.parts.map((part) => h("li", { key: part.name, class: "fact-text", "data-id": `partition:${part.topic}:${part.partition}` }, part.text))));
}

/** @param {import("./types.js").Model} model */
export function mostTelling(model) {
  return model.facts.at(-1);
}

/** The entity to show when somebody points at the sentence. */
function aboutWhom(model, fact) {
  const names = [
    fact.partition !== undefined && `partition:${fact.topic}:${fact.partition}`,
    fact.topic !== undefined && `topic:${fact.topic}`,
    fact.transactional_id !== undefined && `transaction:${fact.transactional_id}`,
    fact.group !== undefined && `group:${fact.group}`,
    fact.broker !== undefined && `broker:${fact.broker}`,
    fact.controller !== undefined && `controller:${fact.controller}`,
    /^(broker|controller)-/.test(fact.node ?? "") && fact.node.replace("-", ":"),
    fact.client !== undefined && `producer:${fact.client}`,
    fact.client !== undefined && `consumer:${fact.client}`,
  ];
  return names.find((id) => id && model.entities[id]) || null;
}
