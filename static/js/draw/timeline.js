/** The timeline: a tick for each thing worth a word, shaped and coloured by its kind, over three small curves. */

import { familyOf, sentenceOf } from "../facts.js";
import { h } from "../paint.js";
import { clockTime, number, span } from "../words.js";

export const HEIGHT = 64;
const BIN = 10;
const ACTS_Y = 7;
const FACTS_Y = [19, 30];
const SPARKS = { top: 37, bottom: 52 };
const WORDS_Y = 62;
const EDGE = 8;

/** The most telling first: where there is no room for all, these stay. */
const ORDER = ["fault", "error", "leadership", "group", "transaction", "replication", "time", "other"];
export const SHAPES = {
  leadership: "M-3.7-3.7h7.4v7.4h-7.4Z",
  replication: "M0-4.7L4.7 0 0 4.7-4.7 0Z",
  group: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
  transaction: "M-2.3-4h4.6L4.6 0 2.3 4h-4.6L-4.6 0Z",
  fault: "M-3.6-3.6L3.6 3.6M3.6-3.6L-3.6 3.6",
  error: "M0-4.6V1.2M0 3.4V4.6",
  time: "M-3.6-4.2h7.2l-7.2 8.4h7.2Z",
  act: "M-1.4-4.6h2.8V-.2h3L0 4.4-4.4-.2h3Z",
  bookmark: "M-3-4.4h6v8.6L0 1.6-3 4.2Z",
  other: "M-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0Z",
};

/** Of each vital sign: where it stands in a sample, how it is drawn, and the least that fills its height. */
export const CURVES = [
  { name: "records", at: 4, words: "records/s", least: 20, area: true },
  { name: "lag", at: 1, words: "lag", least: 20, area: false },
  { name: "under", at: 2, words: "under-replicated", least: 3, area: false },
  { name: "errors", at: 3, words: "errors/s", least: 1, area: true },
];

/**
 * @typedef {{from_us: number, to_us: number}} Axis
 * @typedef {{at_us: number, kind: string, text: string, node?: string}} Tick
 */

/** @param {Axis} axis @param {number} width @param {number} at_us */
export const xOf = (axis, width, at_us) => EDGE + ((at_us - axis.from_us) / Math.max(1, axis.to_us - axis.from_us)) * (width - 2 * EDGE);

/**
 * Ticks that stand at the same place, at most one of a family in each.
 * @param {Tick[]} ticks @param {Axis} axis @param {number} width
 */
export function binned(ticks, axis, width) {
  /** @type {Map<number, Map<string, Tick[]>>} */
  const bins = new Map();
  for (const tick of ticks) {
    if (tick.at_us < axis.from_us || tick.at_us > axis.to_us) continue;
    const place = Math.floor(xOf(axis, width, tick.at_us) / BIN);
    const families = bins.get(place) ?? new Map();
    bins.set(place, families);
    const family = familyOf(tick.kind);
    families.set(family, [...(families.get(family) ?? []), tick]);
  }
  return bins;
}

/** What stands near a place, the nearest moment first told. @param {Tick[]} ticks @param {Axis} axis @param {number} width @param {number} x */
export function nearest(ticks, axis, width, x) {
  let best = null;
  let least = BIN * 0.7;
  for (const tick of ticks) {
    const away = Math.abs(xOf(axis, width, tick.at_us) - x);
    if (away < least) [best, least] = [tick, away];
  }
  return best;
}

/**
 * @param {{axis: Axis, ticks: Tick[], signs: number[][], bookmarks: Tick[], first_us: number, began_us: number,
 *          at_us: number, live_us: number, away: boolean}} line
 * @param {number} width in pixels
 */
export function drawTimeline(line, width) {
  const { axis } = line;
  const x = (/** @type {number} */ at_us) => xOf(axis, width, at_us).toFixed(1);
  return [
    lost(line, x),
    h("g", { key: "curves", class: "curves" }, CURVES.map((curve) => sparkline(line, width, curve))),
    h("g", { key: "clock", class: "axis" }, hours(axis, width)),
    h("g", { key: "ticks" }, [...binned(line.ticks, axis, width)].map(([place, families]) => bin(place, families))),
    h("g", { key: "bookmarks" }, line.bookmarks.filter((one) => one.at_us >= axis.from_us && one.at_us <= axis.to_us)
      .map((one) => mark("bookmark", x(one.at_us), ACTS_Y, `b${one.at_us}`))),
    line.away && h("path", { key: "edge", class: "live-edge", d: `M${x(Math.min(line.live_us, axis.to_us))} 0V${SPARKS.bottom}` }),
    h("path", { key: "cursor", class: "cursor", d: `M${x(line.at_us)} 0V${SPARKS.bottom}` }),
    h("path", { key: "cursor-head", class: "cursor-head", d: `M${x(line.at_us)} ${SPARKS.bottom + 1}l5 6h-10Z` }),
  ];
}

function bin(place, families) {
  const x = (place * BIN + BIN / 2).toFixed(1);
  const there = ORDER.filter((family) => families.has(family));
  const drawn = there.slice(0, FACTS_Y.length).map((family, row) => mark(family, x, FACTS_Y[row], family));
  if (families.has("act")) drawn.push(mark("act", x, ACTS_Y, "act"));
  return h("g", { key: place }, drawn);
}

function mark(family, x, y, key) {
  return h("path", { key, class: "tick", "data-family": family, d: SHAPES[family], transform: `translate(${x} ${y})` });
}

/** What was there once and is no longer held. */
function lost(line, x) {
  if (line.first_us <= line.axis.from_us || line.began_us >= line.first_us) return null;
  return h("path", { key: "lost", class: "lost", d: `M${x(line.axis.from_us)} 0H${x(line.first_us)}V${SPARKS.bottom}H${x(line.axis.from_us)}Z` });
}

function sparkline(line, width, curve) {
  const { axis } = line;
  const samples = line.signs;
  let first = samples.findIndex((sample) => sample[0] >= axis.from_us);
  first = Math.max(0, (first < 0 ? samples.length : first) - 1);
  const shown = samples.slice(first).filter((sample) => sample[0] <= axis.to_us);
  if (shown.length === 0) return null;
  const most = Math.max(curve.least, ...shown.map((sample) => sample[curve.at]));
  const y = (value) => (SPARKS.bottom - (value / most) * (SPARKS.bottom - SPARKS.top)).toFixed(1);
  const x = (at_us) => xOf(axis, width, Math.max(axis.from_us, Math.min(axis.to_us, at_us))).toFixed(1);
  const steps = shown.map((sample) => `H${x(sample[0])}V${y(sample[curve.at])}`).join("");
  const end = x(Math.min(line.live_us, axis.to_us));
  const from = x(shown[0][0]);
  const path = curve.area
    ? `M${from} ${SPARKS.bottom}${steps}H${end}V${SPARKS.bottom}Z`
    : `M${from} ${y(shown[0][curve.at])}${steps}H${end}`;
  return h("path", { key: curve.name, class: "curve", "data-curve": curve.name, d: path });
}

/**
 * What the curves say at that moment: their names, so that no colour has to be known.
 * @param {number[][]} signs @param {number} at_us
 */
export function curveWords(signs, at_us) {
  const before = signs.filter((sample) => sample[0] <= at_us);
  const sample = before[before.length - 1];
  if (!sample) return [];
  return CURVES.map((curve) => h("span", { key: curve.name, class: "curve-word", "data-curve": curve.name },
    h("svg", { viewBox: "0 0 14 8", class: "curve-key", "aria-hidden": "true" }, h("path", { class: "curve", "data-curve": curve.name, d: curve.area ? "M0 8V2H14V8Z" : "M0 5H14" })),
    `${curve.words} ${number(sample[curve.at])}`));
}

/**
 * What happened last before the moment that is shown, with the time at which it happened.
 * @param {Tick|null} told @param {number} at_us @param {{lost: string, away: boolean}} how why the moment cannot be shown; whether it is one of the past
 */
export function drawCaption(told, at_us, { lost, away }) {
  if (told === null) return [h("time", { key: "t" }, clockTime(at_us)), h("span", { key: "s", class: lost ? "refusal" : null }, lost || "Nothing of note has happened yet.")];
  const family = told.kind === "Bookmark" ? "bookmark" : familyOf(told.kind);
  const since_us = at_us - told.at_us;
  return [
    h("time", { key: "t" }, clockTime(told.at_us)),
    h("svg", { key: "m", class: "beat-mark", viewBox: "-6 -6 12 12", "aria-hidden": "true" }, h("path", { class: "tick", "data-family": family, d: SHAPES[family] })),
    h("span", { key: "s" }, sentenceOf(told)),
    away && since_us >= 1_000_000 && h("small", { key: "before" }, `${span(since_us)} before what is shown`),
  ].filter(Boolean);
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];

/** The times of day under it, so many as there is room for. */
function hours(axis, width) {
  const span_s = (axis.to_us - axis.from_us) / 1_000_000;
  const step = STEPS_S.find((s) => (s / span_s) * width >= 90) ?? 86_400;
  const drawn = [];
  for (let s = Math.ceil(axis.from_us / 1_000_000 / step) * step; s * 1_000_000 <= axis.to_us; s += step) {
    const at = xOf(axis, width, s * 1_000_000);
    if (at < 28 || at > width - 28) continue;
    drawn.push(h("path", { key: `l${s}`, class: "axis-line", d: `M${at.toFixed(1)} ${SPARKS.top}V${SPARKS.bottom + 3}` }));
    drawn.push(h("text", { key: s, class: "axis-word", x: at.toFixed(1), y: WORDS_Y }, dayTime(s)));
  }
  return drawn;
}

function dayTime(s) {
  const at = new Date(s * 1000);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
