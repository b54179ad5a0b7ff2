/**
 * The terminal: a plain input, and what the tools print. The server takes lines apart and runs them; nothing here
 * knows a tool. Names in the output are buttons: pointing lights the thing up on the stage, pressing chooses it.
 */

import { h, paint } from "./paint.js";
import { drawLines, drawTabs, stageIds } from "./draw/terminal.js";

const KEPT_LINES = 2000;
const KEPT_HISTORY = 200;
const HISTORY = "kafkalab-terminal";
const RECONNECT_MS = 1500;
/** Exit codes of what did not fail: it came to its end, or somebody stopped it. */
const WELL = [0, 130];
const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** @typedef {[string, string|null][]} Spans */
/** @typedef {{number: number, line: string, tool: string, lines: {at: number, spans: Spans}[], state: string, exit: number|null, failed: () => void}} Tab */

/** @param {import("./controls.js").Hands & {did: (line: string, id: number) => () => void}} hands */
export function wireTerminal(hands) {
  const input = /** @type {HTMLInputElement} */ (find("#terminal-line"));
  const output = find("#terminal-output");
  const COMMAND = input.placeholder;
  /** @type {{at: number, spans: Spans, kind?: string}[]} */
  let scroll = [];
  /** @type {Map<number, Tab>} */
  const jobs = new Map();
  /** @type {Set<number>} */
  const tabs = new Set();
  /** @type {number|null} */
  let open = null;
  /** @type {string[]} */
  let history = recall();
  let at = history.length;
  let draft = "";
  let count = 0;
  let lastId = 0;
  /** @type {WebSocket|null} */
  let socket = null;
  /** @type {string[]} */
  let waiting = [];
  /** @type {string[]} */
  let choices = [];

  const mine = (/** @type {string} */ text, /** @type {string} */ kind) => ({ at: ++count, spans: /** @type {Spans} */ ([[text, null]]), kind });

  function connect() {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${find("#terminal").dataset.socket}`);
    socket.addEventListener("open", () => {
      for (const text of waiting) socket?.send(text);
      waiting = [];
    });
    socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      socket = null;
      if (jobs.size > 0) note("The connection broke. What ran here was stopped.");
      jobs.clear();
      tabs.clear();
      open = null;
      if (waiting.length > 0) setTimeout(connect, RECONNECT_MS);
      draw();
    });
  }

  function send(/** @type {object} */ said) {
    const text = JSON.stringify({ ...said, id: ++lastId });
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    else {
      waiting.push(text);
      if (socket === null) connect();
    }
  }

  function hear(said) {
    if (said.type === "begun") {
      jobs.set(said.job, { number: said.job, line: said.line, tool: said.tool, lines: [], state: "running", exit: null, failed: hands.did(said.line, said.job) });
    }
    else if (said.type === "output") take(said);
    else if (said.type === "refusal") note(said.error);
    else if (said.type === "completion") complete(said);
    draw();
  }

  function take(said) {
    const job = jobs.get(said.job);
    if (!job) return;
    const lines = said.lines.map((/** @type {Spans} */ spans) => ({ at: ++count, spans }));
    if (said.left_out > 0) lines.unshift(mine(`… ${said.left_out} lines were left out: they came too fast.`, "note"));
    job.state = said.state;
    job.exit = said.exit;
    if (said.stays && !tabs.has(job.number) && said.exit === null) {
      tabs.add(job.number);
      open = job.number;
    }
    if (tabs.has(job.number)) job.lines = [...job.lines, ...lines].slice(-KEPT_LINES);
    else scroll = [...scroll, ...lines];
    if (said.exit !== null) finish(job);
    scroll = scroll.slice(-KEPT_LINES);
  }

  /** What ran in a tab of its own is found in the shell afterwards. */
  function finish(job) {
    if (tabs.delete(job.number)) scroll = [...scroll, ...job.lines];
    if (open === job.number) open = null;
    document.dispatchEvent(new CustomEvent("terminal-ended", { detail: { job: job.number, line: job.line } }));
    if (!WELL.includes(job.exit)) job.failed();
    if (job.exit !== 0) scroll = [...scroll, mine(`exit ${job.exit}`, "exit")];
    jobs.delete(job.number);
  }

  function note(/** @type {string} */ text) {
    scroll = [...scroll, mine(text, "note")];
  }

  const job = () => (open === null ? undefined : jobs.get(open));

  function enter() {
    const text = input.value;
    const inside = job();
    choices = [];
    if (inside?.state === "open") {
      inside.lines = [...inside.lines, mine(text, "typed")].slice(-KEPT_LINES);
      send({ command: "type_line", job: inside.number, line: text });
    } else if (text.trim() !== "") {
      open = null;
      scroll = [...scroll, mine(text, "asked")].slice(-KEPT_LINES);
      if (text.trim() === "clear") scroll = [];
      else send({ command: "run_line", line: text });
      history = [...history.filter((line) => line !== text), text].slice(-KEPT_HISTORY);
      sessionStorage.setItem(HISTORY, JSON.stringify(history));
    }
    at = history.length;
    input.value = draft = "";
    draw();
  }

  function recallBy(/** @type {number} */ step) {
    if (at === history.length) draft = input.value;
    at = Math.min(history.length, Math.max(0, at + step));
    input.value = at === history.length ? draft : history[at];
  }

  function complete(/** @type {{text: string, choices: string[]}} */ said) {
    if (!said.text.startsWith(input.value.slice(0, said.text.length)) && !input.value.startsWith(said.text)) return;
    input.value = said.text;
    choices = said.choices;
  }

  function stop(/** @type {number} */ number, how = "interrupt") {
    send({ command: "stop_line", job: number, how });
  }

  function draw() {
    const inside = job();
    const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 40;
    paint(find("#terminal-tabs"), drawTabs([...tabs].map((number) => /** @type {Tab} */ (jobs.get(number))), open));
    paint(output, drawLines(inside ? inside.lines : scroll, inside));
    const busy = [...jobs.values()].filter((one) => !tabs.has(one.number)).at(-1);
    const held = inside ?? busy;
    paint(find("#terminal-stop"), held ? [
      inside?.state === "open" && h("button", { type: "button", class: "small", "data-end": held.number, title: "Ctrl-D" }, "End its input"),
      h("button", { type: "button", class: "small danger", "data-stop": held.number, title: "Ctrl-C" }, `Stop ${held.tool}`),
    ].filter(Boolean) : []);
    find("#terminal-prompt").textContent = inside?.state === "open" ? ">" : "$";
    // What is typed now is no command any more.
    input.placeholder = inside?.state === "open" ? `A line for ${inside.tool}, no command` : COMMAND;
    paint(find("#terminal-choices"), choices.map((word) => h("button", { key: word, type: "button", class: "chip", "data-choice": word }, word)));
    if (atEnd) output.scrollTop = output.scrollHeight;
  }

  /** Put a line where it can be changed and run. */
  function offer(/** @type {string} */ line) {
    open = null;
    hands.change({ pane: "terminal" });
    input.value = line;
    draw();
    requestAnimationFrame(() => input.focus());
  }

  find("#terminal-form").addEventListener("submit", (event) => {
    event.preventDefault();
    enter();
  });
  input.addEventListener("input", () => {
    if (choices.length === 0) return;
    choices = [];
    draw();
  });
  input.addEventListener("keydown", (event) => {
    const held = job() ?? [...jobs.values()].at(-1);
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1 });
    if (steps[event.key]) recallBy(steps[event.key]);
    // With nothing typed Tab goes on to the next control, so that nobody is caught here.
    else if (event.key === "Tab" && !event.shiftKey && input.value !== "" && job()?.state !== "open") send({ complete: input.value });
    else if (event.ctrlKey && event.key === "c" && held && input.selectionStart === input.selectionEnd) stop(held.number);
    else if (event.ctrlKey && event.key === "d" && held) stop(held.number, "end_of_input");
    else if (event.ctrlKey && event.key === "l") scroll = [];
    else return;
    event.preventDefault();
    draw();
  });

  document.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-run-line],[data-line-beside],[data-stop],[data-end],[data-job],[data-choice],[data-names],[data-pane-tab=terminal]"));
    if (!on) return;
    const said = on.dataset;
    if (said.runLine !== undefined) offer(said.runLine);
    else if (said.lineBeside !== undefined) offer(on.parentElement?.querySelector("code")?.textContent ?? "");
    else if (said.stop !== undefined) stop(Number(said.stop));
    else if (said.end !== undefined) stop(Number(said.end), "end_of_input");
    else if (said.job !== undefined) open = said.job === "" ? null : Number(said.job);
    else if (said.choice !== undefined) input.value = `${input.value.slice(0, input.value.length - lastWord(input.value).length)}${said.choice} `;
    else if (said.names !== undefined) chooseNamed(said.names, hands);
    if (said.choice !== undefined) choices = [];
    if (said.names === undefined) requestAnimationFrame(() => input.focus());
    draw();
  });
  for (const [kind, lit] of /** @type {[string, boolean][]} */ ([["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]])) {
    output.addEventListener(kind, (event) => {
      const name = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-names]"))?.dataset.names;
      if (name !== undefined) light(stageIds(name, hands.model().entities), lit);
    });
  }
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !hands.ui().keys || target.matches("input,select,textarea")) return;
    event.preventDefault();
    offer(input.value);
  });
  draw();
}

const lastWord = (/** @type {string} */ text) => text.split(/\s/).at(-1) ?? "";

/** The thing is chosen, and the terminal stays open. */
function chooseNamed(name, hands) {
  const { entities } = hands.model();
  const id = [name, ...stageIds(name, entities)].find((one) => entities[one]);
  if (!id) return;
  const topic = entities[id].topic;
  hands.change({ selected: id, pane: "terminal", ...(topic && entities[id].kind !== "producer" ? { topic } : {}) });
}

function light(ids, lit) {
  for (const id of ids) {
    for (const element of document.querySelectorAll(`#stage-svg [data-id="${CSS.escape(id)}"]`)) element.toggleAttribute("data-pointed", lit);
  }
}

function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(HISTORY) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
