/** Help: choices, other pages and the list of keys, beside the stage and never over it. */

import { keysHere } from "./keys.js";
import { h, paint } from "./paint.js";

const at = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** @param {boolean} [open] @returns {boolean} whether it was open before */
export function showHelp(open) {
  const help = at("#help");
  const was = !help.hidden;
  help.hidden = !(open ?? !was);
  at(".top [data-press=help]").setAttribute("aria-expanded", String(!help.hidden));
  if (help.hidden) {
    if (was && help.contains(document.activeElement)) at(".top [data-press=help]").focus();
    return was;
  }
  paint(at("#key-list"), keysHere().map(({ shown, does, single }) => h("div", { key: shown, "data-single": String(single) },
    h("dt", null, shown.split(", ").map((one) => h("kbd", null, one))), h("dd", null, does))));
  at("#help h2").focus();
  return was;
}
