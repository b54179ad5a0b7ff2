"""kafka-reassign-partitions: a plan to move partitions, made, carried out, looked after and called off
(org.apache.kafka.tools.reassign.ReassignPartitionsCommand)."""

import json
import re

from kio.schema.alter_partition_reassignments.v1.request import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kio.schema.describe_log_dirs.v4.request import DescribeLogDirsRequest
from kio.schema.list_partition_reassignments.v0.request import ListPartitionReassignmentsRequest
from kio.schema.metadata.v13.response import MetadataResponseTopic
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32

from kafkalab.engine.clients.requests import duration
from kafkalab.lab import commands as order
from kafkalab.lab import moving
from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import checked, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

ACTIONS = ("generate", "execute", "verify", "cancel", "list")
TIMEOUT = duration(30_000)
_SOME_PLAN = re.compile(r"<the plan that moved (.+)-(\d+)>")
Replicas = tuple[int, ...]
Plan = dict[TopicPartition, Replicas]


def run(given: Given, io: Io) -> Steps[None]:
    if sum(given.has(action) for action in ACTIONS) != 1:
        listed = ", ".join(f"--{action}" for action in ACTIONS)
        raise Failed(f"Command must include exactly one action: {listed}", shows_usage=True)
    try:
        if given.has("generate"):
            yield from _generate(given, io)
        elif given.has("execute"):
            yield from _execute(given, io)
        elif given.has("verify"):
            yield from _verify(given, io)
        elif given.has("cancel"):
            yield from _cancel(given, io)
        else:
            yield from _list(io)
    except Failed as failed:
        raise Failed(str(failed) if failed.shows_usage else f"Error: {failed}", shows_usage=failed.shows_usage,
                     hint=failed.hint) from None  # fmt: skip


def _plan(given: Given, io: Io) -> Plan:
    """Raises Failed. Of a plan that only its page knows, nothing but what it moved."""
    if not given.has("reassignment-json-file"):
        raise Failed('Missing required argument "[reassignment-json-file]"', shows_usage=True)
    path = given.one("reassignment-json-file") or ""
    known = _SOME_PLAN.fullmatch(path)
    if known is not None:
        return {(known[1], int(known[2])): ()}
    plan = _json(io.text_of(path))
    if not isinstance(plan, dict) or not isinstance(plan.get("partitions"), list):
        raise Failed("The input string is not a valid reassignment JSON")
    found: Plan = {}
    for it in plan["partitions"]:
        where = (str(it.get("topic")), int(it.get("partition", -1)))
        if where in found:
            raise Failed(f"Partition reassignment contains duplicate topic partitions: {where[0]}-{where[1]}")
        found[where] = tuple(int(replica) for replica in it.get("replicas", ()))
    if not found:
        raise Failed("Partition reassignment list cannot be empty")
    return found


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        word = (re.match(r"\s*(\S+)", text) or ["", text[:20]])[1]
        raise Failed(
            f"Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' "
            "or 'false')"
        ) from None


def _where(topic: str, number: int) -> str:
    return marks.partition(topic, number, f"{topic}-{number}")


def _described(names: set[str] | list[str]) -> Steps[dict[str, MetadataResponseTopic]]:
    """Raises Failed where one of them does not exist."""
    topics = yield from asking.topics_named(sorted(names))
    for name in sorted(names):
        if name not in topics:
            raise Failed(exception(ErrorCode.unknown_topic_or_partition, f"Topic {name} not found."))
    return topics


def _now(topics: dict[str, MetadataResponseTopic]) -> Plan:
    return {
        (name, int(it.partition_index)): tuple(map(int, it.replica_nodes))
        for name, topic in sorted(topics.items())
        for it in sorted(topic.partitions, key=lambda it: it.partition_index)
    }


def _as_json(plan: Plan, places: dict[int, str]) -> str:
    """In Kafka's order of fields, with the names in it marked."""
    parts = []
    for (topic, number), replicas in plan.items():
        name = marks.topic(topic)
        listed = marks.brokers(replicas)
        dirs = ",".join(f'"{places.get(broker, "any")}"' for broker in replicas)
        parts.append(
            f'{{"topic":"{name}","partition":{marks.partition(topic, number)},"replicas":[{listed}],'
            f'"log_dirs":[{dirs}]}}'
        )
    return f'{{"version":1,"partitions":[{",".join(parts)}]}}'


def _places(plan: Plan) -> Steps[dict[int, str]]:
    """The log directory of each broker that keeps any of it."""
    found = {}
    for broker in sorted({replica for replicas in plan.values() for replica in replicas}):
        outcome = yield Ask(ApiKey.DESCRIBE_LOG_DIRS, DescribeLogDirsRequest(topics=None), broker, 5_000)
        if outcome.ok:
            found[broker] = outcome.answers[0].results[0].log_dir
    return found


# -- generate -------------------------------------------------------------------------------------------


def _generate(given: Given, io: Io) -> Steps[None]:
    for option in ("topics-to-move-json-file", "broker-list"):
        if not given.has(option):
            raise Failed(f'Missing required argument "[{option}]"', shows_usage=True)
    said = _json(io.text_of(given.one("topics-to-move-json-file") or ""))
    if not isinstance(said, dict) or not isinstance(said.get("topics"), list):
        raise Failed("The input string is not a valid list of topics to move")
    numbers = (given.one("broker-list") or "").split(",")
    if not all(number.strip().isdigit() for number in numbers):
        raise Failed(f"Invalid broker list: {given.one('broker-list')}")
    brokers = [int(number) for number in numbers]
    topics = yield from _described([str(it.get("topic")) for it in said["topics"]])
    now = _now(topics)
    described = yield from asking.cluster()
    racks = {int(it.broker_id): it.rack or "" for it in described.brokers}
    places = yield from _places(now)
    proposed: Plan = {}
    for at, (where, replicas) in enumerate(now.items()):
        if len(replicas) > len(brokers):
            raise Failed(f"Replication factor: {len(replicas)} larger than available brokers: {len(brokers)}.")
        proposed[where] = _spread(brokers if given.has("disable-rack-aware") else _by_rack(brokers, racks), at,
                                  len(replicas))  # fmt: skip
    io.say("Current partition replica assignment")
    io.say(_as_json(now, places))
    io.say("")
    io.say("Proposed partition reassignment configuration")
    io.say(_as_json(proposed, {}))


def _by_rack(brokers: list[int], racks: dict[int, str]) -> list[int]:
    """One of each rack in turn, so that neighbours in the list lie in different racks."""
    shelves: dict[str, list[int]] = {}
    for broker in sorted(brokers):
        shelves.setdefault(racks.get(broker, ""), []).append(broker)
    rounds = max(len(shelf) for shelf in shelves.values())
    return [shelf[at] for at in range(rounds) for _, shelf in sorted(shelves.items()) if at < len(shelf)]


def _spread(brokers: list[int], at: int, replicas: int) -> Replicas:
    """The leaders go round, and with each round the followers lie one farther from them."""
    count = len(brokers)
    first, shift = at % count, at // count
    others = [(first + 1 + (shift + other) % (count - 1)) % count for other in range(replicas - 1)]
    return tuple(brokers[it] for it in (first, *others))


# -- execute ---------------------------------------------------------------------------------------------


def _execute(given: Given, io: Io) -> Steps[None]:
    plan = _plan(given, io)
    moving_now = yield from _reassignments()
    if moving_now and not given.has("additional"):
        raise Failed(
            "Cannot execute because there is an existing partition assignment.  Use --additional to override this and "
            "create a new partition assignment in addition to the existing one. The --additional option can also be "
            "used to change the throttle by resubmitting the current reassignment."
        )
    topics = yield from _described({topic for topic, _ in plan})
    everything = _now(topics)
    for topic, number in plan:
        if (topic, number) not in everything:
            raise Failed(exception(ErrorCode.unknown_topic_or_partition, f"Unable to find partition: {topic}-{number}"))
    before = {where: everything[where] for where in sorted(plan)}
    places = yield from _places(before)
    io.say("Current partition replica assignment")
    io.say("")
    io.say(_as_json(before, places))
    io.say("")
    io.say("Save this to use as the --reassignment-json-file option during rollback")
    throttle = given.one("throttle")
    if throttle is not None and int(throttle) >= 0:
        io.say(
            "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is "
            "removed."
        )
        for (topic, number), replicas in plan.items():
            move = order.ReassignPartition(topic, number, replicas, int(throttle))
            bound = moving.throttled(move, before[topic, number])
            checked((yield Ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, bound)))
        io.say(f"The inter-broker throttle limit was set to {throttle} B/s")
    wrong = yield from _move(dict(plan))
    if wrong:
        raise Failed("\n".join(["Error reassigning partition(s):", *wrong]))
    plural = "s" if len(plan) > 1 else ""
    listed = ",".join(_where(*where) for where in sorted(plan))
    io.say(f"Successfully started partition reassignment{plural} for {listed}")


def _move(plan: dict[TopicPartition, Replicas] | dict[TopicPartition, None]) -> Steps[list[str]]:
    """What was refused. A partition with None stays where it is."""
    by_topic: dict[str, list[ReassignablePartition]] = {}
    for (topic, number), replicas in plan.items():
        brokers = None if replicas is None else tuple(BrokerId(it) for it in replicas)
        by_topic.setdefault(topic, []).append(ReassignablePartition(partition_index=i32(number), replicas=brokers))
    body = AlterPartitionReassignmentsRequest(
        topics=tuple(ReassignableTopic(name=TopicName(it), partitions=tuple(parts)) for it, parts in by_topic.items()),
        timeout=TIMEOUT,
    )
    outcome = yield Ask(ApiKey.ALTER_PARTITION_REASSIGNMENTS, body)
    if not outcome.answers:
        raise Failed(exception(outcome.error, outcome.message))
    return [
        f"{_where(str(topic.name), int(it.partition_index))}: {it.error_message or it.error_code.name.upper()}"
        for topic in outcome.answers[0].responses
        for it in topic.partitions
        if it.error_code != ErrorCode.none
    ]


# -- what goes on ----------------------------------------------------------------------------------------------


def _reassignments() -> Steps[dict[TopicPartition, tuple[Replicas, Replicas, Replicas]]]:
    """(all its replicas, those being added, those being removed) of everything that moves."""
    body = ListPartitionReassignmentsRequest(topics=None, timeout=TIMEOUT)
    answer = asking.first((yield Ask(ApiKey.LIST_PARTITION_REASSIGNMENTS, body)))
    return {
        (str(topic.name), int(it.partition_index)): (
            tuple(map(int, it.replicas)),
            tuple(map(int, it.adding_replicas)),
            tuple(map(int, it.removing_replicas)),
        )
        for topic in answer.topics
        for it in topic.partitions
    }


def _list(io: Io) -> Steps[None]:
    moving_now = yield from _reassignments()
    if not moving_now:
        io.say("No partition reassignments found.")
        return
    io.say("Current partition reassignments:")
    for where, (replicas, adding, removing) in sorted(moving_now.items()):
        line = f"{_where(*where)}: replicas: {marks.brokers(replicas)}."
        line += f" adding: {marks.brokers(adding)}." if adding else ""
        line += f" removing: {marks.brokers(removing)}." if removing else ""
        io.say(line)


def _verify(given: Given, io: Io) -> Steps[None]:
    plan = _plan(given, io)
    moving_now = yield from _reassignments()
    topics = yield from asking.topics_named(sorted({topic for topic, _ in plan}))
    now = _now(topics)
    io.say("Status of partition reassignment:")
    for where, wanted in sorted(plan.items()):
        if where in moving_now:
            io.say(f"Reassignment of partition {_where(*where)} is still in progress.")
        elif where not in now or (wanted and now[where] != wanted):
            is_now = marks.brokers(now.get(where, ()))
            io.say(
                f"There is no active reassignment of partition {_where(*where)}, but replica set is {is_now} rather "
                f"than {marks.brokers(wanted)}."
            )
        else:
            io.say(f"Reassignment of partition {_where(*where)} is completed.")
    if not moving_now and not given.has("preserve-throttles"):
        io.say("")
        yield from _unthrottle(plan, "", io)


def _unthrottle(plan: Plan, before: str, io: Io) -> Steps[None]:
    """Nobody takes the throttles of a move away but this."""
    topics = yield from asking.topics_named(sorted({topic for topic, _ in plan}))
    described = yield from asking.cluster()
    brokers = sorted(int(it.broker_id) for it in described.brokers)
    plural = "s" if len(brokers) > 1 else ""
    io.say(f"{before}Clearing broker-level throttles on broker{plural} {marks.brokers(tuple(brokers))}")
    plural = "s" if len(topics) > 1 else ""
    io.say(f"Clearing topic-level throttles on topic{plural} {','.join(marks.topic(name) for name in sorted(topics))}")
    for name in sorted(topics):
        checked((yield Ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, moving.unthrottled(name, brokers))))


def _cancel(given: Given, io: Io) -> Steps[None]:
    plan = _plan(given, io)
    moving_now = yield from _reassignments()
    active = sorted(where for where in plan if where in moving_now)
    if active:
        wrong = yield from _move(dict.fromkeys(active))
        if wrong:
            raise Failed("\n".join(["Error cancelling partition reassignment(s) for:", *wrong]))
        plural = "s" if len(active) > 1 else ""
        listed = ",".join(_where(*where) for where in active)
        io.say(f"Successfully cancelled partition reassignment{plural} for: {listed}")
    else:
        io.say("None of the specified partition reassignments are active.")
    if not given.has("preserve-throttles"):
        # Apache Kafka's own tool forgets the end of this line.
        yield from _unthrottle(plan, "None of the specified partition moves are active.", io)


REASSIGN = Tool(
    "kafka-reassign-partitions",
    "Moves partitions to other brokers: makes a plan, carries it out, looks whether it is done.",
    (
        Option("generate", "Propose a plan for some topics. Nothing is moved."),
        Option("execute", "Carry a plan out."),
        Option("verify", "Look whether a plan is done; if it is, take its throttles away."),
        Option("cancel", "Call off what is still under way."),
        Option("list", "List everything that is being moved."),
        Option("reassignment-json-file", 'The plan: {"version":1,"partitions":[{"topic":"orders","partition":0,'
               '"replicas":[2,3]}]}.', "file"),
        Option("topics-to-move-json-file", 'With --generate: {"topics":[{"topic":"orders"}],"version":1}.', "file"),
        Option("broker-list", "With --generate: the brokers to use.", "brokers", suggests="brokers"),
        Option("throttle", "With --execute: bytes a second that may be copied for it.", "bytes", whole=True),
        Option("replica-alter-log-dirs-throttle", "Taken: every broker has one log directory here.", "bytes"),
        Option("additional", "With --execute: although something is being moved already."),
        Option("preserve-throttles", "With --verify and --cancel: leave the throttles."),
        Option("disable-rack-aware", "With --generate: do not mind racks."),
        Option("timeout", "Taken, and without effect here.", "ms", whole=True),
    ),
    run,
    example="kafka-reassign-partitions --list",
)  # fmt: skip
