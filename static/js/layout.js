/**
 * Where everything stands on the flow lens: producers left, brokers as columns in the centre, groups right; where there
 * is no room for that, as on a phone, one below the other.
 *
 * A fixed grammar and never an automatic layout: a box only moves when something before it came or went.
 * One partition has one height across all broker columns, so that its replicas stand side by side.
 */

import { cast } from "./cast.js";
import { faultRoom, placeFaults } from "./faultlayout.js";

const EDGE = 16;
/** Less room than this has one column. */
export const ONE_COLUMN = 640;
/** Beside that column, where envelopes go past the cards. */
const LANE = 14;
const ROW_OF_ONE = 44;
const INVITATION = 128;
/** More brokers than this need the room of all others. */
export const CROWDED = 4;
const TOP = 14;
const CARD_GAP = 12;
const BROKER_HEAD = 70;
/** In a broker's head, below its name: where envelopes go that are about no partition. */
const DOOR = 58;
const CONTROLLER = { w: 264, h: 40, gap: 8 };
export const TOPIC_HEAD = 24;
const LOWEST_ROW = 28;
const HIGHEST_ROW = 104;
const WIDEST_ROW_GAP = 10;
/** There a broker says how much it leads. */
const BELOW_SHELVES = 24;
export const MEMBER_HEAD = 24;
export const LINE = 19;
export const GROUP_HEAD = 64;
export const TRANSACTION_HEAD = 46;
export const ARCHIVE_HEAD = 64;
const TRANSACTIONS_SHOWN = 6;
export const MEMBERS_SHOWN = 6;
export const LINES_SHOWN = 8;
export const PARTITIONS_SHOWN = 12;

const between = (low, value, high) => Math.max(low, Math.min(high, value));

/**
 * @param {import("./types.js").Model} model
 * @param {import("./types.js").Ui} ui
 * @param {{width: number, height: number}} room
 */
export function flowLayout(model, ui, room) {
  const on = cast(model);
  const crowded = on.brokers.length > CROWDED;
  const narrow = room.width < ONE_COLUMN;
  const gap = narrow ? LANE : between(34, room.width * 0.05, crowded ? 48 : 84);
  const across = { x: EDGE, w: room.width - 2 * EDGE };
  const left = { y: 0, ...(narrow ? across : { x: EDGE, w: between(168, room.width * 0.165, crowded ? 180 : 250) }) };
  const rightWidth = between(240, room.width * 0.26, crowded ? 260 : 380);
  const right = { y: 0, ...(narrow ? across : { x: room.width - EDGE - rightWidth, w: rightWidth }) };
  const feeders = stack(left, [...on.producers.map((p) => [p, 84]), ...on.feeders.map((c) => [c, 84])]);
  const top = TOP + (narrow ? bottomOf(feeders, INVITATION) + CARD_GAP : 0);
  const first = narrow ? EDGE + LANE : left.x + left.w + gap;
  const centre = { x: first, w: (narrow ? room.width - EDGE - LANE : right.x - gap) - first };
  const { lanes, head } = faultRoom(on.faults);
  const lanesTop = top + CONTROLLER.h + 12;
  const headTop = top + CONTROLLER.h + 26 + lanes;
  const shelvesTop = headTop + BROKER_HEAD + head + 6;
  const row = narrow ? ROW_OF_ONE : rowHeight(on, ui, room.height - EDGE - BELOW_SHELVES - shelvesTop);
  const shelves = stackTopics(on, ui, shelvesTop, row);
  const cluster = bottomOf(shelves, headTop + BROKER_HEAD + head + 60) + BELOW_SHELVES;
  if (narrow) right.y = cluster + CARD_GAP;
  const readers = stack(right, [
    ...on.groups.map((group) => [group, groupHeight(group)]),
    ...on.loners.map((consumer) => [consumer, 44 + LINE * Math.min(LINES_SHOWN, Math.max(1, consumer.positions.length))]),
    ...on.readers.map((client) => [client, 84]),
    ...on.archives.map((each) => [each, ARCHIVE_HEAD + LINE * Math.min(LINES_SHOWN, each.partitions.length) + 6]),
    ...on.transactions.slice(0, TRANSACTIONS_SHOWN).map((each) => [each, transactionHeight(each)]),
  ]);
  const content = Math.max(cluster, bottomOf(feeders, 0), bottomOf(readers, narrow ? right.y + INVITATION : 0));
  // Where all is one column the page is scrolled, and not the stage.
  const height = narrow ? content + EDGE : Math.max(room.height, content + EDGE);
  const brokers = columns(centre, on.brokers, headTop, (narrow ? cluster : height - EDGE) - headTop);
  const controllers = seats(centre, on.controllers, top);
  const faults = placeFaults(on.faults, { brokers, controllers, feeders, readers, centre, gap, lanesTop, headTop, head: BROKER_HEAD });
  const clientsById = new Map();
  for (const client of on.clients) clientsById.set(client.client_id, [...(clientsById.get(client.client_id) ?? []), client.name]);
  return { faults, clientsById, width: room.width, height, gap, narrow, left, right, centre, headTop, feeders, readers, shelves, brokers, controllers };
}

/** Controllers stand side by side above the brokers: one, or a quorum of three. */
function seats(centre, controllers, y) {
  const count = Math.max(1, controllers.length);
  const w = Math.min(CONTROLLER.w, (centre.w - CONTROLLER.gap * (count - 1)) / count);
  const first = centre.x + (centre.w - w * count - CONTROLLER.gap * (count - 1)) / 2;
  return controllers.map((entity, index) => ({ entity, x: first + index * (w + CONTROLLER.gap), y, w, h: CONTROLLER.h }));
}

function stack(column, cards) {
  let y = column.y + TOP + 26;
  return cards.map(([entity, h]) => {
    const box = { entity, x: column.x, y, w: column.w, h };
    y += h + CARD_GAP;
    return box;
  });
}

function groupHeight(group) {
  const shown = group.members.slice(0, MEMBERS_SHOWN);
  if (shown.length === 0) return groupHead(group) + 8 + LINE * Math.max(1, Math.min(LINES_SHOWN, group.offsets.length));
  const members = shown.reduce((sum, member) => sum + memberHeight(member), 0);
  return groupHead(group) + members + (group.members.length > MEMBERS_SHOWN ? LINE : 0) + 4;
}

function transactionHeight(transaction) {
  const lines = Math.min(LINES_SHOWN + 1, transaction.partitions.length);
  return TRANSACTION_HEAD + LINE * lines + (lines > 0 ? 6 : 0);
}

/** A consumer group has two epochs to tell, on a line of their own. */
export function groupHead(group) {
  return GROUP_HEAD + (group.type === "consumer" ? 16 : 0);
}

/** What a member has, what it must give up yet, and what it waits for; only in consumer groups are there the latter two. */
export function memberLines(member) {
  const each = (partitions, how) => (partitions ?? []).map(([topic, partition]) => ({ topic, partition, how }));
  return [...each(member.assignment, "has"), ...each(member.revoking, "gives up"), ...each(member.waiting, "waits")];
}

/** @param {{assignment: any[]}} member */
export function memberHeight(member) {
  const all = memberLines(member).length;
  const lines = Math.max(1, Math.min(LINES_SHOWN, all)) + (all > LINES_SHOWN ? 1 : 0);
  return MEMBER_HEAD + LINE * lines + 6;
}

/** Rows grow with the room there is, so that a projector shows them large. */
function rowHeight(on, ui, space) {
  const [folded, rows] = [stackTopics(on, ui, 0, 0), stackTopics(on, ui, 0, 1)].map((shelves) => bottomOf(shelves, 0));
  return rows === folded ? LOWEST_ROW : Math.floor(between(LOWEST_ROW, (space - folded) / (rows - folded), HIGHEST_ROW));
}

function stackTopics(on, ui, top, row) {
  let y = top;
  // A projector shows what it is about, and not the brokers' own topics.
  return on.topics.filter((topic) => !(ui.present && topic.internal)).map((topic) => {
    const all = on.partitions.get(topic.topic) ?? [];
    const open = ui.open.includes(topic.topic) !== defaultOpen(topic);
    const rows = open ? all.slice(0, PARTITIONS_SHOWN) : [];
    const more = open ? all.length - rows.length : 0;
    const shelf = {
      topic, y, open, more, all,
      rows: rows.map((partition, index) => ({ partition, y: y + TOPIC_HEAD + 4 + index * row, h: row - Math.min(WIDEST_ROW_GAP, Math.round(row / 6)) })),
      h: TOPIC_HEAD + rows.length * row + (more > 0 ? LINE : 0) + (open ? 12 : 28),
    };
    y += shelf.h;
    return shelf;
  });
}

/** Internal and very wide topics start folded. */
function defaultOpen(topic) {
  return !topic.internal && topic.partitions <= PARTITIONS_SHOWN;
}

function columns(centre, brokers, y, h) {
  const count = Math.max(1, brokers.length);
  const gap = count > CROWDED ? 8 : 14;
  const w = (centre.w - gap * (count - 1)) / count;
  return brokers.map((broker, index) => ({ entity: broker, x: centre.x + index * (w + gap), y, w, h }));
}

function bottomOf(boxes, otherwise) {
  const last = boxes.at(-1);
  return last ? last.y + last.h : otherwise;
}

/**
 * From the name of a node (and, at a broker, a partition) to the point where its envelopes leave and arrive.
 * @param {ReturnType<typeof flowLayout>} layout
 */
export function anchors(layout) {
  const boxes = new Map();
  for (const box of [...layout.feeders, ...layout.readers]) if (box.entity.name) boxes.set(box.entity.name, box);
  for (const box of layout.brokers) boxes.set(box.entity.node, box);
  for (const box of layout.controllers) boxes.set(`controller-${box.entity.id.split(":")[1]}`, box);
  for (const box of layout.readers) if (box.entity.kind === "group") seatMembers(boxes, box, layout);
  const rows = new Map();
  for (const shelf of layout.shelves) {
    for (const row of shelf.rows) rows.set(`${shelf.topic.topic} ${row.partition.partition}`, row.y - 2);
    rows.set(shelf.topic.topic, shelf.y + TOPIC_HEAD / 2);
  }
  return {
    box: (name) => boxes.get(name),
    /** Where a fact is told of: at its partition's row or its group's card. @returns {[number, number]|null} */
    place(fact) {
      const row = rows.get(`${fact.topic} ${fact.partition}`) ?? rows.get(fact.topic);
      if (row !== undefined) return [layout.centre.x, row];
      const card = layout.readers.find((box) => box.entity.id === `group:${fact.group}` || box.entity.id === `transaction:${fact.transactional_id}`);
      return card ? [card.x, card.y - 4] : null;
    },
    /** Between the cards and the brokers: where envelopes turn into their row. */
    gap: layout.gap,
    /** The width, where nothing stands beside the columns; else null. */
    alone: layout.narrow ? layout.width : null,
    columns: [layout.centre.x - 6, layout.centre.x + layout.centre.w + 6],
    /** @returns {[number, number]} */
    point(name, toward, topic, partition) {
      const box = boxes.get(name);
      const middle = box.x + box.w / 2;
      const towardX = toward.x + toward.w / 2;
      if (toward.entity.kind === "controller") return [middle, box.y - 6];
      if (box.entity.kind === "controller") return [middle + (towardX < middle ? -40 : 40), box.y + box.h + 8];
      const x = towardX > middle ? box.x + box.w : box.x;
      // On the edge of a card, where no name stands.
      if (box.entity.kind !== "broker") return [x, box.y + (box.entity.kind === "member" ? -6 : 2)];
      return [x, rows.get(`${topic} ${partition}`) ?? rows.get(topic) ?? box.y + DOOR];
    },
  };
}

function seatMembers(boxes, box, layout) {
  let y = box.y + GROUP_HEAD;
  for (const member of box.entity.members.slice(0, MEMBERS_SHOWN)) {
    const h = memberHeight(member);
    const seat = { entity: { kind: "member" }, x: box.x, y, w: box.w, h };
    if (member.ours) boxes.set(member.ours, seat);
    for (const name of layout.clientsById.get(member.client_id) ?? []) boxes.set(name, seat);
    y += h;
  }
}
