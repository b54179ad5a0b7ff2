/** A seat as the instructor sees it: who, whether a hand is up, where in the course, what was done last, what to do. */

import { h } from "../paint.js";
import { say } from "./words.js";

/** @typedef {import("../types.js").Drawn} Drawn */
/** @typedef {{mark: string, name: string, team: string, place: string, here: boolean, hand_min: number|null, idle_min: number,
 *             did: string, lesson: string, section: string, said: string, right: boolean|null, hints: number, finished: boolean,
 *             lab: string, state: "none"|"asleep"|"awake"|"broken"|"drill"}} Tile */

const STUCK_MIN = 5;
/** @type {Record<string, string>} */
const MARKS = { hand: "↑", finished: "✓", stuck: "!", steady: "·" };

/** @param {{tiles: Tile[], spotlight: string}} board @param {string} token @returns {Drawn[]} */
export function drawTiles(board, token) {
  if (board.tiles.length === 0) return [h("p", { key: "nobody", class: "lead" }, say("nobody"))];
  return board.tiles.map((tile) => drawTile(tile, board.spotlight === tile.place, token));
}

/** @param {Tile} tile @param {boolean} lit @param {string} token */
function drawTile(tile, lit, token) {
  const state = tile.hand_min !== null ? "hand" : tile.finished ? "finished" : tile.idle_min >= STUCK_MIN ? "stuck" : "steady";
  return h("div", { key: tile.mark, class: "tile", role: "listitem", "data-state": state, "data-lit": String(lit), "data-seat": tile.name },
    h("h2", null, h("span", null, tile.name), tile.team && h("span", { class: "tile-team" }, tile.team)),
    h("p", { class: "tile-state" }, h("span", { class: "tile-mark", "aria-hidden": "true" }, MARKS[state]), ` ${stateOf(tile, state)}`),
    tile.lesson && h("p", { class: "tile-lesson" }, tile.lesson, tile.section && h("span", { class: "quiet" }, ` · ${tile.section}`)),
    (tile.said || tile.hints > 0) && h("p", { class: "tile-said", "data-right": String(tile.right) }, [predicted(tile), tile.hints > 0 ? say("hints", { count: tile.hints }) : ""].filter(Boolean).join(" · ")),
    tile.did && h("p", { class: "tile-did", title: tile.did }, h("span", { class: "only-heard" }, say("did")), h("code", null, tile.did)),
    h("p", { class: "tile-lab quiet" }, [say(tile.state), tile.here ? "" : say("away")].filter(Boolean).join(" · ")),
    h("div", { class: "tile-acts" },
      tile.lab && h("a", { class: "tile-watch", href: `watch/${tile.place}/`, target: "_blank", rel: "noopener" }, say("watch")),
      tile.lab && form(token, "spotlight", lit ? "" : tile.place, say(lit ? "spotlit" : "spotlight"), { class: "small", "aria-pressed": String(lit) }),
      h("details", { class: "tile-more" }, h("summary", null, say("more")),
        tile.lab && form(token, "begin_again", tile.place, say("begin_again"), { class: "small danger" }),
        form(token, "remove", tile.mark, say("remove"), { class: "small danger" }))));
}

/** @param {Tile} tile @param {string} state */
function stateOf(tile, state) {
  if (state === "hand") return say("hand", { minutes: tile.hand_min ?? 0 });
  if (state === "finished") return say("finished");
  return tile.idle_min > 0 ? say("idle", { minutes: tile.idle_min }) : say("steady");
}

/** @param {Tile} tile */
function predicted(tile) {
  if (!tile.said) return "";
  return say(tile.right === null ? "predicted" : tile.right ? "right" : "wrong", { said: tile.said });
}

/** @param {string} token @param {string} order @param {string} value @param {string} label @param {Record<string, string>} props */
function form(token, order, value, label, props) {
  return h("form", { key: order, "data-order": "" },
    h("input", { type: "hidden", name: "csrfmiddlewaretoken", value: token }),
    h("input", { type: "hidden", name: "value", value }),
    h("button", { name: "order", value: order, ...props }, label));
}
