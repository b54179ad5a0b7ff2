/** The delivery ledger beside the stage: a total of the strip opens its records, and each row leads to its record. */

import { clockTime } from "./words.js";

/** @param {{change: (patch: Partial<import("./types.js").Ui>) => void}} hands */
export function wireLedger(hands) {
  document.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-fate],[data-shows],[data-pane-tab=ledger]"));
    if (!on) return;
    const { fate, shows } = on.dataset;
    if (shows !== undefined) hands.change({ selected: shows, topic: shows.split(":")[1], pane: "bytes" });
    else ask(hands, fate);
  });
  document.addEventListener("htmx:afterSwap", () => tellTimes());
  // A page beside this one, where two labs are compared, leads to one total of the ledger.
  const [, wanted] = location.hash.match(/^#fate=([a-z_]+)$/) ?? [];
  if (wanted) addEventListener("load", () => ask(hands, wanted), { once: true });
}

/** @param {string} [fate] the one that was wanted last, if none is named */
function ask(hands, fate) {
  hands.change({ pane: "ledger" });
  const form = /** @type {HTMLFormElement} */ (document.querySelector("#ledger-finder"));
  if (fate !== undefined) /** @type {HTMLSelectElement} */ (form.elements.namedItem("fate")).value = fate;
  form.dispatchEvent(new Event("wanted"));
}

/** The clock on the wall is the browser's. */
function tellTimes() {
  for (const when of document.querySelectorAll(".ledger-when")) {
    when.textContent = clockTime(Number(/** @type {HTMLElement} */ (when).dataset.at));
  }
}
