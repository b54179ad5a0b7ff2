"""kafka-leader-election: let the preferred replica lead again, or any that lives
(org.apache.kafka.tools.LeaderElectionCommand)."""

from kio.schema.elect_leaders.v2.request import ElectLeadersRequest, TopicPartitions
from kio.schema.types import TopicName
from kio.static.primitive import i8, i32

from kafkalab.engine.clients.requests import duration
from kafkalab.lab.terminal import marks
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import came, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.lab.terminal.tools.offsets import read_json
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

KINDS = ("preferred", "unclean")


def run(given: Given, io: Io) -> Steps[None]:
    kind = (given.one("election-type") or "").lower()
    if not kind:
        raise Failed("Missing required option(s): election-type")
    if kind not in KINDS:
        raise Failed(f"Invalid value for election-type: {kind}. Valid values are preferred and unclean")
    scopes = [name for name in ("topic", "all-topic-partitions", "path-to-json-file") if given.has(name)]
    if len(scopes) != 1:
        raise Failed(
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file"
        )
    if given.has("topic") and not given.has("partition"):
        raise Failed("Missing required option(s): partition")
    if given.has("partition") and not given.has("topic"):
        raise Failed("Option partition is only allowed if topic is used")
    wanted = _wanted(given, io)
    by_topic: dict[str, list[i32]] = {}
    for topic, number in wanted or ():
        by_topic.setdefault(topic, []).append(i32(number))
    chosen = tuple(TopicPartitions(topic=TopicName(topic), partitions=tuple(it)) for topic, it in by_topic.items())
    body = ElectLeadersRequest(
        election_type=i8(KINDS.index(kind)),
        topic_partitions=None if wanted is None else chosen,
        timeout=duration(30_000),
    )
    outcome = came((yield Ask(ApiKey.ELECT_LEADERS, body)))
    answer = outcome.answers[0]
    if answer.error_code != ErrorCode.none:
        raise Failed(f"Error while making request: {exception(answer.error_code)}")
    results = [(str(topic.topic), it) for topic in answer.replica_election_results for it in topic.partition_result]
    done = [(topic, int(it.partition_id)) for topic, it in results if it.error_code == ErrorCode.none]
    needless = [
        (topic, int(it.partition_id)) for topic, it in results if it.error_code == ErrorCode.election_not_needed
    ]
    failed = [
        (topic, it) for topic, it in results if it.error_code not in (ErrorCode.none, ErrorCode.election_not_needed)
    ]
    if done:
        io.say(f"Successfully completed leader election ({kind.upper()}) for partitions {_listed(done)}")
    if needless and wanted is not None:
        io.say(f"Valid replica already elected for partitions {_listed(needless)}")
    for topic, it in failed:
        name = marks.partition(topic, int(it.partition_id), f"{topic}-{it.partition_id}")
        io.say(
            f"Error completing leader election ({kind.upper()}) for partition: {name}: "
            f"{exception(it.error_code, it.error_message)}"
        )
    if failed:
        raise Failed(f"{len(failed)} replica(s) could not be elected")


def _wanted(given: Given, io: Io) -> list[TopicPartition] | None:
    """None: all."""
    if given.has("all-topic-partitions"):
        return None
    if given.has("topic"):
        return [(given.one("topic") or "", int(given.one("partition") or 0))]
    plan = read_json(io.text_of(given.one("path-to-json-file") or ""))
    if not isinstance(plan, dict) or "partitions" not in plan:
        raise Failed('Replica election data is missing "partitions" field')
    return [(str(it["topic"]), int(it["partition"])) for it in plan["partitions"]]


def _listed(partitions: list[TopicPartition]) -> str:
    return ", ".join(marks.partition(topic, number, f"{topic}-{number}") for topic, number in sorted(partitions))


LEADER_ELECTION = Tool(
    "kafka-leader-election",
    "Holds an election: the preferred replica leads again, or any that lives, at the price of records.",
    (
        Option("election-type", "Which.", "type", choices=KINDS),
        Option("topic", "With --partition: of this one.", "topic", suggests="topics"),
        Option("partition", "The partition.", "number", whole=True),
        Option("all-topic-partitions", "Of all that need one."),
        Option("path-to-json-file", 'Of those in {"partitions":[{"topic":"orders","partition":0}]}.', "file"),
        Option("admin.config", "Taken, and without effect here.", "file"),
    ),
    run,
    example="kafka-leader-election --election-type preferred --topic orders --partition 0",
)
