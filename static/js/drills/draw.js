/**
 * The drill beside the stage: a pure drawing of what the server told of it, and of what was pressed last.
 *
 * Nothing is worked out here: what is right, and for how long it holds, the server says.
 */

import { h } from "../paint.js";
import { drawDebrief } from "./debrief.js";
import { say } from "./words.js";

/**
 * @typedef {{sure: string, selected: string|null, ran: {job: number, line: string}|null, told: string, at: number,
 *            pick: string[], leftOver: string}} Local what was asked for once, what is chosen on the stage, the last line of the terminal, what
 *            was answered, the line of the debrief that is shown, the metrics that are ticked, and where the post-mortem lies
 */

const STEPS = ["brief", "steady", "watch", "page", "cause", "mend", "hold", "debrief"];
/** Which of them stands for each step of the server. */
const AT = { making: "brief", paged: "page", impact: "page", verified: "hold" };
const AFTER_THE_PAGE = ["paged", "impact", "cause", "mend", "hold", "verified"];

/** @param {any} drill @param {Local} local */
export function drawDrill(drill, local) {
  const { step, error } = drill;
  return [
    drawHead(drill),
    error !== "" && h("div", { key: "error", class: "drill-box drill-error", role: "alert" }, h("p", null, error)),
    drill.notice !== "" && h("p", { key: "notice", class: "drill-told", role: "status" }, say(`notice_${drill.notice}`)),
    step === "making" ? h("p", { key: "making", class: "drill-busy" }, say("making"))
      : step === "brief" ? drawBrief(drill)
        : step === "steady" ? drawSteady(drill, local)
          : step === "watch" ? drawWatch(drill)
            : step === "debrief" ? drawDebrief(drill, local)
              : h("div", { key: "incident", class: "drill-incident" }, drawIncident(drill, local)),
    drawFoot(drill, local),
  ].filter(Boolean);
}

/** Always to be seen, whichever tab is open: the page, and for how long it holds. */
export function drawBar(drill) {
  const { step, page, hold, led } = drill;
  if (page === null || step === "debrief" || step === "making") return [];
  const how = hold.state === "holding" ? say("hold_holding", { held: hold.held_s, holds: hold.holds_s }) : hold.state === "held" ? say(led ? "hold_held_led" : "hold_held", { holds: hold.holds_s }) : "";
  return [
    h("p", { key: "page" }, h("strong", null, `${say("page")}: `), h("span", { lang: "en" }, page)),
    how !== "" && h("p", { key: "hold", class: "drill-bar-hold" }, how, hold.state === "holding" && h("progress", { max: hold.holds_s, value: hold.held_s, "aria-label": how })),
  ].filter(Boolean);
}

/** Who gives up, or mends before he knows why, has left something out. */
function isDone(name, passed, { cause, hold, acknowledged }) {
  if (name === "page") return acknowledged;
  if (name === "cause") return cause !== null && cause.right;
  return name === "mend" || name === "hold" ? hold.state === "held" || (name === "mend" && hold.state === "holding") : passed;
}

function drawHead(drill) {
  const { number, level, called, seed, step } = drill;
  const here = STEPS.indexOf(AT[step] ?? step);
  return h("header", { key: "head", class: "drill-head" },
    h("p", { class: "drill-count" }, say("drill", { number, level }), " · ", say("seed", { seed })),
    h("h2", { lang: "en" }, called),
    h("ol", { class: "drill-steps", "aria-label": say("steps") }, STEPS.map((name, at) => h("li", {
      key: name, "data-state": at === here ? "here" : isDone(name, at < here, drill) ? "done" : "ahead", ...(at === here ? { "aria-current": "step" } : {}),
    }, say(`step_${name}`)))));
}

function drawBrief({ brief, service_level }) {
  return h("article", { key: "brief", class: "drill-part" },
    h("div", { class: "drill-text", lang: "en" }, brief),
    h("p", { class: "drill-level-says" }, h("b", null, `${say("service_level")}: `), h("span", { lang: "en" }, service_level)),
    h("p", { class: "quiet" }, say("not_real")),
    acts(button({ command: "take_pager" }, say("take"), { "data-main": true })));
}

function drawSteady({ brief, service_level, metrics, pins_needed, led }, local) {
  const pinned = metrics.filter((one) => one.pinned).length;
  const enough = local.pick.length >= pins_needed;
  return h("form", { key: "steady", class: "drill-part", "data-drill-form": "pin_metrics" },
    h("details", { class: "drill-text" }, h("summary", null, say("step_brief")), h("div", { lang: "en" }, brief)),
    h("p", { class: "drill-level-says" }, h("b", null, `${say("service_level")}: `), h("span", { lang: "en" }, service_level)),
    h("fieldset", { class: "drill-choices" },
      h("legend", { id: "drill-title", tabindex: "-1" }, say("steady_title")),
      h("p", { class: "quiet" }, say("steady_how")),
      metrics.map((one) => h("label", { key: one.name },
        h("input", { type: "checkbox", name: "metric", value: one.name, "data-drill-pick": one.name, checked: local.pick.includes(one.name) }),
        h("span", { lang: "en" }, one.says), value(one)))),
    led && pinned >= pins_needed ? h("p", { class: "drill-busy" }, say("led"))
      : acts(h("button", { type: "submit", "data-main": true, disabled: !enough }, led ? say("pin_metrics") : say("begin")),
        !enough && h("span", { class: "quiet" }, say("pin_two", { needed: pins_needed }))));
}

function value(metric) {
  const how = metric.healthy ? say("healthy") : say("ill");
  return h("output", { class: "drill-value", "data-healthy": String(metric.healthy) },
    h("b", null, metric.value === null ? "–" : String(metric.value)), h("span", null, ` ${metric.healthy ? "✓" : "✕"} ${how}`));
}

function drawWatch(drill) {
  return h("article", { key: "watch", class: "drill-part" },
    h("p", { id: "drill-title", tabindex: "-1", class: "drill-busy" }, say("watch")),
    drawPinnedMetrics(drill));
}

function drawPinnedMetrics({ metrics }) {
  return h("dl", { key: "metrics", class: "drill-metrics" }, metrics.filter((one) => one.pinned).map((one) => h("div", { key: one.name },
    h("dt", { lang: "en" }, one.says), h("dd", null, value(one)))));
}

// -- from the page on --------------------------------------------------------------------------------------

function drawIncident(drill, local) {
  const { step, acknowledged } = drill;
  return [
    drawPinnedMetrics(drill),
    !acknowledged ? drawPaged() : drawImpact(drill),
    acknowledged && drawEvidence(drill, local),
    acknowledged && drawCause(drill),
    acknowledged && drawMend(drill),
    AFTER_THE_PAGE.includes(step) && acknowledged && drawHelp(drill, local),
    local.told !== "" && h("p", { key: "told", class: "drill-told", role: "status", lang: "en" }, local.told),
    acknowledged && drawSaying(),
    step === "verified" && !drill.led && acts(button({ command: "begin_debrief" }, say("to_debrief"), { "data-main": true })),
  ].filter(Boolean);
}

function drawPaged() {
  return h("section", { key: "paged", class: "drill-box" },
    h("p", { id: "drill-title", tabindex: "-1" }, say("page_how")),
    acts(button({ command: "acknowledge_page" }, say("acknowledge"), { "data-main": true })));
}

function drawImpact({ impact }) {
  if (impact.right) return h("p", { key: "impact", class: "drill-done" }, "✓ ", say("impact_right", { said: "" }), h("span", { lang: "en" }, impact.choices[impact.said.at(-1)]));
  return drawQuestion("impact", "state_impact", impact, say("impact_do"), true);
}

function drawCause({ cause, pinned, pins_needed }) {
  if (cause.right) return h("p", { key: "cause", class: "drill-done" }, "✓ ", say("cause_right", { said: "" }), h("span", { lang: "en" }, cause.choices[cause.said.at(-1)]));
  const ready = pinned.length >= pins_needed;
  return h("section", { key: "cause" },
    drawQuestion("why", "name_cause", cause, say("cause_do"), ready),
    !ready && h("p", { class: "quiet" }, say("cause_needs", { n: pinned.length })));
}

function drawQuestion(key, command, asked, lock, ready) {
  return h("form", { key, class: "drill-box drill-question", "data-drill-form": command },
    h("fieldset", { class: "drill-choices" },
      h("legend", { lang: "en" }, asked.ask),
      Object.entries(asked.choices).map(([name, words]) => h("label", { key: name, "data-said": String(asked.said.includes(name)) },
        h("input", { type: "radio", name: "choice", value: name, required: true }), h("span", { lang: "en" }, words),
        asked.said.includes(name) && h("span", { class: "drill-said" }, say("said_wrong"))))),
    acts(h("button", { type: "submit", "data-main": ready, disabled: !ready }, lock)));
}

function drawEvidence({ pinned, facts }, local) {
  return h("section", { key: "evidence", class: "drill-box" },
    h("h3", null, say("evidence"), h("span", { class: "quiet" }, ` · ${say("pinned", { n: pinned.length })}`)),
    pinned.length === 0 ? h("p", { class: "quiet" }, say("none_pinned"))
      : h("ul", { class: "drill-pinned", lang: "en" }, pinned.map((text, at) => h("li", { key: at }, text))),
    acts(
      local.selected !== null && button({ command: "pin_entity", entity: local.selected }, say("pin_chosen", { id: local.selected }), { key: "entity", class: "small" }),
      local.ran !== null && button({ command: "pin_output", job: local.ran.job }, say("pin_output", { line: local.ran.line }), { key: "output", class: "small" })),
    h("details", { key: "facts", open: true },
      h("summary", null, say("facts")),
      facts.length === 0 ? h("p", { class: "quiet" }, say("no_facts"))
        : h("ol", { class: "drill-facts", lang: "en" }, facts.map((fact) => h("li", { key: fact.number },
          h("button", { type: "button", class: "fact-time", "data-at": fact.at_us }, `${fact.at_s} s`),
          h("span", null, fact.text),
          fact.pinned ? h("span", { class: "quiet" }, say("is_pinned")) : button({ command: "pin_fact", entry: fact.number }, say("pin"), { class: "link" }))))));
}

function drawMend({ hold, servers, cause, led }) {
  const held = led ? say("hold_held_led", { holds: hold.holds_s }) : say("hold_held", { holds: hold.holds_s });
  const says = hold.state === "holding" ? say("hold_holding", { held: hold.held_s, holds: hold.holds_s }) : hold.state === "held" ? `✓ ${held}` : say("hold_open");
  return h("section", { key: "mend", class: "drill-box drill-goal", "data-state": hold.state },
    h("h3", null, say("mend_title")),
    h("p", { class: "quiet" }, say("mend_how")),
    servers !== "" && h("p", { class: "quiet" }, `${say(led ? "own_client_led" : "own_client")} `, h("code", null, servers)),
    (hold.state !== "open" || cause.right) && h("p", { key: "says" }, says),
    hold.state === "holding" && h("progress", { max: hold.holds_s, value: hold.held_s, "aria-label": says }));
}

function drawHelp({ hints, hint_offered, calls }, local) {
  return h("section", { key: "help", class: "drill-help" },
    calls.length > 0 && h("div", { key: "calls", class: "drill-box" }, h("h3", null, say("calls")),
      h("ul", { class: "drill-calls" }, calls.map((call) => h("li", { key: call.name },
        h("b", null, call.name), " ", h("span", { lang: "en" }, call.says), " ",
        call.at_it ? h("span", { class: "quiet" }, say("at_it")) : button({ command: "call_somebody", name: call.name }, say("call"), { class: "small" }),
        call.answers !== null && h("blockquote", { lang: "en" }, call.answers))))),
    hints.length > 0 && h("ol", { key: "hints", class: "drill-hints" }, hints.map((hint, at) => h("li", { key: at }, h("b", null, `${say(`hint_${at + 1}`)}: `), h("span", { lang: "en" }, hint)))),
    hint_offered && h("p", { key: "offer", class: "drill-offer" }, say("hint_offered"), " ", button({ command: "ask_hint" }, say("hint"), { class: "small" })));
}

function drawSaying() {
  return h("section", { key: "saying", class: "drill-box drill-saying" },
    h("h3", null, say("say")),
    [["tell_others", "tell"], ["note_belief", "note"]].map(([command, name]) => h("form", { key: name, "data-drill-form": command, autocomplete: "off" },
      h("input", { name: "text", maxlength: 1000, required: true, placeholder: say(`${name}_how`), "aria-label": say(`${name}_how`) }),
      h("button", { type: "submit", class: "small" }, say(name)))));
}

function drawFoot(drill, local) {
  const { step } = drill;
  // In a room its leader says when it ends, and when it begins again.
  if (drill.led) return null;
  const begun = AFTER_THE_PAGE.includes(step) || step === "watch";
  if (local.sure !== "") return h("div", { key: "sure", class: "drill-box drill-sure", role: "group" },
    h("p", null, say(`${local.sure}_sure`)),
    acts(button(local.sure === "give_up" ? { command: "begin_debrief", sure: true } : { command: "roll_back" }, say("yes"), { "data-main": true, key: "yes" }),
      h("button", { key: "no", type: "button", "data-drill-ask": "" }, say("no"))));
  return h("footer", { key: "foot", class: "drill-foot" },
    begun && h("button", { key: "back", type: "button", class: "small", title: say("roll_back_says"), "data-drill-ask": "roll_back" }, say("roll_back")),
    begun && step !== "verified" && h("button", { key: "up", type: "button", class: "small quiet-button", "data-drill-ask": "give_up" }, say("give_up")),
    (step === "debrief" || drill.error !== "") && button({ command: "run_again" }, say("again"), { key: "again", class: "small" }),
    h("a", { key: "all", href: "/drills/" }, say("all_drills")));
}

/** @param {...any} buttons */
export function acts(...buttons) {
  return h("div", { key: "acts", class: "drill-acts" }, buttons);
}

/** @param {object} command @param {any} words @param {object} [more] */
export function button(command, words, more = {}) {
  return h("button", { type: "button", "data-drill-command": JSON.stringify(command), ...more }, words);
}
