/** The words of the drill's pane, in the reader's language: the page brings them along. */

const place = document.querySelector("#drill-words");
/** @type {Record<string, string>} */
const words = JSON.parse(place?.textContent ?? "{}");

/** @param {string} name @param {Record<string, string|number>} [values] what stands in braces */
export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
}
