/** Where faults stand on the flow lens: in the head of a broker's column, or on a wire above the columns. */

import { placeOf, whereIs } from "./faults.js";
import { width } from "./words.js";

const CHIP_H = 36;
const CHIP_GAP = 4;
const CHIPS_SHOWN = 2;
const MORE = 14;
const LANE = 27;
const LANES_SHOWN = 4;
/** Of the letters, as flow.css has it. */
export const FAULT_SIZE = 11.5;
/** Of a wire's chip beside its label: since when, and the button. */
const BESIDE = 106;

/** How much room they need: `lanes` above the columns, `head` in each column. @param {any[]} faults */
export function faultRoom(faults) {
  const inColumn = new Map();
  for (const fault of faults) {
    if (placeOf(fault) === "broker") inColumn.set(fault.nodes[0], (inColumn.get(fault.nodes[0]) ?? 0) + 1);
  }
  const most = Math.max(0, ...inColumn.values());
  return {
    lanes: lanesFor(faults) * LANE,
    head: Math.min(most, CHIPS_SHOWN) * (CHIP_H + CHIP_GAP) + (most > CHIPS_SHOWN ? MORE : 0),
  };
}

/** The last lane is for saying how many more there are. */
function lanesFor(faults) {
  return Math.min(LANES_SHOWN, faults.filter((fault) => placeOf(fault) !== "broker").length);
}

/**
 * @param {any[]} faults
 * @param {{brokers: any[], controllers: any[], feeders: any[], readers: any[], centre: {x: number, w: number}, gap: number, lanesTop: number, headTop: number, head: number}} at
 */
export function placeFaults(faults, at) {
  const { chips, more } = chipsOf(faults, at);
  const wires = wiresOf(faults, at);
  const hidden = faults.filter((fault) => placeOf(fault) !== "broker").length - wires.length;
  if (hidden > 0) more.push({ x: at.centre.x, y: at.lanesTop + (LANES_SHOWN - 0.5) * LANE + 4, count: hidden });
  return { chips, more, wires };
}

function chipsOf(faults, { brokers, headTop, head }) {
  const chips = [];
  const more = [];
  for (const box of brokers) {
    const here = faults.filter((fault) => placeOf(fault) === "broker" && fault.nodes[0] === box.entity.node);
    const top = headTop + head;
    here.slice(0, CHIPS_SHOWN).forEach((fault, index) => {
      chips.push({ fault, x: box.x + 7, y: top + index * (CHIP_H + CHIP_GAP), w: box.w - 14, h: CHIP_H });
    });
    if (here.length > CHIPS_SHOWN) more.push({ x: box.x + 10, y: top + CHIPS_SHOWN * (CHIP_H + CHIP_GAP) + 9, count: here.length - CHIPS_SHOWN });
  }
  return { chips, more };
}

function wiresOf(faults, at) {
  const all = faults.filter((fault) => placeOf(fault) !== "broker");
  const spanning = all.length > LANES_SHOWN ? all.slice(0, LANES_SHOWN - 1) : all;
  return spanning.map((fault, index) => {
    const y = at.lanesTop + index * LANE + LANE / 2;
    const aside = (index - (spanning.length - 1) / 2) * 9;
    const ends = fault.nodes.map((node) => endOf(node, y, aside, at)).filter(Boolean);
    const label = `${whereIs(fault, at.brokers.length)}: ${fault.label}`;
    const w = Math.min(at.centre.w, width(label, FAULT_SIZE) + BESIDE);
    const xs = ends.map((end) => end.x);
    const middle = ends.length > 0 ? (Math.min(...xs) + Math.max(...xs)) / 2 : at.centre.x + at.centre.w / 2;
    const x = Math.max(at.centre.x, Math.min(at.centre.x + at.centre.w - w, middle - w / 2));
    return { fault, ends, y, x, w };
  });
}

/** From a node to the height of the wire. */
function endOf(node, y, aside, { brokers, controllers, feeders, readers, gap }) {
  const broker = brokers.find((box) => box.entity.node === node);
  if (broker) {
    const x = broker.x + broker.w / 2 + aside;
    return { x, d: `M${x} ${y}V${broker.y}`, stop: [x, broker.y] };
  }
  const controller = controllers.find((box) => `controller-${box.entity.id.split(":")[1]}` === node);
  if (controller) {
    const x = controller.x + controller.w / 2 + aside;
    return { x, d: `M${x} ${y}V${controller.y + controller.h}`, stop: [x, controller.y + controller.h] };
  }
  const feeder = feeders.find((box) => box.entity.name === node);
  if (feeder) {
    const x = feeder.x + feeder.w + gap / 2 + aside / 2;
    return { x, d: `M${x} ${y}V${feeder.y + 16}H${feeder.x + feeder.w}`, stop: [feeder.x + feeder.w, feeder.y + 16] };
  }
  const reader = readers.find((box) => box.entity.name === node || box.entity.members?.some((member) => member.ours === node));
  if (!reader) return null;
  const x = reader.x - gap / 2 + aside / 2;
  return { x, d: `M${x} ${y}V${reader.y + 16}H${reader.x}`, stop: [reader.x, reader.y + 16] };
}
