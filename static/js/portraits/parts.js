/** What portraits are put together from. */

import { h } from "../paint.js";
import { clockTime } from "../words.js";

export const list = (brokers) => (brokers.length === 0 ? "none" : brokers.join(", "));
export const jump = (label, id) => h("button", { type: "button", class: "link", "data-id": id }, label);

/** Who is over a quota, and until when its broker hears nothing from it. */
export function throttled(it) {
  return it.throttled ? [["Throttled", it.throttled.quota, `Broker ${it.throttled.broker} does not listen to it until ${clockTime(it.throttled.until_us)}.`]] : [];
}

export function openLast(partition, broker) {
  if (partition.log_end <= partition.log_start) return null;
  const where = `${partition.topic} ${partition.partition} ${partition.log_end - 1}${broker === undefined ? "" : ` ${broker}`}`;
  return h("button", { key: "last", type: "button", class: "small", "data-record": where }, "Open the last record");
}
