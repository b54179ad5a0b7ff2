"""kafka-metadata-quorum, kafka-cluster, kafka-broker-api-versions and kafka-log-dirs: what the cluster is made of
(org.apache.kafka.tools.MetadataQuorumCommand, ClusterTool, BrokerApiVersionsCommand, LogDirsCommand)."""

import json
import re
from collections.abc import Iterable

from kio.schema.api_versions.v4.request import ApiVersionsRequest
from kio.schema.describe_log_dirs.v4.request import DescribeLogDirsRequest
from kio.schema.describe_log_dirs.v4.response import DescribeLogDirsResult
from kio.schema.describe_quorum.v2 import request as describe_quorum
from kio.schema.describe_quorum.v2.response import PartitionData, ReplicaState
from kio.schema.types import BrokerId, TopicName
from kio.schema.unregister_broker.v0.request import UnregisterBrokerRequest
from kio.static.primitive import i32

from kafkalab.engine.controller.metadata import METADATA_TOPIC
from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.errors import checked, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.lab.terminal.tools.topics import as_id
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

# -- kafka-metadata-quorum --------------------------------------------------------------------------------


def metadata_quorum(given: Given, io: Io) -> Steps[None]:
    action = next(iter(given.rest), "")
    if action != "describe":
        raise Failed("kafka-metadata-quorum: error: too few arguments" if not action else f"invalid choice: '{action}'"
                     " (choose from 'describe')", shows_usage=True)  # fmt: skip
    if given.has("status") == given.has("replication"):
        raise Failed("One of --status or --replication must be specified with describe sub-command")
    topic = describe_quorum.TopicData(
        topic_name=TopicName(METADATA_TOPIC), partitions=(describe_quorum.PartitionData(partition_index=i32(0)),)
    )
    answer = asking.first((yield Ask(ApiKey.DESCRIBE_QUORUM, describe_quorum.DescribeQuorumRequest(topics=(topic,)))))
    quorum: PartitionData = answer.topics[0].partitions[0]
    if given.has("replication"):
        _replication(quorum, given.has("human-readable"), io)
        return
    cluster = yield from asking.cluster()
    everyone = (*quorum.current_voters, *quorum.observers)
    leader = next((it for it in everyone if it.replica_id == quorum.leader_id), None)
    followers = [it for it in quorum.current_voters if it.replica_id != quorum.leader_id]
    lag, lag_ms = 0, 0
    if leader is not None and followers:
        lag = leader.log_end_offset - min(it.log_end_offset for it in followers)
        oldest = min(it.last_caught_up_timestamp for it in followers)
        lag_ms = 0 if not lag else leader.last_caught_up_timestamp - oldest if oldest >= 0 else -1
    io.say(f"ClusterId:              {cluster.cluster_id}")
    io.say(f"LeaderId:               {marks.controller(int(quorum.leader_id))}")
    io.say(f"LeaderEpoch:            {quorum.leader_epoch}")
    io.say(f"HighWatermark:          {quorum.high_watermark}")
    io.say(f"MaxFollowerLag:         {lag}")
    io.say(f"MaxFollowerLagTimeMs:   {lag_ms}")
    io.say(f"CurrentVoters:          {_replicas(quorum.current_voters, quorum)}")
    io.say(f"CurrentObservers:       {_replicas(quorum.observers, quorum)}")


def _replicas(replicas: Iterable[ReplicaState], quorum: PartitionData) -> str:
    shown = [
        f'{{"id": {_node(int(it.replica_id), quorum)}, "directoryId": "{as_id(it.replica_directory_id)}"}}'
        for it in replicas
    ]
    return f"[{', '.join(shown)}]"


def _node(number: int, quorum: PartitionData) -> str:
    is_voter = any(it.replica_id == number for it in quorum.current_voters)
    return marks.controller(number) if is_voter else marks.broker(number)


def _replication(quorum: PartitionData, for_people: bool, io: Io) -> None:
    leader_end = next(
        (it.log_end_offset for it in quorum.current_voters if it.replica_id == quorum.leader_id), quorum.high_watermark
    )
    rows = [("NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status")]
    for kind, replicas in (("Follower", quorum.current_voters), ("Observer", quorum.observers)):
        for it in sorted(replicas, key=lambda it: (it.replica_id != quorum.leader_id, it.replica_id)):
            status = "Leader" if it.replica_id == quorum.leader_id else kind
            times = [
                f"{max(0, io.clock_ms - at)} ms ago" if for_people and at > 0 else str(at)
                for at in (int(it.last_fetch_timestamp), int(it.last_caught_up_timestamp))
            ]
            rows.append(
                (
                    _node(int(it.replica_id), quorum),
                    as_id(it.replica_directory_id),
                    str(it.log_end_offset),
                    str(leader_end - it.log_end_offset),
                    times[0],
                    times[1],
                    status,
                )
            )
    widths = [max(len(marks.plain(row[at])) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        io.say("".join(marks.padded(cell, width) + "\t" for cell, width in zip(row, widths, strict=True)))


# -- kafka-cluster --------------------------------------------------------------------------------------------


def cluster(given: Given, io: Io) -> Steps[None]:
    match given.rest:
        case ["cluster-id", *_]:
            described = yield from asking.cluster()
            io.say(f"Cluster ID: {described.cluster_id}")
        case ["list-endpoints", *_]:
            yield from _endpoints(given, io)
        case ["unregister", *_]:
            number = int(given.one("id") or given.one("broker-id") or -1)
            outcome = yield Ask(ApiKey.UNREGISTER_BROKER, UnregisterBrokerRequest(broker_id=BrokerId(number)))
            if not outcome.ok:
                raise Failed(exception(outcome.error, outcome.message))
            io.say(f"Broker {marks.broker(number)} is no longer registered.")
        case _:
            raise Failed("kafka-cluster: error: too few arguments", shows_usage=True)


def _endpoints(given: Given, io: Io) -> Steps[None]:
    fenced_too = given.has("include-fenced-brokers")
    described = yield from asking.cluster(fenced_too)
    hosts = max([len(it.host) for it in described.brokers], default=4)
    racks = max([len(it.rack or "null") for it in described.brokers], default=4)
    io.say(f"{'ID':<10} {'HOST':<{hosts}} {'PORT':<10} {'RACK':<{racks}} {'STATE':<10} {'ENDPOINT_TYPE':<15}")
    for it in sorted(described.brokers, key=lambda it: it.broker_id):
        state = "fenced" if it.is_fenced else "unfenced"
        io.say(
            f"{marks.padded(marks.broker(int(it.broker_id)), 10)} {it.host:<{hosts}} {it.port:<10} "
            f"{it.rack or 'null':<{racks}} {state:<10} {'broker':<15}"
        )


# -- kafka-broker-api-versions ----------------------------------------------------------------------------------


def api_versions(given: Given, io: Io) -> Steps[None]:
    described = yield from asking.cluster()
    body = ApiVersionsRequest(client_software_name="kafka-lab-terminal", client_software_version="4.3.1")
    for broker in sorted(described.brokers, key=lambda it: it.broker_id):
        answer = asking.first((yield Ask(ApiKey.API_VERSIONS, body, int(broker.broker_id))))
        served = {int(it.api_key): (int(it.min_version), int(it.max_version)) for it in answer.api_keys}
        at = f"{broker.host}:{broker.port}"
        io.say(f"{at} (id: {marks.broker(int(broker.broker_id))} rack: {broker.rack} isFenced: false) -> (")
        lines = [f"\t{_api(key, served.get(key))}" for key in KNOWN_TO_CLIENTS]
        for line in lines[:-1]:
            io.say(f"{line},")
        io.say(lines[-1])
        io.say(")")


def _api(key: int, versions: tuple[int, int] | None) -> str:
    name = ApiKey(key).message_name
    if versions is None:
        return f"{name}({key}): UNSUPPORTED"
    first, last = versions
    return f"{name}({key}): {first if first == last else f'{first} to {last}'} [usable: {last}]"


BETWEEN_NODES = (4, 5, 6, 7, 52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82)
"""APIs that no client speaks: the tool leaves them out. 4 to 7 are gone since Kafka 4."""
KNOWN_TO_CLIENTS = tuple(sorted(key for key in ApiKey if key not in BETWEEN_NODES))


# -- kafka-log-dirs ------------------------------------------------------------------------------------------------


def log_dirs(given: Given, io: Io) -> Steps[None]:
    given.needed("describe")
    described = yield from asking.cluster()
    alive = sorted(int(it.broker_id) for it in described.brokers)
    said = given.one("broker-list")
    brokers = alive if not said else _numbers(said)
    unknown = [it for it in brokers if it not in alive]
    if unknown:
        raise Failed(
            f"ERROR: The given brokers do not exist from --broker-list: {_listed(unknown)}. "
            f"Current existent brokers: {_listed(alive)}"
        )
    names = [name.strip() for name in (given.one("topic-list") or "").split(",") if name.strip()]
    io.say("Querying brokers for log directories information")
    found = []
    for broker in brokers:
        body = DescribeLogDirsRequest(topics=None)
        answer = checked((yield Ask(ApiKey.DESCRIBE_LOG_DIRS, body, broker))).answers[0]
        found.append({"broker": broker, "logDirs": [_log_dir(it, names) for it in answer.results]})
    io.say(f"Received log directory information from brokers {_listed(brokers)}")
    io.say(_marked(json.dumps({"brokers": found, "version": 1}, separators=(",", ":"))))


def _numbers(said: str) -> list[int]:
    if not all(part.strip().isdigit() for part in said.split(",")):
        raise Failed(f'For input string: "{said}"')
    return [int(part) for part in said.split(",")]


def _log_dir(it: DescribeLogDirsResult, names: list[str]) -> dict[str, object]:
    partitions = [
        {
            "partition": f"{topic.name}-{part.partition_index}",
            "size": int(part.partition_size),
            "offsetLag": int(part.offset_lag),
            "isFuture": part.is_future_key,
        }
        for topic in it.topics
        for part in topic.partitions
        if not names or topic.name in names
    ]
    error = None if it.error_code == ErrorCode.none else exception(it.error_code)
    return {"partitions": partitions, "error": error, "logDir": it.log_dir}


def _marked(text: str) -> str:
    """The names of brokers and partitions in it."""
    text = re.sub(r'"broker":(\d+)', lambda found: f'"broker":{marks.broker(int(found[1]))}', text)
    return re.sub(
        r'"partition":"([^"]+)-(\d+)"',
        lambda found: f'"partition":"{marks.partition(found[1], int(found[2]), f"{found[1]}-{found[2]}")}"',
        text,
    )


def _listed(numbers: list[int]) -> str:
    return marks.brokers(tuple(numbers))


METADATA_QUORUM = Tool(
    "kafka-metadata-quorum",
    "Tells who leads the controllers, and how far each has copied the metadata log.",
    (
        Option("status", "Who leads, in which epoch, who votes."),
        Option("replication", "How far each has come."),
        Option("human-readable", "With --replication: how long ago, and not at what time."),
        Option("bootstrap-controller", "Taken: brokers pass the question on.", "host:port"),
    ),
    metadata_quorum,
    actions=("describe",),
    example="kafka-metadata-quorum describe --status",
)
CLUSTER = Tool(
    "kafka-cluster",
    "Tells the cluster's id and its brokers, and lets it forget a broker.",
    (
        Option("id", "With unregister: the broker.", "broker", whole=True, suggests="brokers"),
        Option("include-fenced-brokers", "With list-endpoints: those that may lead nothing too."),
    ),
    cluster,
    actions=("cluster-id", "list-endpoints", "unregister"),
    example="kafka-cluster list-endpoints",
)
API_VERSIONS = Tool(
    "kafka-broker-api-versions",
    "Lists of every broker which requests it takes, in which versions.",
    (),
    api_versions,
    example="kafka-broker-api-versions",
)
LOG_DIRS = Tool(
    "kafka-log-dirs",
    "Tells how much each broker keeps of each partition, as JSON.",
    (
        Option("describe", "The only thing it does."),
        Option("broker-list", "Only these brokers: 1,2.", "brokers", suggests="brokers"),
        Option("topic-list", "Only these topics.", "topics", suggests="topics"),
    ),
    log_dirs,
    example="kafka-log-dirs --describe --topic-list orders",
)
