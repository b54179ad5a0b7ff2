/** What the hand does to a drill, and what the server says of it, put into the pane. A page without a drill has none. */

import { paint } from "../paint.js";
import { drawBar, drawDrill } from "./draw.js";
import { say } from "./words.js";

const RELOADED = "kafkalab-drill-reloaded";
const RELOADED_AT_MOST_EVERY_MS = 5_000;

/** In a room a drill begins for everybody who has a seat at once, and ends so. @param {{type: string, [field: string]: any}} told */
function follow(told) {
  if (document.documentElement.dataset.projector !== undefined) return;
  const page = told.type === "drill" || told.type === "room" ? told.drill_page ?? "" : "";
  if (page !== "" && page !== location.pathname) location.assign(page);
}

/**
 * @param {{ask: (command: any) => Promise<import("../types.js").Answer>, ui: () => import("../types.js").Ui,
 *          change: (patch: Partial<import("../types.js").Ui>) => void, goTo: (at_us: number) => void, goLive: () => void}} hands
 */
export function wireDrill({ ask, ui, change, goTo, goLive }) {
  document.addEventListener("room", (event) => follow(/** @type {CustomEvent} */ (event).detail));
  const pane = /** @type {HTMLElement|null} */ (document.querySelector("#drill"));
  const bar = /** @type {HTMLElement} */ (document.querySelector("#drill-bar"));
  const refusal = /** @type {HTMLElement} */ (document.querySelector("#drill-refusal"));
  const heard = /** @type {HTMLElement} */ (document.querySelector("#drill-said"));
  /** @type {any} */
  let drill = null;
  /** @type {import("./draw.js").Local} */
  let local = { sure: "", selected: null, ran: null, told: "", at: 0, pick: [], leftOver: pane?.dataset.leftOver ?? "" };
  let acted = false;

  function draw() {
    if (pane === null || drill === null) return;
    local = { ...local, selected: ui().selected };
    paint(pane, drawDrill(drill, local));
    paint(bar, drawBar(drill));
    bar.hidden = bar.childElementCount === 0;
    pane.dataset.step = drill.step;
    document.documentElement.dataset.drill = drill.step;
  }

  function hear(news) {
    // On a projector the stage is shown, and not what somebody thinks of it.
    if (pane === null) return;
    const before = drill;
    drill = news;
    const moved = before?.step !== news.step || before?.seed !== news.seed;
    if (moved) {
      local = { ...local, sure: "", told: "" };
      refusal.textContent = "";
      if (news.step === "steady") local.pick = news.metrics.filter((one) => one.pinned).map((one) => one.name);
      if (before !== null && before.step === "debrief") goLive();
      if (news.step === "debrief") local.at = Math.max(0, news.debrief.lines.length - 1);
      heard.textContent = say(`heard_${news.step}`, { page: news.page ?? "" });
      // A page must reach whoever is on call, whatever he looks at.
      if (before !== null && news.step === "paged") change({ pane: "drill" });
    }
    const pins = news.page !== null && news.acknowledged && news.debrief === null;
    if (ui().pins !== pins) change({ pins });
    draw();
    if (moved && acted) takeFocus();
  }

  function takeFocus() {
    const lost = document.activeElement === null || document.activeElement === document.body || pane?.contains(document.activeElement);
    if (!lost) return;
    const next = ["#drill-title", "[data-main]"].map((one) => pane?.querySelector(one)).find(Boolean);
    /** @type {HTMLElement|null|undefined} */ (next)?.focus({ preventScroll: true });
    pane?.parentElement?.scrollTo({ top: 0 });
  }

  async function order(command) {
    acted = true;
    refusal.textContent = "";
    const answer = await ask(command);
    refusal.textContent = answer.ok ? "" : `${say("refused")} ${answer.error ?? ""}`;
    local = { ...local, told: answer.ok ? answer.detail?.says ?? "" : local.told };
    draw();
    return answer.ok;
  }

  /** The steady state is pinned and the watch begun with one press; in a room somebody else begins it. */
  async function pinAndBegin() {
    if (await order({ command: "pin_metrics", metrics: local.pick }) && !drill.led) await order({ command: "begin_watch" });
  }

  function show(/** @type {number} */ at) {
    local.at = at;
    draw();
    goTo(drill.debrief.lines[at].at_us);
  }

  document.addEventListener("click", (event) => {
    if (pane === null || drill === null) return;
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-drill-command],[data-drill-ask],[data-drill-line],[data-pin-told],[data-pin-ran]"));
    if (on === null) return;
    const said = on.dataset;
    if (said.drillCommand !== undefined) void order(JSON.parse(said.drillCommand));
    else if (said.pinTold !== undefined) void order({ command: "pin_told", ...JSON.parse(said.pinTold) });
    else if (said.pinRan !== undefined && local.ran !== null) void order({ command: "pin_output", job: local.ran.job });
    else if (said.drillLine !== undefined) show(Number(said.drillLine));
    else if (said.drillAsk !== undefined) {
      acted = true;
      local.sure = said.drillAsk;
      draw();
      takeFocus();
    }
    if (said.drillCommand !== undefined && local.sure !== "") {
      local.sure = "";
      draw();
    }
  });
  pane?.addEventListener("input", (event) => {
    const on = /** @type {HTMLInputElement} */ (event.target);
    if (on.dataset.drillMoment !== undefined) show(Number(on.value));
    else if (on.dataset.drillPick !== undefined) {
      const name = on.dataset.drillPick;
      local.pick = on.checked ? [...local.pick, name] : local.pick.filter((one) => one !== name);
      draw();
    }
  });
  pane?.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const command = form.dataset.drillForm;
    if (command === "pin_metrics") {
      void pinAndBegin();
      return;
    }
    void order({ command, ...Object.fromEntries(new FormData(form)) }).then((ok) => {
      if (ok && form.querySelector("input[name=text]")) form.reset();
    });
  });
  document.addEventListener("terminal-ended", (event) => {
    local.ran = /** @type {CustomEvent} */ (event).detail;
    draw();
  });

  /** The lab is not there any more, after a long sleep or a restart: the page makes it again, where the learner was. */
  function gone() {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (pane === null || Date.now() - last < RELOADED_AT_MOST_EVERY_MS) return;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  }

  return { hear, gone, draw };
}
