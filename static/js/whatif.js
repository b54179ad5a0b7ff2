/** What if: a choice of what could have been different, and the way to the two histories side by side. */

import { h, paint } from "./paint.js";

/** @param {{ask: (command: any) => Promise<import("./types.js").Answer>}} hands */
export function wireWhatIf(hands) {
  const details = /** @type {HTMLDetailsElement} */ (document.querySelector("#what-if"));
  // What can be changed is what has been done by then.
  details.addEventListener("toggle", () => {
    if (details.open) /** @type {any} */ (window).htmx.ajax("GET", details.dataset.url, { target: "#what-if-form", swap: "innerHTML" });
  });
  details.addEventListener("submit", (event) => {
    event.preventDefault();
    play(/** @type {HTMLFormElement} */ (event.target), hands);
  });
}

/** @param {HTMLFormElement} form */
async function play(form, hands) {
  const said = /** @type {Element} */ (form.querySelector(".what-if-said"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const change = /** @type {HTMLSelectElement} */ (form.elements.namedItem("change")).value;
  button.disabled = true;
  paint(said, [h("p", { key: "waits", class: "quiet" }, "Playing it again …")]);
  const answer = await hands.ask({ command: "what_if", change });
  button.disabled = false;
  if (!answer.ok) {
    paint(said, [h("p", { key: "error", class: "refusal" }, answer.error ?? "It was refused.")]);
    return;
  }
  const { says, trunk, a, b } = answer.detail;
  paint(said, [h("p", { key: "says" }, says), h("p", { key: "way" }, h("a", { href: `/labs/${trunk}/compare/?a=${a}&b=${b}` }, "Both histories side by side"))]);
}
