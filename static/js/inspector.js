/** What is chosen, in words: each value with the sentence that says what it means, and what can be done to it. */

import { cast } from "./cast.js";
import { since, whereIs } from "./faults.js";
import { menuOf } from "./menus.js";
import { h } from "./paint.js";
import { archive } from "./portraits/archives.js";
import { client, consumer, producer } from "./portraits/clients.js";
import { broker, controller, fault } from "./portraits/cluster.js";
import { group, transaction } from "./portraits/groups.js";
import { jump } from "./portraits/parts.js";
import { partition, replica, topic } from "./portraits/topics.js";
import { spoken } from "./words.js";

const PORTRAITS = { broker, controller, topic, partition, replica, producer, group, transaction, consumer, fault, client, archive };

/**
 * @param {import("./types.js").Model} model
 * @param {import("./types.js").Ui} ui
 * @param {any[]} past what was so in the last ten seconds, oldest first
 */
export function drawNow(model, ui, past) {
  const entity = ui.selected === null ? undefined : model.entities[ui.selected];
  if (!entity) {
    return [h("p", { class: "quiet" }, ui.selected === null
      ? "Choose a broker, a replica, a group or anything else on the stage, and it explains itself here."
      : "What was chosen here is gone.")];
  }
  const portrait = PORTRAITS[/** @type {keyof typeof PORTRAITS} */ (entity.kind)] ?? unknown;
  const { title, about, rows, first, menu } = portrait({ ...entity, id: ui.selected }, model, past);
  const { acts, faults } = menu === null ? { acts: [], faults: [] } : menuOf(menu ?? entity);
  const buttons = [...(first ?? []).filter(Boolean), ...acts];
  return [
    h("h2", { key: "title" }, title),
    h("p", { key: "about", class: "about" }, about),
    ...faultsHere(entity, model),
    buttons.length > 0 && h("div", { key: "acts", class: "acts" }, buttons),
    faults.length > 0 && h("details", { key: "break", class: "more break" }, h("summary", null, "Break something"), h("div", { class: "acts" }, faults)),
    h("dl", { key: "values", class: "values" }, rows.filter(Boolean).map(([label, value, sentence], index) => h("div", { key: typeof label === "string" ? label : `row ${index}` },
      h("dt", null, label), h("dd", null, value), sentence && h("dd", { class: "meaning" }, sentence)))),
  ].filter(Boolean);
}

/** The faults that hit what is chosen. */
function faultsHere(entity, model) {
  const node = entity.node ?? entity.name;
  if (node === undefined || entity.kind === "fault") return [];
  const on = cast(model);
  const here = on.faults.filter((fault) => fault.nodes.includes(node));
  return here.length === 0 ? [] : [h("ul", { key: "faults", class: "faults-here" }, here.map((fault) => h("li", { key: fault.id },
    jump(`${whereIs(fault, on.brokers.length)}: ${fault.label}`, fault.id), h("span", { class: "quiet" }, ` ${since(model, fault)}`), menuOf(fault).acts)))];
}

/** What the page has no portrait of is shown as it comes. */
function unknown(it) {
  const plain = Object.entries(it).filter(([name, value]) => !["kind", "id"].includes(name) && typeof value !== "object");
  return { title: it.id.replace(":", " "), about: "", rows: plain.map(([name, value]) => [spoken(name), String(value), null]) };
}
