/**
 * Which single key does what: one table, from which the page's help is made as well.
 *
 * A key presses a button that is on the page. What a page does not have it does not list, and its key does nothing.
 */

/** @typedef {{keys: string[], shown: string, does: string, presses: string}} Key `keys` is empty where others listen */

/** @type {Key[]} */
export const KEYS = [
  { keys: [" "], shown: "Space", does: "Hold the picture, or let it go on", presses: "#pause" },
  { keys: ["1"], shown: "1", does: "Flow: who sends what to whom", presses: "[data-lens-tab]:nth-child(1)" },
  { keys: ["2"], shown: "2", does: "Log: offset by offset", presses: "[data-lens-tab]:nth-child(2)" },
  { keys: ["3"], shown: "3", does: "Matrix: partitions by brokers", presses: "[data-lens-tab]:nth-child(3)" },
  { keys: ["4"], shown: "4", does: "Space-time: who asked whom, and when", presses: "[data-lens-tab]:nth-child(4)" },
  { keys: ["t"], shown: "T", does: "The same as tables", presses: "[data-press=tables]" },
  { keys: ["p"], shown: "P", does: "Present: large, light, without all that is around", presses: "[data-press=present]" },
  { keys: [], shown: "/", does: "Terminal", presses: "[data-pane-tab=terminal]" },
  { keys: ["l"], shown: "L", does: "Lesson", presses: "[data-pane-tab=lesson]" },
  { keys: ["f"], shown: "F", does: "Fork: a branch from here", presses: "[data-form=fork]" },
  { keys: [], shown: "B", does: "Bookmark this moment", presses: ":root:not([data-demo]) [data-time=bookmark]" },
  { keys: [], shown: "B", does: "Demo: make the projector dark", presses: "[data-pane-tab=demo]" },
  { keys: [], shown: "[, ]", does: "Time slower, faster", presses: "#speed" },
  { keys: ["?"], shown: "?", does: "This help", presses: ".top [data-press=help]" },
];

/** Keys that are no letters: they stay when single keys are turned off. */
const ALWAYS = [
  { shown: "Tab", does: "To the next thing; on the stage, into it and out of it" },
  { shown: "← ↑ → ↓", does: "On the stage: to the nearest thing in that direction" },
  { shown: "Enter", does: "Inspect what has the focus" },
  { shown: "Esc", does: "Close what is open, let go of what is selected" },
  { shown: "← →", does: "Nothing chosen: one step back or on in time; with Shift to the next event" },
  { shown: "Home, End", does: "To the oldest moment that is held; back to live" },
  { shown: "PgDn, PgUp", does: "Presenting: the next beat, the one before; in a demo: on, back" },
];

const button = (selector) => /** @type {HTMLElement|null} */ (selector ? document.querySelector(selector) : null);

/** @param {KeyboardEvent} event whether a button was pressed by it */
export function pressByKey(event) {
  const found = KEYS.find((one) => one.keys.includes(event.key.length === 1 ? event.key.toLowerCase() : event.key));
  const on = button(found?.presses);
  if (on === null) return false;
  event.preventDefault();
  on.click();
  return true;
}

/** @returns {{shown: string, does: string, single: boolean}[]} what there is on this page */
export function keysHere() {
  return [
    ...KEYS.filter((one) => button(one.presses) !== null).map(({ shown, does }) => ({ shown, does, single: true })),
    ...ALWAYS.map((one) => ({ ...one, single: false })),
  ];
}
