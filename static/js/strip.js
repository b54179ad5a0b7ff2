/** The strip above the stage: six vital signs with where they are going, and the ledger of all records. */

import { cast } from "./cast.js";
import { menuOf } from "./menus.js";
import { h } from "./paint.js";
import { number, spoken } from "./words.js";

const BACK_US = 10_000_000;

/** Of a broker's menu, what there is room for in a list. */
const IN_A_ROW = ["kill -9", "Stop", "Start", "Thaw"];

const SIGNS = [
  { name: "offline_partitions", label: "Offline partitions", bad: "fault" },
  { name: "under_replicated", label: "Under-replicated", bad: "warn" },
  { name: "under_min_isr", label: "Under min ISR", bad: "fault" },
  { name: "produce_errors_per_s", label: "Produce errors/s", bad: "fault" },
  { name: "largest_lag", label: "Largest lag", bad: null },
];

/** What is rare has a place only when it has happened. */
const LEDGER = [
  { name: "sent", label: "Sent" },
  { name: "acked", label: "Acked" },
  { name: "visible", label: "Visible" },
  { name: "delivered", label: "Delivered" },
  { name: "duplicated", label: "Duplicated", bad: "warn" },
  { name: "failed", label: "Failed", bad: "warn" },
  { name: "passed_over", label: "Passed over", bad: "fault", rare: true },
  { name: "lost_before_ack", label: "Lost before ack", bad: "fault", rare: true },
  { name: "lost_after_ack", label: "Lost after ack", bad: "fault" },
];

/** The signs of the last ten seconds, one a second, oldest first. */
export function remember(past, model) {
  const signs = model.entities.signs;
  const last = past.at(-1);
  if (!signs || (last && model.at_us - last.at_us < 1_000_000)) return past;
  return [...past, { at_us: model.at_us, signs, lags: lagsOf(model) }].filter((one) => one.at_us >= model.at_us - BACK_US);
}

/** Of each group: its lag in all and in each partition. */
function lagsOf(model) {
  return Object.fromEntries(cast(model).groups.map((group) => [group.id, { all: group.lag, ...Object.fromEntries(group.offsets.map((at) => [`${at.topic}-${at.partition}`, at.lag])) }]));
}

export function drawSigns(model, past) {
  const signs = model.entities.signs;
  if (!signs) return [];
  const before = past[0]?.signs ?? signs;
  const figures = SIGNS.map((sign) => {
    const value = signs[sign.name];
    const change = value - before[sign.name];
    return figure(sign.label, number(value), value > 0 ? sign.bad : null, change, `${sign.label}: ${value}`);
  });
  const active = String(signs.active_controller ?? "none");
  const none = active === "none" || active === "";
  return [...figures, figure("Active controller", none ? "none" : active.replace("controller-", ""), none ? "fault" : null, 0, `Active controller: ${active}`)];
}

export function drawLedger(model) {
  const ledger = model.entities.ledger;
  if (!ledger) return [];
  return LEDGER.filter((entry) => !entry.rare || ledger[entry.name] > 0).map((entry) => {
    const shown = figure(entry.label, number(ledger[entry.name]), ledger[entry.name] > 0 ? entry.bad ?? null : null, 0, `${entry.label}: ${ledger[entry.name]}`);
    return { ...shown, children: [h("button", { type: "button", class: "sign-open", "data-fate": entry.name, title: "Which records these are", "aria-label": `${entry.label}: ${ledger[entry.name]}. List them` }, shown.children)] };
  });
}

function figure(label, value, bad, change, said) {
  return h("div", { key: label, class: "sign", "data-bad": bad, role: "listitem", "aria-label": said },
    h("span", { class: "sign-label" }, label),
    h("span", { class: "sign-value" }, bad === "fault" && h("span", { class: "sign-mark", "aria-hidden": "true" }, "✕ "),
      bad === "warn" && h("span", { class: "sign-mark", "aria-hidden": "true" }, "▲ "), value,
      change !== 0 && h("span", { class: "sign-change" }, change > 0 ? ` ↗${number(change)}` : ` ↘${number(-change)}`)));
}

/** The topics to choose from on the log lens. */
export function drawTopics(model, ui) {
  const { topics } = cast(model);
  const chosen = topics.find((topic) => topic.topic === ui.topic) ?? topics[0];
  return topics.map((topic) => h("button", {
    key: topic.topic, type: "button", class: "chip", "data-topic-tab": topic.topic, "aria-pressed": String(topic === chosen),
  }, topic.topic));
}

/** Each broker with what can be done to it now. */
export function drawBrokers(model) {
  return cast(model).brokers.map((broker) => {
    return h("li", { key: broker.id, "data-state": broker.state },
      h("button", { type: "button", class: "link strong", "data-id": broker.id }, `Broker ${broker.broker}`),
      h("span", { class: "quiet" }, spoken(broker.state)),
      h("span", { class: "acts" }, menuOf(broker).acts.filter((button) => IN_A_ROW.includes(String(button.props.key)))));
  });
}
