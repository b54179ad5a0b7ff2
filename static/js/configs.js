/** The Config tab: each setting with its value, where that comes from, what it means, and how to change it. */

import { makeAsker } from "./asking.js";
import { h } from "./paint.js";

/** @param {{refresh: () => void}} hands */
export function makeConfigs(hands) {
  const asker = makeAsker(document.documentElement.dataset.configsUrl ?? "", hands.refresh);
  let wanted = "";
  let onlyOwn = false;
  let last = { shown: null, wanted: "", onlyOwn: false, drawn: /** @type {any[]} */ ([]) };
  document.addEventListener("input", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.id === "config-filter") wanted = field.value.trim().toLowerCase();
    else if (field.id === "config-own") onlyOwn = field.checked;
    else return;
    hands.refresh();
  });
  return {
    /** @param {import("./types.js").Model} model @param {import("./types.js").Ui} ui @param {string} stamp */
    draw(model, ui, stamp) {
      if (ui.selected === null) return [h("p", { class: "quiet" }, "Choose a topic, a broker, a group or a client on the stage, and its settings are told here.")];
      const changed = [...model.facts].reverse().find((fact) => fact.kind === "ConfigChanged");
      const shown = asker.answer({ id: ui.selected }, `${changed?.moment ?? ""} ${stamp}`);
      if (shown === null) return [h("p", { class: "quiet" }, "Asking for the settings…")];
      // What a form says of its last answer stays until there is something else to show.
      if (last.shown !== shown || last.wanted !== wanted || last.onlyOwn !== onlyOwn) last = { shown, wanted, onlyOwn, drawn: drawConfigs(shown, wanted, onlyOwn) };
      return last.drawn;
    },
  };
}

/** @param {{of: string, rows: any[], note: string, unread: [string, string[]][]}} shown */
export function drawConfigs(shown, wanted, onlyOwn) {
  if (shown.rows.length === 0) return [h("p", { key: "note", class: "quiet" }, shown.note)];
  const fits = shown.rows.filter((row) => row.name.includes(wanted) && (!onlyOwn || row.own));
  const own = shown.rows.filter((row) => row.own).length;
  const rows = [...fits.filter((row) => row.own), ...fits.filter((row) => !row.own && !row.unread), ...fits.filter((row) => !row.own && row.unread)];
  return [
    h("h2", { key: "title" }, `Settings of ${shown.of}`),
    shown.note && h("p", { key: "note", class: "about" }, shown.note),
    h("div", { key: "tools", class: "config-tools" },
      h("input", { id: "config-filter", type: "search", placeholder: "Find a setting", "aria-label": "Find a setting" }),
      h("label", null, h("input", { id: "config-own", type: "checkbox" }), ` only the ${own} set here`)),
    h("ul", { key: "rows", class: "configs" }, rows.map(drawRow)),
    rows.length === 0 && h("p", { key: "none", class: "quiet" }, "No setting fits that."),
    shown.unread.length > 0 && h("details", { key: "unread", class: "more" },
      h("summary", null, "Settings that Kafka has and nothing here reads"),
      shown.unread.map(([says, names]) => h("div", { key: says, class: "config-unread" }, h("p", null, says), h("p", { class: "quiet" }, names.join(", "))))),
  ].filter(Boolean);
}

function drawRow(row) {
  const where = row.unread ? "no effect" : row.own ? "set here" : row.says_source;
  return h("li", { key: row.name, class: "config", "data-own": row.own, "data-unread": row.unread !== "" },
    h("details", null,
      h("summary", null,
        h("span", { class: "config-name" }, row.name),
        h("span", { class: "config-value" }, row.value === null || row.value === "" ? "–" : row.value),
        h("span", { class: "config-where" }, row.own && h("span", { "aria-hidden": "true" }, "● "), row.unread && h("span", { "aria-hidden": "true" }, "∅ "), where)),
      h("p", { class: "config-says" }, row.documentation),
      row.unread && h("p", { class: "config-says" }, `It is taken and told again as Kafka does, and has no effect here. ${row.unread}`),
      row.synonyms.length > 0 ? drawSynonyms(row) : h("p", { class: "config-says quiet" }, `${row.says_source}${row.source ? ` (${row.source})` : ""}.`),
      row.edit ? drawEdit(row) : h("p", { class: "config-says quiet" }, row.source ? "Read only: it counts from the start of the broker on." : "It can only be chosen when the client is started.")));
}

/** The first that has a value counts; the others stand behind it. */
function drawSynonyms(row) {
  return h("table", { class: "synonyms" },
    h("tbody", null, row.synonyms.map((one, index) => h("tr", { key: one.source, "data-counts": index === 0 },
      h("td", null, h("span", { "aria-hidden": "true" }, index === 0 ? "● " : "○ "), one.value ?? "null"), h("td", null, one.name),
      h("td", null, h("abbr", { title: one.says }, one.source))))));
}

function drawEdit(row) {
  const { command, fields, field, type, choices, can_reset: canReset } = row.edit;
  const options = choices.length > 0 ? choices : type === "boolean" || type === "true or false" ? ["true", "false"] : null;
  const reader = type === "number" ? "number" : canReset ? "value" : "text";
  return h("form", { key: `edit ${row.value}`, "data-orders": command, autocomplete: "off", novalidate: true, class: "config-edit" },
    Object.entries(fields).map(([name, value]) => h("input", { key: name, type: "hidden", name, value, "data-type": typeof value === "number" ? "number" : "text" })),
    h("div", { class: "config-line" },
      options
        ? h("select", { name: field, "data-type": reader, "aria-label": `New value of ${row.name}` }, options.map((one) => h("option", { key: one, value: one, selected: one === row.value }, one)))
        : h("input", { name: field, "data-type": reader, "aria-label": `New value of ${row.name}`, value: row.value ?? "" }),
      h("button", { type: "submit", class: "small" }, "Set"),
      canReset && row.own && h("button", { type: "button", class: "small", "data-command": JSON.stringify({ command, ...fields, [field]: null }) }, "Reset")),
    h("p", { class: "field-error", "data-error-of": field }),
    h("p", { class: "form-error refusal", "aria-live": "polite" }),
    h("p", null, h("span", { class: "form-done", "aria-live": "polite" })),
    h("p", { class: "equals", hidden: true }, h("span", { class: "quiet" }, "equals "), h("code", null)));
}
