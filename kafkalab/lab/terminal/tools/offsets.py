"""kafka-get-offsets and kafka-delete-records: where logs begin and end, and letting them begin later
(org.apache.kafka.tools.GetOffsetShell, DeleteRecordsCommand)."""

import json
import re
from typing import Any

from kio.schema.delete_records.v2.request import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from kio.schema.types import TopicName
from kio.static.primitive import i32, i64

from kafkalab.engine.clients.requests import duration
from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.lab.terminal.tools.topics import fits
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

TIMES = {
    "latest": -1,
    "earliest": -2,
    "max-timestamp": -3,
    "earliest-local": -4,
    "latest-tiered": -5,
    "earliest-pending-upload": -6,
}


def get_offsets(given: Given, io: Io) -> Steps[None]:
    try:
        yield from _get_offsets(given, io)
    except Failed as failed:
        raise Failed(f"Error occurred: {failed}") from None


def _get_offsets(given: Given, io: Io) -> Steps[None]:
    said = given.one("time") or "latest"
    timestamp = TIMES.get(said, int(said) if re.fullmatch(r"-?\d{1,18}", said) else None)
    if timestamp is None:
        known = " / ".join(f"{number} or {name}" for name, number in TIMES.items())
        raise Failed(f"Malformed time argument {said}. Please use {known}, or a specified long format timestamp")
    if given.has("topic-partitions") and (given.has("topic") or given.has("partitions")):
        raise Failed("--topic-partitions cannot be used with --topic or --partitions")
    answer = yield from asking.all_topics()
    wanted: dict[TopicPartition, int] = {}
    for topic in sorted(answer.topics, key=lambda it: str(it.name)):
        if given.has("exclude-internal-topics") and topic.is_internal:
            continue
        for part in sorted(topic.partitions, key=lambda it: it.partition_index):
            where = (str(topic.name), int(part.partition_index))
            if _is_wanted(given, *where):
                wanted[where] = timestamp
    if not wanted:
        raise Failed("Could not match any topic-partitions with the specified filters")
    found = yield from asking.offsets(wanted)
    for (name, number), it in sorted(found.items()):
        if it.error_code != ErrorCode.none:
            io.say(f"Skip getting offsets for topic-partition {name}-{number} due to error: {exception(it.error_code)}")
        elif it.offset >= 0:
            io.say(f"{marks.topic(name)}:{marks.partition(name, number)}:{it.offset}")


def _is_wanted(given: Given, topic: str, partition: int) -> bool:
    rules = given.one("topic-partitions")
    if rules is not None:
        return any(_fits_rule(rule.strip(), topic, partition) for rule in rules.split(","))
    return fits(given.one("topic"), topic) and _in_list(given.one("partitions"), partition)


def _in_list(said: str | None, partition: int) -> bool:
    return said is None or any(_in_range(part.strip(), partition) for part in said.split(","))


def _fits_rule(rule: str, topic: str, partition: int) -> bool:
    """orders, orders:0, orders:0-2 (without 2), orders:1-, :0"""
    name, _, numbers = rule.partition(":")
    return (not name or fits(name, topic)) and (not numbers or _in_range(numbers, partition))


def _in_range(said: str, partition: int) -> bool:
    first, dash, last = said.partition("-")
    if any(part and not part.isdigit() for part in (first, last)):
        raise Failed(f"Invalid rule: {said}")
    if not dash:
        return partition == int(first)
    return int(first or 0) <= partition and (not last or partition < int(last))


def delete_records(given: Given, io: Io) -> Steps[None]:
    given.needed("offset-json-file")
    wanted = _plan(io.text_of(given.one("offset-json-file") or ""))
    io.say("Executing records delete operation")
    io.say("Records delete operation completed:")
    for (topic, number), offset in sorted(wanted.items()):
        part = DeleteRecordsPartition(partition_index=i32(number), offset=i64(offset))
        body = DeleteRecordsRequest(
            topics=(DeleteRecordsTopic(name=TopicName(topic), partitions=(part,)),), timeout=duration(30_000)
        )
        outcome = yield Ask(ApiKey.DELETE_RECORDS, body)
        name = marks.partition(topic, number, f"{topic}-{number}")
        if outcome.ok:
            low = outcome.answers[0].topics[0].partitions[0].low_watermark
            io.say(f"partition: {name}\tlow_watermark: {low}")
        else:
            io.say(f"partition: {name}\terror: {exception(outcome.error, outcome.message)}")


def _plan(text: str) -> dict[TopicPartition, int]:
    plan = read_json(text)
    if not isinstance(plan, dict) or "partitions" not in plan:
        raise Failed("Missing partitions field")
    found: dict[TopicPartition, int] = {}
    for it in plan["partitions"]:
        where = (str(it.get("topic", "")), int(it.get("partition", -1)))
        if where in found:
            raise Failed(f"Offset json file contains duplicate topic partitions: {where[0]}-{where[1]}")
        found[where] = int(it.get("offset", -1))
    return found


def read_json(text: str) -> Any:
    """Raises Failed."""
    try:
        return json.loads(text)
    except ValueError:
        raise Failed(f"The input is not JSON: {text[:60]}") from None


GET_OFFSETS = Tool(
    "kafka-get-offsets",
    "Prints the offsets of partitions: their ends, their beginnings, or those at a time.",
    (
        Option("topic", "A topic or a pattern of topics.", "topic", suggests="topics"),
        Option("partitions", "Which partitions: 0,2 or 0-3.", "numbers"),
        Option("topic-partitions", "Topics and partitions: orders:0-2,payments:1.", "list"),
        Option("time", "latest, earliest, max-timestamp, or milliseconds since 1970.", "time",
               suggests="times"),
        Option("exclude-internal-topics", "Leave out the topics in which the cluster keeps its own books."),
    ),
    get_offsets,
    example="kafka-get-offsets --topic orders --time earliest",
)  # fmt: skip
DELETE_RECORDS = Tool(
    "kafka-delete-records",
    "Lets partitions begin later: what lies before an offset is gone.",
    (
        Option(
            "offset-json-file", 'What to delete: {"partitions":[{"topic":"orders","partition":0,"offset":5}]}.', "file"
        ),
    ),
    delete_records,
    example="kafka-delete-records --offset-json-file <(echo "
    '\'{"partitions":[{"topic":"orders","partition":0,"offset":5}],"version":1}\')',
)
