"""The table of topic configs, as `org.apache.kafka.common.config.TopicConfig` names and explains them."""

from dataclasses import dataclass
from enum import Enum

MAX_LONG = (1 << 63) - 1
INTERNAL_SEGMENT_BYTES = "internal.segment.bytes"


class ConfigType(Enum):
    """Kafka's ConfigDef.Type; the values are those of DescribeConfigsResponse.ConfigType."""

    BOOLEAN = 1
    STRING = 2
    INT = 3
    LONG = 5
    DOUBLE = 6
    LIST = 7


@dataclass(frozen=True)
class TopicConfig:
    name: str
    type: ConfigType
    default: str | None
    broker_name: str
    """The broker config that gives topics their default."""
    documentation: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    or_equal: float | None = None
    """A value out of these bounds that is taken all the same."""
    of_replicas: bool = False
    """A list of partition:broker, or "*"."""


_BOOLEAN, _STRING, _INT, _LONG, _DOUBLE, _LIST = ConfigType
_FOR_EVER = str(MAX_LONG)

TOPIC_CONFIGS: dict[str, TopicConfig] = {
    config.name: config
    for config in (
        TopicConfig(
            "cleanup.policy",
            _LIST,
            "delete",
            "log.cleanup.policy",
            "What happens to old segments: delete drops them by age or size, compact keeps the last record of each "
            "key. Both may be given.",
            choices=("compact", "delete"),
        ),
        TopicConfig(
            "compression.gzip.level",
            _INT,
            "-1",
            "compression.gzip.level",
            "Level when the broker compresses with gzip.",
            least=1,
            most=9,
            or_equal=-1,
        ),
        TopicConfig(
            "compression.lz4.level",
            _INT,
            "9",
            "compression.lz4.level",
            "Level when the broker compresses with lz4.",
            least=1,
            most=17,
        ),
        TopicConfig(
            "compression.type",
            _STRING,
            "producer",
            "compression.type",
            "How batches are stored: producer keeps what was sent, any other recompresses what differs.",
            choices=("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
        ),
        TopicConfig(
            "compression.zstd.level",
            _INT,
            "3",
            "compression.zstd.level",
            "Level when the broker compresses with zstd.",
            least=-131072,
            most=22,
        ),
        TopicConfig(
            "delete.retention.ms",
            _LONG,
            "86400000",
            "log.cleaner.delete.retention.ms",
            "How long compaction keeps a tombstone after it has cleaned what was before it.",
            least=0,
        ),
        TopicConfig(
            "file.delete.delay.ms",
            _LONG,
            "60000",
            "log.segment.delete.delay.ms",
            "How long the files of segments that retention or compaction dropped stay, as .deleted.",
            least=0,
        ),
        TopicConfig(
            "flush.messages",
            _LONG,
            _FOR_EVER,
            "log.flush.interval.messages",
            "After how many records a log is forced to the platter. Kafka advises to leave that to replication.",
            least=1,
        ),
        TopicConfig(
            "flush.ms",
            _LONG,
            _FOR_EVER,
            "log.flush.interval.ms",
            "After what time a log is forced to the platter. Not honoured by the lab.",
            least=0,
        ),
        TopicConfig(
            "follower.replication.throttled.replicas",
            _LIST,
            "",
            "follower.replication.throttled.replicas",
            "Followers that copy no faster than follower.replication.throttled.rate, as partition:broker,... or *.",
            of_replicas=True,
        ),
        TopicConfig(
            "index.interval.bytes",
            _INT,
            "4096",
            "log.index.interval.bytes",
            "About how many bytes of log lie between two index entries.",
            least=0,
        ),
        TopicConfig(
            INTERNAL_SEGMENT_BYTES,
            _INT,
            None,
            INTERNAL_SEGMENT_BYTES,
            "A segment size below what segment.bytes allows. Internal to Kafka's tests, and to lessons.",
            least=14,
        ),
        TopicConfig(
            "leader.replication.throttled.replicas",
            _LIST,
            "",
            "leader.replication.throttled.replicas",
            "Leaders that are copied no faster than leader.replication.throttled.rate, as partition:broker,... or *.",
            of_replicas=True,
        ),
        TopicConfig(
            "local.retention.bytes",
            _LONG,
            "-2",
            "log.local.retention.bytes",
            "With tiered storage: size to keep on the broker. -2: as retention.bytes.",
            least=-2,
        ),
        TopicConfig(
            "local.retention.ms",
            _LONG,
            "-2",
            "log.local.retention.ms",
            "With tiered storage: time to keep on the broker. -2: as retention.ms.",
            least=-2,
        ),
        TopicConfig(
            "max.compaction.lag.ms",
            _LONG,
            _FOR_EVER,
            "log.cleaner.max.compaction.lag.ms",
            "After what time a record must have been through compaction.",
            least=1,
        ),
        TopicConfig(
            "max.message.bytes",
            _INT,
            "1048588",
            "message.max.bytes",
            "The largest record batch that is taken, as sent, that is after compression.",
            least=0,
        ),
        TopicConfig(
            "message.timestamp.after.max.ms",
            _LONG,
            "3600000",
            "log.message.timestamp.after.max.ms",
            "How far ahead of the broker's clock a record's time may be.",
            least=0,
        ),
        TopicConfig(
            "message.timestamp.before.max.ms",
            _LONG,
            _FOR_EVER,
            "log.message.timestamp.before.max.ms",
            "How far behind the broker's clock a record's time may be.",
            least=0,
        ),
        TopicConfig(
            "message.timestamp.type",
            _STRING,
            "CreateTime",
            "log.message.timestamp.type",
            "Whose time records carry: the producer's, or the broker's when it appends them.",
            choices=("CreateTime", "LogAppendTime"),
        ),
        TopicConfig(
            "min.cleanable.dirty.ratio",
            _DOUBLE,
            "0.5",
            "log.cleaner.min.cleanable.ratio",
            "What share of a log must be uncompacted before compaction begins.",
            least=0,
            most=1,
        ),
        TopicConfig(
            "min.compaction.lag.ms",
            _LONG,
            "0",
            "log.cleaner.min.compaction.lag.ms",
            "How long a record stays out of compaction's reach.",
            least=0,
        ),
        TopicConfig(
            "min.insync.replicas",
            _INT,
            "1",
            "min.insync.replicas",
            "With acks=all, how many replicas must have a record. Fewer in sync: the write is refused.",
            least=1,
        ),
        TopicConfig(
            "preallocate",
            _BOOLEAN,
            "false",
            "log.preallocate",
            "Whether segment files are made at full size.",
        ),
        TopicConfig(
            "remote.log.copy.disable",
            _BOOLEAN,
            "false",
            "remote.log.copy.disable",
            "With tiered storage: copy nothing more to it.",
        ),
        TopicConfig(
            "remote.log.delete.on.disable",
            _BOOLEAN,
            "false",
            "remote.log.delete.on.disable",
            "With tiered storage: delete what it holds when it is disabled.",
        ),
        TopicConfig(
            "remote.storage.enable",
            _BOOLEAN,
            "false",
            "remote.storage.enable",
            "Tiered storage for this topic. The lab's brokers have none.",
        ),
        TopicConfig(
            "retention.bytes",
            _LONG,
            "-1",
            "log.retention.bytes",
            "How large a partition may grow before its oldest segments go. -1: without bound.",
        ),
        TopicConfig(
            "retention.ms",
            _LONG,
            "604800000",
            "log.retention.ms",
            "How long records stay before their segment goes. -1: for ever.",
            least=-1,
        ),
        TopicConfig(
            "segment.bytes",
            _INT,
            "1073741824",
            "log.segment.bytes",
            "How large a segment file grows. Retention and compaction work on whole segments.",
            least=1 << 20,
        ),
        TopicConfig(
            "segment.index.bytes",
            _INT,
            "10485760",
            "log.index.size.max.bytes",
            "How large an index file may grow; a full one closes its segment.",
            least=4,
        ),
        TopicConfig(
            "segment.jitter.ms",
            _LONG,
            "0",
            "log.roll.jitter.ms",
            "Up to how much earlier than segment.ms a segment is closed, so that not all are at once.",
            least=0,
        ),
        TopicConfig(
            "segment.ms",
            _LONG,
            "604800000",
            "log.roll.ms",
            "After what time, by the records' own timestamps, a segment is closed though it has room.",
            least=1,
        ),
        TopicConfig(
            "unclean.leader.election.enable",
            _BOOLEAN,
            "false",
            "unclean.leader.election.enable",
            "Whether a replica that is not in sync may lead when no other is left. Loses records.",
        ),
    )
}
