/**
 * A copy of a partition is carried to another broker on the matrix, by hand or with the keys: what comes of it is a
 * proposal, with its review in the pane. Nothing moves before the person says so there.
 */

import { cast } from "./cast.js";
import { h } from "./paint.js";
import { bytes, number } from "./words.js";

const FAR_ENOUGH = 5;
const slotOf = (target) => /** @type {HTMLElement|null} */ (target?.closest?.("[data-slot]"))?.dataset.slot?.split(" ") ?? null;

/** @param {{ui: () => import("./types.js").Ui, model: () => import("./types.js").Model, change: (patch: any) => void}} hands */
export function makeReview(hands) {
  const svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.querySelector("#stage-svg")));
  let start = null;
  let carried = false;
  const pointOf = (event) => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    return /** @type {[number, number]} */ ([(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]);
  };

  document.addEventListener("pointerdown", (event) => {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-carry]"));
    carried = false;
    if (!on || event.button !== 0) return;
    const [topic, partition, from] = (on.dataset.carry ?? "").split(" ");
    start = { topic, partition: Number(partition), from: Number(from), x: event.clientX, y: event.clientY };
  });
  document.addEventListener("pointermove", (event) => {
    if (start === null) return;
    if (!carried && Math.hypot(event.clientX - start.x, event.clientY - start.y) < FAR_ENOUGH) return;
    carried = true;
    const slot = slotOf(document.elementFromPoint(event.clientX, event.clientY));
    hands.change({ move: { topic: start.topic, partition: start.partition, from: start.from, to: slot ? Number(slot[2]) : start.from, at: pointOf(event), replicas: null } });
  });
  document.addEventListener("pointerup", () => {
    if (start === null) return;
    start = null;
    if (carried) putDown(hands);
  });
  document.addEventListener("pointercancel", () => {
    start = null;
    if (carried) hands.change({ move: null });
  });
  // Whoever put something down has not pressed what lies there.
  document.addEventListener("click", (event) => {
    if (!carried) return;
    carried = false;
    event.stopPropagation();
    event.preventDefault();
  }, true);
  document.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest?.("[data-let-go]")) hands.change({ move: null, pane: "now" });
  });
  document.addEventListener("keydown", (event) => withKeys(event, hands), true);

  let last = { of: "", drawn: /** @type {any[]} */ ([]) };
  return {
    draw(model, ui) {
      if (ui.move === null || ui.move.replicas === null) return [h("p", { class: "quiet" }, "No move is proposed. Drag a copy to another broker on the matrix.")];
      const { topic, partition, replicas } = ui.move;
      const it = model.entities[`partition:${topic}:${partition}`];
      const of = JSON.stringify([topic, partition, replicas, it?.replicas, it?.adding, it?.removing, it?.leader, it?.isr]);
      // What is written into the form stays until there is something else to propose.
      if (last.of !== of) {
        last = { of, drawn: it ? drawReview(model, it, replicas) : [h("p", { class: "quiet" }, "This partition is gone.")] };
        requestAnimationFrame(() => document.querySelector("#review form")?.dispatchEvent(new Event("input", { bubbles: true })));
      }
      return last.drawn;
    },
  };
}

function putDown(hands) {
  const { move } = hands.ui();
  const it = move && hands.model().entities[`partition:${move.topic}:${move.partition}`];
  const replicas = it ? proposed(it.replicas, move.from, move.to) : null;
  if (replicas === null) hands.change({ move: null });
  else hands.change({ move: { ...move, at: null, replicas }, pane: "review" });
}

/**
 * Where it shall lie: the new broker in the place of the old one. Where that has a copy already the two change places,
 * so that it is another one who shall lead. Null where nothing would change.
 * @param {number[]} replicas @param {number} from @param {number} to
 */
export function proposed(replicas, from, to) {
  if (from === to || !replicas.includes(from)) return null;
  return replicas.map((broker) => (broker === from ? to : broker === to ? from : broker));
}

function withKeys(event, hands) {
  const { move, lens, keys } = hands.ui();
  const carrying = move !== null && move.replicas === null && move.at === null;
  if (lens !== "matrix" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!carrying) {
    const on = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest?.("[data-carry]"));
    if (!on || !keys || event.key.toLowerCase() !== "m") return;
    const [topic, partition, from] = (on.dataset.carry ?? "").split(" ");
    hands.change({ move: { topic, partition: Number(partition), from: Number(from), to: Number(from), at: null, replicas: null } });
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    const brokers = cast(hands.model()).brokers.map((broker) => broker.broker);
    const at = brokers.indexOf(move.to) + (event.key === "ArrowRight" ? 1 : -1);
    hands.change({ move: { ...move, to: brokers[Math.max(0, Math.min(brokers.length - 1, at))] } });
  } else if (event.key === "Enter") putDown(hands);
  else if (event.key === "Escape") hands.change({ move: null });
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// -- the review --------------------------------------------------------------------------------------

function drawReview(model, it, replicas) {
  const name = `${it.topic}-${it.partition}`;
  if (it.adding.length > 0 || it.removing.length > 0) {
    return [
      h("h2", { key: "title" }, `${name} is moving`),
      h("ul", { key: "says" }, it.adding.length > 0 && h("li", null, `Broker ${it.adding.join(" and ")} copies the log.`), it.removing.length > 0 && h("li", null, `Broker ${it.removing.join(" and ")} gives its copy up when the new one is in sync.`)),
    ];
  }
  if (String(it.replicas) === String(replicas)) {
    return [
      h("h2", { key: "title" }, `${name} has moved`),
      h("p", { key: "about", class: "about" }, `It is on brokers ${it.replicas.join(", ")} now. A throttle stays until somebody verifies the move.`),
      h("p", { key: "acts", class: "acts" },
        h("button", { type: "button", class: "small", "data-command": JSON.stringify({ command: "verify_reassignment", topic: it.topic, partition: it.partition }) }, "Verify the move"),
        h("button", { type: "button", class: "small", "data-let-go": "" }, "Done")),
    ];
  }
  return [
    h("h2", { key: "title" }, `Move ${name}?`),
    h("p", { key: "about", class: "about" }, "A proposal: nothing has moved yet."),
    h("dl", { key: "plan", class: "before-after" },
      h("dt", null, "Now on"), h("dd", null, `brokers ${it.replicas.join(", ")}`), h("dt", null, "Then on"), h("dd", null, `brokers ${replicas.join(", ")}`)),
    h("ul", { key: "says" }, consequences(model, it, replicas).map(([says, warns]) => h("li", { key: says, class: warns ? "warns" : null }, says))),
    h("form", { key: `form ${it.topic} ${it.partition} ${replicas}`, "data-orders": "reassign_partition", autocomplete: "off", novalidate: true },
      h("input", { type: "hidden", name: "topic", value: it.topic, "data-type": "text" }),
      h("input", { type: "hidden", name: "partition", value: it.partition, "data-type": "number" }),
      h("div", { class: "field" }, h("label", { for: "review-replicas" }, "Replicas"), h("input", { id: "review-replicas", name: "replicas", value: replicas.join(", "), "data-type": "numbers" }),
        h("p", { class: "field-says" }, "The preferred leader first."), h("p", { class: "field-error", "data-error-of": "replicas" })),
      h("div", { class: "field" }, h("label", { for: "review-throttle" }, "Throttle"), h("input", { id: "review-throttle", name: "throttle", type: "number", min: 0, placeholder: "none", "data-type": "number" }),
        h("p", { class: "field-says" }, "Bytes a second that may be copied for it. Verify the move when it is done: that takes the throttle away."), h("p", { class: "field-error", "data-error-of": "throttle" })),
      h("p", { class: "form-error refusal", "aria-live": "polite" }),
      h("p", { class: "form-end" }, h("button", { type: "submit" }, "Move it"), h("button", { type: "button", class: "quiet-button", "data-let-go": "" }, "Let go"), h("span", { class: "form-done", "aria-live": "polite" })),
      h("p", { class: "equals", hidden: true }, h("span", { class: "quiet" }, "equals "), h("code", null))),
  ].filter(Boolean);
}

/** What it would bring about: [sentence, whether it is a warning]. */
export function consequences(model, it, replicas) {
  const on = cast(model);
  const [adding, removing] = [replicas.filter((one) => !it.replicas.includes(one)), it.replicas.filter((one) => !replicas.includes(one))];
  const size = on.replica(it.topic, it.partition, it.leader)?.bytes ?? 0;
  const state = new Map(on.brokers.map((broker) => [broker.broker, broker.state]));
  const said = adding.map((broker) => [`Broker ${broker} copies ${bytes(size)} from the leader, broker ${it.leader < 0 ? "none" : it.leader}.`, false]);
  for (const broker of removing) said.push([`Broker ${broker} gives its copy up once the new one is in sync.`, false]);
  if (adding.length === 0) said.push(["No records are copied: only the order of its replicas changes.", false]);
  if (replicas[0] !== it.preferred) said.push([`Broker ${replicas[0]} becomes the preferred leader instead of broker ${it.preferred}; it leads after an election.`, false]);
  if (removing.includes(it.leader)) said.push([`Its leader, broker ${it.leader}, goes: another one is elected in its place.`, true]);
  for (const broker of adding) if (state.get(broker) !== "running") said.push([`Broker ${broker} does not run: the move waits until it does.`, true]);
  if (it.isr.length < it.min_isr) said.push([`Only ${number(it.isr.length)} of ${number(it.min_isr)} needed replicas are in sync now.`, true]);
  return said;
}
