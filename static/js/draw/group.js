/** A consumer group: its state, its members, and for each partition position, committed offset and lag. */

import { h } from "../paint.js";
import { groupHead, LINE, LINES_SHOWN, MEMBER_HEAD, MEMBERS_SHOWN, memberHeight, memberLines } from "../layout.js";
import { number, offset, short, spoken } from "../words.js";
import { card, cardAround, drawPlug } from "./cards.js";
import { drawRebalance } from "./rebalance.js";

/**
 * @param {any} box
 * @param {{consumer: (name: string) => import("../types.js").Entity | undefined, clients: import("../types.js").Entity[]}} on
 * @param {string|null} selected
 * @param {import("../rebalance.js").Rebalance|null} rebalance
 */
export function drawGroup(box, on, selected, rebalance) {
  const { entity, w } = box;
  const calm = entity.state === "Stable" || entity.state === "Empty";
  const state = spoken(entity.state);
  const badge = state.length * 6.5 + 26;
  const [modern, share] = [entity.type === "consumer", entity.type === "share"];
  const kind = share ? `share group, epoch ${entity.generation}` : modern ? "consumer protocol" : `generation ${entity.generation}`;
  const facts = [kind, entity.coordinator < 0 ? "its coordinator is down" : `coordinator ${entity.coordinator}`, share ? null : entity.protocol];
  const headEnd = groupHead(entity) - 6;
  const told = `Group ${entity.group}, ${state}, ${entity.members.length} members, lag ${entity.lag}`;
  return cardAround(box, "group", selected === entity.id, told, [
    h("rect", { class: "card-edge", width: 5, height: box.h, rx: 2.5 }),
    h("text", { class: "card-name", x: 14, y: 21 }, short(entity.group, Math.floor((w - badge - 34) / 8))),
    h("g", { class: "badge", "data-state": entity.state, "data-calm": String(calm), transform: `translate(${w - badge - 10} 7)` },
      h("rect", { width: badge, height: 19, rx: 9.5 }),
      h("path", { class: "badge-mark", d: MARKS[/** @type {keyof typeof MARKS} */ (entity.state)] ?? MARKS.Dead, transform: "translate(11 9.5)" }),
      h("text", { x: 20, y: 13.5 }, state)),
    rebalance ? drawRebalance(rebalance, w) : h("text", { class: "card-small", x: 14, y: 39 }, short(facts.filter(Boolean).join(" · "), Math.floor((w - 22) / 5.7))),
    modern && h("text", { class: "card-small group-epochs", x: 14, y: 55 }, `group epoch ${entity.generation} · assignment epoch ${entity.assignment_epoch}`),
    h("text", { class: "column-head", x: w - 116, y: headEnd }, share ? "" : "position"),
    h("text", { class: "column-head", x: w - 52, y: headEnd }, share ? "start" : "committed"),
    h("text", { class: "column-head", x: w - 12, y: headEnd }, "lag")],
    entity.members.length > 0 ? drawMembers(entity, w, on, selected) : drawOffsets(entity, w),
  );
}

/** A full disc, two halves and a ring: the state reads without colour. */
const MARKS = {
  Stable: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",
  PreparingRebalance: "M-4 0A4 4 0 0 1 4 0Z",
  CompletingRebalance: "M-4 0A4 4 0 0 0 4 0Z",
  Assigning: "M-4 0A4 4 0 0 1 4 0Z",
  Reconciling: "M-4 0A4 4 0 0 0 4 0Z",
  Empty: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0ZM-2.4 0A2.4 2.4 0 1 0 2.4 0A2.4 2.4 0 1 0 -2.4 0Z",
  NoCoordinator: "M-4 -4L4 4L3 5L-5 -3ZM4 -4L5 -3L-3 5L-4 4Z",
  Dead: "M-4 -1H4V1H-4Z",
};

function drawMembers(group, w, on, selected) {
  let y = groupHead(group);
  const drawn = group.members.slice(0, MEMBERS_SHOWN).map((member) => {
    const consumer = member.ours ? on.consumer(member.ours) : undefined;
    const client = member.ours ? undefined : on.clients.find((one) => one.client_id === member.client_id && one.groups.includes(group.group));
    const part = drawMember(group, member, consumer, client, { y, w }, selected);
    y += memberHeight(member);
    return part;
  });
  const more = group.members.length - MEMBERS_SHOWN;
  if (more > 0) drawn.push(h("text", { class: "card-small", x: 14, y: y + 12 }, `and ${more} more members`));
  return drawn;
}

/** Who is chosen with it is the lab's consumer, or the real client that is this member. */
function drawMember(group, member, consumer, client, { y, w }, selected) {
  const own = consumer ? `consumer:${consumer.name}` : client?.id;
  const id = own ?? `group:${group.group}`;
  const lines = memberLines(member);
  const shown = lines.slice(0, LINES_SHOWN);
  const more = lines.length - shown.length;
  const role = member.member_id === group.leader ? "group leader" : member.epoch === undefined ? "" : `epoch ${member.epoch}${member.speaks === "classic" ? ", speaks classic" : ""}`;
  const name = member.ours ?? member.client_id;
  return h("g", {
    key: member.member_id, class: "member", "data-id": id, "data-selected": own !== undefined && selected === id, "aria-current": own !== undefined && selected === id && "true",
    transform: `translate(0 ${y})`, tabindex: 0, role: "button", "aria-label": `Member ${name} with ${spokenParts(member)}`,
  },
    h("rect", { class: "member-body", x: 9, width: w - 14, height: memberHeight(member) - 3, rx: 5 }),
    h("text", { class: "member-name", x: 16, y: 17 }, short(name, Math.floor((w - 90) / 7.2))),
    role && h("text", { class: "member-role", x: w - 12, y: 17 }, role),
    !member.ours && drawPlug(w - (role ? 32 + role.length * 6 : 30), 8),
    shown.map(({ topic, partition, how }, index) => how === "has"
      ? drawLine(group, consumer, topic, partition, MEMBER_HEAD + index * LINE, w)
      : drawMoving(topic, partition, how, MEMBER_HEAD + index * LINE, w)),
    shown.length === 0 && h("text", { class: "card-small quiet", x: 16, y: MEMBER_HEAD + 12 }, group.state === "Stable" || group.state === "NoCoordinator" ? "no partition" : "waiting for its partitions"),
    more > 0 && h("text", { class: "card-small", x: 16, y: MEMBER_HEAD + shown.length * LINE + 12 }, `and ${more} more`),
  );
}

function spokenParts(member) {
  const parts = [`${member.assignment.length} partitions`];
  if (member.revoking?.length > 0) parts.push(`must give up ${member.revoking.length}`);
  if (member.waiting?.length > 0) parts.push(`waits for ${member.waiting.length}`);
  return parts.join(", ");
}

/** A partition on its way from one member to another: an arrow out of a solid box, or an empty dashed one. */
function drawMoving(topic, partition, how, y, w) {
  const [says, mark] = how === "waits" ? ["waits: another has it", "M-4 -4H4V4H-4Z"] : ["must give it up", "M-4 -4H1M-4 -4V4H1M-1 0H6M3 -3L6 0L3 3"];
  return h("g", { key: `${how} ${topic}-${partition}`, class: "moving", "data-how": how, transform: `translate(0 ${y})` },
    h("path", { class: "moving-mark", d: mark, transform: "translate(21 8)" }),
    h("text", { class: "owned-name", x: 31, y: 12 }, short(`${topic}-${partition}`, Math.floor((w - 187) / 7))),
    h("text", { class: "moving-says", x: w - 12, y: 12 }, says));
}

function drawOffsets(group, w) {
  if (group.offsets.length === 0) return h("text", { class: "card-small quiet", x: 16, y: groupHead(group) + 14 }, "no members, no offsets");
  return group.offsets.slice(0, LINES_SHOWN).map((at, index) => drawLine(group, undefined, at.topic, at.partition, groupHead(group) + index * LINE, w));
}

function drawLine(group, consumer, topic, partition, y, w) {
  const same = (at) => at.topic === topic && at.partition === partition;
  const at = group.offsets.find(same);
  const position = consumer?.positions.find(same)?.position;
  const lag = at?.lag ?? null;
  return h("g", { key: `${topic}-${partition}`, class: "owned", transform: `translate(0 ${y})` },
    h("text", { class: "owned-name", x: 16, y: 12 }, short(`${topic}-${partition}`, Math.floor((w - 172) / 7))),
    group.type !== "share" && h("text", { class: "figure", x: w - 116, y: 12 }, offset(position)),
    h("text", { class: "figure", x: w - 52, y: 12 }, offset(at?.committed)),
    h("text", { class: "figure lag", "data-late": String(lag !== null && lag > 0), x: w - 12, y: 12 }, number(lag)));
}

/** A consumer that assigns itself partitions and belongs to no group, or whose group is not known yet. */
export function drawLoner(box, selected) {
  const { entity, w } = box;
  return card(box, "loner", selected, `Consumer ${entity.name}, ${entity.group ? `for group ${entity.group}, ${spoken(entity.state)}` : "in no group"}`,
    h("rect", { class: "card-edge", width: 5, height: box.h, rx: 2.5 }),
    h("text", { class: "card-name", x: 14, y: 21 }, short(entity.name, Math.floor((w - 90) / 8))),
    h("text", { class: "member-role", x: w - 12, y: 21 }, entity.group ? `for ${short(entity.group, 14)}` : "no group"),
    entity.positions.length === 0 && h("text", { class: "card-small", x: 16, y: 46 }, spoken(entity.state)),
    entity.positions.slice(0, LINES_SHOWN).map((at, index) => h("g", { class: "owned", transform: `translate(0 ${34 + index * LINE})` },
      h("text", { class: "owned-name", x: 16, y: 12 }, `${at.topic}-${at.partition}`),
      h("text", { class: "figure", x: w - 12, y: 12 }, offset(at.position)))));
}
