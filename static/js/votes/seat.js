/** The ballot over the stage of a seat: it opens when something is asked, and a place is chosen by a click on the stage. */

import { watchBallot } from "./ballot.js";

const folded = /** @type {HTMLDetailsElement} */ (document.querySelector("#seat-vote"));

/** Before anybody else hears of it: who votes does not want to inspect. */
function choose(/** @type {Event} */ event) {
  const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("#stage-svg [data-id]"));
  const ballot = /** @type {HTMLElement|null} */ (document.querySelector("#ballot[data-kind=place][data-state=open]"));
  if (on === null || ballot === null || !folded.open) return;
  const choice = [...ballot.querySelectorAll("input[name=said]")].find((one) => /** @type {HTMLInputElement} */ (one).value === on.dataset.id);
  if (choice === undefined) return;
  event.stopPropagation();
  event.preventDefault();
  /** @type {HTMLInputElement} */ (choice).checked = true;
  /** @type {HTMLElement} */ (choice).focus();
}

watchBallot();
document.addEventListener("room", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.type === "vote") folded.open = true;
});
document.addEventListener("click", choose, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === " ") choose(event);
}, true);
