"""Each fault in a few plain words, as it stands on the stage beside what it hits."""

from typing import Any

from kafkalab.lab import fault_commands as fault
from kafkalab.lab.parsing import snake_case


def label(command: Any) -> str:
    match command:
        case fault.SlowDisk(_, delay_ms):
            return f"slow disk: {delay_ms} ms"
        case fault.FillDisk(_, free_bytes):
            return f"disk full after {free_bytes} bytes" if free_bytes else "disk full"
        case fault.FailDisk():
            return "disk failed"
        case fault.TearWrite():
            return "next write will be torn"
        case fault.CutLink(one, _, direction):
            return "cut" if direction == "both" else f"cut from {one} on"
        case fault.LosePackets(_, _, percent):
            return f"loses {percent}% of packets"
        case fault.DelayLink(_, _, delay_ms, jitter_ms):
            return f"{delay_ms} ms slower" if not jitter_ms else f"{delay_ms} to {delay_ms + jitter_ms} ms slower"
        case fault.DuplicateConnections(_, _, percent):
            return f"{percent}% of connections break at one end"
        case fault.IsolateRack(rack):
            return f"{rack} cut off"
        case fault.SkewClock(_, by_ms):
            return f"clock {abs(by_ms) / 1000:g} s {'ahead' if by_ms > 0 else 'behind'}"
        case fault.FailResponses():
            return _answers(command)
        case fault.LoseAnswers(api, times):
            return f"{api}: next answer lost" if times == 1 else f"{api}: next {times} answers lost"
        case fault.HideLeader(topic, partition):
            return f"hides the leader of {topic}-{partition}"
        case fault.TellStaleLeader(topic, partition, leader):
            return f"says broker {leader} leads {topic}-{partition}"
        case fault.MoveCoordinator(group, broker):
            return f"broker {broker} is said to coordinate {group}"
        case fault.AdvertiseWrongAddress(_, host, port):
            return f"advertises {host}:{port} when it starts"
        case fault.PoseAsKafka(release):
            return f"poses as Kafka {release}"
    verb, _, what = snake_case(type(command).__name__).partition("_")
    # Of any process: brokers and controllers alike.
    return {"freeze": "frozen", "isolate": "cut off from everyone"}.get(verb, f"{verb} {what.replace('_', ' ')}")


def _answers(command: fault.FailResponses) -> str:
    said = command.error or "late"
    late = f", {command.round_trip_ms} ms late" if command.error and command.round_trip_ms else ""
    return f"{command.api}: {said}{late}" + (f", {command.times} times" if command.times > 1 else "")
