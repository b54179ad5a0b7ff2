/** The stage as tables: the same things with the same numbers, for whoever reads rather than looks. */

import { cast } from "./cast.js";
import { h } from "./paint.js";
import { number, offset, spoken } from "./words.js";

const inspect = (said, id) => h("button", { type: "button", class: "link", "data-id": id }, said);

/** @param {import("./types.js").Model} model */
export function drawTables(model) {
  const on = cast(model);
  const clients = [...on.producers, ...on.consumers, ...on.clients];
  return [
    table("Brokers", ["Broker", "State", "Leads", "Replicas", "Rack", "Listens on"], on.brokers.map((it) => [
      inspect(`Broker ${it.broker}`, it.id), spoken(it.state === "running" && it.fenced ? "fenced" : it.state), number(it.leaders), number(it.replicas), it.rack ?? "–", `${it.host}:${it.port}`])),
    table("Controllers", ["Controller", "State", "Role", "Epoch", "Log end"], on.controllers.map((it) => [
      inspect(`Controller ${it.id.split(":")[1]}`, it.id), spoken(it.state), it.active ? "active" : spoken(it.role ?? "follower"), offset(it.epoch), offset(it.log_end ?? it.metadata_offset)])),
    ...on.topics.map((topic) => topicTable(on, topic)),
    ...on.groups.map((group) => groupTable(on, group)),
    clients.length > 0 && table("Clients", ["Client", "What it is", "State", "Topic or group", "So far"], clients.map(clientRow)),
    ...on.archives.map((it) => table(`Store of ${it.archive}: ${number(it.objects)} objects, ${number(it.records)} records, ${it.sink ?? "no sink"}`, ["Partition", "Goes on from", "Held", "Held for"],
      it.partitions.map((each) => [`${it.topic}-${each.partition}`, number(each.next), number(each.held), `${number(each.held_s)} s`]), it.id)),
    on.transactions.length > 0 && table("Transactions", ["Transactional id", "State", "Epoch", "Partitions"], on.transactions.map((it) => [
      inspect(it.transactional_id, it.id), spoken(it.state), number(it.producer_epoch), it.partitions.map((one) => one.join("-")).join(", ") || "none"])),
    on.faults.length > 0 && table("Faults that are on", ["Fault", "Hits"], on.faults.map((it) => [inspect(it.label, it.id), it.nodes.join(", ")])),
  ].filter(Boolean);
}

function topicTable(on, topic) {
  return table(`Topic ${topic.topic}`, ["Partition", "Leader", "Epoch", "In sync", "Out of sync", "Log start", "High watermark", "Log end", "Each replica's log end"],
    (on.partitions.get(topic.topic) ?? []).map((it) => [
      inspect(`${it.topic}-${it.partition}`, it.id),
      it.leader < 0 ? "none" : inspect(`broker ${it.leader}`, `broker:${it.leader}`),
      number(it.leader_epoch), it.isr.join(", ") || "none",
      it.replicas.filter((broker) => !it.isr.includes(broker)).join(", ") || "none",
      number(it.log_start), number(it.high_watermark), number(it.log_end),
      it.replicas.map((broker) => `${broker}: ${offset(on.replica(it.topic, it.partition, broker)?.log_end)}`).join(", "),
    ]));
}

function groupTable(on, group) {
  const owner = (at) => group.members.find((member) => member.assignment.some(([topic, partition]) => topic === at.topic && partition === at.partition));
  const said = `Group ${group.group}: ${spoken(group.state)}, ${group.type} protocol, ${group.coordinator < 0 ? "its coordinator is down" : `coordinator broker ${group.coordinator}`}`;
  const idle = group.members.filter((member) => member.assignment.length === 0);
  const rows = group.offsets.map((at) => [
    inspect(`${at.topic}-${at.partition}`, `partition:${at.topic}:${at.partition}`), nameOf(owner(at)), offset(at.committed), number(at.end), number(at.lag)]);
  const unread = group.members.flatMap((member) => member.assignment.filter(([topic, partition]) => !group.offsets.some((at) => at.topic === topic && at.partition === partition))
    .map(([topic, partition]) => [inspect(`${topic}-${partition}`, `partition:${topic}:${partition}`), nameOf(member), "–", "–", "–"]));
  return table(said, ["Partition", "Member", "Committed", "Log end", "Lag"], [...rows, ...unread, ...idle.map((member) => ["–", nameOf(member), "–", "–", "–"])], group.id);
}

const nameOf = (member) => (member === undefined ? "nobody" : member.ours ? inspect(member.ours, `consumer:${member.ours}`) : member.client_id);

function clientRow(it) {
  if (it.kind === "producer") return [inspect(it.name, it.id), "producer of the lab", spoken(it.state), it.topic ?? "by hand", `${number(it.acked)} of ${number(it.sent)} acked`];
  if (it.kind === "consumer") return [inspect(it.name, it.id), it.share ? "share consumer of the lab" : "consumer of the lab", spoken(it.state), it.group ?? it.topics.join(", "), `${number(it.delivered)} delivered`];
  return [inspect(it.client_id || it.name, it.id), `${it.name.startsWith("stand-in-") ? "stand-in" : "real client"}, ${it.software_name || "unknown"} ${it.software_version || ""}`, it.role, [...it.topics, ...it.groups].join(", ") || "–", `${number(it.requests)} requests`];
}

function table(caption, heads, rows, id) {
  return h("table", { key: caption.split(":")[0] },
    h("caption", null, id ? inspect(caption, id) : caption),
    h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", null, rows.length === 0
      ? [h("tr", { key: "none" }, h("td", { colspan: heads.length }, "None yet."))]
      : rows.map((row, index) => h("tr", { key: index }, row.map((cell, column) => (column === 0 ? h("th", { scope: "row" }, cell) : h("td", null, cell)))))));
}
