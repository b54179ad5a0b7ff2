/** The one file that touches the stage: it lays out, draws and paints, and lets envelopes fly. */

import { BEAT_MS, makeBeats, standsStill } from "./beats.js";
import { cast } from "./cast.js";
import { makeClock } from "./clock.js";
import { drawChanges } from "./draw/change.js";
import { drawFlights } from "./draw/flight.js";
import { drawFlow } from "./draw/flow.js";
import { drawLog } from "./draw/log.js";
import { drawMatrix } from "./draw/matrix.js";
import { drawRibbons } from "./draw/ribbon.js";
import { drawSpace } from "./draw/spacetime.js";
import { drawTools } from "./draw/tools.js";
import { anchors, CROWDED, flowLayout, ONE_COLUMN } from "./layout.js";
import { paced } from "./pace.js";
import { h, paint } from "./paint.js";

const NARROWEST = 980;
const FOR_EACH_MORE = 110;
const DRAWN_FOR = 1100;
const LEAST_MS = 66;
/** Presenting at 1080 lines the smallest letters, of 11, are 20 pixels high then; small projectors show as much. */
const PRESENTED_FOR = 1048;

/**
 * @param {{frame: HTMLElement, svg: SVGSVGElement, top: HTMLElement, tools: HTMLElement, head: SVGSVGElement}} parts
 * @param {() => {model: import("./types.js").Model, ui: import("./types.js").Ui}} now
 */
export function makeStage(parts, now) {
  const clock = makeClock();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let at = null;
  let lens = "";
  let flying = false;
  const pace = paced(draw, LEAST_MS);
  const beats = makeBeats();
  /** @type {import("./beats.js").Beat|null} */
  let beat = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let beatEnds;
  const people = layer(parts.svg, "people");
  const sky = layer(parts.svg, "sky");
  new ResizeObserver(() => draw()).observe(parts.frame);

  /** @param {number} [most] how large it may be drawn */
  function room(most = 1.3) {
    const { model, ui } = now();
    if (ui.present) return presentedRoom();
    if (ui.lens === "flow" && parts.frame.clientWidth < ONE_COLUMN) return { scale: 1, width: parts.frame.clientWidth, height: 0 };
    const more = ui.lens === "flow" ? FOR_EACH_MORE * Math.max(0, cast(model).brokers.length - CROWDED) : 0;
    const scale = Math.max(Math.min(1, parts.frame.clientWidth / (NARROWEST + more)), parts.frame.clientWidth / (DRAWN_FOR + more), 0.5);
    const drawnAt = Math.min(scale, most);
    return { scale: drawnAt, width: parts.frame.clientWidth / drawnAt, height: (parts.frame.clientHeight - 2) / drawnAt };
  }

  /** The size stays, whatever there is: what has no room is scrolled to, for small letters nobody reads. */
  function presentedRoom() {
    const scale = parts.frame.clientWidth / PRESENTED_FOR;
    return { scale, width: PRESENTED_FOR, height: (parts.frame.clientHeight - 2) / scale };
  }

  function draw() {
    const { model, ui } = now();
    if (model.version < 0 || parts.frame.clientWidth === 0) return;
    clock.hear(model);
    const headed = ui.lens === "matrix" || ui.lens === "spacetime";
    // What is newest stands at the bottom of the space-time lens: who looks there goes on looking there.
    const atBottom = ui.lens === "spacetime" && (lens !== ui.lens || parts.frame.scrollTop + parts.frame.clientHeight > parts.frame.scrollHeight - 8);
    if (lens !== ui.lens) parts.frame.scrollTop = 0;
    lens = ui.lens;
    parts.top.hidden = !headed;
    if (headed) paint(parts.tools, drawTools(model, ui));
    let space = room();
    let height;
    if (ui.lens === "flow") {
      let layout = flowLayout(model, ui, space);
      if (layout.height > space.height && space.scale > 1 && !ui.present) {
        // Rather all of it a little smaller than the end of it out of sight.
        space = room(Math.max(1, (space.scale * space.height) / layout.height));
        layout = flowLayout(model, ui, space);
      }
      at = anchors(layout);
      height = layout.height;
      const ribbons = drawRibbons(model, at);
      paint(people, [h("g", { key: "ribbons" }, ribbons.bands), h("g", { key: "flow" }, ...drawFlow(model, ui, layout)), h("g", { key: "sums" }, ribbons.sums)]);
    } else if (ui.lens === "log") {
      at = null;
      const log = drawLog(model, ui, space);
      height = log.height;
      paint(people, [h("g", { key: "log" }, ...log.drawn)]);
    } else {
      at = null;
      height = drawBelowHead(model, ui, space);
    }
    parts.svg.setAttribute("viewBox", `0 0 ${space.width.toFixed(1)} ${height.toFixed(1)}`);
    parts.svg.setAttribute("height", (height * space.scale).toFixed(0));
    if (atBottom) parts.frame.scrollTop = parts.frame.scrollHeight;
    dim();
    fly();
  }

  /** During a beat whoever takes no part in it steps back. */
  function dim() {
    const { model, ui } = now();
    beat = beats.of(model, standsStill(model, ui));
    clearTimeout(beatEnds);
    parts.svg.toggleAttribute("data-beat", beat !== null);
    if (beat === null) return;
    for (const drawn of people.querySelectorAll("[data-id]")) {
      const takesPart = beat.ids.has(/** @type {SVGElement} */ (drawn).dataset.id ?? "");
      if (drawn.hasAttribute("data-away") === takesPart) drawn.toggleAttribute("data-away", !takesPart);
    }
    if (!standsStill(model, ui)) beatEnds = setTimeout(beatIsOver, BEAT_MS);
  }

  function beatIsOver() {
    dim();
    fly();
  }

  /** The lenses whose heads stay in sight however far one scrolls. */
  function drawBelowHead(model, ui, space) {
    const left = { ...space, height: space.height - parts.tools.offsetHeight / space.scale };
    const lens = ui.lens === "matrix" ? drawMatrix(model, ui, left) : drawSpace(model, ui, left);
    paint(people, [h("g", { key: ui.lens }, ...lens.drawn)]);
    paint(parts.head, lens.head.drawn);
    parts.head.setAttribute("viewBox", `0 0 ${space.width.toFixed(1)} ${lens.head.height}`);
    parts.head.setAttribute("height", (lens.head.height * space.scale).toFixed(0));
    return lens.height;
  }

  function fly() {
    const { model, ui } = now();
    clock.hold(ui.paused);
    const flights = at === null ? [] : drawFlights(model, at, clock.now_us(), calm.matches);
    const changes = at !== null && calm.matches && beat !== null ? drawChanges(beat, at) : [];
    paint(sky, [...flights, ...changes]);
    if (flights.length > 0 && !flying) {
      flying = true;
      requestAnimationFrame(() => {
        flying = false;
        fly();
      });
    }
  }

  return {
    /** @param {boolean} asked whether a person waits for it: else it is drawn when it is due */
    refresh(asked) {
      pace.ask(asked);
      fly();
    },
  };
}

function layer(svg, name) {
  const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
  group.setAttribute("class", name);
  svg.append(group);
  return group;
}
