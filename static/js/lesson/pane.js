/** What the hand does to a lesson, and what the server says of it, put into the pane. A page without a lesson has none. */

import { paint } from "../paint.js";
import { placeAmong } from "./answer.js";
import { drawLesson } from "./draw.js";
import { say } from "./words.js";

const RELOADED = "kafkalab-lesson-reloaded";
const RELOADED_AT_MOST_EVERY_MS = 5_000;
const LEAST_MORE_PX = 24;

/** @param {{ask: (command: any) => Promise<import("../types.js").Answer>}} hands */
export function wireLesson({ ask }) {
  const pane = /** @type {HTMLElement|null} */ (document.querySelector("#lesson"));
  const refusal = /** @type {HTMLElement} */ (document.querySelector("#lesson-refusal"));
  const heard = /** @type {HTMLElement} */ (document.querySelector("#lesson-said"));
  /** @type {any} */
  let sitting = null;
  let sure = false;
  /** @type {string|null} */
  let place = null;
  let said = "";
  /** Whether somebody was at work in here: then the focus goes on to what comes next. */
  let acted = false;
  const next = pane?.dataset.nextHref ? { href: pane.dataset.nextHref, title: pane.dataset.nextTitle ?? "" } : null;

  function draw() {
    if (pane === null || sitting === null) return;
    paint(pane, drawLesson(sitting, { sure, place, next }));
    pane.dataset.phase = sitting.phase;
    tellOfMore();
    document.documentElement.dataset.lesson = sitting.sandbox ? "sandbox" : sitting.phase;
  }

  function hear(news) {
    const hints = sitting?.section.challenge?.hints.length ?? 0;
    const moved = sitting === null || sitting.phase !== news.phase || sitting.index !== news.index || sitting.sandbox !== news.sandbox || sitting.error !== news.error;
    sitting = news;
    if (moved) {
      sure = false;
      place = null;
      refusal.textContent = "";
    }
    draw();
    mark();
    tick();
    sayOut();
    if (moved && acted) takeFocus();
    if ((news.section.challenge?.hints.length ?? 0) > hints) pane?.querySelector(".lesson-hints li:last-child")?.scrollIntoView({ block: "nearest" });
  }

  /** Whether the section goes on below its buttons. */
  function tellOfMore() {
    const box = pane?.parentElement;
    const section = pane?.querySelector(".lesson-section");
    if (!box || !section) return;
    pane?.toggleAttribute("data-more", section.getBoundingClientRect().bottom - box.getBoundingClientRect().bottom > LEAST_MORE_PX);
  }

  /** Whoever solves a challenge does it beside another tab: this one says so. */
  function tick() {
    const solved = sitting.phase === "challenge" && sitting.section.challenge?.solved === true;
    document.querySelector("[data-pane-tab=lesson]")?.toggleAttribute("data-solved", solved);
  }

  /** To people who hear the page: once for each thing that comes. */
  function sayOut() {
    const { phase, error, sandbox, section } = sitting;
    const what = error !== "" ? "error" : sandbox ? "sandbox" : section.challenge?.solved ? "solved" : phase;
    const sentence = say(`heard_${what}`, { title: section.title });
    if (sentence === said) return;
    said = sentence;
    heard.textContent = sentence;
  }

  function takeFocus(fromTheTop = true) {
    const lost = document.activeElement === null || document.activeElement === document.body || pane?.contains(document.activeElement);
    if (!lost) return;
    const next = [".lesson-form input", "[data-main]", "#lesson-title"].map((one) => pane?.querySelector(one)).find(Boolean);
    /** @type {HTMLElement|null|undefined} */ (next)?.focus({ preventScroll: true });
    if (fromTheTop) pane?.parentElement?.scrollTo({ top: 0 });
  }

  /** What is asked for on the stage just now, if anything. */
  function wanted() {
    if (pane === null || sitting === null || sitting.sandbox || sitting.error !== "") return null;
    const asked = sitting.phase === "asked" ? sitting.section.predict : sitting.phase === "saw" ? sitting.section.saw : null;
    return asked?.kind === "place" && pane.parentElement?.hidden === false ? asked.among : null;
  }

  /** Before anybody else hears of it: who answers a question does not want to inspect. */
  function choose(/** @type {Event} */ event) {
    const among = wanted();
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("#stage-svg [data-id]"));
    const chosen = among === null || on === null ? null : placeAmong(on.dataset.id ?? "", among);
    if (chosen === null) return;
    event.stopPropagation();
    event.preventDefault();
    place = chosen;
    acted = true;
    draw();
    mark();
  }

  /** On the stage, what was chosen, and after that as a ghost what was predicted. */
  function mark() {
    const id = place ?? sitting?.section.prediction?.place ?? null;
    for (const element of document.querySelectorAll("#stage-svg [data-id]")) element.toggleAttribute("data-foreseen", /** @type {HTMLElement} */ (element).dataset.id === id);
  }

  async function order(command) {
    acted = true;
    refusal.textContent = "";
    const answer = await ask(command);
    refusal.textContent = answer.ok ? "" : `${say("refused")} ${answer.error ?? ""}`;
  }

  if (pane?.parentElement) {
    pane.parentElement.addEventListener("scroll", tellOfMore, { passive: true });
    new ResizeObserver(tellOfMore).observe(pane.parentElement);
  }
  document.addEventListener("click", choose, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") choose(event);
  }, true);
  pane?.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-lesson-command],[data-lesson-ask]"));
    if (on === null) return;
    if (on.dataset.lessonCommand !== undefined) {
      sure = false;
      void order(JSON.parse(on.dataset.lessonCommand));
      return;
    }
    acted = true;
    sure = on.dataset.lessonAsk === "solution";
    draw();
    takeFocus(false);
  });
  pane?.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const fields = new FormData(form);
    const answer = String(fields.get("answer") ?? "");
    const command = form.dataset.lessonForm;
    void order(command === "predict"
      ? { command, answer, confidence: Number(fields.get("confidence") ?? 0), because: String(fields.get("because") ?? "") }
      : { command, answer });
  });
  /** The lab is not there any more, after a long sleep or a restart: the page makes it again, where the learner was. */
  function gone() {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (pane === null || Date.now() - last < RELOADED_AT_MOST_EVERY_MS) return;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  }

  return { hear, gone };
}
