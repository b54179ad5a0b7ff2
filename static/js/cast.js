/** Who is on the stage: the entities of a model, sorted into lists that are always in the same order. */

/** @typedef {import("./types.js").Entity} Entity */

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** @type {WeakMap<object, ReturnType<typeof gather>>} */
const known = new WeakMap();

/** @type {WeakMap<Entity, Entity>} */
const withIds = new WeakMap();

/** An entity that did not change is the same object as before: whoever drew it need not draw it again. */
function withId(entity, id) {
  let found = withIds.get(entity);
  if (found === undefined || found.id !== id) {
    found = { ...entity, id };
    withIds.set(entity, found);
  }
  return found;
}

/** @param {import("./types.js").Model} model */
export function cast(model) {
  let found = known.get(model.entities);
  if (!found) {
    found = gather(model.entities);
    known.set(model.entities, found);
  }
  return found;
}

/** @param {Record<string, Entity>} entities */
function gather(entities) {
  /** @type {Record<string, Entity[]>} */
  const kinds = { broker: [], controller: [], topic: [], partition: [], producer: [], group: [], transaction: [], consumer: [], client: [], fault: [], share_partition: [], archive: [] };
  for (const [id, entity] of Object.entries(entities)) kinds[entity.kind]?.push(withId(entity, id));
  const topics = kinds.topic.sort((one, other) => one.internal - other.internal || byName(one.topic, other.topic));
  const named = (list) => list.sort((one, other) => byName(one.name, other.name));
  /** @type {Map<string, Entity[]>} */
  const partitions = new Map(topics.map((topic) => [topic.topic, []]));
  for (const partition of kinds.partition) partitions.get(partition.topic)?.push(partition);
  for (const list of partitions.values()) list.sort((one, other) => one.partition - other.partition);
  const groups = kinds.group.sort((one, other) => byName(one.group, other.group));
  const clients = named(kinds.client);
  const inGroup = new Set(groups.flatMap((group) => group.members.filter((m) => !m.ours).map((m) => m.client_id)));
  return {
    brokers: kinds.broker.sort((one, other) => one.broker - other.broker),
    controllers: kinds.controller.sort((one, other) => byName(one.id, other.id)),
    faults: kinds.fault.sort((one, other) => one.fault - other.fault),
    topics,
    partitions,
    producers: named(kinds.producer),
    groups,
    transactions: kinds.transaction.sort((one, other) => byName(one.transactional_id, other.transactional_id)),
    consumers: named(kinds.consumer),
    /** Consumers that are drawn on their own: of no group, or of one that no coordinator knows of yet. */
    loners: named(kinds.consumer.filter((consumer) => !consumer.group || entities[`group:${consumer.group}`] === undefined)),
    clients,
    archives: kinds.archive.sort((one, other) => byName(one.archive, other.archive)),
    /** Real clients that are not drawn as a member of a group. */
    feeders: clients.filter((client) => client.role !== "consumer"),
    readers: clients.filter((client) => client.role === "consumer" && !inGroup.has(client.client_id)),
    lab: entities.lab,
    ledger: entities.ledger,
    signs: entities.signs,
    /** What share groups hold of a partition. */
    shares: (topic, partition) => kinds.share_partition.filter((one) => one.topic === topic && one.partition === partition).sort((one, other) => byName(one.group, other.group)),
    /** @returns {Entity|undefined} */
    replica: (topic, partition, broker) => entities[`replica:${topic}:${partition}:${broker}`],
    consumer: (name) => entities[`consumer:${name}`],
  };
}
