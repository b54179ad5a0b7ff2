/** Brokers, controllers and faults in words. */

import { cast } from "../cast.js";
import { since, whereIs } from "../faults.js";
import { bytes, clockTime, number, offset, spoken } from "../words.js";

export function broker(it) {
  const down = it.state === "crashed" || it.state === "stopped";
  return {
    title: `Broker ${it.broker}`,
    about: `A Kafka broker at ${it.host}:${it.port}. It keeps replicas on its own disk, leads some of them and follows others.`,
    rows: [
      ["State", spoken(it.state), down && !it.fenced ? "The controller does not know it yet: it waits for the broker's heartbeats until broker.session.timeout.ms is over." : "What its process does."],
      it.advertised && ["Advertises", it.advertised, "Where it tells clients to find it: its advertised.listeners, as registered when it started."],
      ["Fenced", it.fenced ? "yes" : "no", "While fenced, the controller lets it lead nothing and counts it out of every ISR."],
      ["Broker epoch", number(it.epoch), "Given at registration: requests under an older epoch are refused."],
      ["Leads", down ? "–" : `${number(it.leaders)} of ${number(it.replicas)} replicas`, "Clients write to leaders; followers copy from them."],
      ["Log size", down ? "–" : bytes(it.log_bytes), down ? "Its segment files are still on its disk. Nobody reads them while it is down." : "All its segment files together."],
      ["Metadata offset", offset(it.metadata_offset), "How far it has read the controller's log."],
      ["Connections", number(it.connections), "Real clients connected to it now."],
      it.rack && ["Rack", it.rack, "Replicas are spread over racks."],
    ],
  };
}

export function controller(it) {
  return {
    title: `Controller ${it.id.split(":")[1]}`,
    about: "It decides: which brokers are alive, who leads each partition, which topics there are. Its decisions are records in a log that every broker reads.",
    rows: [
      ["State", spoken(it.state), "What its process does."],
      it.role !== undefined && ["Role", spoken(it.role), "One leads the quorum and decides; the others follow, and one of them takes over when it is gone."],
      ["Active", it.active ? "yes" : "no", "Only the active controller decides."],
      it.epoch !== undefined && ["Epoch", offset(it.epoch), "Goes up with every election of a controller."],
      it.metadata_offset !== undefined && ["Metadata offset", offset(it.metadata_offset), "The end of its log of decisions, __cluster_metadata."],
      it.voted_for !== undefined && ["Voted for", it.voted_for < 0 ? "–" : `controller ${it.voted_for}`, "In this epoch: each voter has one vote."],
      it.snapshot_end >= 0 && ["Snapshot up to", number(it.snapshot_end), "Everything before it is kept as a state and no longer as records."],
      it.log_end !== undefined && ["Log end", offset(it.log_end), "The offset that its next record gets."],
      it.high_watermark !== undefined && ["High watermark", offset(it.high_watermark), "What is before it is on most of the controllers: it counts."],
    ],
  };
}

export function fault(it, model) {
  const brokers = cast(model).brokers.length;
  return {
    title: `${whereIs(it, brokers)}: ${it.label}`,
    about: `${it.says} Faults end when the lab is stopped.`,
    rows: [
      ["On since", clockTime(it.since_us), `${since(model, it)} of the lab's time.`],
      ["Hits", it.nodes.join(", "), "Whose machine, or whose way to others, is not as it was."],
      ...Object.entries(it.settings).filter(([, value]) => value !== null && value !== "").map(([name, value]) => [spoken(name), String(value), null]),
    ],
  };
}
