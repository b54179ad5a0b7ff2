/**
 * What a presenter does to a demo, and what the server says of it, put into the pane and onto the stage.
 *
 * Two windows show the same lab: the one with the cue cards, and the projector's, which has none. A remote's keys count
 * in both. A page without a demo has neither.
 */

import { say } from "../lesson/words.js";
import { paint } from "../paint.js";
import { drawCards } from "./draw.js";

const RELOADED = "kafkalab-demo-reloaded";
const RELOADED_AT_MOST_EVERY_MS = 5_000;
const KEYS = { PageDown: "next", ArrowRight: "next", PageUp: "back", ArrowLeft: "back", b: "dark", B: "dark", ".": "dark" };
/** What of an entity's id is the topic that the log lens shows. */
const OF_A_TOPIC = ["topic", "partition", "replica"];
const root = document.documentElement;

/**
 * @param {{ask: (command: any) => Promise<import("../types.js").Answer>, ui: () => import("../types.js").Ui,
 *          change: (patch: Partial<import("../types.js").Ui>) => void}} hands
 */
export function wireDemo({ ask, ui, change }) {
  const pane = /** @type {HTMLElement|null} */ (document.querySelector("#demo"));
  const recorder = /** @type {HTMLFormElement|null} */ (document.querySelector("#demo-recorder"));
  /** @type {any} */
  let showing = null;
  let said = "";

  function hear(news) {
    const turned = showing === null || showing.index !== news.index || (showing.phase !== "ready" && news.phase === "ready");
    const pointed = showing?.looks_at !== news.looks_at;
    showing = news;
    if (turned && news.lens !== "") change({ lens: news.lens });
    if (turned || pointed) showTopic(news.looks_at);
    if (root.dataset.demo === "projector") root.toggleAttribute("data-dark-screen", news.dark);
    mark();
    if (pane === null) return;
    paint(pane, drawCards(news));
    pane.dataset.phase = news.phase;
    if (turned) pane.parentElement?.scrollTo({ top: 0 });
    if (recorder) recorder.hidden = news.recording === null || news.phase !== "recording";
    const download = /** @type {HTMLElement} */ (document.querySelector(".demo-download"));
    download.hidden = !news.recorded;
    sayOut(news);
  }

  /** The log lens shows one topic at a time. */
  function showTopic(id) {
    const [kind, topic] = id.split(":");
    if (OF_A_TOPIC.includes(kind)) change({ topic });
  }

  /** To people who hear the page: once for each thing that comes. */
  function sayOut({ phase, error, index, card }) {
    const sentence = say(`heard_${error === "" ? phase : "error"}`, { card: index + 1, title: card.title });
    if (sentence === said) return;
    said = sentence;
    /** @type {HTMLElement} */ (document.querySelector("#demo-said")).textContent = sentence;
  }

  /** On the stage, where the class shall look. */
  function mark() {
    if (showing === null) return;
    for (const element of document.querySelectorAll("#stage-svg [data-id]")) {
      const id = /** @type {HTMLElement} */ (element).dataset.id ?? "";
      element.toggleAttribute("data-looked-at", showing.looks_at !== "" && id === showing.looks_at);
      warm(element, showing.heat[id]);
    }
  }

  /** Where a class has voted for: the more of them the warmer. @param {Element} element @param {number|undefined} percent */
  function warm(element, percent) {
    if (percent) element.setAttribute("data-heat", String(Math.ceil(percent / 20)));
    else element.removeAttribute("data-heat");
  }

  async function order(command) {
    const refusal = document.querySelector("#demo-refusal");
    const answer = await ask(command);
    if (refusal) refusal.textContent = answer.ok ? "" : `${say("refused")} ${answer.error ?? ""}`;
    return answer.ok;
  }

  async function cut(ends) {
    const fields = new FormData(/** @type {HTMLFormElement} */ (recorder));
    const text = (/** @type {string} */ name) => String(fields.get(name) ?? "");
    if (await order({ command: "cut_card", title: text("title"), say: text("say"), ask: text("ask"), ends })) recorder?.reset();
  }

  function remote(/** @type {KeyboardEvent} */ event) {
    const what = KEYS[/** @type {keyof typeof KEYS} */ (event.key)];
    if (showing === null || what === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    if (target.matches("input,textarea,select") || (event.key.startsWith("Arrow") && target.closest("#stage-svg,[role=tablist]"))) return;
    if (event.key.toLowerCase() === "b" && !ui().keys) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (what === "dark") void order({ command: "blank_screen", dark: !showing.dark });
    else if (what === "back") void order({ command: "take_back" });
    else if (showing.phase === "recording" && recorder !== null) void cut(false);
    else void order({ command: "next_card" });
  }

  // Before anybody else hears of it: elsewhere these keys step through time.
  document.addEventListener("keydown", remote, true);
  pane?.parentElement?.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-demo-command]"));
    if (on !== null) void order(JSON.parse(on.dataset.demoCommand ?? "{}"));
  });
  recorder?.addEventListener("submit", (event) => {
    event.preventDefault();
    void cut(false);
  });
  recorder?.querySelector("[data-demo-finish]")?.addEventListener("click", () => void cut(true));

  /** The lab is not there any more, after a long break or a restart: the page makes it again. */
  function gone() {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (root.dataset.demo === undefined || Date.now() - last < RELOADED_AT_MOST_EVERY_MS) return;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  }

  return { hear, gone, mark };
}
