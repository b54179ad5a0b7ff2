/** Puts the page together: the socket feeds the model, the model and what the person chose are drawn. */

import { wireControls } from "./controls.js";
import { wireDemo } from "./demo/pane.js";
import { makeDone } from "./done.js";
import { wireForms } from "./forms.js";
import { sentenceOf } from "./facts.js";
import { drawFaultList } from "./faults.js";
import { drawFeed, mostTelling } from "./feed.js";
import { wireKeeping } from "./keeping.js";
import { drawNow } from "./inspector.js";
import { wireMeanings } from "./means.js";
import { watchMetrics } from "./metrics.js";
import { watchRequests } from "./overheard.js";
import { wireLedger } from "./ledger.js";
import { wireDrill } from "./drills/pane.js";
import { wireLesson } from "./lesson/pane.js";
import { EMPTY, reduce } from "./model.js";
import { paced } from "./pace.js";
import { paint } from "./paint.js";
import { drawBeat } from "./present.js";
import { drawSecurity } from "./security.js";
import { openSocket } from "./socket.js";
import { makeStage } from "./stage.js";
import { drawBrokers, drawLedger, drawSigns, drawTopics, remember } from "./strip.js";
import { drawSummary } from "./summary.js";
import { drawTables } from "./tables.js";
import { wireWhatIf } from "./whatif.js";
import { drawTempo } from "./tempo.js";
import { wireTerminal } from "./terminal.js";
import { makeConfigs } from "./configs.js";
import { makeReview } from "./moving.js";
import { wireSpace } from "./space.js";
import { wireTimeline } from "./timeline.js";
import { makeWhy } from "./why.js";

const SAID_AT_MOST_EVERY_MS = 2000;
const TEMPO_MS = 100;
/** How time passes, and that another history begins, may be said in the past too: it changes nothing that was. */
const IN_THE_PAST_TOO = new Set(["play_time", "pause_time", "step_time", "step_to_significant", "run_to", "set_rate", "fork", "remove_branch"]);
const AROUND_MS = 150;
const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const page = document.documentElement;

/** @type {import("./types.js").Model} */
let live = EMPTY;
/** @type {import("./types.js").Model} */
let shown = EMPTY;
/** @type {import("./types.js").Ui} */
let ui = { lens: "flow", selected: null, why: null, move: null, space: { hidden: [], apis: [], collapsed: false, lit: null }, topic: null, open: [], pane: ["lesson", "demo", "drill"].find((one) => document.querySelector(`[data-pane=${one}]`)) ?? (page.dataset.watching === undefined ? "act" : "now"), pins: false, section: "use", paused: false, chatty: false, keys: true, tables: false, present: page.dataset.projector !== undefined || page.dataset.demo === "projector", record: null };
let past = [];
const done = makeDone(find("#timeline").dataset.name ?? "");
let saidAt = 0;
let said = "";

const stage = makeStage({ frame: find("#stage"), svg: /** @type {any} */ (find("#stage-svg")), top: find("#stage-top"), tools: find("#lens-tools"), head: /** @type {any} */ (find("#stage-head")) }, () => ({ model: shown, ui }));

const around = paced(drawAround, AROUND_MS);
const socket = openSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${page.dataset.socket}`, {
  onFrame(frame) {
    live = reduce(live, frame);
    if (live.gap) {
      socket.renew();
      return;
    }
    past = remember(past, live);
    timeline.hear(frame);
  },
  onSitting: (sitting) => lesson.hear(sitting),
  onDrill: (news) => drill.hear(news),
  onDemo: (showing) => demo.hear(showing),
  onState(state) {
    page.dataset.line = state;
    if (state === "gone") [lesson, demo, drill].forEach((one) => one.gone());
    find("#line-said").textContent = { open: "live", gone: "not there any more", waiting: "reconnecting…", connecting: "connecting…" }[state];
  },
});

function show(model) {
  shown = model;
  refresh(false);
}

/** @param {Partial<import("./types.js").Ui>} patch */
function change(patch) {
  ui = { ...ui, ...patch };
  if (ui.selected !== null && patch.selected && !patch.pane) ui.pane = "now";
  refresh();
}

/** @param {boolean} [asked] whether a person waits for it */
function refresh(asked = true) {
  stage.refresh(asked);
  around.ask(asked);
}

/** Everything around the stage. The stage draws itself. */
function drawAround() {
  if (shown.version < 0) return;
  page.dataset.lens = ui.lens;
  page.dataset.mode = shown.entities.lab?.mode ?? "lab";
  page.dataset.paneOpen = ui.pane;
  page.dataset.paused = String(ui.paused);
  page.dataset.keys = String(ui.keys);
  page.dataset.ready = "true";
  for (const tab of document.querySelectorAll("[role=tab][data-pane-tab]")) {
    tab.setAttribute("aria-selected", String(/** @type {HTMLElement} */ (tab).dataset.paneTab === ui.pane));
  }
  for (const panel of document.querySelectorAll("[data-pane]")) {
    /** @type {HTMLElement} */ (panel).hidden = /** @type {HTMLElement} */ (panel).dataset.pane !== ui.pane;
  }
  for (const chip of document.querySelectorAll("[data-section-tab]")) {
    chip.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (chip).dataset.sectionTab === ui.section));
  }
  for (const section of document.querySelectorAll("[data-section]")) {
    /** @type {HTMLElement} */ (section).hidden = /** @type {HTMLElement} */ (section).dataset.section !== ui.section;
  }
  for (const button of document.querySelectorAll("[data-lens-tab]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.lensTab === ui.lens));
  }
  find("#pause").setAttribute("aria-pressed", String(ui.paused));
  find("#keys").setAttribute("aria-pressed", String(ui.keys));
  find("#chatty").setAttribute("aria-pressed", String(ui.chatty));
  paint(find("#signs"), drawSigns(shown, timeline.away() ? [] : past));
  paint(find("#ledger"), drawLedger(shown));
  paint(find("#tempo"), drawTempo(live));
  paint(find("#topic-tabs"), ui.lens === "log" ? drawTopics(shown, ui) : []);
  const faults = drawFaultList(shown);
  find("#faults").hidden = faults.length === 0;
  paint(find("#faults"), faults);
  requests.look(ui.pane === "now" && !ui.paused ? ui.selected : null, ui);
  metrics.look(ui.pane === "metrics" && !ui.paused);
  page.dataset.tables = String(ui.tables);
  find("[data-press=tables]").setAttribute("aria-pressed", String(ui.tables));
  find("[data-press=present]").setAttribute("aria-pressed", String(ui.present));
  paint(find("#summary"), drawSummary(shown));
  if (ui.tables) paint(find("#tables"), drawTables(shown));
  drawBeat(shown, ui);
  if (ui.pane === "drill") drill.draw();
  demo.mark();
  if (ui.pane === "now") paint(find("#now"), drawNow(shown, ui, past));
  find("#review-tab").hidden = ui.move === null || ui.move.replicas === null;
  if (ui.pane === "review") paint(find("#review"), review.draw(shown, ui));
  if (ui.pane === "why") paint(find("#why"), why.draw(shown, ui, shown !== live));
  if (ui.pane === "config") paint(find("#config"), configs.draw(shown, ui, String(done.carriedOut())));
  if (ui.pane === "act") paint(find("#broker-acts"), drawBrokers(shown));
  if (ui.pane === "act") paint(find("#security-lists"), drawSecurity(shown));
  paint(find("#facts"), drawFeed(shown, ui));
  controls.drawDone(done.all());
  forms.offerNames(shown);
  sayOut();
}

/** For people who hear the page: at most one sentence in two seconds. */
function sayOut() {
  const fact = mostTelling(shown);
  if (!fact || sentenceOf(fact) === said || performance.now() - saidAt < SAID_AT_MOST_EVERY_MS) return;
  said = sentenceOf(fact);
  saidAt = performance.now();
  find("#said").textContent = said;
}

/** @param {{command: string, [field: string]: any}} command */
async function ask(command) {
  const error = IN_THE_PAST_TOO.has(command.command) ? undefined : timeline.refusal();
  const answer = error ? { type: /** @type {"answer"} */ ("answer"), id: 0, ok: false, error } : await socket.ask(command);
  done.add(command, answer);
  const topic = answer.ok ? topicOf(command) : undefined;
  if (topic) ui = { ...ui, topic };
  refresh();
  return answer;
}

/** In the terminal: a line that the lab has begun to carry out. @param {string} line @param {number} id */
function did(line, id) {
  const failed = done.add({ command: "run_line" }, { type: "answer", id, ok: true, shell: line });
  refresh(false);
  return () => {
    failed();
    refresh(false);
  };
}

/** In a lesson: of its own steps only going back is told of, since it undoes what stands in the list. @param {{command: string}} command */
async function askLesson(command) {
  const answer = await socket.ask(command);
  if (answer.ok && command.command === "restore_section") done.add(command, { ...answer, detail: undefined });
  refresh(false);
  return answer;
}

/** The topic that a command is about: the log lens shows it next. */
function topicOf(command) {
  const named = ["create_topic", "add_partitions"].includes(command.command) ? command.name : undefined;
  return command.topic ?? command.topics?.[0] ?? named;
}

function say(sentence) {
  said = sentence;
  saidAt = performance.now();
  find("#said").textContent = sentence;
}

const timeline = wireTimeline({ show, live: () => live, ui: () => ui, hold: (paused) => change({ paused }), say, ask });
const controls = wireControls({ ui: () => ui, model: () => shown, change, ask, timeline });
const metrics = watchMetrics(find("#metrics"));
const requests = watchRequests(find("#overheard"));
wireLedger({ change });
const lesson = wireLesson({ ask: askLesson });
const drill = wireDrill({ ask: socket.ask, ui: () => ui, change, goTo: timeline.goTo, goLive: timeline.goLive });
const demo = wireDemo({ ask: socket.ask, change, ui: () => ui });
wireWhatIf({ ask });
wireKeeping({ say, now_us: () => shown.at_us });
const forms = wireForms({ ask, change });
const why = makeWhy({ change, refresh });
const configs = makeConfigs({ refresh });
const review = makeReview({ ui: () => ui, model: () => shown, change });
wireSpace({ ui: () => ui, change });
setInterval(() => paint(find("#tempo"), drawTempo(live)), TEMPO_MS);
wireMeanings(find(".strip"));
wireTerminal({ ui: () => ui, model: () => shown, change, ask, did });
page.dataset.wired = "true";
