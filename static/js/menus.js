/** What can be done to a thing, as the server says it: the page knows no commands of its own. */

import { h } from "./paint.js";

/**
 * @typedef {{command: string, label: string, fill: Record<string, string>, asks: boolean, fault: boolean,
 *            states: string[], unless: string[], danger: boolean, sure: boolean, share: boolean|null}} MenuItem
 */

/** @type {Record<string, MenuItem[]>} */
const menus = JSON.parse(document.querySelector("#menus")?.textContent ?? "{}");

/** @param {string} label @param {object} command @param {boolean} [danger] */
export const button = (label, command, danger = false) =>
  h("button", { key: label, type: "button", class: danger ? "small danger" : "small", "data-command": JSON.stringify(command) }, label);

/**
 * The buttons for one entity: first what runs and mends it, then what breaks it.
 * @param {import("./types.js").Entity} entity
 * @param {string} [kind] under which kind's menu to look
 */
export function menuOf(entity, kind = entity.kind) {
  const fits = (menus[kind] ?? []).filter((item) => offered(item, entity));
  const drawn = (items) => items.map((item) => drawItem(item, entity));
  return { acts: drawn(fits.filter((item) => !item.fault)), faults: drawn(fits.filter((item) => item.fault)) };
}

function offered(item, entity) {
  if (item.states.length > 0 && !item.states.includes(entity.state)) return false;
  if (item.unless.includes(entity.state)) return false;
  if (item.share !== null && item.share !== (entity.share === true || entity.type === "share")) return false;
  return Object.values(item.fill).every((own) => entity[own] !== undefined && entity[own] !== null);
}

function drawItem(item, entity) {
  const fields = Object.fromEntries(Object.entries(item.fill).map(([field, own]) => [field, entity[own]]));
  if (item.asks) return h("button", { key: item.label, type: "button", class: "small", "data-form": item.command, "data-fill": JSON.stringify(fields) }, item.label);
  const command = { command: item.command, ...fields };
  if (!item.sure) return button(item.label, command, item.danger);
  const name = String(Object.values(fields)[0]);
  return h("details", { key: item.label, class: "twice" }, h("summary", null, item.label), button(`${item.label.replace("…", "")} ${name} for good`, command, true));
}
