/**
 * Time in the hand: the view goes back to what was recorded, plays it, steps through it, and comes back to live.
 *
 * The engine goes on meanwhile. What stands here decides only which moment the page shows.
 */

import { curveWords, drawCaption, drawTimeline, HEIGHT, nearest, xOf } from "./draw/timeline.js";
import { isRoutine, sentenceOf } from "./facts.js";
import { paint } from "./paint.js";
import { makePast, shownAt } from "./past.js";
import { share } from "./share.js";
import { clockTime, span } from "./words.js";

const SECOND_US = 1_000_000;
const SPANS_S = { "1 min": 60, "5 min": 300, all: Infinity };
const SHORTEST_S = 60;
const TICKS_KEPT = 3000;
const DRAW_MS = 250;
const SPEEDS = [0.01, 0.1, 0.5, 1, 2, 10];
const AHEAD_S = 2;
const NO_TICK = new Set(["Packet", "PacketCount", "EventCount"]);

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./draw/timeline.js").Tick} Tick */

const find = (/** @type {string} */ selector) => /** @type {any} */ (document.querySelector(selector));
const worthATick = (/** @type {any} */ fact) => !NO_TICK.has(fact.kind) && !isRoutine(fact) && fact.text !== undefined;

/**
 * @param {{show: (model: Model) => void, live: () => Model, ui: () => import("./types.js").Ui,
 *          hold: (paused: boolean) => void, say: (sentence: string) => void, ask: (command: any) => Promise<any>}} page
 */
export function wireTimeline(page) {
  const bar = find("#timeline");
  const past = makePast(bar.dataset.runUrl);
  const kept = `kafkalab-bookmarks-${bar.dataset.name}`;
  /** @type {{ticks: Tick[], signs: number[][], first_us: number, began_us: number}} */
  let line = { ticks: [], signs: [], first_us: 0, began_us: 0 };
  /** @type {Tick[]} */
  let bookmarks = JSON.parse(localStorage.getItem(kept) ?? "[]");
  /** @type {{at_us: number, playing: boolean, speed: number}|null} null: the page shows what is. */
  let away = null;
  /** @type {import("./draw/timeline.js").Axis} */
  let axis = { from_us: 0, to_us: 1 };
  let spanned = "5 min";
  let heardMs = performance.now();
  let pointed = null;
  let wanted = 0;
  let lost = "";
  let playedMs = 0;
  let drawnMs = 0;
  let wantsIndex = true;

  // -- what is known -------------------------------------------------------------------------------

  async function takeIndex() {
    wantsIndex = false;
    const heard = line.ticks;
    const answer = await fetch(bar.dataset.indexUrl);
    if (!answer.ok) return;
    const index = await answer.json();
    line = {
      ticks: [...index.ticks.filter(worthATick), ...heard.filter((tick) => tick.at_us > index.last_us)],
      signs: index.signs, first_us: index.first_us ?? 0, began_us: index.began_us ?? 0,
    };
    bookmarks = bookmarks.filter((one) => one.at_us >= line.first_us);
    draw();
  }

  function hear(frame) {
    heardMs = performance.now();
    if (frame.type === "snapshot" || wantsIndex) void takeIndex();
    else line.ticks.push(...frame.events.filter(worthATick));
    if (line.ticks.length > TICKS_KEPT * 1.2) line.ticks = line.ticks.slice(-TICKS_KEPT);
    const signs = frame.entities.signs;
    if (signs) {
      const sample = [frame.at_us, signs.largest_lag, signs.under_replicated, signs.produce_errors_per_s, signs.records_in_per_s];
      const last = line.signs[line.signs.length - 1];
      if (last && Math.floor(last[0] / SECOND_US) === Math.floor(frame.at_us / SECOND_US)) line.signs[line.signs.length - 1] = [last[0], ...sample.slice(1)];
      else line.signs.push(sample);
    }
    if (away === null) page.show(page.live());
    if (performance.now() - drawnMs > DRAW_MS) draw();
  }

  /** The lab's time now. Where nothing happens no frame comes, and time passes all the same. */
  function edge_us() {
    const live = page.live();
    return Math.round(live.at_us + (performance.now() - heardMs) * 1000 * live.rate);
  }

  // -- going there and coming back -------------------------------------------------------------------

  /**
   * Show that moment. Of two that are asked for one after the other the later one counts.
   * @param {number} at_us
   * @param {{playing?: boolean, told?: boolean}} [how] told: the frame that tells what happened then, not the one before
   */
  async function goTo(at_us, { playing = false, told = false } = {}) {
    const number = ++wanted;
    const bounded = Math.max(line.first_us, Math.min(at_us, page.live().at_us));
    leave(bounded, playing);
    try {
      await past.have(bounded, page.live().at_us);
    } catch (failed) {
      lost = /** @type {Error} */ (failed).message;
      draw();
      return;
    }
    if (number !== wanted || away === null) return;
    away.at_us = told ? shownAt(past.frames(), bounded) : bounded;
    showPast();
  }

  function leave(at_us, playing) {
    if (away === null) axis = axisNow();
    away = { at_us, playing, speed: away?.speed ?? speed() };
    playedMs = performance.now();
    lost = "";
    page.hold(!playing);
    if (playing) requestAnimationFrame(play);
    draw();
  }

  function showPast() {
    if (away === null) return;
    const model = past.at(away.at_us);
    const at_us = away.playing ? model.at_us : away.at_us;
    page.show({ ...model, at_us, rate: away.playing ? away.speed : 0 });
    draw();
  }

  function goLive() {
    wanted += 1;
    if (away === null) return;
    away = null;
    lost = "";
    past.forget();
    page.hold(false);
    page.show(page.live());
    draw();
  }

  let shownVersion = -1;
  function play() {
    if (away === null || !away.playing) return;
    const now = performance.now();
    const live = page.live();
    const next = away.at_us + (now - playedMs) * 1000 * away.speed;
    playedMs = now;
    if (next >= live.at_us && (away.speed >= 1 || next >= edge_us())) {
      goLive();
      return;
    }
    past.goOn(next, AHEAD_S * SECOND_US * away.speed, live.at_us);
    if (past.has(next) || next > live.at_us) {
      away.at_us = Math.min(next, edge_us());
      const model = past.at(away.at_us);
      if (model.version !== shownVersion) {
        shownVersion = model.version;
        showPast();
      } else if (now - drawnMs > DRAW_MS / 3) draw();
    }
    requestAnimationFrame(play);
  }

  /** In lab time it is the cluster itself that can be held. */
  const ownTime = () => {
    const lab = page.live().entities.lab;
    return away === null && lab?.mode === "lab" ? lab : null;
  };

  /** Hold the picture, or go on from where it stands. */
  function toggle() {
    const lab = ownTime();
    if (lab) void page.ask({ command: lab.paused ? "play_time" : "pause_time" });
    else if (away === null) {
      // It is on the screen already, with all that is under way: nothing needs to be fetched to hold it.
      leave(page.live().at_us, false);
      showHeld();
    } else if (away.playing) {
      away.playing = false;
      page.hold(true);
      showPast();
    } else void goTo(away.at_us, { playing: true });
  }

  function showHeld() {
    page.show({ ...page.live(), rate: 0 });
    draw();
  }

  /** @param {1|-1} way */
  async function step(way) {
    const from = away?.at_us ?? page.live().at_us;
    if (away === null && way > 0) return;
    const live_us = page.live().at_us;
    leave(from, false);
    try {
      await past.have(from, live_us);
      let to = past.beside(from, way);
      if (to === undefined) {
        await past.have(from + way * 3 * SECOND_US, live_us);
        to = past.beside(from, way);
      }
      if (to === undefined && way > 0 && from >= live_us - SECOND_US) goLive();
      else await goTo(to ?? from + way * SECOND_US);
    } catch (failed) {
      lost = /** @type {Error} */ (failed).message;
      draw();
    }
  }

  /** To the next thing worth a word. @param {1|-1} way */
  function leap(way) {
    const from = away?.at_us ?? edge_us();
    const marks = [...line.ticks, ...bookmarks].map((tick) => tick.at_us).sort((one, other) => one - other);
    // A frame tells all that happened since the one before it: back means before that one.
    const before_us = away === null ? from : past.frameBefore(from) ?? from;
    const to = way > 0 ? marks.find((at) => at > from) : marks.reverse().find((at) => at <= before_us && at >= line.first_us);
    if (to !== undefined) void goTo(to, { told: true });
    else if (way > 0) goLive();
    else void goTo(line.first_us);
  }

  const speed = () => Number(find("#speed").value);
  function setSpeed(to) {
    find("#speed").value = String(to);
    if (away) away.speed = to;
    draw();
  }

  function bookmark() {
    const at_us = Math.round(away?.at_us ?? page.live().at_us);
    const there = bookmarks.find((one) => Math.abs(one.at_us - at_us) < 1000);
    bookmarks = there ? bookmarks.filter((one) => one !== there) : [...bookmarks, { at_us, kind: "Bookmark", text: `Bookmark: ${sentenceAt(at_us)}` }].slice(-50);
    localStorage.setItem(kept, JSON.stringify(bookmarks));
    page.say(there ? "The bookmark is gone." : `Bookmark at ${clockTime(at_us)}.`);
    draw();
  }

  // -- in words --------------------------------------------------------------------------------------

  /** The last of what was worth a word until then. @returns {Tick|null} */
  function lastAt(at_us) {
    let last = null;
    for (const tick of line.ticks) if (tick.at_us <= at_us && (last === null || tick.at_us >= last.at_us)) last = tick;
    // What the lab did before it was first looked at is on no timeline, and is told beside it all the same.
    return last ?? /** @type {Tick|undefined} */ (page.live().facts.findLast((fact) => fact.at_us <= at_us)) ?? null;
  }

  const sentenceAt = (at_us) => {
    const last = lastAt(at_us);
    return last === null ? "Nothing of note has happened yet." : sentenceOf(last);
  };

  /** How far the moment shown is from now; while they are one the page's other words say so. */
  const behind = () => (away === null ? "" : `live +${span(Math.max(0, edge_us() - away.at_us))} behind`);

  /** Why nothing can be done just now; undefined while the page shows what is. */
  function refusal() {
    if (away === null) return undefined;
    return `You look at ${clockTime(away.at_us)}, ${span(edge_us() - away.at_us)} ago, and the cluster has gone on since: go back to live before you act, or branch here.`;
  }

  // -- drawing ---------------------------------------------------------------------------------------

  function axisNow() {
    const to_us = edge_us();
    const longest = SPANS_S[/** @type {keyof typeof SPANS_S} */ (spanned)] * SECOND_US;
    const from_us = Math.max(line.first_us, to_us - longest);
    return { from_us: Math.min(from_us, to_us - SHORTEST_S * SECOND_US), to_us };
  }

  function draw() {
    drawnMs = performance.now();
    const live = page.live();
    if (live.version < 0) return;
    const edge = edge_us();
    if (away === null) axis = axisNow();
    else axis = { from_us: Math.min(axis.from_us, away.at_us), to_us: Math.max(axis.to_us, away.at_us) };
    const at_us = away?.at_us ?? edge;
    document.documentElement.dataset.past = String(away !== null);
    const svg = find("#timeline-svg");
    const width = svg.clientWidth || 800;
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    paint(svg, drawTimeline({ ...line, axis, bookmarks, at_us, live_us: edge, away: away !== null }, width).filter(Boolean));
    const range = find("#moment");
    range.min = String(Math.ceil(axis.from_us / 1000));
    range.max = String(Math.ceil(axis.to_us / 1000));
    if (document.activeElement !== range || away !== null) range.value = String(Math.round(at_us / 1000));
    range.setAttribute("aria-valuetext", `${clockTime(at_us)}, ${behind() || "live"}. ${sentenceAt(at_us)}`);
    paint(find("#beat"), drawCaption(lost ? null : pointed ?? lastAt(at_us), at_us, { lost, away: away !== null && pointed === null }));
    paint(find("#curve-words"), curveWords(line.signs, pointed?.at_us ?? at_us));
    find("#behind").textContent = behind();
    find("#live").hidden = away === null;
    const playing = away === null ? !ownTime()?.paused : away.playing;
    find("#play").dataset.state = playing ? "plays" : "stands";
    find("#play").setAttribute("aria-label", playing ? (ownTime() ? "Hold time" : "Hold the picture") : "Play from here");
    find("#step-on").disabled = find("#leap-on").disabled = away === null;
    find("#branch").hidden = away === null;
    find("#branch").dataset.command = JSON.stringify({ command: "fork", at_us: Math.round(at_us) });
    for (const chip of bar.querySelectorAll("[data-span]")) chip.setAttribute("aria-pressed", String(chip.dataset.span === spanned));
    const held = line.began_us < line.first_us ? `Held from ${clockTime(line.first_us)} on; what was before is no longer there.` : "Everything since the lab was opened is held.";
    find("#held").textContent = held;
  }

  // -- hands -----------------------------------------------------------------------------------------

  const presses = {
    play: () => toggle(), back: () => void step(-1), on: () => void step(1), "leap-back": () => leap(-1), "leap-on": () => leap(1),
    live: goLive, bookmark, link: () => share.link(away?.at_us ?? page.live().at_us, page.say),
    svg: () => share.svg(find("#stage-svg"), bar.dataset.name), png: () => share.png(find("#stage-svg"), bar.dataset.name),
  };
  document.addEventListener("click", (event) => {
    const on = /** @type {any} */ (event.target).closest?.("[data-time],[data-at],[data-span]");
    if (!on) return;
    if (on.dataset.at !== undefined) void goTo(Number(on.dataset.at), { told: true });
    else if (on.dataset.span !== undefined) {
      spanned = on.dataset.span;
      axis = axisNow();
      draw();
    } else presses[/** @type {keyof typeof presses} */ (on.dataset.time)]();
  });
  find("#speed").addEventListener("change", () => setSpeed(speed()));

  const range = find("#moment");
  const under = (/** @type {PointerEvent} */ event) => {
    const box = range.getBoundingClientRect();
    const x = event.clientX - box.left;
    return nearest([...bookmarks, ...line.ticks], axis, box.width, x);
  };
  range.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    pointed = event.buttons === 0 ? under(event) : null;
    draw();
  });
  range.addEventListener("pointerleave", () => { pointed = null; draw(); });
  let snap = null;
  range.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => { snap = under(event); });
  range.addEventListener("input", () => {
    pointed = null;
    if (snap && Math.abs(xOf(axis, range.clientWidth, Number(range.value) * 1000) - xOf(axis, range.clientWidth, snap.at_us)) < 12) void goTo(snap.at_us, { told: true });
    else void goTo(Number(range.value) * 1000);
  });
  range.addEventListener("change", () => { snap = null; });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    const here = target === document.body || target.closest("#timeline") !== null || target === range;
    if (target.matches("input:not(#moment),select,textarea")) return;
    const walks = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    // On its way from live on, time is the lab's own: its keys are heard elsewhere.
    const elsewhere = ownTime() !== null && (walks === 1 || event.key === "[" || event.key === "]");
    if (elsewhere) return;
    if (here && walks !== undefined) {
      event.preventDefault();
      if (event.shiftKey) leap(/** @type {1|-1} */ (walks));
      else void step(/** @type {1|-1} */ (walks));
    } else if (here && event.key === "Home") {
      event.preventDefault();
      void goTo(line.first_us);
    } else if (here && event.key === "End") {
      event.preventDefault();
      goLive();
    } else if (page.ui().keys && (event.key === "b" || event.key === "B")) bookmark();
    else if (page.ui().keys && (event.key === "[" || event.key === "]")) {
      const at = SPEEDS.indexOf(speed()) + (event.key === "]" ? 1 : -1);
      setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))]);
    }
  });

  function takeLink() {
    const at = /^#at=(\d+)$/.exec(location.hash);
    if (at) void goTo(Number(at[1]));
  }
  addEventListener("hashchange", takeLink);
  setInterval(() => { if (away !== null || performance.now() - drawnMs > 900) draw(); }, DRAW_MS);

  let linked = false;
  return {
    hear(frame) {
      hear(frame);
      if (!linked && frame.type === "snapshot") {
        linked = true;
        takeLink();
      }
    },
    toggle,
    goTo,
    goLive,
    refusal,
    away: () => away !== null,
  };
}
