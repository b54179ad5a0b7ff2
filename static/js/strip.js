/** The strip above the stage: six vital signs with where they are going, and the ledger of all records. */

import { cast } from "./cast.js";
import { menuOf } from "./menus.js";
import { h } from "./paint.js";
import { number, spoken } from "./words.js";

const BACK_US = 10_000_000;

/** Of a broker's menu, what there is room for in a list. */
const IN_A_ROW = ["kill -9", "Stop", "Start", "Thaw"];

const SIGNS = [
  { name: "offline_partitions", label: "Offline partitions", bad: "fault", means: "Partitions that have no leader, as far as the controller knows: nobody can write to them or read them." },
  { name: "under_replicated", label: "Under-replicated", bad: "warn", means: "Partitions that have a replica which is not in sync: it is down, or it does not keep up with the leader." },
  { name: "under_min_isr", label: "Under min ISR", bad: "fault", means: "Partitions with fewer in-sync replicas (ISR) than min.insync.replicas: writes with acks=all are refused." },
  { name: "produce_errors_per_s", label: "Produce errors/s", bad: "fault", means: "Writes that brokers refuse, in one second." },
  { name: "largest_lag", label: "Largest lag", bad: null, means: "Of all groups and partitions, the one that has most before it: the records from its committed offset to the end that consumers may read." },
];
const CONTROLLER_MEANS = "The controller that decides now: which brokers are alive, who leads each partition, which topics there are.";

/** What is rare has a place only when it has happened. */
const LEDGER = [
  { name: "sent", label: "Sent", means: "Records that left their producer." },
  { name: "acked", label: "Acked", means: "Records of which a broker said that they are stored." },
  { name: "visible", label: "Visible", means: "Records below the high watermark: every in-sync replica has them, and consumers may read them." },
  { name: "delivered", label: "Delivered", means: "Records that a reader was given. Two groups that read one make two." },
  { name: "duplicated", label: "Duplicated", bad: "warn", means: "Records that lie in the log twice, or that a reader was given twice." },
  { name: "failed", label: "Failed", bad: "warn", means: "Records that were refused, and that nobody sends again." },
  { name: "passed_over", label: "Passed over", bad: "fault", rare: true, means: "Records beyond which a group has committed, and on which its application never worked." },
  { name: "lost_before_ack", label: "Lost before ack", bad: "fault", rare: true, means: "Records whose producer was killed while it had them: no log has them." },
  { name: "lost_after_ack", label: "Lost after ack", bad: "fault", means: "Records that were acked, and no replica that may lead has them any more." },
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
    return vital({ ...sign, said: `${sign.label}: ${value}` }, value > 0 ? sign.bad : null, number(value), change);
  });
  const active = String(signs.active_controller ?? "none");
  const none = active === "none" || active === "";
  const controller = { name: "active_controller", label: "Active controller", means: CONTROLLER_MEANS, said: `Active controller: ${active}` };
  return [...figures, vital(controller, none ? "fault" : null, none ? "none" : active.replace("controller-", ""), 0)];
}

/**
 * @param {import("./types.js").Model} model
 * @param {{of: string, page: string}} [elsewhere] on a page that shows two labs: which it is, and where its records are listed
 */
export function drawLedger(model, elsewhere) {
  const ledger = model.entities.ledger;
  if (!ledger) return [];
  return LEDGER.filter((entry) => !entry.rare || ledger[entry.name] > 0).map((entry) => {
    const value = ledger[entry.name];
    const said = `${entry.label}: ${value}`;
    const there = elsewhere ? { href: `${elsewhere.page}#fate=${entry.name}` } : { "data-fate": entry.name };
    return figure({ ...entry, name: `${elsewhere?.of ?? ""}${entry.name}`, said, opens: { ...there, "aria-label": `${said}. List them` } }, value > 0 ? entry.bad ?? null : null, number(value), 0);
  });
}

/** Where it comes from, and how it went, the metrics tell. */
function vital(sign, bad, value, change) {
  return figure({ ...sign, opens: { "data-pane-tab": "metrics", "aria-label": `${sign.said}. Show the metrics` } }, bad, value, change);
}

/** A number, which leads to where it comes from, and what it means to whoever points at it or comes to it by keyboard. */
function figure({ name, label, means, said, opens }, bad, value, change) {
  return h("div", { key: label, class: "sign", "data-bad": bad, role: "listitem", "aria-label": said },
    h(opens.href ? "a" : "button", { type: opens.href ? null : "button", class: "sign-open", "aria-describedby": `means-${name}`, ...opens },
      h("span", { class: "sign-label" }, label),
      h("span", { class: "sign-value" }, bad === "fault" && h("span", { class: "sign-mark", "aria-hidden": "true" }, "✕ "),
        bad === "warn" && h("span", { class: "sign-mark", "aria-hidden": "true" }, "▲ "), value,
        change !== 0 && h("span", { class: "sign-change" }, change > 0 ? ` ↗${number(change)}` : ` ↘${number(-change)}`))),
    h("span", { class: "sign-means", role: "tooltip", id: `means-${name}` }, means));
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
