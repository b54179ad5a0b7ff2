/**
 * The lesson beside the stage: a pure drawing of what the server told of the sitting, and of what was pressed last.
 *
 * Nothing is worked out here: what is right, and what anybody believes, the server says.
 */

import { h } from "../paint.js";
import { drawAnswer } from "./answer.js";
import { say } from "./words.js";

/** @typedef {{sure: boolean, place: string|null, next: {href: string, title: string}|null}} Local whether the solution was asked for once; what was chosen on the stage; the lesson that follows */

const PLAYING = ["setup", "run"];

/** @param {any} sitting @param {Local} local */
export function drawLesson(sitting, local) {
  const { phase, error, sandbox } = sitting;
  return [
    drawHead(sitting),
    error !== "" && drawError(sitting),
    sandbox && drawSandbox(),
    phase === "finished" ? drawEnd(sitting, local.next) : h("article", { key: `section ${sitting.index}`, class: "lesson-section", "data-phase": phase },
      h("h3", { tabindex: "-1", id: "lesson-title" }, sitting.section.title),
      ["setup", "asked", "locked", "run", "saw"].includes(phase) && h("div", { key: "question", class: "lesson-text" }, sitting.section.question),
      drawForecast(sitting),
      drawSteps(sitting),
      ...(!sandbox && error === "" ? drawNow(sitting, local) : [])),
    drawFoot(sitting),
  ].filter(Boolean);
}

function drawHead({ lesson, sections, index, phase }) {
  return h("header", { key: "head", class: "lesson-head" },
    h("p", { class: "lesson-number" }, say("lesson", { number: lesson.number })),
    h("h2", null, lesson.title),
    h("p", { class: "lesson-belief" }, h("span", { class: "quiet" }, `${say("belief")}: `), h("q", null, lesson.belief)),
    h("ol", { class: "lesson-sections", "aria-label": say("sections") }, sections.map((one, at) => drawDot(one, at, at === index && phase !== "finished"))));
}

function drawDot(one, at, here) {
  const state = say(`section_${one.state}`);
  const mark = one.right === null ? String(at + 1) : one.right ? "✓" : "≠";
  const title = `${at + 1}. ${one.title}: ${state}`;
  return h("li", { key: at, "data-state": one.state, ...(here ? { "aria-current": "step" } : {}) },
    one.restorable && !here
      ? h("button", { type: "button", class: "lesson-dot", title: say("restore_to", { title: one.title }), "aria-label": `${title}. ${say("restore_to", { title: one.title })}`, ...press({ command: "restore_section", section: at }) }, mark)
      : h("span", { class: "lesson-dot", title, role: "img", "aria-label": title }, mark));
}

function drawError({ error }) {
  return h("div", { key: "error", class: "lesson-card lesson-error", role: "alert" },
    h("p", null, error),
    h("div", { class: "lesson-acts" },
      button({ command: "restore_section" }, say("restore"), { "data-main": true }),
      button({ command: "restore_section", afresh: true }, say("afresh"))));
}

function drawSandbox() {
  return h("div", { key: "sandbox", class: "lesson-card lesson-sandbox" },
    h("p", null, say("sandbox")),
    button({ command: "leave_sandbox" }, say("back"), { "data-main": true }));
}

// -- the prediction, and what became of it ---------------------------------------------------------------

/** What was predicted stays, as a ghost beside what happens; the challenge asks for something else. */
function drawForecast({ phase, section }) {
  const { prediction, outcome } = section;
  if (prediction === null || phase === "challenge") return null;
  return h("section", { key: "forecast", class: "lesson-forecast", "data-right": outcome ? String(outcome.right) : "open" },
    h("p", { class: "lesson-ask" }, section.predict.ask),
    h("dl", null,
      h("div", { class: "lesson-ghost" },
        h("dt", null, say("expected")),
        h("dd", null, prediction.answer),
        prediction.confidence > 0 && h("dd", { class: "quiet" }, say("confidence", { n: prediction.confidence }))),
      outcome && h("div", { class: "lesson-fact" },
        h("dt", null, say("happened")),
        h("dd", null, outcome.answer),
        h("dd", { class: "lesson-verdict" }, outcome.right ? `✓ ${say("right")}` : `≠ ${say("wrong")}`))),
    prediction.because !== "" && h("p", { class: "lesson-because" }, `“${prediction.because}”`),
    outcome?.belief && phase === "explained" && h("p", { class: "lesson-thinks" }, `${say("who_thinks")} `, h("em", null, outcome.belief)),
    outcome?.happened && phase === "explained" && h("p", { class: "quiet" }, say("instead", { happened: outcome.happened, answer: outcome.answer })));
}

/** The steps of the lesson itself, as command lines: of the run, or of the solution. */
function drawSteps({ phase, section, sandbox }) {
  const playing = PLAYING.includes(phase) || section.challenge?.playing_solution;
  if (section.steps.length === 0 || sandbox || phase === "asked" || phase === "locked") return null;
  return h("details", { key: `steps ${phase === "challenge"}`, class: "lesson-steps", ...(playing ? { open: true } : {}) },
    h("summary", null, say("steps")),
    h("ol", null, section.steps.map((step, at) => h("li", { key: at, "data-done": String(step.done) },
      step.kind === "wait" ? say("wait", { seconds: step.says })
        : step.kind === "until" ? h("span", { title: step.says }, say("until"))
          : h("code", null, step.says)))));
}

// -- what is to be done now ------------------------------------------------------------------------------

function drawNow(sitting, local) {
  const { phase, section, index } = sitting;
  switch (phase) {
    case "setup":
      return [h("p", { key: "setup", class: "lesson-busy" }, sitting.standing_still ? say("paused") : say("setup"))];
    case "asked":
      return [drawAnswer(`predict ${index}`, "predict", section.predict, local.place, say("predict"), say("lock"), true)];
    case "locked":
      return [h("p", { key: "locked" }, say(sitting.thinking ? "thinking" : "locked")), acts(button({ command: "play_run" }, say("run"), { "data-main": true, key: "run" }), explore())];
    case "run":
      return [h("p", { key: "running", class: "lesson-busy" }, sitting.standing_still ? say("paused") : say("running"))];
    case "saw":
      return [drawAnswer(`saw ${index}`, "say_seen", section.saw, local.place, say("saw"), say("say_seen"), false)];
    case "explained":
      return drawExplained(sitting);
    default:
      return drawChallenge(sitting, local);
  }
}

function explore() {
  return button({ command: "explore_first" }, say("explore"), { key: "explore", class: "quiet-button" });
}

function drawExplained({ section }) {
  const { saw } = section;
  const next = section.has_challenge ? say("to_challenge") : section.last ? say("finish") : say("next");
  return [
    saw && h("p", { key: "saw", class: "lesson-saw" }, saw.ask, " ", say("you_saw", { said: saw.said }), " ", saw.right ? say("was_so") : say("was_not", { seen: saw.seen })),
    h("section", { key: "why", class: "lesson-text lesson-why" }, h("h4", null, say("why")), section.explanation),
    section.claims.length > 0 && h("section", { key: "claims", class: "lesson-claims" },
      h("h4", null, say("claims")),
      h("ul", null, section.claims.map((claim, at) => h("li", { key: at, "data-holds": String(claim.holds), title: claim.why_not },
        h("span", { class: "lesson-mark", "aria-hidden": "true" }, claim.holds ? "✓" : "✕"),
        h("span", null, claim.says, h("span", { class: claim.holds ? "only-heard" : "quiet" }, ` (${say(claim.holds ? "claim_holds" : "claim_not")})`)))))),
    acts(button({ command: "go_on" }, next, { "data-main": true, key: "next" }), explore()),
  ].filter(Boolean);
}

function drawChallenge({ section, standing_still }, local) {
  const { challenge } = section;
  const next = section.last ? say("finish") : say("next");
  const state = challenge.solved ? "solved" : challenge.reached ? "held" : "open";
  return [
    h("section", { key: "challenge", class: "lesson-text" }, h("h4", null, say("challenge")), challenge.variation),
    h("div", { key: "goal", class: "lesson-goal", "data-state": state },
      h("p", null, goalSays(challenge)),
      challenge.holds_s > 0 && !challenge.solved && h("progress", { max: challenge.holds_s, value: challenge.held_s, "aria-label": say("goal_holds", { held: challenge.held_s, holds: challenge.holds_s }) })),
    standing_still && !challenge.solved && h("p", { key: "paused", class: "lesson-busy" }, say("paused")),
    challenge.hints.length > 0 && h("ol", { key: "hints", class: "lesson-hints" }, challenge.hints.map((hint, at) => h("li", { key: at }, h("b", null, `${say(`hint_${at + 1}`)}: `), hint))),
    challenge.solved
      ? acts(button({ command: "go_on" }, next, { "data-main": true, key: "next" }))
      : local.sure ? drawSure() : acts(
        challenge.hints_left > 0 && button({ command: "take_hint" }, say("hint", { left: challenge.hints_left }), { key: "hint" }),
        !challenge.playing_solution && h("button", { key: "solution", type: "button", "data-lesson-ask": "solution" }, say("solution")),
        button({ command: "go_on" }, say("leave"), { key: "leave", class: "quiet-button" })),
  ].filter(Boolean);
}

function goalSays(challenge) {
  if (challenge.solved) return `✓ ${challenge.by_solution ? say("goal_by_solution") : say("goal_solved")}`;
  if (challenge.reached) return say("goal_holds", { held: challenge.held_s.toFixed(1), holds: challenge.holds_s });
  return challenge.playing_solution ? say("playing_solution") : say("goal_waits");
}

function drawSure() {
  return h("div", { key: "sure", class: "lesson-card", role: "group" },
    h("p", null, say("solution_sure")),
    acts(button({ command: "play_solution", sure: true }, say("solution_yes"), { "data-main": true, key: "yes" }),
      h("button", { key: "no", type: "button", "data-lesson-ask": "" }, say("solution_no"))));
}

// -- the end, and what is always there -------------------------------------------------------------------

/** @param {any} sitting @param {{href: string, title: string}|null} next the lesson that comes after it */
function drawEnd({ sections, lesson }, next) {
  const challenges = sections.filter((one) => one.challenge);
  const concepts = Object.entries(lesson.concepts);
  return h("article", { key: "end", class: "lesson-section" },
    h("h3", { tabindex: "-1", id: "lesson-title" }, say("finished")),
    h("p", null, say("foreseen", { right: sections.filter((one) => one.right).length, all: sections.length })),
    challenges.length > 0 && h("p", null, say("solved_count", { solved: challenges.filter((one) => one.solved).length, all: challenges.length })),
    concepts.length > 0 && h("section", { class: "lesson-concepts" },
      h("h4", null, say("concepts")),
      h("dl", null, concepts.map(([name, meaning]) => [h("dt", null, name), h("dd", null, String(meaning))]))),
    lesson.questions.length > 0 && h("p", null, `${say("own_words")} `, lesson.questions.map((one, at) => [at > 0 && " · ", h("a", { key: one, href: `/course/workbook/${one}/` }, one)])),
    acts(next && h("a", { class: "lesson-on", href: next.href, "data-main": true }, say("next_lesson", { title: next.title })), h("a", { class: "lesson-link", href: "/course/" }, say("course"))));
}

function drawFoot({ phase, lesson, sandbox }) {
  const restored = phase === "challenge" ? say("restore_challenge") : say("restore_says");
  return h("footer", { key: "foot", class: "lesson-foot" },
    !sandbox && h("button", { key: "restore", type: "button", class: "small", title: restored, ...press({ command: "restore_section" }) }, say("restore")),
    !sandbox && h("button", { key: "practise", type: "button", class: "small", title: say("practise_says"), ...press({ command: "practise_again" }) }, say("practise")),
    lesson.simplifications.length > 0 && h("details", { key: "simpler" }, h("summary", null, say("simpler")), h("ul", null, lesson.simplifications.map((one) => h("li", null, one)))));
}

/** They stay at the foot of the pane, and say so where the text goes on below them. @param {...any} buttons */
function acts(...buttons) {
  return h("div", { key: "acts", class: "lesson-acts" }, buttons, h("span", { key: "more", class: "lesson-more", "aria-hidden": "true" }, say("more_below")));
}

const press = (/** @type {object} */ command) => ({ "data-lesson-command": JSON.stringify(command) });

function button(command, words, more = {}) {
  return h("button", { type: "button", ...press(command), ...more }, words);
}
