/** The Why tab: the chain of what happened that led here, newest first, each link a place to go on asking. */

import { makeAsker } from "./asking.js";
import { familyOf, MARKS, sentenceOf } from "./facts.js";
import { h } from "./paint.js";
import { clockTime, number } from "./words.js";

/** @typedef {{kind: string, text: string, at_us: number, moment: number, about: string, event: string, how: string, between: number}} Link */

const KINDS = { act: "▶", begin: "▶", request: "⇢", clock: "◷", forgotten: "…" };
const SAID = { act: "You", begin: "The lab", request: "From outside", clock: "A clock", forgotten: "Memory ends" };

/** @param {{change: (patch: any) => void, refresh: () => void}} hands */
export function makeWhy(hands) {
  const asker = makeAsker(document.documentElement.dataset.whyUrl ?? "", hands.refresh);
  document.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-why]"));
    if (!on) return;
    const [moment, ...words] = (on.dataset.why ?? "").split(" ");
    hands.change({ pane: "why", why: words.length > 0 ? { moment, text: words.join(" ") } : null });
  });
  return {
    /**
     * @param {import("./types.js").Model} model
     * @param {import("./types.js").Ui} ui
     * @param {boolean} past what is shown is not what is now
     */
    draw(model, ui, past) {
      if (ui.why === null && ui.selected === null) return [h("p", { class: "quiet" }, "Choose something on the stage, and the chain of what led there is told here, back to what somebody did.")];
      const question = ui.why ?? { id: ui.selected ?? "", ...(past ? { until: String(model.at_us) } : {}) };
      const explained = asker.answer(question, String(model.facts.at(-1)?.moment ?? ""));
      return explained === null ? [h("p", { class: "quiet" }, "Looking back…")] : drawWhy(explained, model, ui);
    },
  };
}

/** @param {{chain: Link[], facts: Link[], since_us: number}} explained */
export function drawWhy(explained, model, ui) {
  const [first] = explained.chain;
  const name = ui.why ? "Why did that happen?" : `Why is ${nameOf(model, ui.selected)} as it is?`;
  if (!first) {
    return [h("h2", { key: "title" }, name), h("p", { key: "nothing", class: "quiet" },
      `Nothing that happened to it is remembered. Memory goes back to ${clockTime(explained.since_us)}.`)];
  }
  const others = explained.facts.filter((fact) => fact.moment !== first.moment || fact.text !== first.text);
  return [
    h("h2", { key: "title" }, name),
    ui.why && ui.selected && h("p", { key: "back", class: "about" }, h("button", { type: "button", class: "link", "data-why": "" }, `Back to ${nameOf(model, ui.selected)}`)),
    h("ol", { key: "chain", class: "why" }, explained.chain.map((link, index) => drawLink(link, explained.chain[index - 1], model, ui))),
    others.length > 0 && h("h3", { key: "more" }, "What else happened to it"),
    others.length > 0 && h("ol", { key: "others", class: "why-others" }, others.map((fact) => h("li", { key: `${fact.moment} ${fact.text}` },
      when(fact), h("button", { type: "button", class: "link", "data-why": `${fact.moment} ${fact.text}` }, wordsOf(fact))))),
    h("p", { key: "since", class: "quiet why-since" }, `Steps are remembered since ${clockTime(explained.since_us)}.`),
  ].filter(Boolean);
}

function drawLink(link, before, model, ui) {
  const told = link.about === "" || link.about === ui.selected || link.about === before?.about || !model.entities[link.about];
  const family = link.kind === "fact" ? familyOf(link.event) : link.kind;
  const mark = link.kind === "fact" ? MARKS[familyOf(link.event)] : KINDS[/** @type {keyof typeof KINDS} */ (link.kind)];
  return h("li", { key: `${link.moment} ${link.kind} ${link.text}`, class: "why-link", "data-family": family, "data-first": before === undefined },
    h("span", { class: "fact-mark", "aria-hidden": "true" }, mark),
    h("div", { class: "why-said" },
      h("p", { class: "why-when" }, before && h("span", { class: "because" }, "because"), when(link),
        link.kind !== "fact" && h("span", { class: "strong" }, SAID[/** @type {keyof typeof SAID} */ (link.kind)])),
      link.kind === "act" ? h("p", { class: "why-act" }, h("code", null, link.text)) : h("p", { class: "why-text" }, wordsOf(link)),
      link.how && h("p", { class: "why-how" }, `when ${link.how}`),
      link.between > 0 && h("p", { class: "why-how" }, link.between === 1 ? "and 1 step before that" : `and ${number(link.between)} steps before that`),
      !told && h("p", { class: "why-go" }, h("button", { type: "button", class: "link", "data-id": link.about, "data-keep": "now" }, `Show ${nameOf(model, link.about)}`))));
}

/** In the words of the rest of the page. @param {Link} link */
const wordsOf = ({ kind, text, about }) => sentenceOf({ kind, text, node: about.replace(":", "-") });

/** Its time, by which one comes to see that moment. */
function when(link) {
  return h("button", { type: "button", class: "fact-time", "data-at": link.at_us, title: "Show this moment" }, h("time", null, clockTime(link.at_us)));
}

const KINDS_SAID = { broker: "broker ", controller: "controller ", group: "group ", topic: "topic " };

/** @param {import("./types.js").Model} model @param {string|null} id */
export function nameOf(model, id) {
  const entity = id === null ? undefined : model.entities[id];
  if (!entity || id === null) return "it";
  if (entity.kind === "partition") return `${entity.topic}-${entity.partition}`;
  if (entity.kind === "replica") return `${entity.topic}-${entity.partition} on broker ${entity.broker}`;
  return `${KINDS_SAID[/** @type {keyof typeof KINDS_SAID} */ (entity.kind)] ?? ""}${id.split(":").slice(1).join(":")}`;
}
