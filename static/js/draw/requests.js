/** Requests with their answers, field by field, newest first. What is opened stays open while newer ones come. */

import { h } from "../paint.js";
import { bytes, clockTime, number } from "../words.js";

/**
 * @typedef {{name: string, value: string, rows: Field[][], left_out: number}} Field
 * @typedef {{number: number, at_us: number, broker: number, api: string, api_version: number, correlation_id: number, client_id: string|null,
 *            request_size: number, request: Field[]|null, answer_size: number, answer: Field[]|null, took_us: number|null}} Told
 */

/** @param {{apis: string[], requests: Told[]}} told @param {string} api */
export function drawRequests(told, api) {
  return [
    h("h3", { key: "title", class: "acts-title" }, "Its last requests"),
    h("div", { key: "apis", class: "sections", role: "group", "aria-label": "Which requests" },
      ["", ...told.apis].map((name) => h("button", { key: name, type: "button", class: "chip", "data-api": name, "aria-pressed": String(name === api) }, name || "All"))),
    told.requests.length === 0
      ? h("p", { key: "none", class: "quiet" }, "Nothing yet.")
      : h("ol", { key: "list", class: "requests" }, told.requests.map(drawRequest)),
  ];
}

/** @param {Told} it */
function drawRequest(it) {
  return h("li", { key: it.number },
    h("details", { class: "request" },
      h("summary", null, h("strong", null, it.api), h("span", { class: "quiet" }, ` v${it.api_version} · broker ${it.broker} · ${clockTime(it.at_us)}`),
        h("span", { class: "request-took" }, it.took_us === null ? "waits" : took(it.took_us))),
      side("Request", it.request, it.request_size, [["api_key, version", `${it.api}, ${it.api_version}`], ["correlation_id", String(it.correlation_id)], ["client_id", it.client_id === null ? "null" : `"${it.client_id}"`]]),
      it.took_us === null
        ? h("p", { key: "waits", class: "quiet" }, "No answer yet.")
        : side("Answer", it.answer, it.answer_size, [["correlation_id", String(it.correlation_id)]])));
}

const took = (us) => us === 0 ? "at once" : (us < 1000 ? `${us} µs` : `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`);

/** @param {string} title @param {Field[]|null} fields @param {number} size @param {[string, string][]} header */
function side(title, fields, size, header) {
  return h("section", { key: title },
    h("h4", null, title, h("span", { class: "quiet" }, ` ${bytes(size)}`)),
    h("dl", { class: "message" },
      header.map(([name, value]) => h("div", { key: `header ${name}`, class: "of-header" }, h("dt", null, name), h("dd", null, value))),
      fields === null
        ? h("div", { key: "large" }, h("dd", { class: "quiet" }, "Too large to be kept."))
        : fields.map(drawField)));
}

/** @param {Field} field */
function drawField(field) {
  if (field.rows.length === 0) return h("div", { key: field.name }, h("dt", null, field.name), h("dd", { "data-error": /^[1-9-]\d* \([A-Z_]+\)$/.test(field.value) ? "true" : null }, field.value));
  return h("div", { key: field.name, class: "nested" },
    h("dt", null, field.name, h("span", { class: "quiet" }, field.rows.length + field.left_out > 1 ? ` ${number(field.rows.length + field.left_out)}` : "")),
    field.rows.map((row, index) => h("dd", { key: index }, h("dl", { class: "message" }, row.map(drawField)))),
    field.left_out > 0 && h("dd", { key: "more", class: "quiet" }, `and ${number(field.left_out)} more`));
}
