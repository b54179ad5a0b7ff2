/** In a few sentences: what is here, what goes on, and what can be done next. */

import { cast } from "./cast.js";
import { h } from "./paint.js";
import { number } from "./words.js";

const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const listed = (all) => (all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`);

/** @param {import("./types.js").Model} model */
export function drawSummary(model) {
  return [["What is here", here(model)], ["What goes on", going(model)], ["What can be done next", next(model)]]
    .map(([title, said]) => h("p", { key: title }, h("strong", null, `${title}: `), said));
}

function here(model) {
  const on = cast(model);
  const topics = on.topics.filter((topic) => !topic.internal);
  const parts = [
    counted(on.brokers.length, "broker"), counted(on.controllers.length, "controller"),
    topics.length === 0 ? "no topic" : `${counted(topics.length, "topic")} (${listed(topics.slice(0, 4).map((topic) => `${topic.topic} with ${counted(topic.partitions, "partition")}`))}${topics.length > 4 ? " and more" : ""})`,
    on.producers.filter((one) => one.topic !== null).length > 0 && counted(on.producers.filter((one) => one.topic !== null).length, "producer"),
    on.groups.length > 0 && counted(on.groups.length, "group"), on.clients.length > 0 && counted(on.clients.length, "real client"),
  ];
  return `${listed(parts.filter(Boolean))}.`;
}

function going(model) {
  const on = cast(model);
  const signs = model.entities.signs;
  const down = on.brokers.filter((one) => one.state !== "running" || one.fenced);
  const moving = on.groups.filter((group) => !["Stable", "Empty", "Dead"].includes(group.state));
  const said = [
    down.length > 0 && `${listed(down.map((one) => `broker ${one.broker}`))} ${down.length === 1 ? "is" : "are"} not running`,
    signs?.offline_partitions > 0 && `${counted(signs.offline_partitions, "partition")} without a leader`,
    signs?.under_replicated > 0 && `${counted(signs.under_replicated, "partition")} with too few replicas in sync`,
    signs?.records_in_per_s > 0 && `${counted(Math.round(signs.records_in_per_s), "record")} a second come in`,
    moving.length > 0 && `${listed(moving.map((group) => `group ${group.group}`))} ${moving.length === 1 ? "rebalances" : "rebalance"}`,
    signs?.largest_lag > 0 && `the largest lag is ${number(signs.largest_lag)}`,
    on.faults.length > 0 && `${counted(on.faults.length, "fault is", "faults are")} on`,
  ].filter(Boolean);
  const text = said.length === 0 ? "all is quiet and well" : said.join("; ");
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** Offers, not orders: each says where it is done. */
function next(model) {
  const on = cast(model);
  const crashed = on.brokers.find((one) => one.state === "crashed" || one.state === "stopped");
  const offers = [];
  if (on.topics.every((topic) => topic.internal)) offers.push("create a topic");
  else if (!on.producers.some((one) => one.topic !== null) && on.clients.length === 0) offers.push("send a record or run a producer");
  if (crashed) offers.push(`start broker ${crashed.broker} again`);
  else if (on.brokers.length > 1) offers.push("kill a broker and see who takes over");
  if (on.groups.length === 0 && on.readers.length === 0) offers.push("add a consumer with a group");
  else offers.push("add another consumer to a group and watch it rebalance");
  const text = offers.join(", or ");
  return `${text[0].toUpperCase()}${text.slice(1)}. All of it is under Act, beside the stage.`;
}
