/** The words of a room's pages, in the reader's language: the page brings them along. */

/** @type {Record<string, string>} */
const words = JSON.parse(document.querySelector("#room-words")?.textContent ?? "{}");

/** @param {string} name @param {Record<string, string|number>} [values] what stands in braces */
export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
}
