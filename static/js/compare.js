/** Two histories side by side: one lens, one selection and one time for both. */

import { takeUpTheme } from "./controls.js";
import { EMPTY, reduce } from "./model.js";
import { h, paint } from "./paint.js";
import { openSocket } from "./socket.js";
import { makeStage } from "./stage.js";
import { drawLedger, drawTopics } from "./strip.js";
import { clockTime } from "./words.js";

/** @typedef {import("./types.js").Model} Model */

const LENSES = [...document.querySelectorAll("[data-lens-tab]")].map((tab) => /** @type {HTMLElement} */ (tab).dataset.lensTab);
const FARTHEST_US = 600_000_000;

/** @type {import("./types.js").Ui} */
let ui = { lens: "flow", selected: null, topic: null, open: [], pane: "act", section: "use", paused: false, chatty: false, keys: true, record: null };
let said = "";
let queued = false;

const sides = [...document.querySelectorAll("[data-side]")].map((section) => makeSide(/** @type {HTMLElement} */ (section)));

function makeSide(section) {
  const part = (name) => /** @type {HTMLElement} */ (section.querySelector(`[data-part=${name}]`));
  const frame = part("stage");
  const side = { section, part, /** @type {Model} */ model: EMPTY, stage: null, socket: null };
  side.stage = makeStage({ frame, svg: /** @type {any} */ (frame.querySelector("svg.cluster:not(.stage-head)")), top: part("top"), tools: part("tools"), head: /** @type {any} */ (part("head")) }, () => ({ model: side.model, ui }));
  side.socket = openSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${section.dataset.socket}`, {
    onFrame(got) {
      side.model = reduce(side.model, got);
      if (side.model.gap) side.socket.renew();
      else refresh();
    },
    onState(state) {
      section.dataset.line = state;
    },
  });
  return side;
}

function refresh() {
  for (const side of sides) side.stage.refresh();
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => {
    queued = false;
    drawAround();
  });
}

function drawAround() {
  document.documentElement.dataset.lens = ui.lens;
  for (const [at, side] of sides.entries()) {
    paint(side.part("time"), side.model.version < 0 ? [] : [h("span", null, clockTime(now_us(side)))]);
    paint(side.part("ledger"), drawLedger(side.model, { of: `${at}-`, page: String(side.section.dataset.page) }));
  }
  for (const tab of document.querySelectorAll("[data-lens-tab]")) {
    tab.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (tab).dataset.lensTab === ui.lens));
  }
  const topics = /** @type {Element} */ (document.querySelector("#topic-tabs"));
  paint(topics, ui.lens === "log" ? drawTopics(sides[0].model, ui) : []);
  paint(/** @type {Element} */ (document.querySelector("#both")), drawBoth());
  if (sides.every((side) => side.model.version >= 0)) document.documentElement.dataset.ready = "true";
}

// -- the time of both ----------------------------------------------------------------------------

const labOf = (side) => side.model.entities.lab;
const now_us = (side) => labOf(side)?.stands_at_us ?? side.model.at_us;

function drawBoth() {
  if (sides.some((side) => !labOf(side))) return [];
  const inWallTime = sides.find((side) => labOf(side).mode !== "lab");
  if (inWallTime) {
    return [h("span", { class: "both-said" }, `${labOf(inWallTime).name} is in wall time, since real clients came in there: only the other can be held.`)];
  }
  const going = sides.some((side) => !labOf(side).paused);
  const apart = now_us(sides[0]) !== now_us(sides[1]);
  return [
    going ? press("pause", "Pause both") : press("play", "Play both"),
    press("step", "Both 1 s on"),
    apart && !going && press("meet", "To the same moment"),
    said !== "" && h("span", { key: "said", class: "both-said", role: "status" }, said),
  ].filter(Boolean);
}

const press = (what, label) => h("button", { key: what, type: "button", class: "quiet-button", "data-both": what }, label);

const both = (command) => Promise.all(sides.map((side) => side.socket.ask(command)));

/** Both stand still, at the moment that the one which is ahead has come to, or so much later. */
async function meet(later_us = 0) {
  await both({ command: "pause_time" });
  const stands = await both({ command: "pause_time" });
  const goal_us = Math.max(...stands.map((answer) => answer.detail?.at_us ?? 0)) + later_us;
  if (stands.some((answer) => goal_us - answer.detail?.at_us > FARTHEST_US)) {
    said = "They are more than ten minutes apart.";
    return false;
  }
  const answers = await both({ command: "run_to", at_us: goal_us });
  said = answers.find((answer) => !answer.ok)?.error ?? "";
  return said === "";
}

const DOES = {
  pause: () => meet(),
  meet: () => meet(),
  step: () => meet(1_000_000),
  play: async () => {
    if (await meet()) await arrived();
    const rate = String(labOf(sides[0]).rate);
    await both({ command: "set_rate", rate });
    await both({ command: "play_time" });
  },
};

/** When both have come to the same moment. */
function arrived() {
  return new Promise((done) => {
    const look = () => (now_us(sides[0]) === now_us(sides[1]) ? done(true) : setTimeout(look, 50));
    look();
  });
}

// -- hand and keys -------------------------------------------------------------------------------

takeUpTheme();

/** @param {Partial<import("./types.js").Ui>} patch */
function change(patch) {
  ui = { ...ui, ...patch };
  refresh();
}

document.addEventListener("click", async (event) => {
  const target = /** @type {Element} */ (event.target);
  const on = /** @type {HTMLElement|null} */ (target.closest("[data-both],[data-lens-tab],[data-topic-tab],[data-id]"));
  if (!on) {
    if (target.closest("svg")) change({ selected: null });
    return;
  }
  const { both: time, lensTab, topicTab, id } = on.dataset;
  if (time !== undefined) {
    await DOES[time]();
    refresh();
  } else if (lensTab !== undefined) change({ lens: /** @type {any} */ (lensTab) });
  else if (topicTab !== undefined) change({ topic: topicTab });
  else if (id !== undefined) {
    const entity = sides.map((side) => side.model.entities[id]).find(Boolean);
    change({ selected: id, ...(entity?.topic && entity.kind !== "producer" ? { topic: entity.topic } : {}) });
  }
});

document.addEventListener("keydown", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input,select,textarea")) return;
  if ((event.key === "Enter" || event.key === " ") && target.matches("svg [role=button]")) {
    event.preventDefault();
    change({ selected: /** @type {SVGElement} */ (target).dataset.id ?? null });
    return;
  }
  if (event.key === "Escape") change({ selected: null });
  if (localStorage.getItem("kafkalab-keys") === "off") return;
  const lens = LENSES[Number(event.key) - 1];
  if (lens) change({ lens: /** @type {any} */ (lens) });
  else if (event.key === " " && !target.matches("button,summary,a,svg [role=button]")) {
    event.preventDefault();
    /** @type {HTMLElement|null} */ (document.querySelector("[data-both=pause],[data-both=play]"))?.click();
  }
});
