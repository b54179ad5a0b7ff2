"""kafka-consumer-groups: which groups there are, who is in them, how far they have read
(org.apache.kafka.tools.consumer.group.ConsumerGroupCommand)."""

from collections.abc import Iterable

from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.types import GroupId
from kio.static.primitive import i8

from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import PACKAGE, came, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.lab.terminal.tools.described_groups import Group, Member, described, listed
from kafkalab.lab.terminal.tools.group_offsets import committed, delete_offsets, reset_offsets
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

ACTIONS = ("list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex")
CONSUMER_PROTOCOL = "consumer"
TYPES = {"classic": "Classic", "consumer": "Consumer", "share": "Share", "streams": "Streams"}
SCENARIOS = (
    "shift-by",
    "from-file",
    "to-datetime",
    "by-duration",
    "to-latest",
    "to-current",
    "to-earliest",
    "to-offset",
)
FAILED = "Executing consumer group command failed due to"


def run(given: Given, io: Io) -> Steps[None]:
    _check(given, io)
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
            yield from delete_offsets(given, io)
    except Failed as failed:
        # The tool says so and ends well: a script that only looks at the exit code does not notice.
        text = str(failed)
        io.say("")
        io.say(f"Error: {FAILED} {text}" if text.startswith(PACKAGE) else f"Error: {text}")


def _check(given: Given, io: Io) -> None:
    if sum(given.has(action) for action in ACTIONS) != 1:
        raise Failed(
            f"Command must include exactly one action: {', '.join(f'--{action}' for action in ACTIONS)}",
            shows_usage=True,
        )
    if given.has("describe"):
        if not given.has("group") and not given.has("all-groups"):
            raise Failed("Option [describe] takes one of these options: [group], [all-groups]", shows_usage=True)
        chosen = [name for name in ("members", "offsets", "state") if given.has(name)]
        if len(chosen) > 1:
            raise Failed(
                f"Option [describe] takes at most one of these options: {', '.join(f'[{it}]' for it in chosen)}",
                shows_usage=True,
            )
    if given.has("delete") and not given.has("group") and not given.has("all-groups"):
        raise Failed("Option [delete] takes one of these options: [group], [all-groups]", shows_usage=True)
    if given.has("delete-offsets") and not (given.has("group") and given.has("topic")):
        raise Failed("Option [delete-offsets] takes the following options: [topic], [group]", shows_usage=True)
    if given.has("reset-offsets"):
        _check_reset(given, io)


def _check_reset(given: Given, io: Io) -> None:
    if given.has("execute") and given.has("dry-run"):
        raise Failed("Option [reset-offsets] only accepts one of [execute], [dry-run]", shows_usage=True)
    if not given.has("execute") and not given.has("dry-run"):
        io.say(
            "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will "
            "require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if "
            "you are scripting this command and want to keep the current default behavior without prompting."
        )
    if not given.has("group") and not given.has("all-groups"):
        raise Failed("Option [reset-offsets] takes one of these options: [group], [all-groups]", shows_usage=True)
    said = [name for name in SCENARIOS if given.has(name)]
    if len(said) != 1:
        listed = ", ".join(f"[{name}]" for name in SCENARIOS)
        raise Failed(f"Option '[reset-offsets]' requires one of the following scenarios: [{listed}]", shows_usage=True)


# -- list ---------------------------------------------------------------------------------------------


def _list(given: Given, io: Io) -> Steps[None]:
    everyone = yield from listed()
    groups = [it for it in everyone if it.group_type != "share" and it.protocol_type in (CONSUMER_PROTOCOL, "")]
    wanted = given.one("state")
    if wanted:
        groups = [it for it in groups if it.group_state.lower() in [one.strip().lower() for one in wanted.split(",")]]
    kind = given.one("type")
    if kind:
        groups = [it for it in groups if it.group_type.lower() in [one.strip().lower() for one in kind.split(",")]]
    if not given.has("state") and not given.has("type"):
        for it in groups:
            io.say(marks.group(it.group_id))
        return
    width = max([15, *(len(it.group_id) for it in groups)]) + 10
    columns = ["TYPE"] * given.has("type") + ["STATE"] * given.has("state")
    io.say(" ".join([f"{'GROUP':<{width}}", *(f"{column:<20}" for column in columns)]))
    for it in groups:
        cells = {"TYPE": TYPES.get(it.group_type.lower(), it.group_type), "STATE": it.group_state}
        io.say(
            " ".join([marks.padded(marks.group(it.group_id), width), *(f"{cells[column]:<20}" for column in columns)])
        )


# -- describe -------------------------------------------------------------------------------------------


def _wanted(given: Given) -> Steps[list[str]]:
    if given.has("all-groups"):
        everyone = yield from listed()
        return sorted(it.group_id for it in everyone if it.group_type != "share")
    return given.all("group")


def _describe(given: Given, io: Io) -> Steps[None]:
    names = yield from _wanted(given)
    groups = []
    for name in names:
        groups.append((yield from described(name)))
    for group in groups:
        if given.has("members"):
            _members(group, given.has("verbose"), io)
        elif given.has("state"):
            yield from _state(group, given.has("verbose"), io)
        else:
            yield from _offsets(group, given.has("verbose"), io)


def _notice(group: Group, io: Io) -> bool:
    """What is to be said before the table. False where there is none to come."""
    quiet = {
        "Dead": f"Consumer group '{marks.group(group.group)}' does not exist.",
        "Empty": f"Consumer group '{marks.group(group.group)}' has no active members.",
        "PreparingRebalance": f"Warning: Consumer group '{marks.group(group.group)}' is rebalancing.",
        "CompletingRebalance": f"Warning: Consumer group '{marks.group(group.group)}' is rebalancing.",
        "Assigning": f"Warning: Consumer group '{marks.group(group.group)}' is assigning.",
        "Reconciling": f"Warning: Consumer group '{marks.group(group.group)}' is reconciling.",
    }
    if group.state in quiet:
        io.say("")
        io.say(quiet[group.state])
    return group.state != "Dead"


def _offsets(group: Group, verbose: bool, io: Io) -> Steps[None]:
    offsets = yield from committed(group.group)
    owners = {where: member for member in group.members for where in member.assignment}
    wanted = sorted({**dict.fromkeys(offsets), **dict.fromkeys(owners)})
    ends = yield from asking.offsets(dict.fromkeys(wanted, asking.LATEST))
    if not _notice(group, io) or not wanted:
        return
    rows = []
    for where in wanted:
        member = owners.get(where)
        at = offsets.get(where)
        end = int(ends[where].offset) if where in ends and ends[where].error_code == ErrorCode.none else None
        lag = None if at is None or end is None else end - at.offset
        epoch = None if at is None or at.leader_epoch < 0 else at.leader_epoch
        rows.append((where, epoch, None if at is None else at.offset, end, lag, member))
    group_width = max([15, *(len(group.group) for _ in rows)])
    topic_width = max([15, *(len(topic) for (topic, _), *_ in rows)])
    id_width = max([15, *(len(it[-1].member_id) for it in rows if it[-1])])
    host_width = max([15, *(len(it[-1].host) for it in rows if it[-1])])
    epochs = f" {'LEADER-EPOCH':<15}" if verbose else ""
    io.say("")
    io.say(
        f"{'GROUP':<{group_width}} {'TOPIC':<{topic_width}} {'PARTITION':<10}{epochs} {'CURRENT-OFFSET':<15} "
        f"{'LOG-END-OFFSET':<15} {'LAG':<15} {'CONSUMER-ID':<{id_width}} {'HOST':<{host_width}} CLIENT-ID"
    )
    for (topic, number), epoch, at_offset, end, lag, member in rows:
        epochs = f" {_or_dash(epoch):<15}" if verbose else ""
        io.say(
            f"{marks.padded(marks.group(group.group), group_width)} {marks.padded(marks.topic(topic), topic_width)} "
            f"{marks.padded(marks.partition(topic, number), 10)}{epochs} {_or_dash(at_offset):<15} "
            f"{_or_dash(end):<15} {_or_dash(lag):<15} {_who(member, id_width)} "
            f"{(member.host if member else '-'):<{host_width}} {marks.client(member.client_id) if member else '-'}"
        )


def _who(member: Member | None, width: int) -> str:
    return (
        f"{'-':<{width}}" if member is None else marks.padded(marks.client(member.client_id, member.member_id), width)
    )


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def _members(group: Group, verbose: bool, io: Io) -> None:
    if not _notice(group, io):
        return
    members = group.members
    group_width = max(15, len(group.group))
    id_width = max([15, *(len(it.member_id) for it in members)])
    instance_width = max([17, *(len(it.instance_id or "") for it in members)])
    host_width = max([15, *(len(it.host) for it in members)])
    client_width = max([15, *(len(it.client_id) for it in members)])
    has_instances = any(it.instance_id for it in members)
    instances = f" {'GROUP-INSTANCE-ID':<{instance_width}}" if has_instances else ""
    more = ""
    if verbose:
        more = f"{'CURRENT-EPOCH':<15} {'CURRENT-ASSIGNMENT':<20} {'TARGET-EPOCH':<15} {'TARGET-ASSIGNMENT':<20}"
    io.say("")
    io.say(
        f"{'GROUP':<{group_width}} {'CONSUMER-ID':<{id_width}}{instances} {'HOST':<{host_width}} "
        f"{'CLIENT-ID':<{client_width}} {'#PARTITIONS':<15} {more}"
    )
    for it in members:
        instance = f" {it.instance_id or '':<{instance_width}}" if has_instances else ""
        more = ""
        if verbose:
            target = _assigned(it.target) if group.epoch is not None else "-"
            epochs = (_or_dash(it.epoch), _or_dash(group.target_epoch))
            more = (
                f"{epochs[0]:<15} {marks.padded(_assigned(it.assignment), 20)} {epochs[1]:<15} "
                f"{marks.padded(target, 20)}"
            )
        io.say(
            f"{marks.padded(marks.group(group.group), group_width)} {_who(it, id_width)}{instance} "
            f"{it.host:<{host_width}} {marks.padded(marks.client(it.client_id), client_width)} "
            f"{len(it.assignment):<15} {more}"
        )


def _assigned(partitions: Iterable[TopicPartition]) -> str:
    """orders:0,1;payments:2"""
    by_topic: dict[str, list[int]] = {}
    for topic, number in sorted(partitions):
        by_topic.setdefault(topic, []).append(number)
    return (
        ";".join(
            f"{marks.topic(topic)}:{','.join(marks.partition(topic, number) for number in numbers)}"
            for topic, numbers in by_topic.items()
        )
        or "-"
    )


def _state(group: Group, verbose: bool, io: Io) -> Steps[None]:
    if not _notice(group, io):
        return
    body = FindCoordinatorRequest(key_type=i8(0), coordinator_keys=(group.group,))
    found = came((yield Ask(ApiKey.FIND_COORDINATOR, body))).answers[0].coordinators[0]
    address = f"{found.host}:{found.port}"
    coordinator = f"{address}  ({marks.broker(int(found.node_id))})"
    width = max(25, len(marks.plain(coordinator)))
    group_width = max(15, len(group.group))
    epochs, targets = "", ""
    if verbose:
        epochs, targets = (
            f" {'GROUP-EPOCH':<20} {'TARGET-ASSIGNMENT-EPOCH':<25}",
            (f" {_or_dash(group.epoch):<20} {_or_dash(group.target_epoch):<25}"),
        )
    io.say("")
    io.say(
        f"{'GROUP':<{group_width}} {'COORDINATOR (ID)':<{width}} {'ASSIGNMENT-STRATEGY':<20} {'STATE':<20}{epochs} "
        "#MEMBERS"
    )
    io.say(
        f"{marks.padded(marks.group(group.group), group_width)} {marks.padded(coordinator, width)} "
        f"{group.assignor or '-':<20} {group.state:<20}{targets} {len(group.members)}"
    )


# -- changing ---------------------------------------------------------------------------------------------


def _delete(given: Given, io: Io) -> Steps[None]:
    names = yield from _wanted(given)
    wrong: list[str] = []
    gone: list[str] = []
    for name in names:
        outcome = yield Ask(ApiKey.DELETE_GROUPS, DeleteGroupsRequest(groups_names=(GroupId(name),)))
        if outcome.ok:
            gone.append(name)
        else:
            reason = f"{PACKAGE}.{exception(outcome.error, outcome.message).removeprefix(PACKAGE + '.')}"
            wrong.append(f"* Group '{name}' could not be deleted due to: {reason}")
    if not wrong:
        listed_groups = "', '".join(marks.group(name) for name in gone)
        io.say(f"Deletion of requested consumer groups ('{listed_groups}') was successful.")
        return
    io.say("")
    io.say("Error: Deletion of some consumer groups failed:")
    for line in wrong:
        io.say(line)
    if gone:
        io.say("")
        io.say(f"These consumer groups were deleted successfully: '{chr(39).join(gone)}'")


def _reset(given: Given, io: Io) -> Steps[None]:
    names = yield from _wanted(given)
    for name in names:
        group = None
        try:
            group = yield from described(name)
        except Failed as failed:
            # A group that is not there yet can be given offsets.
            if "GroupIdNotFound" not in str(failed):
                raise
        if group is not None and group.state not in ("Empty", "Dead"):
            raise Failed(
                f"Assignments can only be reset if the group '{name}' is inactive, but the current state is "
                f"{group.state}."
            )
        yield from reset_offsets(name, given, io)


GROUPS = Tool(
    "kafka-consumer-groups",
    "Lists and describes groups of consumers, and sets where they go on.",
    (
        Option("list", "List the groups."),
        Option("describe", "Tell of a group how far it has read, who is in it, or what state it is in."),
        Option("delete", "Delete a group that nobody is in."),
        Option("reset-offsets", "Let a group that nobody is in go on elsewhere. Needs one of the scenarios."),
        Option("delete-offsets", "Forget what a group has committed for a topic."),
        Option("group", "The group.", "group", suggests="groups"),
        Option("all-groups", "All groups."),
        Option("topic", "A topic, all of it or some partitions: orders:0,1.", "topic", suggests="topics"),
        Option("all-topics", "All topics that the group has committed."),
        Option("members", "With --describe: who is in it."),
        Option("offsets", "With --describe: how far it has read. That is what is shown without it."),
        Option("state", "With --describe: its state. With --list: the states too, or only these.", "states",
               optional_value=True),
        Option("type", "With --list: the types too, or only these.", "types", optional_value=True),
        Option("verbose", "With --describe: more columns."),
        Option("dry-run", "Show what would be reset."),
        Option("execute", "Do it."),
        Option("export", "Print the new offsets as CSV."),
        Option("to-earliest", "To the oldest record."),
        Option("to-latest", "To the end."),
        Option("to-current", "To what is committed."),
        Option("to-offset", "To an offset.", "offset", whole=True),
        Option("shift-by", "So many records forward, or back if negative.", "number", whole=True),
        Option("to-datetime", "To a time: 2026-01-31T12:00:00.000.", "datetime"),
        Option("by-duration", "To so long ago: PT1H30M.", "duration"),
        Option("from-file", "To the offsets of a CSV file.", "file"),
        Option("validate-regex", "Whether a pattern of topics makes sense.", "pattern"),
        Option("timeout", "Taken, and without effect here.", "ms", whole=True),
    ),
    run,
    example="kafka-consumer-groups --describe --group readers",
)  # fmt: skip
