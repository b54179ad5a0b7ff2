/** What happened, as sentences. What happens all the time is left out until it is asked for. */

import { h } from "./paint.js";
import { clockTime } from "./words.js";

const SHOWN = 60;

/** Each kind of fact has a family, told by a letter or sign as well as by its colour. */
const FAMILIES = {
  data: ["RecordsAppended", "HighWatermarkAdvanced", "RecordSent", "RecordAcked", "RecordsDelivered", "OffsetCommitted", "SegmentRolled"],
  replication: ["IsrShrunk", "IsrExpanded", "BecameFollower", "LogTruncated", "LogRecovered", "LogStartMoved"],
  leadership: ["LeaderElected", "BecameLeader", "BrokerRegistered", "BrokerUnfenced", "CoordinatorLoaded", "CoordinatorUnloaded"],
  group: ["GroupStateChanged", "MemberJoined", "MemberLeft", "GroupAssigned", "GroupDeleted", "PartitionsRevoked", "PartitionsAssigned", "PositionReset"],
  fault: ["NodeCrashed", "NodeFrozen", "BrokerFenced", "PartitionWentOffline"],
  error: ["RequestRefused", "ConnectionRefused", "RecordFailed", "ProducerRetried", "DuplicateBatchDropped"],
};
const MARKS = { data: "·", replication: "⇉", leadership: "L", group: "G", fault: "✕", error: "!", other: "•" };
const FAMILY_OF = new Map(Object.entries(FAMILIES).flatMap(([family, kinds]) => kinds.map((kind) => [kind, family])));
const CHATTY = new Set([...FAMILIES.data, "BecameFollower", "BecameLeader", "CoordinatorLoaded", "CoordinatorUnloaded", "BrokerRegistered"]);

/** @param {string} kind */
const familyOf = (kind) => FAMILY_OF.get(kind) ?? "other";

/**
 * @param {import("./types.js").Model} model
 * @param {import("./types.js").Ui} ui
 */
export function drawFeed(model, ui) {
  const told = ui.chatty ? model.facts : model.facts.filter((fact) => !quiet(fact));
  if (told.length === 0) return [h("li", { class: "quiet" }, "Nothing has happened yet. Create a topic, or send a record.")];
  const first = model.facts.length - told.length;
  return told.slice(-SHOWN).reverse().map((fact, index) => h("li", {
    key: `${fact.at_us} ${fact.kind} ${fact.text} ${first > 0 ? "" : index}`, class: "fact", "data-family": familyOf(fact.kind),
  },
    h("time", null, clockTime(fact.at_us).slice(0, 12)),
    h("span", { class: "fact-mark", "aria-hidden": "true" }, MARKS[familyOf(fact.kind)]),
    h("span", { class: "fact-text", "data-id": aboutWhom(model, fact) }, fact.text ?? fact.kind)));
}

/** What nobody needs to be told each time: records on their way, and the brokers' own topics. */
function quiet(fact) {
  return CHATTY.has(fact.kind) || (typeof fact.topic === "string" && fact.topic.startsWith("__") && familyOf(fact.kind) !== "fault");
}

/** @param {import("./types.js").Model} model */
export function mostTelling(model) {
  return model.facts.findLast((fact) => !quiet(fact));
}

/** The entity to show when somebody points at the sentence. */
function aboutWhom(model, fact) {
  const names = [
    fact.partition !== undefined && `partition:${fact.topic}:${fact.partition}`,
    fact.topic !== undefined && `topic:${fact.topic}`,
    fact.group !== undefined && `group:${fact.group}`,
    fact.broker !== undefined && `broker:${fact.broker}`,
    fact.node?.startsWith("broker-") && `broker:${fact.node.slice(7)}`,
    fact.client !== undefined && `producer:${fact.client}`,
    fact.client !== undefined && `consumer:${fact.client}`,
  ];
  return names.find((id) => id && model.entities[id]) || null;
}
