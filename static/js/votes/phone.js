/** A learner's ballot is asked for again whenever the room is told of a vote, and when a lost line has come back. */

import { openRoom } from "../classroom/room.js";

const FRESH = ["vote", "room"];
const root = document.documentElement;

export function watchBallot() {
  document.addEventListener("room", (event) => {
    const { type, open } = /** @type {CustomEvent} */ (event).detail;
    const ballot = document.querySelector("#ballot");
    if (type === "room" && !open) location.reload();
    else if (FRESH.includes(type) && ballot !== null && !isBusy(ballot)) renew(ballot);
  });
}

/** Whoever types just now is not interrupted by the mere return of the line; a new question has another mark. */
function isBusy(ballot) {
  return ballot.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement).matches("input:not([type=radio])") && ballot.dataset.state === "open";
}

function renew(ballot) {
  /** @type {any} */ (window).htmx.ajax("GET", ballot.dataset.url, { target: "#ballot", swap: "outerHTML" });
}

watchBallot();
if (document.querySelector("main.room #ballot")) openRoom(root.dataset.roomSocket ?? "");
