/** The kinds of facts: which belong together, and which are routine that nobody needs to be told each time. */

/** Each kind of fact has a family, told by a letter or sign as well as by its colour. */
const FAMILIES = {
  data: ["RecordsAppended", "HighWatermarkAdvanced", "RecordSent", "RecordAcked", "RecordsAcked", "RecordsDelivered", "OffsetCommitted", "SegmentRolled", "RecordsAcquired", "RecordsAcknowledged", "ShareStartOffsetMoved"],
  replication: ["IsrShrunk", "IsrExpanded", "BecameFollower", "LogTruncated", "LogRecovered", "LogStartMoved", "LogCompacted", "SegmentDeleted", "ReplicaDeleted", "ReassignmentStarted", "ReassignmentEnded", "MetadataTruncated", "MetadataSnapshotTaken", "MetadataSnapshotReceived"],
  leadership: ["LeaderElected", "BecameLeader", "BrokerRegistered", "BrokerUnfenced", "EligibleLeadersChanged", "ControllerStoodForElection", "ControllerElected", "ControllerResigned", "VotersChanged", "CoordinatorLoaded", "CoordinatorUnloaded", "TransactionCoordinatorLoaded", "TransactionCoordinatorUnloaded"],
  group: ["GroupStateChanged", "MemberJoined", "MemberLeft", "GroupAssigned", "GroupDeleted", "ConsumerGroupEpochBumped", "TargetAssignmentComputed", "MemberReconciled", "GroupProtocolChanged", "PartitionsRevoked", "PartitionsAssigned", "PositionReset", "SharePartitionOpened", "RecordsReleased", "RecordsArchived", "ArchiveGoesOn", "AbortedRecordsPassedOver", "LockExpired", "ShareStateLoaded", "ShareStateUnloaded"],
  transaction: ["TransactionStateChanged", "MarkersHeldBack", "TransactionalIdForgotten", "MarkersSent", "MarkersWritten", "TransactionBegan", "TransactionMarked", "TransactionEnded"],
  time: ["WallTimeEntered", "LabTimeEntered", "BranchBegan", "BranchRemoved"],
  fault: ["NodeCrashed", "NodeFrozen", "BrokerFenced", "PartitionWentOffline", "LogDirFailed", "LogUncleanable"],
  act: ["Commanded"],
  error: ["InvariantBroken", "RequestRefused", "AnswerLost", "ConnectionFailed", "ConnectionRefused", "RecordFailed", "RecordsFailed", "ConsumerFailed", "RecordUnreadable", "ProducerRetried", "ProducerFenced", "DuplicateBatchDropped", "AuthenticationFailed", "AuthorizationDenied", "ClientThrottled", "ObjectRefused"],
};
export const MARKS = { data: "·", replication: "⇉", leadership: "L", group: "G", transaction: "T", time: "◷", fault: "✕", act: "↓", error: "!", other: "•" };
const FAMILY_OF = new Map(Object.entries(FAMILIES).flatMap(([family, kinds]) => kinds.map((kind) => [kind, family])));
const ROUTINE = new Set([...FAMILIES.data, "BecameFollower", "BecameLeader", "ProducerIdAssigned", "CoordinatorLoaded", "CoordinatorUnloaded", "TransactionCoordinatorLoaded", "TransactionCoordinatorUnloaded", "MarkersSent", "MarkersWritten", "TransactionBegan", "TransactionMarked", "TransactionEnded", "ShareStateLoaded", "ShareStateUnloaded", "BrokerRegistered"]);

/** @param {string} kind @returns {string} */
export const familyOf = (kind) => FAMILY_OF.get(kind) ?? "other";

/**
 * A fact's sentence. Nodes are called in it as they are on the stage: broker 3, and not broker-3.
 * @param {{kind: string, text?: string, node?: string}} fact
 */
export function sentenceOf({ kind, text = kind, node = "" }) {
  if (!/^(broker|controller)-\d+$/.test(node) || !text.startsWith(`${node} `)) return text;
  const named = text.replace(/\b(broker|controller)-(\d+)\b/g, "$1 $2");
  return named[0].toUpperCase() + named.slice(1);
}

/**
 * Records on their way, the brokers' own topics, and clients that start: those are seen to come.
 * @param {import("./types.js").Fact} fact
 */
export function isRoutine(fact) {
  if (fact.kind === "NodeStarted" && !/^(broker|controller)-/.test(fact.node)) return true;
  return ROUTINE.has(fact.kind) || (typeof fact.topic === "string" && fact.topic.startsWith("__") && familyOf(fact.kind) !== "fault");
}
