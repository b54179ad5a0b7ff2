/** The flow lens: who sends what to whom, and where every replica stands. */

import { cast } from "../cast.js";
import { TOPIC_HEAD } from "../layout.js";
import { h } from "../paint.js";
import { rebalanceOf } from "../rebalance.js";
import { fit, number, short } from "../words.js";
import { drawArchive } from "./archive.js";
import { drawBrokerHead, drawClient, drawController, drawProducer } from "./cards.js";
import { drawFaults } from "./fault.js";
import { drawGroup, drawLoner } from "./group.js";
import { drawTransaction } from "./transaction.js";
import { drawReplica, replicaState } from "./replica.js";

/** So wide a shelf has room for whole words. */
const ROOMY = 420;

/**
 * @param {import("../types.js").Model} model
 * @param {import("../types.js").Ui} ui
 * @param {ReturnType<typeof import("../layout.js").flowLayout>} layout
 */
export function drawFlow(model, ui, layout) {
  const on = cast(model);
  return [
    h("g", { key: "heads", class: "heads", "aria-hidden": "true" },
      h("text", { class: "column-title", x: layout.left.x, y: layout.left.y + 28 }, "Producers"),
      h("text", { class: "column-title", x: layout.right.x, y: layout.right.y + 28 }, "Consumers")),
    h("g", { key: "feeders" }, layout.feeders.map((box) => feeder(box, ui)), layout.feeders.length === 0 && invitation(layout.left, [
      "Nobody sends yet.", "Run a producer"], "create_producer")),
    h("g", { key: "controllers" }, layout.controllers.map((box) => drawController(box, ui.selected === box.entity.id))),
    h("g", { key: "reins", class: "reins" }, layout.brokers.map((box) => rein(layout, box))),
    h("g", { key: "brokers" }, layout.brokers.map((box) => drawBrokerHead(box, ui.selected === box.entity.id))),
    h("g", { key: "shelves" }, layout.shelves.map((shelf) => drawShelf(on, shelf, layout, ui))),
    h("g", { key: "faults" }, drawFaults(model, ui, layout)),
    on.topics.every((topic) => topic.internal) && h("g", { key: "bare" }, emptyShelf(layout)),
    h("g", { key: "readers" }, layout.readers.map((box) => reader(on, box, ui, model)), layout.readers.length === 0 && invitation(layout.right, [
      "Nobody reads yet.", "Add a consumer"], "add_consumer")),
  ].filter(Boolean);
}

function feeder(box, ui) {
  const chosen = ui.selected === box.entity.id;
  return box.entity.kind === "client" ? drawClient(box, chosen) : drawProducer(box, chosen);
}

function reader(on, box, ui, model) {
  if (box.entity.kind === "group") return drawGroup(box, on, ui.selected, rebalanceOf(model, box.entity.group));
  const chosen = ui.selected === box.entity.id;
  if (box.entity.kind === "archive") return drawArchive(box, chosen);
  if (box.entity.kind === "transaction") return drawTransaction(box, chosen);
  return box.entity.kind === "client" ? drawClient(box, chosen) : drawLoner(box, chosen);
}

/** From the controller to each broker: who holds the reins. */
function rein(layout, box) {
  const from = layout.controllers.find((one) => one.entity.active);
  if (!from) return null;
  const x0 = from.x + from.w / 2;
  const y0 = from.y + from.h;
  const x1 = box.x + box.w / 2;
  const middle = y0 + (box.y - y0) / 2;
  return h("path", { key: box.entity.id, class: "rein", "data-state": box.entity.state, d: `M${x0} ${y0}C${x0} ${middle} ${x1} ${middle} ${x1} ${box.y}` });
}

function drawShelf(on, shelf, layout, ui) {
  const { topic } = shelf;
  const id = `topic:${topic.topic}`;
  const plural = topic.partitions === 1 ? "partition" : "partitions";
  const { x, w } = layout.centre;
  return h("g", { key: id, class: "shelf" },
    h("g", { class: "shelf-head", "data-id": id, "data-selected": ui.selected === id, "aria-current": ui.selected === id && "true", tabindex: 0, role: "button", "aria-label": `Topic ${topic.topic}, ${topic.partitions} ${plural}, ${topic.replication_factor} replicas each` },
      h("rect", { class: "shelf-body", x: x - 6, y: shelf.y, width: w + 12, height: TOPIC_HEAD, rx: 5 }),
      h("text", { class: "shelf-name", x: x + 18, y: shelf.y + 16.5 }, short(topic.topic, Math.floor(w / 14))),
      h("text", { class: "card-small at-end", x: x + w - 4, y: shelf.y + 16 },
        `${number(topic.partitions)} ${plural} × ${topic.replication_factor}${w > ROOMY ? (topic.replication_factor === 1 ? " replica" : " replicas") : ""}${topic.internal ? " · internal" : ""}`)),
    h("g", { class: "fold", "data-fold": topic.topic, tabindex: 0, role: "button", "aria-expanded": String(shelf.open), "aria-label": `${shelf.open ? "Fold" : "Unfold"} ${topic.topic}` },
      h("rect", { class: "fold-body", x: x - 6, y: shelf.y, width: 22, height: TOPIC_HEAD }),
      h("path", { class: "fold-mark", d: shelf.open ? "M-4 -2L0 3L4 -2" : "M-2 -4L3 0L-2 4", transform: `translate(${x + 6} ${shelf.y + TOPIC_HEAD / 2})` })),
    shelf.rows.map((row) => layout.brokers.map((box) => cell(on, topic, row, box, ui))),
    !shelf.open && layout.brokers.map((box) => summary(on, shelf, box)),
    shelf.more > 0 && h("g", { class: "to-matrix", "data-lens-tab": "matrix", tabindex: 0, role: "button", "aria-label": `${shelf.more} more partitions of ${topic.topic}: show them on the matrix` },
      h("text", { class: "card-small", x: x + 12, y: shelf.y + shelf.h - 16 }, `and ${number(shelf.more)} more partitions: `, h("tspan", { class: "invite" }, "see the matrix"))),
  );
}

function cell(on, topic, row, box, ui) {
  const replica = on.replica(topic.topic, row.partition.partition, box.entity.broker);
  if (!replica) return null;
  const id = `replica:${topic.topic}:${row.partition.partition}:${box.entity.broker}`;
  const chosen = ui.selected === id || ui.selected === `partition:${topic.topic}:${row.partition.partition}`;
  const drawn = drawReplica(row.partition, replica, { x: box.x + 7, y: row.y, w: box.w - 14, h: row.h }, chosen);
  return { ...drawn, props: { ...drawn.props, key: id } };
}

function summary(on, shelf, box) {
  const states = { leader: 0, follower: 0, lagging: 0, offline: 0 };
  for (const partition of shelf.all) {
    const replica = on.replica(shelf.topic.topic, partition.partition, box.entity.broker);
    if (replica) states[replicaState(replica)] += 1;
  }
  const said = [`L ${states.leader}`, `F ${states.follower}`];
  if (states.lagging) said.push(`late ${states.lagging}`);
  if (states.offline) said.push(`X ${states.offline}`);
  return h("text", { key: box.entity.id, class: "card-small quiet", x: box.x + 14, y: shelf.y + TOPIC_HEAD + 16 }, fit(said.join(" · "), box.w - 20, 11.5));
}

function emptyShelf(layout) {
  const { x, w } = layout.centre;
  return h("g", { class: "invitation", "data-form": "create_topic", tabindex: 0, role: "button" },
    h("rect", { x: x + 24, y: layout.headTop + 130, width: w - 48, height: 64, rx: 8 }),
    h("text", { class: "card-line", x: x + w / 2, y: layout.headTop + 158 }, "There is no topic yet."),
    h("text", { class: "invite", x: x + w / 2, y: layout.headTop + 178 }, "Create a topic"));
}

function invitation(column, [said, offer], form) {
  return h("g", { class: "invitation", "data-form": form, tabindex: 0, role: "button", "aria-label": `${said} ${offer}.` },
    h("rect", { x: column.x, y: column.y + 40, width: column.w, height: 88, rx: 8 }),
    h("text", { class: "card-line", x: column.x + column.w / 2, y: column.y + 68 }, said),
    h("text", { class: "invite", x: column.x + column.w / 2, y: column.y + 90 }, offer),
    h("text", { class: "card-small quiet wall-only", x: column.x + column.w / 2, y: column.y + 110 }, "or connect your own"));
}
