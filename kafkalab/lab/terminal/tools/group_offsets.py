"""What a group has committed: read, set elsewhere, forgotten. The scenarios of --reset-offsets are here."""

import re
from datetime import UTC, datetime

from kio.schema.offset_delete.v0.request import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from kio.schema.types import GroupId, TopicName
from kio.static.primitive import i32

from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import came, exception
from kafkalab.lab.terminal.options import Failed, Given
from kafkalab.lab.terminal.tool import Ask, Io, Steps
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    OffsetCommitPartition,
    OffsetCommitRequest,
    OffsetCommitTopic,
    OffsetFetchGroup,
    OffsetFetchPartitionResult,
    OffsetFetchRequest,
)
from kafkalab.wire.errors import ErrorCode

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def committed(group: str) -> Steps[dict[TopicPartition, OffsetFetchPartitionResult]]:
    """Everything that the group has committed."""
    body = OffsetFetchRequest(groups=(OffsetFetchGroup(group, None),))
    outcome = came((yield Ask(ApiKey.OFFSET_FETCH, body)))
    answer = outcome.answers[0].groups[0]
    if answer.error_code != ErrorCode.none:
        raise Failed(exception(answer.error_code))
    return {
        (topic.name, part.partition): part for topic in answer.topics for part in topic.partitions if part.offset >= 0
    }


# -- setting them --------------------------------------------------------------------------------------


def reset_offsets(group: str, given: Given, io: Io) -> Steps[None]:
    """Show the new offsets; commit them with --execute."""
    before = yield from committed(group)
    wanted = yield from _partitions(given, io, before)
    new = yield from _new_offsets(wanted, before, given, io)
    if given.has("execute") and new:
        yield from _commit(group, new)
    if given.has("export"):
        several = len(given.all("group")) > 1
        for (topic, number), offset in sorted(new.items()):
            io.say(f"{group + ',' if several else ''}{marks.topic(topic)},{marks.partition(topic, number)},{offset}")
        io.say("")
        return
    group_width = max(15, len(group))
    topic_width = max([15, *(len(topic) for topic, _ in new)])
    io.say("")
    io.say(f"{'GROUP':<{group_width}} {'TOPIC':<{topic_width}} {'PARTITION':<10} NEW-OFFSET")
    for (topic, number), offset in sorted(new.items()):
        io.say(
            f"{marks.padded(marks.group(group), group_width)} {marks.padded(marks.topic(topic), topic_width)} "
            f"{marks.padded(marks.partition(topic, number), 10)} {offset}"
        )


def _partitions(
    given: Given, io: Io, before: dict[TopicPartition, OffsetFetchPartitionResult]
) -> Steps[list[TopicPartition]]:
    if given.has("from-file"):
        return sorted(_from_file(given, io))
    if given.has("all-topics"):
        return sorted(before)
    if not given.has("topic"):
        raise Failed("One of the reset scopes should be defined: --all-topics, --topic.")
    return (yield from named_partitions(given.all("topic")))


def named_partitions(said: list[str]) -> Steps[list[TopicPartition]]:
    """orders is all its partitions, orders:0,2 are two of them. Raises Failed."""
    found: list[TopicPartition] = []
    topics = yield from asking.topics_named([word.partition(":")[0] for word in said])
    for word in said:
        topic, sign, numbers = word.partition(":")
        if sign:
            if not re.fullmatch(r"\d+(,\d+)*", numbers):
                raise Failed(f"Invalid topic partition: {word}")
            found += [(topic, int(number)) for number in numbers.split(",")]
        elif topic in topics:
            found += [(topic, int(it.partition_index)) for it in topics[topic].partitions]
        else:
            raise Failed(exception(ErrorCode.unknown_topic_or_partition))
    return sorted(found)


def _new_offsets(
    wanted: list[TopicPartition],
    before: dict[TopicPartition, OffsetFetchPartitionResult],
    given: Given,
    io: Io,
) -> Steps[dict[TopicPartition, int]]:
    starts = yield from _ends(wanted, asking.EARLIEST)
    ends = yield from _ends(wanted, asking.LATEST)
    if given.has("to-earliest"):
        return starts
    if given.has("to-latest"):
        return ends
    if given.has("to-current"):
        return {where: before[where].offset if where in before else ends[where] for where in wanted}
    if given.has("shift-by"):
        by = int(given.one("shift-by") or 0)
        missing = [where for where in wanted if where not in before]
        if missing:
            topic, number = missing[0]
            raise Failed(
                f"Cannot shift offset for partition {topic}-{number} since there is no current committed offset"
            )
        return {where: _within(before[where].offset + by, starts[where], ends[where]) for where in wanted}
    if given.has("to-offset"):
        offset = int(given.one("to-offset") or 0)
        return {where: _within(offset, starts[where], ends[where]) for where in wanted}
    if given.has("from-file"):
        said = _from_file(given, io)
        return {where: _within(said[where], starts[where], ends[where]) for where in wanted}
    found = yield from asking.offsets(dict.fromkeys(wanted, _timestamp_ms(given, io)))
    return {where: int(found[where].offset) if found[where].offset >= 0 else ends[where] for where in wanted}


def _ends(wanted: list[TopicPartition], which: int) -> Steps[dict[TopicPartition, int]]:
    found = yield from asking.offsets(dict.fromkeys(wanted, which))
    for where in wanted:
        if where not in found or found[where].error_code != ErrorCode.none:
            raise Failed(exception(ErrorCode.unknown_topic_or_partition))
    return {where: int(found[where].offset) for where in wanted}


def _within(offset: int, start: int, end: int) -> int:
    """A group cannot go on where no log is: it is put at the nearest end."""
    return min(max(offset, start), end)


def _timestamp_ms(given: Given, io: Io) -> int:
    said = given.one("to-datetime")
    if said is not None:
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            raise Failed(f"Datetime {said} cannot be read: it is written like 2026-01-31T12:00:00.000") from None
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    said = given.one("by-duration") or ""
    found = _DURATION.fullmatch(said)
    if found is None or not any(found.groups()):
        raise Failed(f"Duration {said} cannot be read: it is written like P1DT2H30M10S")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return io.clock_ms - round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)


def _from_file(given: Given, io: Io) -> dict[TopicPartition, int]:
    found: dict[TopicPartition, int] = {}
    for line in io.text_of(given.one("from-file") or "").split("\n"):
        cells = [cell.strip() for cell in line.split(",")]
        if cells == [""]:
            continue
        if len(cells) < 3 or not cells[-1].isdigit() or not cells[-2].isdigit():
            raise Failed(f"The line {line} is not topic,partition,offset")
        found[cells[-3], int(cells[-2])] = int(cells[-1])
    return found


def _commit(group: str, new: dict[TopicPartition, int]) -> Steps[None]:
    by_topic: dict[str, list[OffsetCommitPartition]] = {}
    for (topic, number), offset in sorted(new.items()):
        by_topic.setdefault(topic, []).append(OffsetCommitPartition(number, offset))
    body = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=tuple(OffsetCommitTopic(topic, None, tuple(parts)) for topic, parts in by_topic.items()),
    )
    outcome = yield Ask(ApiKey.OFFSET_COMMIT, body)
    if not outcome.ok:
        raise Failed(exception(outcome.error, outcome.message))


# -- forgetting them ---------------------------------------------------------------------------------------


def delete_offsets(given: Given, io: Io) -> Steps[None]:
    group = given.one("group") or ""
    unknown: list[str] = []
    wanted: list[TopicPartition] = []
    topics = yield from asking.topics_named([word.partition(":")[0] for word in given.all("topic")])
    for word in given.all("topic"):
        topic, sign, _ = word.partition(":")
        if topic not in topics and not sign:
            unknown.append(topic)
        else:
            wanted += yield from named_partitions([word])
    by_topic: dict[str, list[OffsetDeleteRequestPartition]] = {}
    for topic, number in wanted:
        by_topic.setdefault(topic, []).append(OffsetDeleteRequestPartition(partition_index=i32(number)))
    results: list[tuple[str, str, ErrorCode]] = [
        (topic, "-", ErrorCode.unknown_topic_or_partition) for topic in unknown
    ]
    error = ErrorCode.none
    if by_topic or not unknown:
        body = OffsetDeleteRequest(
            group_id=GroupId(group),
            topics=tuple(
                OffsetDeleteRequestTopic(name=TopicName(topic), partitions=tuple(parts))
                for topic, parts in by_topic.items()
            ),
        )
        answer = came((yield Ask(ApiKey.OFFSET_DELETE, body))).answers[0]
        error = answer.error_code
        results += [
            (str(topic.name), marks.partition(str(topic.name), int(part.partition_index)), part.error_code)
            for topic in answer.topics
            for part in topic.partitions
        ]
    if error != ErrorCode.none:
        raise Failed(_refused(error, group))
    io.say(f"Request succeeded for deleting offsets from group {marks.group(group)}.")
    topic_width = max([15, *(len(topic) for topic, _, _ in results)])
    io.say("")
    io.say(f"{'TOPIC':<{topic_width}} {'PARTITION':<10} {'STATUS':<15}")
    for topic, at, it in results:
        status = "Successful" if it == ErrorCode.none else f"Error: {exception(it)}"
        io.say(f"{marks.padded(marks.topic(topic), topic_width)} {marks.padded(at, 10)} {status:<15}")


def _refused(error: ErrorCode, group: str) -> str:
    match error:
        case ErrorCode.group_id_not_found | ErrorCode.invalid_group_id:
            return f"'{group}' is not valid or does not exist."
        case ErrorCode.non_empty_group:
            return f"Deletion of offsets of group '{group}' failed, as it is not empty."
    return exception(error)
