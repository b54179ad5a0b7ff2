/** Ribbons: ways on which more flows than anybody could follow. Each is as wide as much flows, and says how much. */

import { h } from "../paint.js";
import { number, width } from "../words.js";
import { familyOf, isCard } from "./flight.js";

const LETTERS = 11;

/**
 * @param {import("../types.js").Model} model
 * @param {ReturnType<typeof import("../layout.js").anchors>} at
 */
export function drawRibbons(model, at) {
  const wide = Object.values(model.ways).filter((way) => way.wide && at.box(way.source) && at.box(way.target));
  const ends = new Map();
  const drawn = wide.map((way) => {
    const [source, target] = [at.box(way.source), at.box(way.target)];
    const card = isCard(source) ? source : isCard(target) ? target : null;
    const end = card ?? target;
    const sum = ends.get(end) ?? { end, card, family: familyOf(way), per_s: 0 };
    ends.set(end, { ...sum, per_s: sum.per_s + way.per_s });
    return drawRibbon(way, card ? beside(card, card === source ? target : source, at) : above(source, target));
  });
  return { bands: drawn, sums: [...ends.values()].map((sum) => drawSum(sum, at)) };
}

function drawRibbon(way, d) {
  return h("path", {
    key: `${way.api} ${way.source} ${way.target}`, class: "ribbon", "data-family": familyOf(way), d,
    "stroke-width": Math.min(10, 2 + 2.4 * Math.log10(Math.max(1, way.per_s) / 20)).toFixed(1),
  }, h("title", null, `${way.api}, ${way.source} to ${way.target}: ${rate(way)}`));
}

/** From a card into the height of the broker's own lane, and behind the other columns to it. */
function beside(card, broker, at) {
  const [x0, y0] = start(card, broker);
  const side = Math.sign(broker.x + broker.w / 2 - x0);
  const x1 = side > 0 ? broker.x + 4 : broker.x + broker.w - 4;
  const y1 = broker.y + 16 + 12 * (broker.entity.broker % 5);
  const corner = x0 + side * Math.min(at.gap, Math.abs(x1 - x0));
  const middle = (x0 + corner) / 2;
  return `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${corner} ${y1}H${x1}`;
}

function start(card, broker) {
  return [broker.x > card.x ? card.x + card.w : card.x, card.y + (card.entity.kind === "member" ? 12 : 16)];
}

/** What followers copy goes from the top of one column to the top of another. */
function above(source, target) {
  const side = Math.sign(target.x - source.x);
  const [x0, x1] = [source.x + source.w / 2 + side * source.w * 0.12, target.x + target.w / 2 - side * target.w * 0.12];
  const top = source.y - 20;
  return `M${x0} ${source.y}C${x0 + side * 16} ${top} ${x1 - side * 16} ${top} ${x1} ${target.y}`;
}

/** At a card, or on a broker that copies: how much comes and goes there in all. */
function drawSum({ end, card, family, ...sum }, at) {
  const says = card ? rate(sum) : `copies ${rate(sum)}`;
  const w = width(says, LETTERS) + 12;
  const left = card ? end.entity.kind !== "producer" && end.entity.role !== "producer" : false;
  const beside = at.alone !== null ? at.alone - w - 3 : left ? end.x - w - 3 : end.x + end.w + 3;
  const x = card ? beside : end.x + end.w / 2 - w / 2;
  const y = card ? end.y + (end.entity.kind === "member" ? 3 : 7) : end.y - 10;
  return h("g", { key: `sum ${end.entity.id ?? ""}${x} ${y}`, class: "ribbon-sum", "data-family": family, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
    h("rect", { width: w.toFixed(1), height: 18, rx: 9 }), h("text", { x: (w / 2).toFixed(1), y: 13 }, says));
}

const rate = ({ per_s }) => `${number(per_s)}/s`;
