/**
 * The cue card beside the stage: a pure drawing of what the server told of the showing.
 *
 * Nothing is worked out here: what a card asserts, and whether it holds, the server says.
 */

import { say } from "../lesson/words.js";
import { h } from "../paint.js";

/** @param {any} showing */
export function drawCards(showing) {
  const { phase, recording } = showing;
  return [
    drawHead(showing),
    showing.error !== "" && h("p", { key: "error", class: "lesson-card lesson-error", role: "alert" }, showing.error),
    phase === "preparing" || phase === "writing"
      ? h("p", { key: "busy", class: "lesson-busy" }, say(phase))
      : recording !== null ? drawRecording(recording) : drawCard(showing),
    recording === null && drawActs(showing),
    drawTools(showing),
  ].filter(Boolean);
}

function drawHead({ lesson, title, cards, index, phase }) {
  return h("header", { key: "head", class: "lesson-head" },
    h("p", { class: "lesson-number" }, say("demo", { number: lesson })),
    h("h2", null, title),
    phase !== "recording" && h("ol", { class: "lesson-sections", "aria-label": say("cards") }, cards.map((card, at) => drawDot(card, at, index))));
}

function drawDot(card, at, index) {
  const state = at === index ? "here" : card.kept ? "done" : "ahead";
  const name = `${at + 1}. ${card.title}: ${say(`card_${state}`)}`;
  return h("li", { key: at, "data-state": state, ...(at === index ? { "aria-current": "step" } : {}) },
    h("button", { type: "button", class: "lesson-dot", title: say("put_up", { title: card.title }), "aria-label": name, ...press({ command: "put_up_card", card: at }) }, String(at + 1)));
}

function drawCard(showing) {
  const { card, index, phase, cards } = showing;
  return h("article", { key: `card ${index}`, class: "lesson-section demo-card", "data-phase": phase },
    h("p", { class: "lesson-number" }, say("card_of", { card: index + 1, all: cards.length })),
    h("h3", { id: "demo-title", tabindex: "-1" }, card.title),
    h("section", { class: "demo-say" }, h("h4", null, say("say")), h("div", { class: "lesson-text" }, card.say)),
    card.ask.length > 0 && h("section", { class: "demo-ask", "data-asked": String(phase === "ready") }, h("h4", null, say("ask")), h("div", { class: "lesson-text" }, card.ask)),
    phase === "doing" && h("p", { key: "doing", class: "lesson-busy" }, showing.standing_still ? say("paused") : say("doing")),
    card.proofs.length > 0 && drawProofs(card),
    card.steps.length > 0 && drawSteps(card.steps));
}

/** What the card asserts, ticked off once it was carried out. */
function drawProofs({ proofs, proven }) {
  const done = proven.length > 0;
  return h("section", { key: "proofs", class: "lesson-claims" },
    h("h4", null, say("shows")),
    h("ul", null, (done ? proven : proofs).map((one, at) => h("li", { key: at, title: one.why_not ?? "", ...(done ? { "data-holds": String(one.holds) } : {}) },
      h("span", { class: "lesson-mark", "aria-hidden": "true" }, !done ? "·" : one.holds ? "✓" : "✕"),
      h("span", null, one.says, done && h("span", { class: one.holds ? "only-heard" : "quiet" }, ` (${say(one.holds ? "holds" : "holds_not")})`))))));
}

function drawSteps(steps) {
  return h("details", { key: "steps", class: "lesson-steps" },
    h("summary", null, say("steps")),
    h("ol", null, steps.map((step, at) => h("li", { key: at, "data-done": String(step.done) },
      step.kind === "wait" ? say("wait", { seconds: step.says })
        : step.kind === "until" ? [`${say("until")} `, h("code", null, step.says)]
          : h("code", null, step.says)))));
}

function drawRecording({ card, orders }) {
  return h("article", { key: "recording", class: "lesson-section" },
    h("h3", { id: "demo-title", tabindex: "-1" }, say("recording", { card, orders })),
    h("p", null, say("recording_how")),
    h("div", { class: "lesson-acts" }, button({ command: "take_back" }, say("take_back"), { title: say("take_back_says") })));
}

function drawActs({ phase, card, index, hurrying }) {
  const next = phase === "ready" && card.does ? say("carry_out")
    : phase === "doing" ? say("quicker")
      : card.next !== "" ? say("next", { title: card.next }) : "";
  return h("div", { key: "acts", class: "lesson-acts demo-acts", role: "group" },
    button({ command: "take_back" }, say("back"), { key: "back", title: say("back_says"), disabled: index === 0 && phase === "ready" }),
    next === "" ? h("p", { key: "last", class: "quiet" }, say("last"))
      : button({ command: "next_card" }, next, { key: "next", "data-main": true, disabled: hurrying || phase === "preparing" || phase === "writing" }));
}

function drawTools({ dark, records, recorded, recording, phase }) {
  return h("footer", { key: "tools", class: "demo-tools" },
    h("a", { class: "lesson-link", href: "?projector", target: "_blank", title: say("projector_says") }, say("projector")),
    button({ command: "blank_screen", dark: !dark }, say(dark ? "light" : "dark"), { class: "small", "aria-pressed": String(dark) }),
    records && recording === null && phase !== "writing" && button({ command: "begin_recording" }, say("record"), { class: "small", title: say("record_says") }),
    dark && h("p", { class: "demo-dark" }, say("is_dark")),
    recorded && h("p", { class: "demo-recorded" }, say("recorded")),
    h("p", { class: "quiet" }, say("remote")));
}

const press = (/** @type {object} */ command) => ({ "data-demo-command": JSON.stringify(command) });

function button(command, words, more = {}) {
  return h("button", { type: "button", ...press(command), ...more }, words);
}
