/**
 * What a share group holds of a partition: below the replicas, a row for each group, offset under offset.
 *
 * Each record has a state of its own: held (by whom, and which delivery it is), free again, done, given up. A
 * state is told by a shape and a word too, never by colour alone.
 */

import { h } from "../paint.js";
import { fit, number, short } from "../words.js";

export const SHARE_ROW = 30;
const MARKS = { available: "○", acquired: "●", acknowledged: "✓", archived: "✕" };
const SAID = { available: "free again", acquired: "held", acknowledged: "done", archived: "given up" };

/**
 * @param {import("../types.js").Entity} share
 * @param {number} y
 * @param {{at: (offset: number) => number, from: number, cell: number, edge: number, label: number}} scale
 * @param {number} last the end of the log
 */
export function drawShare(share, y, scale, last) {
  const cells = share.runs.flatMap((run) => {
    const found = [];
    for (let offset = Math.max(run.first, scale.from); offset <= Math.min(run.last, last - 1); offset += 1) found.push(drawRecord(share, run, offset, scale));
    return found;
  });
  const says = `share group ${share.group}, from offset ${share.start_offset}`;
  return h("g", { key: share.id, class: "share-row", transform: `translate(0 ${y})` },
    h("g", { class: "log-label", "data-id": `group:${share.group}`, tabindex: 0, role: "button", "aria-label": says },
      h("rect", { class: "band-hit", x: scale.edge, width: scale.label - 10, height: SHARE_ROW, rx: 4 }),
      h("text", { class: "card-line strong", x: scale.edge + 4, y: 13 }, fit(share.group, scale.label - 20, 12.5)),
      h("text", { class: "card-small", x: scale.edge + 4, y: 26 }, `share group · lag ${number(share.lag)}`),
      h("title", null, says)),
    drawDone(share, scale, last),
    cells,
    share.start_offset >= scale.from && share.start_offset <= last && h("g", { key: "start", class: "share-start", transform: `translate(${scale.at(share.start_offset)} 0)` },
      h("title", null, `Share partition start offset ${share.start_offset}: all before it is done with.`),
      h("path", { d: `M0 -3V${SHARE_ROW + 3}` })));
}

/** All before the start offset, in one piece. */
function drawDone(share, scale, last) {
  const until = Math.min(share.start_offset, last);
  if (until <= scale.from) return null;
  const w = (until - scale.from) * scale.cell;
  return h("g", { key: "done", class: "share-done", transform: `translate(${scale.at(scale.from)} 0)` },
    h("title", null, `The group is done with all offsets before ${share.start_offset}.`),
    h("rect", { x: 1, y: 3, width: w - 2, height: SHARE_ROW - 6, rx: 4 }),
    w > 40 && h("text", { x: w / 2, y: SHARE_ROW / 2 + 4 }, "done"));
}

function drawRecord(share, run, offset, scale) {
  const held = run.state === "acquired";
  const who = held && run.member ? ` by ${run.member}` : "";
  const count = run.deliveries > 0 ? ` · delivery ${run.deliveries} of ${share.delivery_count_limit}` : "";
  const writing = run.changing ? " · being written down" : "";
  const name = held && run.member ? run.member : SAID[run.state];
  return h("g", {
    key: offset, class: "share-cell", "data-state": run.state, "data-changing": String(run.changing), transform: `translate(${scale.at(offset)} 0)`,
    role: "img", "aria-label": `Offset ${offset}: ${SAID[run.state]}${who}`,
  },
    h("title", null, `offset ${offset} · ${SAID[run.state]}${who}${count}${writing}`),
    h("rect", { x: 1, width: scale.cell - 2, height: SHARE_ROW, rx: 4 }),
    h("text", { class: "share-mark", x: 5, y: 12 }, MARKS[run.state]),
    run.deliveries > 0 && h("text", { class: "share-count", x: scale.cell - 5, y: 12 }, `${run.deliveries}×`),
    h("text", { class: "share-name", x: 5, y: 25 }, short(endOf(name, scale.cell), Math.max(2, Math.floor((scale.cell - 8) / 5.6)))));
}

/** Of share-consumer-12 the 12 is what tells it from the others. */
function endOf(name, cell) {
  const most = Math.max(2, Math.floor((cell - 8) / 5.6));
  return name.length <= most ? name : name.replace(/^.*-(?=\d+$)/, "#");
}
