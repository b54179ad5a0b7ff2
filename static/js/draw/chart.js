/** Small multiples: one chart for each metric, its lines told apart by colour, dash and name, and a table that says the same. */

import { h } from "../paint.js";
import { bytes, number, spoken } from "../words.js";

/**
 * @typedef {{label: string, values: (number|null)[]}} Line
 * @typedef {{name: string, of: string, by: string, bean: string, attribute: string, unit: string, per_s: boolean, meaning: string,
 *            bad: string, source: string, above: number|null, below: number|null, left_out: number, lines: Line[]}} Chart
 * @typedef {{group: string, groups: string[], times_us: number[], charts: Chart[]}} Charts
 */

const WIDTH = 600;
const HEIGHT = 100;
const ROOM = 6;
const MINUTE_US = 60_000_000;
const BACK_MIN = [1, 5, 10];

/** @param {Charts|null} charts @param {boolean} failed */
export function drawMetrics(charts, failed) {
  if (charts === null) return [h("p", { key: "wait", class: "quiet" }, failed ? "The lab did not answer. It is asked again." : "Asking the lab…")];
  return [
    h("div", { key: "groups", class: "sections", role: "group", "aria-label": "Kind of metrics" }, charts.groups.map((group) => h("button", {
      key: group, type: "button", class: "chip", "data-metric-group": group, "aria-pressed": String(group === charts.group),
    }, group))),
    failed && h("p", { key: "failed", class: "refusal" }, "The lab did not answer: this is how it was. It is asked again."),
    ...charts.charts.map((chart) => drawChart(chart, charts.times_us)),
  ].filter(Boolean);
}

/** @param {Chart} chart @param {number[]} times */
export function drawChart(chart, times) {
  const name = `${chart.name}${chart.of ? ` ${chart.of}` : ""}`;
  const bad = chart.lines.some((line) => isBad(chart, last(line)));
  const unit = chart.per_s ? `${chart.unit} a second` : chart.unit;
  return h("article", { key: `${name} by ${chart.by}`, class: "metric", "data-bad": bad ? "fault" : null },
    h("h3", null, bad && h("span", { class: "sign-mark" }, "▲ "), h("code", null, name), h("span", { class: "metric-unit" }, ` ${unit}${chart.by === "node" || chart.by === "all" ? "" : `, by ${spoken(chart.by)}`}`)),
    h("p", { class: "metric-meaning" }, chart.meaning),
    bad && h("p", { class: "metric-bad" }, chart.bad),
    chart.lines.length === 0 ? h("p", { class: "quiet" }, "Nothing to show yet.") : [picture(chart, times, name), legend(chart)],
    h("details", { class: "more" }, h("summary", null, "Table and source"), table(chart, times, name),
      h("dl", { class: "metric-facts" },
        fact("MBean", h("code", null, chart.bean)),
        chart.attribute && fact("Attribute", h("code", null, chart.attribute)),
        chart.bad && fact("A bad value", chart.bad),
        fact("Comes from", chart.source))));
}

const fact = (label, value) => h("div", { key: label }, h("dt", null, label), h("dd", null, value));

function isBad(chart, value) {
  return value !== null && ((chart.above !== null && value > chart.above) || (chart.below !== null && value < chart.below));
}

const last = (line) => line.values.at(-1) ?? null;

/** @param {Chart} chart @param {number|null} value */
export function shown(chart, value) {
  if (value === null) return "–";
  if (chart.unit === "bytes") return `${bytes(Math.round(value))}${chart.per_s ? "/s" : ""}`;
  const rounded = Number.isInteger(value) || Math.abs(value) >= 100 ? number(Math.round(value)) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
  return `${rounded}${chart.per_s ? "/s" : chart.unit === "ms" ? " ms" : ""}`;
}

function picture(chart, times, name) {
  const values = chart.lines.flatMap((line) => line.values.filter((value) => value !== null));
  const thresholds = [...new Set([chart.above, chart.below].filter((mark) => mark !== null))];
  const greatest = Math.max(0, ...values);
  // A threshold that is far away would press the lines flat.
  const marks = thresholds.filter((mark) => mark <= greatest * 4 + 1);
  const top = Math.max(greatest, ...marks, chart.per_s ? 0.1 : 1);
  const end = times.at(-1) ?? 0;
  // A young lab's minutes are not pressed into a corner.
  const minutes = Math.max(1, Math.ceil((end - (times[0] ?? end)) / MINUTE_US));
  const x = (at) => round(WIDTH * (1 - (end - at) / (minutes * MINUTE_US)));
  const y = (value) => round(HEIGHT - ROOM - (HEIGHT - 2 * ROOM) * (value / top));
  return h("div", { class: "metric-picture" },
    h("span", { class: "metric-top" }, shown(chart, top)),
    h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: ${chart.lines.map((line) => `${line.label} ${shown(chart, last(line))}`).join(", ")}` },
      h("path", { key: "ground", class: "metric-ground", d: `M0 ${y(0)}H${WIDTH}` }),
      marks.map((mark) => h("path", { key: `mark ${mark}`, class: "metric-mark", d: `M0 ${y(mark)}H${WIDTH}` })),
      chart.lines.map((line, index) => h("path", { key: line.label, class: "metric-line", "data-line": index, d: path(line.values, times, x, y) }))),
    h("span", { class: "metric-from" }, `${minutes} min ago`), h("span", { class: "metric-to" }, marks.length > 0 ? `bad ${chart.above === null ? "below" : "above"} ${shown(chart, marks[0])} (dashed) · now` : "now"));
}

/** Broken where there was nothing to measure. A point alone becomes a short stroke. */
function path(values, times, x, y) {
  let drawn = "";
  let joined = false;
  values.forEach((value, index) => {
    if (value === null) {
      joined = false;
      return;
    }
    const alone = !joined && (values[index + 1] ?? null) === null;
    drawn += `${joined ? "L" : "M"}${x(times[index])} ${y(value)}${alone ? "h-3" : ""}`;
    joined = true;
  });
  return drawn;
}

const round = (value) => Math.round(value * 10) / 10;

function legend(chart) {
  return h("ul", { class: "metric-legend" }, chart.lines.map((line, index) => h("li", { key: line.label, "data-bad": isBad(chart, last(line)) ? "fault" : null },
    h("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, h("path", { class: "metric-line", "data-line": index, d: "M0 4H22" })),
    h("span", null, line.label), h("strong", null, shown(chart, last(line))))),
  chart.left_out > 0 && h("li", { key: "more", class: "quiet" }, `and ${chart.left_out} more, which are smaller`));
}

function table(chart, times, name) {
  const end = times.at(-1) ?? 0;
  const ago = (line, minutes) => {
    const at = end - minutes * MINUTE_US;
    const index = times.findLastIndex((time) => time <= at);
    return index < 0 ? null : line.values[index];
  };
  return h("div", { class: "metric-table", tabindex: 0, role: "region", "aria-label": `${name} as a table` }, h("table", null,
    h("thead", null, h("tr", null, h("th", { scope: "col" }, spoken(chart.by)), h("th", { scope: "col" }, "Now"),
      BACK_MIN.map((minutes) => h("th", { key: minutes, scope: "col" }, `${minutes} min ago`)), h("th", { scope: "col" }, "Least"), h("th", { scope: "col" }, "Most"))),
    h("tbody", null, chart.lines.map((line) => {
      const known = line.values.filter((value) => value !== null);
      return h("tr", { key: line.label }, h("th", { scope: "row" }, line.label), h("td", null, shown(chart, last(line))),
        BACK_MIN.map((minutes) => h("td", { key: minutes }, shown(chart, ago(line, minutes)))),
        h("td", null, shown(chart, known.length ? Math.min(...known) : null)), h("td", null, shown(chart, known.length ? Math.max(...known) : null)));
    }))));
}
