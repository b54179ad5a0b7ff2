/** The metrics pane: asks for the charts of one group while somebody looks, and draws them. */

import { drawMetrics } from "./draw/chart.js";
import { paint } from "./paint.js";

const ASK_EVERY_MS = 5000;

/** @param {HTMLElement} place */
export function watchMetrics(place) {
  let looking = false;
  let group = "";
  let timer = 0;
  /** @type {import("./draw/chart.js").Charts|null} */
  let charts = null;
  let failed = false;

  place.addEventListener("click", (event) => {
    const chosen = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-metric-group]"));
    if (!chosen) return;
    group = chosen.dataset.metricGroup ?? "";
    ask();
  });

  async function ask() {
    clearTimeout(timer);
    const asked = group;
    try {
      const answer = await fetch(`${place.dataset.url}?${new URLSearchParams({ group: asked })}`, { cache: "no-store" });
      failed = !answer.ok;
      // Somebody may have chosen another group meanwhile.
      if (answer.ok && asked === group) {
        charts = await answer.json();
        group = charts?.group ?? "";
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      failed = true;
    }
    paint(place, drawMetrics(charts, failed));
    clearTimeout(timer);
    if (looking) timer = window.setTimeout(ask, ASK_EVERY_MS);
  }

  return {
    /** @param {boolean} now whether somebody looks */
    look(now) {
      if (now === looking) return;
      looking = now;
      if (looking) ask();
      else clearTimeout(timer);
    },
  };
}
