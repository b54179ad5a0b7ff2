/** A learner's ballot is asked for again whenever the room is told of a vote, and when a lost line has come back. */

export function watchBallot() {
  document.addEventListener("room", (event) => {
    const { type } = /** @type {CustomEvent} */ (event).detail;
    const ballot = /** @type {HTMLElement|null} */ (document.querySelector("#ballot"));
    if (ballot === null || (type !== "vote" && type !== "room")) return;
    // Who types just now is not interrupted because something else in the room has changed.
    if (type === "room" && ballot.contains(document.activeElement)) return;
    /** @type {any} */ (window).htmx.ajax("GET", ballot.dataset.url, { target: "#ballot", swap: "outerHTML" });
  });
}
