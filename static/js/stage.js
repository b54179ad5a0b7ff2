/** The one file that touches the stage: it lays out, draws and paints, and lets envelopes fly. */

import { cast } from "./cast.js";
import { makeClock } from "./clock.js";
import { drawFlights } from "./draw/flight.js";
import { drawFlow } from "./draw/flow.js";
import { drawLog } from "./draw/log.js";
import { drawMatrix } from "./draw/matrix.js";
import { drawSpace } from "./draw/spacetime.js";
import { drawTools } from "./draw/tools.js";
import { anchors, CROWDED, flowLayout } from "./layout.js";
import { h, paint } from "./paint.js";

const NARROWEST = 980;
const FOR_EACH_MORE = 110;
const DRAWN_FOR = 1100;

/**
 * @param {{frame: HTMLElement, svg: SVGSVGElement, top: HTMLElement, tools: HTMLElement, head: SVGSVGElement}} parts
 * @param {() => {model: import("./types.js").Model, ui: import("./types.js").Ui}} now
 */
export function makeStage(parts, now) {
  const clock = makeClock();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let at = null;
  let lens = "";
  let queued = false;
  let flying = false;
  const people = layer(parts.svg, "people");
  const sky = layer(parts.svg, "sky");
  new ResizeObserver(() => draw()).observe(parts.frame);

  /** @param {number} [most] how large it may be drawn */
  function room(most = 1.3) {
    const { model, ui } = now();
    const more = ui.lens === "flow" ? FOR_EACH_MORE * Math.max(0, cast(model).brokers.length - CROWDED) : 0;
    const scale = Math.max(Math.min(1, parts.frame.clientWidth / (NARROWEST + more)), parts.frame.clientWidth / (DRAWN_FOR + more), 0.5);
    const drawnAt = Math.min(scale, most);
    return { scale: drawnAt, width: parts.frame.clientWidth / drawnAt, height: (parts.frame.clientHeight - 2) / drawnAt };
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
      if (layout.height > space.height && space.scale > 1) {
        // Rather all of it a little smaller than the end of it out of sight.
        space = room(Math.max(1, (space.scale * space.height) / layout.height));
        layout = flowLayout(model, ui, space);
      }
      at = anchors(layout);
      height = layout.height;
      paint(people, [h("g", { key: "flow" }, ...drawFlow(model, ui, layout))]);
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
    paint(sky, flights);
    if (flights.length > 0 && !flying) {
      flying = true;
      requestAnimationFrame(() => {
        flying = false;
        fly();
      });
    }
  }

  return {
    /** Draw at the next frame of the screen, once however often it is asked for. */
    refresh() {
      if (queued) return;
      queued = true;
      requestAnimationFrame(() => {
        queued = false;
        draw();
      });
    },
  };
}

function layer(svg, name) {
  const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
  group.setAttribute("class", name);
  svg.append(group);
  return group;
}
