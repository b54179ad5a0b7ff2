/** The debrief: what broke, four bars, the incident moment by moment, and what the learner takes along. */

import { h } from "../paint.js";
import { acts } from "./draw.js";
import { say } from "./words.js";

/** @param {any} drill @param {import("./draw.js").Local} local */
export function drawDebrief(drill, local) {
  const { debrief } = drill;
  return h("article", { key: "debrief", class: "drill-debrief" },
    h("p", { class: "drill-verdict", "data-won": String(debrief.won), id: "drill-title", tabindex: "-1" }, debrief.won ? `✓ ${say("won")}` : `✕ ${say("lost")}`),
    drill.broken.length > 0 && h("ul", { key: "broken", class: "drill-broken", lang: "en" }, drill.broken.map((says) => h("li", { key: says }, says))),
    drawBars(debrief),
    h("section", { key: "cause", class: "drill-text" }, h("h3", null, say("what_broke")),
      h("p", { lang: "en" }, h("strong", null, debrief.right)), h("div", { lang: "en" }, debrief.cause),
      h("h4", null, say("fitting")),
      h("ul", { lang: "en" }, debrief.evidence.map((one) => h("li", { key: one.says, "data-pinned": String(one.pinned) }, one.says, one.pinned && h("span", { class: "drill-had" }, ` ✓ ${say("you_pinned")}`))))),
    drawTimeline(debrief, local),
    h("section", { key: "text", class: "drill-text", lang: "en" }, debrief.text, h("p", { class: "drill-asked" }, debrief.question)),
    drawWriting(debrief),
    h("p", { key: "files", class: "drill-files" }, say("takeaway"), " ", [["post-mortem.md", "Markdown"], ["timeline.csv", "CSV"], ["incident.json", "JSON"]].map(([file, name]) => [h("a", { key: file, href: `${local.leftOver}${file}`, download: true }, name), " "])));
}

function drawBars({ bars }) {
  return h("section", { key: "bars", class: "drill-bars" }, h("h3", null, say("bars")),
    h("dl", null, bars.map((bar) => h("div", { key: bar.name },
      h("dt", null, say(`bar_${bar.name}`)),
      h("dd", null, h("meter", { min: 0, max: 1, value: bar.filled, "aria-label": `${say(`bar_${bar.name}`)}: ${say("filled", { percent: Math.round(bar.filled * 100) })}` }),
        h("ul", { lang: "en" }, bar.says.map((says) => h("li", { key: says }, says))))))));
}

/** To be scrubbed: the slider goes from line to line, and the stage shows the lab's recording of that moment. */
function drawTimeline({ lines }, { at }) {
  const here = lines[at] ?? lines.at(-1);
  if (here === undefined) return null;
  return h("section", { key: "timeline", class: "drill-timeline" }, h("h3", null, say("timeline")),
    h("p", { class: "quiet" }, say("timeline_how")),
    h("input", { type: "range", min: 0, max: lines.length - 1, step: 1, value: String(Math.min(at, lines.length - 1)), "data-drill-moment": true, "aria-label": say("moment"), "aria-valuetext": `${here.at_s} s. ${here.text}` }),
    h("div", { class: "drill-moment", lang: "en" },
      h("p", null, h("time", null, `${here.at_s} s`), " ", h("span", { class: "drill-kind", "data-kind": here.kind }, say(`kind_${here.kind}`)), " ", here.text),
      h("p", { class: "drill-believed" }, h("b", null, `${say("believed")}: `), here.believed || say("believed_nothing"))),
    h("ol", { class: "drill-lines", lang: "en", tabindex: "0", "aria-label": say("timeline") }, lines.map((line, number) => h("li", { key: line.number, "data-kind": line.kind, ...(line === here ? { "aria-current": "true" } : {}) },
      h("button", { type: "button", class: "link", "data-drill-line": number }, `${line.at_s} s`),
      h("span", { class: "drill-kind", "data-kind": line.kind }, say(`kind_${line.kind}`)),
      h("span", null, line.text, line.who !== "" && ` (${line.who})`)))));
}

function drawWriting({ written, ours }) {
  return h("form", { key: "writing", class: "drill-box drill-writing", "data-drill-form": "write_down" },
    h("h3", null, say("write_title")),
    ["rule", "alert", "setting"].map((name) => h("label", { key: name }, h("span", null, say(name)),
      h("textarea", { name, rows: 2, maxlength: 600, placeholder: say(`${name}_how`) }, written[name] ?? ""))),
    acts(h("button", { type: "submit", "data-main": true }, say("keep"))),
    ours && h("div", { key: "ours", class: "drill-ours" }, h("p", { class: "quiet" }, say("kept")),
      h("dl", { lang: "en" }, ["rule", "alert", "setting"].map((name) => h("div", { key: name }, h("dt", null, say(name)), h("dd", null, ours[name]))))));
}
