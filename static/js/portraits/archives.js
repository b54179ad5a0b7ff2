/** An archive in words. */

import { h } from "../paint.js";
import { bytes, number } from "../words.js";
import { jump } from "./parts.js";

export function archive(it, model) {
  const written = model.entities[`archive_objects:${it.archive}`]?.written ?? [];
  const lab = model.entities.lab;
  const page = `/labs/${lab.trunk}${lab.branch ? `~${lab.branch}` : ""}/archive/`;
  return {
    title: `Store of ${it.archive}`,
    about: "Objects that a sink writes from a topic, as a managed firehose does. Each is named by the offset that it goes on from, and the store takes a name once.",
    rows: [
      ["Topic", jump(it.topic, `topic:${it.topic}`), `Its id, ${it.topic_id}, is part of the names: made anew it is another archive.`],
      ["Sink", it.sink === null ? "none runs" : jump(it.sink, `consumer:${it.sink}`), it.sink === null ? "Started again, one goes on from where the objects end." : `It writes at ${it.buffer_mib} MiB, or ${it.buffer_s} s after the first record.`],
      ["Objects", number(it.objects), h("a", { href: page }, "All of them, read back and verified")],
      ["Records, size", `${number(it.records)}, ${bytes(it.size)}`, "In the store."],
      ["Newest record", it.newest_age_s === null ? "none" : `${number(it.newest_age_s)} s old`, "What a reader of the store has to wait for, and a consumer of the topic has not."],
      ["There twice", number(it.doubles), "Offsets that two objects have."],
      ...it.partitions.map((each) => [jump(`${it.topic}-${each.partition}`, `partition:${it.topic}:${each.partition}`), `${number(each.held)} held, ${bytes(each.held_size)}`,
        `The store has everything before offset ${number(each.next)}.${each.writing ? " An object is on its way." : ""}`]),
      it.problem && ["Not kept", it.problem, "It is tried again with the next object."],
      ...[...written].sort((one, other) => (other.at_us ?? 0) - (one.at_us ?? 0)).slice(0, 8).map((each) => [`${it.topic}-${each.partition} @ ${each.first}`,
        `${each.records === null ? "" : `${number(each.records)} records, `}${bytes(each.size)}`, each.because === "" ? "Written in an earlier life of the lab." : `Because of its ${each.because}.`]),
    ],
  };
}
