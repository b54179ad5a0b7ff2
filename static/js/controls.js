/** What the hand and the keyboard do: choose, fold, switch lenses, order, copy. Nothing here draws the stage. */

import { cast } from "./cast.js";
import { showHelp } from "./help.js";
import { pressByKey } from "./keys.js";
import { h, paint } from "./paint.js";
import { pressByRemote } from "./present.js";
import { keyOfTime } from "./tempo.js";

/**
 * @typedef {{ui: () => import("./types.js").Ui, model: () => import("./types.js").Model,
 *            change: (patch: Partial<import("./types.js").Ui>) => void,
 *            ask: (command: any) => Promise<import("./types.js").Answer>,
 *            timeline: {away: () => boolean, toggle: () => void}}} Hands
 */

const COPIED_MS = 1400;
const HEAD_PX = 40;

/** @param {Hands} hands */
export function wireControls(hands) {
  document.addEventListener("click", (event) => press(/** @type {Element} */ (event.target), hands));
  document.addEventListener("keydown", (event) => key(event, hands));
  takeUpTheme();
  hands.change({ keys: localStorage.getItem("kafkalab-keys") !== "off" });
  return { drawDone: (done) => paint(/** @type {Element} */ (document.querySelector("#done")), drawDone(done)) };
}

function press(target, hands) {
  const on = target.closest?.("[data-command],[data-copy],[data-fold],[data-form],[data-record],[data-id],[data-pane-tab],[data-lens-tab],[data-way-tab],[data-topic-tab],[data-section-tab],[data-press]");
  if (!on) {
    if (target.closest?.("#stage-svg")) hands.change({ selected: null });
    return;
  }
  const said = on.dataset;
  if (said.command !== undefined) order(on, hands);
  else if (said.copy !== undefined) copy(on);
  else if (said.fold !== undefined) fold(said.fold, hands);
  else if (said.form !== undefined) openForm(said.form, hands, said.fill);
  else if (said.record !== undefined) openRecord(said.record, hands);
  else if (said.id !== undefined) choose(said.id, hands, said.keep);
  else if (said.paneTab !== undefined) hands.change({ pane: said.paneTab });
  else if (said.sectionTab !== undefined) hands.change({ section: said.sectionTab });
  else if (said.lensTab !== undefined) hands.change({ lens: said.lensTab });
  else if (said.wayTab !== undefined) showWay(said.wayTab);
  else if (said.topicTab !== undefined) hands.change({ topic: said.topicTab });
  else PRESSES[said.press](hands);
}

const PRESSES = {
  pause: (hands) => {
    hands.timeline.toggle();
  },
  chatty: (hands) => hands.change({ chatty: !hands.ui().chatty }),
  theme: () => turnTheme(),
  keys: (hands) => turnKeys(hands),
  help: () => showHelp(),
  tables: (hands) => hands.change({ tables: !hands.ui().tables }),
  present: (hands) => hands.change({ present: !hands.ui().present, tables: false }),
};

async function order(button, hands) {
  // The button may be gone by the time the answer comes; the pane stays.
  const pane = button.closest("[data-pane]");
  button.disabled = true;
  const answer = await hands.ask(JSON.parse(button.dataset.command));
  button.disabled = false;
  const beside = pane?.querySelector(".order-error");
  if (beside) beside.textContent = answer.ok ? "" : answer.error ?? "It was refused.";
}

function fold(topic, hands) {
  const { open } = hands.ui();
  hands.change({ open: open.includes(topic) ? open.filter((name) => name !== topic) : [...open, topic] });
}

/** @param {string} command @param {Hands} hands @param {string} [fill] what its fields begin with, as JSON */
export function openForm(command, hands, fill) {
  const details = /** @type {HTMLDetailsElement|null} */ (document.querySelector(`details[data-act="${command}"]`));
  const section = /** @type {HTMLElement|null|undefined} */ (details?.closest("[data-section]"));
  if (!details || !section) return;
  hands.change({ pane: "act", section: section.dataset.section });
  details.open = true;
  for (const [name, value] of Object.entries(JSON.parse(fill ?? "{}"))) {
    const field = /** @type {HTMLInputElement|null} */ (details.querySelector(`[name="${name}"]`));
    if (field) field.value = Array.isArray(value) ? value.join(", ") : String(value);
  }
  details.querySelector("form")?.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => {
    details.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement|null} */ (details.querySelector("input,select,textarea"))?.focus();
  });
}

function openRecord(where, hands) {
  const [topic, partition, offset, broker] = where.split(" ");
  hands.change({ pane: "bytes", record: { topic, partition: Number(partition), offset: Number(offset) } });
  const asked = new URLSearchParams({ topic, partition, offset, ...(broker ? { broker } : {}) });
  /** @type {any} */ (window).htmx.ajax("GET", `${document.documentElement.dataset.recordUrl}?${asked}`, { target: "#record", swap: "innerHTML" });
}

/** Tabs that are about what is chosen stay open when something else is. */
const ABOUT_THE_CHOSEN = ["now", "why", "config"];

function choose(id, hands, tab) {
  const entity = hands.model().entities[id];
  const { pane } = hands.ui();
  hands.change({ selected: id, why: null, pane: tab ?? (ABOUT_THE_CHOSEN.includes(pane) ? pane : "now"), ...(entity?.topic && entity.kind !== "producer" ? { topic: entity.topic } : {}) });
}

async function copy(button) {
  const from = button.dataset.copy;
  const place = from.startsWith("#") ? document.querySelector(from) : null;
  const text = from.startsWith("#") ? place?.textContent ?? "" : from;
  if (!navigator.clipboard) {
    // A browser lends the clipboard only to pages that came encrypted, or from this very machine.
    if (place) getSelection()?.selectAllChildren(place);
    say(place ? "Selected: copy it with Ctrl-C." : "This browser does not let the page copy.");
    return;
  }
  await navigator.clipboard.writeText(text.trim());
  say("Copied.");
  button.dataset.copied = "true";
  setTimeout(() => delete button.dataset.copied, COPIED_MS);
}

/** To people who hear the page. */
function say(sentence) {
  const said = document.querySelector("#said");
  if (said) said.textContent = sentence;
}

/** Of the ways into the lab. */
function showWay(number) {
  for (const tab of document.querySelectorAll("[data-way-tab]")) tab.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (tab).dataset.wayTab === number));
  for (const way of document.querySelectorAll("[data-way]")) /** @type {HTMLElement} */ (way).hidden = /** @type {HTMLElement} */ (way).dataset.way !== number;
}

// -- keys ----------------------------------------------------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function key(event, hands) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {Element} */ (event.target);
  if (target.matches("input,select,textarea")) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (target).blur();
    return;
  }
  if ((event.key === "Enter" || event.key === " ") && target.matches("svg [role=button]")) {
    event.preventDefault();
    press(target, hands);
    return;
  }
  if (ARROWS[event.key] && target.closest("#stage-svg")) {
    event.preventDefault();
    walk(target, ARROWS[event.key]);
    return;
  }
  if (pressByRemote(event, hands)) return;
  if (event.key === "Escape" && !showHelp(false)) hands.change({ selected: null });
  // WCAG 2.1.4: whoever speaks to the computer, or hits keys by accident, can do without single ones.
  if (!hands.ui().keys) return;
  const ofTime = keyOfTime(event, hands.model());
  if (ofTime !== null && !hands.timeline.away()) {
    event.preventDefault();
    hands.ask(ofTime);
    return;
  }
  if (event.key === " " && target.matches("button,summary,a,[role=tab]")) return;
  pressByKey(event);
}

/** To the nearest thing in that direction. */
function walk(from, [dx, dy]) {
  const here = middle(from);
  let best = null;
  let least = Infinity;
  for (const other of document.querySelectorAll("#stage-svg [role=button]")) {
    if (other === from) continue;
    const there = middle(other);
    const along = (there.x - here.x) * dx + (there.y - here.y) * dy;
    const across = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx);
    if (along > 2 && along + across * 2 < least) {
      least = along + across * 2;
      best = other;
    }
  }
  /** @type {SVGElement|null} */ (best)?.focus();
}

/** Of what is tall, as a broker's column is, the middle of its head: there its name stands. */
function middle(element) {
  const box = element.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 2, HEAD_PX) };
}

// -- theme ---------------------------------------------------------------------------------------

export function takeUpTheme() {
  const kept = localStorage.getItem("kafkalab-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
}

function turnTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("kafkalab-theme", root.dataset.theme);
}

function turnKeys(hands) {
  const keys = !hands.ui().keys;
  localStorage.setItem("kafkalab-keys", keys ? "on" : "off");
  hands.change({ keys });
}

// -- what was done ---------------------------------------------------------------------------------

function drawDone(done) {
  if (done.length === 0) {
    return [h("li", { class: "quiet" }, "What you do here, with the page or in its terminal, is shown here as a command line. This browser keeps it.")];
  }
  return done.map(({ command, answer, at }) => h("li", { key: `${answer.id} ${at}`, "data-state": answer.ok ? "done" : "refused" },
    answer.shell
      ? h("button", { class: "shell-line", type: "button", "data-run-line": answer.shell, title: "Put it into the terminal" }, answer.shell)
      : h("code", { class: "shell-line" }, command.command),
    answer.shell && h("button", { class: "copy", type: "button", "data-copy": answer.shell, "aria-label": "Copy the command line" }, "Copy"),
    !answer.ok && answer.error && h("p", { class: "refusal" }, answer.error),
    recordOf(answer),
    branchOf(answer),
    toldBy(command, answer)));
}

/** What was asked for, and not done: the whole answer. */
const QUESTIONS = ["describe_quorum", "verify_reassignment"];

function toldBy({ command }, answer) {
  if (!answer.ok || !answer.detail || !QUESTIONS.includes(command)) return null;
  return h("p", { class: "quiet" },
    Object.entries(answer.detail).map(([name, value]) => `${name.replaceAll("_", " ")} ${[value].flat().join(", ") || "none"}`).join(" · "));
}

function branchOf(answer) {
  const path = answer.ok ? answer.detail?.path : undefined;
  return path ? h("a", { class: "link", href: `/labs/${path}/` }, `${path}: go there`) : null;
}

function recordOf(answer) {
  const detail = answer.ok ? answer.detail : null;
  if (!detail || typeof detail.offset !== "number" || detail.offset < 0) return null;
  return h("button", { class: "link", type: "button", "data-record": `${detail.topic} ${detail.partition} ${detail.offset}` },
    `stored as ${detail.topic}-${detail.partition} offset ${detail.offset}: open it`);
}

/** Names for the forms: what there is on the stage now. @param {import("./types.js").Model} model */
export function namesOn(model) {
  const on = cast(model);
  const [producers, consumers] = [on.producers.filter((one) => one.topic !== null), on.consumers].map((list) => list.map((one) => one.name));
  return {
    topics: on.topics.filter((topic) => !topic.internal).map((topic) => topic.topic),
    groups: on.groups.map((group) => group.group),
    producers,
    consumers,
    nodes: [...on.brokers.map((one) => one.node), ...on.controllers.map((one) => one.id.replace(":", "-")), ...producers, ...consumers],
    racks: [...new Set(on.brokers.map((one) => one.rack).filter(Boolean))],
  };
}
