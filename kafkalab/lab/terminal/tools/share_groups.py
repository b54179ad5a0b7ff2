"""kafka-share-groups, and kafka-groups, which lists groups of every kind
(org.apache.kafka.tools.consumer.group.ShareGroupCommand, GroupsCommand)."""

from kio.schema.alter_share_group_offsets.v0.request import (
    AlterShareGroupOffsetsRequest,
    AlterShareGroupOffsetsRequestPartition,
    AlterShareGroupOffsetsRequestTopic,
)
from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_share_group_offsets.v0.request import (
    DeleteShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequestTopic,
)
from kio.schema.describe_share_group_offsets.v1.request import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
)
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.share_group_describe.v1.request import ShareGroupDescribeRequest
from kio.schema.share_group_describe.v1.response import DescribedGroup, Member
from kio.schema.types import GroupId, TopicName
from kio.static.primitive import i8, i32, i64

from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import PACKAGE, came, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.lab.terminal.tools.described_groups import listed
from kafkalab.lab.terminal.tools.group_offsets import named_partitions
from kafkalab.lab.terminal.tools.groups import TYPES
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

ACTIONS = ("list", "describe", "delete", "reset-offsets", "delete-offsets")
FAILED = "Executing share group command failed due to"


def run(given: Given, io: Io) -> Steps[None]:
    if sum(given.has(action) for action in ACTIONS) != 1:
        listed_actions = ", ".join(f"--{action}" for action in ACTIONS)
        raise Failed(f"Command must include exactly one action: {listed_actions}.", shows_usage=True)
    if not given.has("list") and not given.has("group") and not given.has("all-groups"):
        action = next(action for action in ACTIONS if given.has(action))
        raise Failed(f"Option [{action}] takes one of these options: [group], [all-groups]", shows_usage=True)
    try:
        if given.has("list"):
            yield from _list(given, io)
        elif given.has("describe"):
            yield from _describe(given, io)
        elif given.has("delete"):
            yield from _delete(given, io)
        elif given.has("reset-offsets"):
            yield from _reset(given, io)
        else:
            yield from _delete_offsets(given, io)
    except Failed as failed:
        if failed.shows_usage:
            raise
        text = str(failed)
        io.say("")
        io.say(f"Error: {FAILED} {text}" if text.startswith(PACKAGE) else f"Error: {text}")


def _share_groups() -> Steps[list[tuple[str, str]]]:
    everyone = yield from listed()
    return sorted((str(it.group_id), it.group_state) for it in everyone if it.group_type == "share")


def _list(given: Given, io: Io) -> Steps[None]:
    groups = yield from _share_groups()
    if not given.has("state"):
        for name, _ in groups:
            io.say(marks.group(name))
        return
    wanted = given.one("state")
    states = [state.strip().lower() for state in wanted.split(",")] if wanted else []
    width = max([15, *(len(name) for name, _ in groups)])
    io.say(f"{'GROUP':<{width}} STATE")
    for name, state in groups:
        if not states or state.lower() in states:
            io.say(f"{marks.padded(marks.group(name), width)} {state}")


def _wanted(given: Given) -> Steps[list[str]]:
    if given.has("all-groups"):
        groups = yield from _share_groups()
        return [name for name, _ in groups]
    return given.all("group")


def _described(name: str) -> Steps[DescribedGroup]:
    """Raises Failed."""
    body = ShareGroupDescribeRequest(group_ids=(GroupId(name),), include_authorized_operations=False)
    it: DescribedGroup = came((yield Ask(ApiKey.SHARE_GROUP_DESCRIBE, body))).answers[0].groups[0]
    if it.error_code != ErrorCode.none:
        raise Failed(exception(it.error_code, it.error_message))
    return it


def _describe(given: Given, io: Io) -> Steps[None]:
    names = yield from _wanted(given)
    for name in names:
        group = yield from _described(name)
        if given.has("members"):
            _members(name, group, given.has("verbose"), io)
        elif given.has("state"):
            yield from _state(name, group, given.has("verbose"), io)
        else:
            yield from _offsets(name, given.has("verbose"), io)


def _says_empty(name: str, group: DescribedGroup, io: Io) -> None:
    if group.group_state == "Empty":
        io.say("")
        io.say(f"Share group '{marks.group(name)}' has no active members.")


def _offsets(name: str, verbose: bool, io: Io) -> Steps[None]:
    body = DescribeShareGroupOffsetsRequest(
        groups=(DescribeShareGroupOffsetsRequestGroup(group_id=GroupId(name), topics=None),)
    )
    answer = came((yield Ask(ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, body))).answers[0].groups[0]
    if answer.error_code != ErrorCode.none:
        raise Failed(exception(answer.error_code, answer.error_message))
    group_width = max(15, len(name))
    topic_width = max([15, *(len(topic.topic_name) for topic in answer.topics)])
    epoch = f" {'LEADER-EPOCH':<13}" if verbose else ""
    io.say("")
    io.say(f"{'GROUP':<{group_width}} {'TOPIC':<{topic_width}} {'PARTITION':<10}{epoch} {'START-OFFSET':<13} LAG")
    for topic in sorted(answer.topics, key=lambda it: str(it.topic_name)):
        for part in sorted(topic.partitions, key=lambda it: it.partition_index):
            topic_name = str(topic.topic_name)
            epoch = f" {_or_dash(part.leader_epoch):<13}" if verbose else ""
            io.say(
                f"{marks.padded(marks.group(name), group_width)} {marks.padded(marks.topic(topic_name), topic_width)} "
                f"{marks.padded(marks.partition(topic_name, int(part.partition_index)), 10)}{epoch} "
                f"{_or_dash(part.start_offset):<13} {_or_dash(part.lag)}"
            )


def _or_dash(value: int) -> str:
    return "-" if value < 0 else str(value)


def _members(name: str, group: DescribedGroup, verbose: bool, io: Io) -> None:
    _says_empty(name, group, io)
    if not group.members:
        return
    group_width = max(15, len(name))
    id_width = max([15, *(len(it.member_id) for it in group.members)])
    host_width = max([15, *(len(it.client_host) for it in group.members)])
    client_width = max([15, *(len(it.client_id) for it in group.members)])
    more = " MEMBER-EPOCH" if verbose else ""
    io.say("")
    io.say(
        f"{'GROUP':<{group_width}} {'CONSUMER-ID':<{id_width}} {'HOST':<{host_width}} {'CLIENT-ID':<{client_width}} "
        f"{'#PARTITIONS':<12}{more} ASSIGNMENT"
    )
    for it in group.members:
        more = f" {it.member_epoch:<12}" if verbose else ""
        io.say(
            f"{marks.padded(marks.group(name), group_width)} "
            f"{marks.padded(marks.client(it.client_id, it.member_id), id_width)} {it.client_host:<{host_width}} "
            f"{marks.padded(marks.client(it.client_id), client_width)} {len(_owned(it)):<12}{more} {_assigned(it)}"
        )


def _owned(member: Member) -> list[TopicPartition]:
    return sorted(
        (str(topic.topic_name), int(number))
        for topic in member.assignment.topic_partitions
        for number in topic.partitions
    )


def _assigned(member: Member) -> str:
    by_topic: dict[str, list[str]] = {}
    for topic, number in _owned(member):
        by_topic.setdefault(topic, []).append(marks.partition(topic, number))
    return ";".join(f"{marks.topic(topic)}:{','.join(numbers)}" for topic, numbers in by_topic.items()) or "-"


def _state(name: str, group: DescribedGroup, verbose: bool, io: Io) -> Steps[None]:
    _says_empty(name, group, io)
    body = FindCoordinatorRequest(key_type=i8(0), coordinator_keys=(name,))
    found = came((yield Ask(ApiKey.FIND_COORDINATOR, body))).answers[0].coordinators[0]
    coordinator = f"{found.host}:{found.port}  ({marks.broker(int(found.node_id))})"
    width = max(25, len(marks.plain(coordinator)))
    group_width = max(15, len(name))
    epochs, values = "", ""
    if verbose:
        epochs, values = (
            f" {'GROUP-EPOCH':<15} {'ASSIGNMENT-EPOCH':<16}",
            (f" {group.group_epoch:<15} {group.assignment_epoch:<16}"),
        )
    io.say("")
    io.say(f"{'GROUP':<{group_width}} {'COORDINATOR (ID)':<{width}} {'STATE':<15}{epochs} #MEMBERS")
    io.say(
        f"{marks.padded(marks.group(name), group_width)} {marks.padded(coordinator, width)} "
        f"{group.group_state:<15}{values} {len(group.members)}"
    )


# -- changing -----------------------------------------------------------------------------------------------


def _delete(given: Given, io: Io) -> Steps[None]:
    names = yield from _wanted(given)
    wrong = []
    for name in names:
        outcome = yield Ask(ApiKey.DELETE_GROUPS, DeleteGroupsRequest(groups_names=(GroupId(name),)))
        if not outcome.ok:
            wrong.append(
                f"* Share group '{name}' could not be deleted due to: {exception(outcome.error, outcome.message)}"
            )
    if wrong:
        raise Failed("\n".join(["Deletion of some share groups failed:", *wrong]))
    named_groups = "', '".join(marks.group(name) for name in names)
    io.say(f"Deletion of requested share groups ('{named_groups}') was successful.")


def _reset(given: Given, io: Io) -> Steps[None]:
    name = given.one("group") or ""
    group = yield from _described(name)
    if group.group_state != "Empty":
        raise Failed(f"Share group '{name}' is not empty.")
    scenarios = [it for it in ("to-earliest", "to-latest") if given.has(it)]
    if len(scenarios) != 1:
        raise Failed("Option [reset-offsets] takes one of these: [to-earliest], [to-latest]", shows_usage=True)
    partitions = yield from named_partitions(given.all("topic"))
    which = asking.EARLIEST if given.has("to-earliest") else asking.LATEST
    found = yield from asking.offsets(dict.fromkeys(partitions, which))
    new = {where: int(it.offset) for where, it in found.items()}
    if given.has("execute"):
        by_topic: dict[str, list[AlterShareGroupOffsetsRequestPartition]] = {}
        for (topic, number), offset in new.items():
            part = AlterShareGroupOffsetsRequestPartition(partition_index=i32(number), start_offset=i64(offset))
            by_topic.setdefault(topic, []).append(part)
        body = AlterShareGroupOffsetsRequest(
            group_id=GroupId(name),
            topics=tuple(
                AlterShareGroupOffsetsRequestTopic(topic_name=TopicName(topic), partitions=tuple(parts))
                for topic, parts in by_topic.items()
            ),
        )
        outcome = yield Ask(ApiKey.ALTER_SHARE_GROUP_OFFSETS, body)
        if not outcome.ok:
            raise Failed(exception(outcome.error, outcome.message))
    group_width = max(15, len(name))
    topic_width = max([15, *(len(topic) for topic, _ in new)])
    io.say("")
    io.say(f"{'GROUP':<{group_width}} {'TOPIC':<{topic_width}} {'PARTITION':<10} NEW-OFFSET")
    for (topic, number), offset in sorted(new.items()):
        io.say(
            f"{marks.padded(marks.group(name), group_width)} {marks.padded(marks.topic(topic), topic_width)} "
            f"{marks.padded(marks.partition(topic, number), 10)} {offset}"
        )


def _delete_offsets(given: Given, io: Io) -> Steps[None]:
    name = given.one("group") or ""
    topics = tuple(DeleteShareGroupOffsetsRequestTopic(topic_name=TopicName(topic)) for topic in given.all("topic"))
    body = DeleteShareGroupOffsetsRequest(group_id=GroupId(name), topics=topics)
    answer = came((yield Ask(ApiKey.DELETE_SHARE_GROUP_OFFSETS, body))).answers[0]
    if answer.error_code != ErrorCode.none:
        raise Failed(exception(answer.error_code, answer.error_message))
    width = max([15, *(len(topic.topic_name) for topic in answer.responses)])
    io.say("")
    io.say(f"{'TOPIC':<{width}} STATUS")
    for it in answer.responses:
        failed = it.error_code != ErrorCode.none
        status = f"Error: {exception(it.error_code, it.error_message)}" if failed else "Successful"
        io.say(f"{marks.padded(marks.topic(str(it.topic_name)), width)} {status}")


# -- kafka-groups -----------------------------------------------------------------------------------------------


def groups(given: Given, io: Io) -> Steps[None]:
    if not given.has("list"):
        raise Failed("Command must include exactly one action: --list.", shows_usage=True)
    everyone = yield from listed()
    kind = (given.one("group-type") or "").lower()
    rows = sorted(
        (str(it.group_id), TYPES.get(it.group_type.lower(), it.group_type), it.protocol_type)
        for it in everyone
        if kind in ("", it.group_type.lower())
        and given.one("protocol") in (None, it.protocol_type)
        and not (given.has("consumer") and it.group_type == "share")
        and not (given.has("share") and it.group_type != "share")
    )
    width = max([20, *(len(name) for name, _, _ in rows)])
    io.say(f"{'GROUP':<{width}} {'TYPE':<{width}} {'PROTOCOL':<{width}}")
    for name, of_type, protocol in rows:
        io.say(f"{marks.padded(marks.group(name), width)} {of_type:<{width}} {protocol:<{width}} ")


SHARE_GROUPS = Tool(
    "kafka-share-groups",
    "Lists and describes share groups, and sets where they begin.",
    (
        Option("list", "List the share groups."),
        Option("describe", "Tell of a group how far it is, who is in it, or what state it is in."),
        Option("delete", "Delete a group that nobody is in."),
        Option("reset-offsets", "Let a group that nobody is in begin elsewhere."),
        Option("delete-offsets", "Forget where a group is in a topic."),
        Option("group", "The group.", "group", suggests="groups"),
        Option("all-groups", "All share groups."),
        Option("topic", "The topic.", "topic", suggests="topics"),
        Option("members", "With --describe: who is in it."),
        Option("offsets", "With --describe: how far it is. That is what is shown without it."),
        Option("state", "With --describe: its state. With --list: the states too.", "states", optional_value=True),
        Option("verbose", "With --describe: more columns."),
        Option("to-earliest", "With --reset-offsets: to the oldest record."),
        Option("to-latest", "With --reset-offsets: to the end."),
        Option("dry-run", "Show what would be reset."),
        Option("execute", "Do it."),
    ),
    run,
    example="kafka-share-groups --describe --group workers",
)
ALL_GROUPS = Tool(
    "kafka-groups",
    "Lists groups of every kind.",
    (
        Option("list", "The only thing it does."),
        Option("group-type", "Only of this type.", "type", choices=("classic", "consumer", "share")),
        Option("protocol", "Only of this protocol.", "protocol"),
        Option("consumer", "Only groups of consumers."),
        Option("share", "Only share groups."),
    ),
    groups,
    example="kafka-groups --list",
)
