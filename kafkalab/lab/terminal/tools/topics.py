"""kafka-topics: which topics there are, who keeps and leads their partitions, and how they are made and changed
(org.apache.kafka.tools.TopicCommand)."""

import base64
import re
from collections.abc import Callable
from uuid import UUID

from kio.schema.create_partitions.v3.request import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from kio.schema.create_topics.v7.request import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.describe_configs.v4.response import DescribeConfigsResourceResult
from kio.schema.describe_topic_partitions.v0.request import DescribeTopicPartitionsRequest, TopicRequest
from kio.schema.describe_topic_partitions.v0.response import (
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)
from kio.schema.list_partition_reassignments.v0.request import ListPartitionReassignmentsRequest
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i16, i32

from kafkalab.engine.clients.requests import duration
from kafkalab.engine.controller.metadata import TOPIC
from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.errors import checked, says
from kafkalab.lab.terminal.options import Failed, Given, Option, properties
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

ACTIONS = ("list", "describe", "create", "alter", "delete")
FILTERS = ("under-replicated-partitions", "unavailable-partitions", "under-min-isr-partitions", "at-min-isr-partitions")
DEFAULT_CONFIG = 5
"""The source of a setting that nobody has set (DescribeConfigsResponse.ConfigSource)."""
TIMEOUT = duration(30_000)
_DESCRIBED_AT_ONCE = 2_000
Moving = dict[tuple[str, int], tuple[tuple[int, ...], tuple[int, ...]]]
Assignment = tuple[tuple[int, ...], ...]


def run(given: Given, io: Io) -> Steps[None]:
    _check(given)
    try:
        if given.has("create"):
            yield from _create(given, io)
        elif given.has("list"):
            for name in (yield from _names(given)):
                io.say(marks.topic(name))
        elif given.has("describe"):
            yield from _describe(given, io)
        elif given.has("alter"):
            yield from _alter(given)
        else:
            yield from _delete(given)
    except Failed as failed:
        raise Failed(f"Error while executing topic command : {failed}") from None


def _check(given: Given) -> None:
    if sum(given.has(action) for action in ACTIONS) != 1:
        raise Failed(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
            shows_usage=True,
        )
    if given.has("create"):
        given.needed("topic")
    if given.has("alter"):
        given.needed("topic", "partitions")
    if given.has("delete") and not given.has("topic"):
        given.needed("topic")
    given.not_with("config", "list", "describe", "alter", "delete")
    given.not_with("partitions", "list", "describe", "delete")
    given.not_with("replication-factor", "list", "describe", "alter", "delete")
    given.not_with("replica-assignment", "list", "describe", "delete")
    if given.has("create"):
        given.not_with("replica-assignment", "partitions", "replication-factor")
    for name in FILTERS:
        given.not_with(name, "list", "create", "alter", "delete", "topics-with-overrides")
    given.not_with("topics-with-overrides", "list", "create", "alter", "delete")
    given.not_with("if-exists", "create", "list")
    given.not_with("if-not-exists", "alter", "list", "describe", "delete")
    given.not_with("exclude-internal", "create", "alter", "delete")


# -- making and changing -----------------------------------------------------------------------------


def _create(given: Given, io: Io) -> Steps[None]:
    name = given.one("topic") or ""
    if "." in name or "_" in name:
        io.say(
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could "
            "collide. To avoid issues it is best to use either, but not both."
        )
    partitions, factor = int(given.one("partitions") or -1), int(given.one("replication-factor") or -1)
    if given.has("partitions") and partitions < 1:
        raise Failed("The partitions must be greater than 0")
    if given.has("replication-factor") and not 1 <= factor <= 32_767:
        raise Failed("The replication factor must be between 1 and 32767 inclusive")
    topic = CreatableTopic(
        name=TopicName(name),
        num_partitions=i32(partitions),
        replication_factor=i16(factor),
        assignments=tuple(
            CreatableReplicaAssignment(partition_index=i32(number), broker_ids=tuple(map(BrokerId, replicas)))
            for number, replicas in enumerate(_assignment(given))
        ),
        configs=tuple(
            CreatableTopicConfig(name=key, value=value) for key, value in properties(given.all("config")).items()
        ),
    )
    body = CreateTopicsRequest(topics=(topic,), timeout=TIMEOUT)
    outcome = yield Ask(ApiKey.CREATE_TOPICS, body)
    if outcome.error == ErrorCode.topic_already_exists and given.has("if-not-exists"):
        return
    checked(outcome)
    io.say(f"Created topic {marks.topic(name)}.")


def _assignment(given: Given) -> Assignment:
    """1:2:3,2:3:1 says who keeps the first partition and the second, the preferred leader first."""
    said = given.one("replica-assignment")
    if said is None:
        return ()
    found = []
    for part in said.split(","):
        if not re.fullmatch(r"\d+(:\d+)*", part.strip()):
            raise Failed(f'For input string: "{part}"')
        replicas = tuple(int(broker) for broker in part.strip().split(":"))
        if len(set(replicas)) < len(replicas):
            raise Failed(f"Partition replica lists may not contain duplicate entries: {replicas[0]}")
        found.append(replicas)
    if len({len(replicas) for replicas in found}) > 1:
        raise Failed(f"Partition {len(found) - 1} has different replication factor: {list(found[-1])}")
    return tuple(found)


def _alter(given: Given) -> Steps[None]:
    names = yield from _named(given)
    described = yield from asking.topics_named(names)
    wanted = int(given.one("partitions") or 0)
    assignment = _assignment(given)
    topics = []
    for name in names:
        added = assignment[len(described[name].partitions) :]
        topics.append(
            CreatePartitionsTopic(
                name=TopicName(name),
                count=i32(wanted),
                assignments=tuple(CreatePartitionsAssignment(broker_ids=tuple(map(BrokerId, it))) for it in added)
                or None,
            )
        )
    body = CreatePartitionsRequest(topics=tuple(topics), timeout=TIMEOUT, validate_only=False)
    if topics:
        checked((yield Ask(ApiKey.CREATE_PARTITIONS, body)))


def _delete(given: Given) -> Steps[None]:
    names = yield from _named(given)
    topics = tuple(DeleteTopicState(name=TopicName(name), topic_id=None) for name in names)
    if topics:
        checked((yield Ask(ApiKey.DELETE_TOPICS, DeleteTopicsRequest(topics=topics, timeout=TIMEOUT))))


# -- telling --------------------------------------------------------------------------------------------


def _names(given: Given) -> Steps[list[str]]:
    """Those that fit the pattern, all without one, sorted."""
    answer = yield from asking.all_topics()
    known = [it for it in answer.topics if it.name is not None]
    if given.has("exclude-internal"):
        known = [it for it in known if not it.is_internal]
    wanted = given.one("topic-id")
    if wanted is not None:
        return sorted(str(it.name) for it in known if it.topic_id is not None and as_id(it.topic_id) == wanted)
    return sorted(str(it.name) for it in known if fits(given.one("topic"), str(it.name)))


def _named(given: Given) -> Steps[list[str]]:
    """As `_names`, only that there must be one."""
    names = yield from _names(given)
    if not names and not given.has("if-exists"):
        if given.has("topic-id"):
            raise Failed(f"TopicId '{given.one('topic-id')}' does not exist as expected")
        if given.has("topic"):
            raise Failed(f"Topic '{given.one('topic')}' does not exist as expected")
    return names


def fits(pattern: str | None, name: str) -> bool:
    if pattern is None or pattern == name:
        return True
    try:
        return any(re.fullmatch(part.strip(), name) for part in pattern.split(","))
    except re.error:
        return False


def _describe(given: Given, io: Io) -> Steps[None]:
    names = yield from _named(given)
    if not names:
        return
    topics = yield from _partitions(names)
    settings = yield from asking.configs(TOPIC, names)
    configs = {it.resource_name: [one for one in it.configs if one.config_source != DEFAULT_CONFIG] for it in settings}
    min_isr = {it.resource_name: _number(it.configs, "min.insync.replicas") for it in settings}
    moving = yield from _moving()
    answer = yield from asking.cluster()
    alive = [int(it.broker_id) for it in answer.brokers]
    chosen = next((name for name in FILTERS if given.has(name)), None)
    for topic in topics:
        if chosen is None and (configs[topic.name or ""] or not given.has("topics-with-overrides")):
            io.say(_header(topic, configs[topic.name or ""], moving))
        if given.has("topics-with-overrides"):
            continue
        for it in sorted(topic.partitions, key=lambda it: it.partition_index):
            wanted = chosen is None or WANTED[chosen](it, min_isr[topic.name or ""], alive)
            if wanted:
                io.say(_line(topic, it, moving))


def _partitions(names: list[str]) -> Steps[list[DescribeTopicPartitionsResponseTopic]]:
    body = DescribeTopicPartitionsRequest(
        topics=tuple(TopicRequest(name=TopicName(name)) for name in names),
        response_partition_limit=i32(_DESCRIBED_AT_ONCE),
        cursor=None,
    )
    outcome = yield Ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, body)
    if not outcome.answers:
        raise Failed(says(outcome.error, outcome.message))
    return [it for it in outcome.answers[0].topics if it.error_code == ErrorCode.none]


def _moving() -> Steps[Moving]:
    """(being added, being removed) of each partition that is being moved."""
    outcome = yield Ask(
        ApiKey.LIST_PARTITION_REASSIGNMENTS, ListPartitionReassignmentsRequest(topics=None, timeout=TIMEOUT)
    )
    answers = outcome.answers if outcome.ok else ()
    return {
        (str(topic.name), int(it.partition_index)): (
            tuple(map(int, it.adding_replicas)),
            tuple(map(int, it.removing_replicas)),
        )
        for answer in answers
        for topic in answer.topics
        for it in topic.partitions
    }


def _header(
    topic: DescribeTopicPartitionsResponseTopic, configs: list[DescribeConfigsResourceResult], moving: Moving
) -> str:
    name = str(topic.name)
    first = min(topic.partitions, key=lambda it: it.partition_index)
    adding, _ = moving.get((name, int(first.partition_index)), ((), ()))
    said = ",".join(f"{it.name}={it.value}" for it in configs)
    return (
        f"Topic: {marks.topic(name)}\tTopicId: {as_id(topic.topic_id)}\tPartitionCount: {len(topic.partitions)}"
        f"\tReplicationFactor: {len(first.replica_nodes) - len(adding)}\tConfigs: {said}"
    )


def _line(
    topic: DescribeTopicPartitionsResponseTopic, it: DescribeTopicPartitionsResponsePartition, moving: Moving
) -> str:
    name, number = str(topic.name), int(it.partition_index)
    leader = marks.broker(int(it.leader_id)) if it.leader_id >= 0 else "none"
    eligible, last_known = it.eligible_leader_replicas, it.last_known_elr
    line = (
        f"\tTopic: {marks.topic(name)}\tPartition: {marks.partition(name, number)}\tLeader: {leader}"
        f"\tReplicas: {_list(it.replica_nodes)}\tIsr: {_list(it.isr_nodes)}"
    )
    adding, removing = moving.get((name, number), ((), ()))
    if adding:
        line += f"\tAdding Replicas: {_list(adding)}"
    if removing:
        line += f"\tRemoving Replicas: {_list(removing)}"
    elr = "N/A" if eligible is None else _list(eligible)
    known = "N/A" if last_known is None else _list(last_known)
    return f"{line}\tElr: {elr}\tLastKnownElr: {known}"


def _list(numbers: tuple[int, ...]) -> str:
    return marks.brokers(tuple(int(it) for it in numbers))


WANTED: dict[str, Callable[[DescribeTopicPartitionsResponsePartition, int, list[int]], bool]] = {
    "under-replicated-partitions": lambda it, min_isr, alive: len(it.isr_nodes) < len(it.replica_nodes),
    "unavailable-partitions": lambda it, min_isr, alive: it.leader_id not in alive,
    "under-min-isr-partitions": lambda it, min_isr, alive: len(it.isr_nodes) < min_isr,
    "at-min-isr-partitions": lambda it, min_isr, alive: len(it.isr_nodes) == min_isr,
}


def _number(configs: tuple[DescribeConfigsResourceResult, ...], name: str) -> int:
    return next((int(it.value) for it in configs if it.name == name and it.value is not None), 1)


def as_id(topic_id: UUID | None) -> str:
    """As Kafka writes UUIDs: base 64 for addresses, without the padding."""
    return base64.urlsafe_b64encode((topic_id or UUID(int=0)).bytes).decode().rstrip("=")


TOPICS = Tool(
    "kafka-topics",
    "Lists, describes, creates, alters and deletes topics.",
    (
        Option("list", "List the topics."),
        Option("describe", "Tell of each partition who leads it, who keeps it and who is in sync."),
        Option("create", "Create a topic."),
        Option("alter", "Let a topic have more partitions."),
        Option("delete", "Delete a topic and its records."),
        Option("topic", "The topic; except for --create also a pattern of names.", "topic", suggests="topics"),
        Option("topic-id", "With --describe: the topic by its id.", "topic-id"),
        Option("partitions", "How many partitions. Keys may map to others afterwards.", "number", whole=True),
        Option("replication-factor", "On how many brokers each partition is kept.", "number", whole=True),
        Option("replica-assignment", "Who keeps what: 1:2:3,2:3:1 for two partitions.", "brokers", suggests="brokers"),
        Option("config", "A setting of the topic that is created.", "name=value", suggests="topic-settings"),
        Option("if-exists", "No error where the topic does not exist."),
        Option("if-not-exists", "No error where the topic exists."),
        Option("exclude-internal", "Leave out the topics in which the cluster keeps its own books."),
        Option("topics-with-overrides", "Only topics with settings of their own."),
        Option("under-replicated-partitions", "Only partitions where a replica is out of sync."),
        Option("unavailable-partitions", "Only partitions without a leader."),
        Option("under-min-isr-partitions", "Only partitions with fewer in sync than min.insync.replicas."),
        Option("at-min-isr-partitions", "Only partitions with just as many in sync as min.insync.replicas."),
    ),
    run,
    wrong_value="Error while executing topic command : ",
    example="kafka-topics --create --topic orders --partitions 3 --replication-factor 3",
)
