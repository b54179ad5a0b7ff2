/** What the terminal shows: its tabs, and lines in which names are buttons. */

import { h } from "../paint.js";

/**
 * @param {{number: number, tool: string}[]} running
 * @param {number|null} open
 */
export function drawTabs(running, open) {
  if (running.length === 0) return [];
  return [
    tab("", "Shell", open === null),
    ...running.map((job) => tab(String(job.number), `${job.tool} ${job.number}`, open === job.number)),
  ];
}

function tab(number, label, isOpen) {
  return h("button", { key: number, type: "button", role: "tab", class: "chip", "data-job": number, "aria-selected": String(isOpen), "aria-pressed": String(isOpen) }, label);
}

/**
 * @param {{at: number, spans: [string, string|null][], kind?: string}[]} lines
 * @param {{tool: string, state: string}|undefined} job
 */
export function drawLines(lines, job) {
  if (lines.length === 0) return [h("p", { key: "empty", class: "quiet" }, hint(job))];
  return lines.map((line) => h("div", { key: line.at, class: "terminal-line", "data-kind": line.kind ?? kindOf(line.spans) }, line.spans.map(span)));
}

/** A table must not be broken; a sentence may. */
const kindOf = (spans) => (/\t| {2}/.test(spans.map(([text]) => text).join("")) ? "table" : "sentence");

function hint(job) {
  if (job?.state === "open") return "Each line that you type becomes a record. Ctrl-D ends it.";
  if (job) return `${job.tool} runs, and prints what comes.`;
  return "Kafka's own tools work here: kafka-topics --list, say. Tab completes, --help explains, the arrows go back, Esc leaves. lab help tells the rest.";
}

function span([text, name]) {
  return name === null ? text : h("button", { type: "button", class: "named", "data-names": name }, text);
}

/**
 * The things on the stage that a name stands for.
 * @param {string} name
 * @param {Record<string, import("../types.js").Entity>} entities
 */
export function stageIds(name, entities) {
  if (name.startsWith("partition:")) {
    const replicas = `replica:${name.slice("partition:".length)}:`;
    return [name, ...Object.keys(entities).filter((id) => id.startsWith(replicas))];
  }
  if (name.startsWith("consumer:") && !entities[name]) {
    const clientId = name.slice("consumer:".length);
    return Object.keys(entities).filter((id) => entities[id].kind === "client" && entities[id].client_id === clientId);
  }
  return [name];
}
