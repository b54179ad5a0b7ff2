/** The last requests of the real client that is chosen: asked for while somebody looks, and drawn field by field. */

import { drawRequests } from "./draw/requests.js";
import { paint } from "./paint.js";

const ASK_EVERY_MS = 1000;

/** @param {HTMLElement} place */
export function watchRequests(place) {
  let client = "";
  let api = "";
  let timer = 0;

  place.addEventListener("click", (event) => {
    const chosen = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-api]"));
    if (!chosen) return;
    api = chosen.dataset.api ?? "";
    ask();
  });

  async function ask() {
    clearTimeout(timer);
    const [who, what] = [client, api];
    const url = String(place.dataset.url).replace("/0/", `/${who.split(":")[1]}/`);
    try {
      const answer = await fetch(`${url}?${new URLSearchParams({ api: what })}`, { cache: "no-store" });
      const told = answer.ok ? await answer.json() : null;
      // Somebody may have chosen another client, or another API, meanwhile.
      if (told && who === client && what === api) paint(place, drawRequests(told, api));
    } catch (error) {
      // Without a connection the last picture stays; the lamp at the top says what is the matter.
      if (!(error instanceof TypeError)) throw error;
    }
    clearTimeout(timer);
    if (client) timer = window.setTimeout(ask, ASK_EVERY_MS);
  }

  return {
    /** @param {string|null} selected what somebody looks at; null while the pane is closed or the picture is held @param {import("./types.js").Ui} ui */
    look(selected, ui) {
      // Of a client that runs in the lab, a stand-in or the terminal, no bytes were overheard.
      const now = selected && /^client:\d+$/.test(selected) ? selected : "";
      if (now === client) return;
      const held = now === "" && ui.paused && ui.selected === client;
      if (now !== "") api = "";
      client = now;
      clearTimeout(timer);
      if (client) ask();
      else if (!held) paint(place, []);
    },
  };
}
