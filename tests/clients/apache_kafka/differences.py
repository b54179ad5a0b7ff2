"""Where the engine answers otherwise than Apache Kafka, and may. The reasons are told in tests/clients/FINDINGS.md."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.clients.apache_kafka.normalising import MISSING

ANY = object()


@dataclass(frozen=True, slots=True)
class Known:
    where: str
    """script: step: field, with * and ? for what varies."""
    why: str
    """A heading of FINDINGS.md."""
    theirs: Any = ANY
    """What Apache Kafka says there, if it always says the same."""
    ours: Any = ANY

    def explains(self, where: str, theirs: Any, ours: Any) -> bool:
        # [ and ] are part of a path, not of the pattern.
        pattern = self.where.replace("[", "[[]")
        return fnmatchcase(where, pattern) and self.theirs in (ANY, theirs) and self.ours in (ANY, ours)


NOT_THERE = "What the engine does not have, it does not advertise"
STUMBLES = "Where Apache Kafka stumbles, the engine refuses"
SAYS_WHY = "A refused batch is told why"
ANY_BROKER = "A broker's settings may be changed through any broker"
UNREAD = "A setting that nothing reads is refused"
PLUG_IN = "Telemetry is told of without a plug-in"
SHOWN = "A broker shows the settings that it has"
NO_SIZE = "A disk's size is not told"
RIGHTS = "Old Metadata versions do not tell rights on the cluster"
OLD_UNIT = "log.retention.hours is no second source of log.retention.ms"
NO_ENDPOINT = "Controllers listen to nobody from outside"
EMPTY = "Nothing asked, nothing said"
AUTHORIZER = "The settings of the authorizer are settings of the broker"

KNOWN: tuple[Known, ...] = (
    Known("api_versions: asked well v?: api_keys[*]", NOT_THERE, ours=MISSING),
    Known("api_versions: asked well v?: api_keys[7?]", PLUG_IN, theirs=MISSING),
    Known("api_versions: asked well v?: supported_features[*.version]", NOT_THERE, ours=MISSING),
    Known("api_versions: asked well v?: finalized_features[*.version]", NOT_THERE, ours=MISSING),
    Known("describe_quorum: the metadata's v2: nodes[3000].listeners[CONTROLLER]", NO_ENDPOINT, ours=MISSING),
    Known("describe_configs: a group v4: results[any].configs[streams.*]", NOT_THERE, ours=MISSING),
    Known("group_configs: * v4: results[*].configs[streams.*]", NOT_THERE, ours=MISSING),
    Known("describe_configs: loggers of * v4: results[*].error_message", NOT_THERE),
    Known("broker_configs: loggers v1: responses[1].*", NOT_THERE),
    Known("metadata: neither id nor name v13: *", STUMBLES),
    Known("describe_topic_partitions: empty name v0: topics[].*", STUMBLES),
    Known("alter_configs: twice v2: ", STUMBLES, theirs="no answer"),
    Known("incremental_alter_configs: unknown way v?: responses[changed].error_*", STUMBLES),
    Known("produce_refused: null v*: ", STUMBLES, theirs="no answer"),
    Known("fetch_versions: isolation 2 v18: *", STUMBLES),
    Known("produce_refused: *: responses[*].partition_responses[0].error_message", SAYS_WHY, theirs=None),
    Known("produce_by_policy: *: responses[*].partition_responses[0].error_message", SAYS_WHY, theirs=None),
    Known("produce_versions: internal v12: responses[*].partition_responses[0].error_message", SAYS_WHY, theirs=None),
    Known("idempotent: *: responses[once].partition_responses[0].error_message", SAYS_WHY, theirs=None),
    Known("a_broker_is_gone: *: responses[widow].partition_responses[0].error_message", SAYS_WHY, theirs=None),
    Known("alter_configs: unknown broker v?: responses[7].error_*", ANY_BROKER),
    Known("broker_configs: unknown broker v?: responses[7].error_*", ANY_BROKER),
    Known("broker_configs: another broker* v1: responses[2].error_*", ANY_BROKER),
    Known("broker_configs: *nonsense v1: responses[*].error_*", UNREAD),
    Known("broker_configs: broker and topic v1: responses[1].error_*", UNREAD),
    Known("describe_configs: broker v4: results[1].configs[*]", SHOWN, ours=MISSING),
    Known("broker_configs: a broker: described v4: *.synonyms[log.retention.hours]", OLD_UNIT),
    Known("log_dirs: *: results[*].*_bytes", NO_SIZE),
    Known("metadata: with rights v*: cluster_authorized_operations", RIGHTS),
    Known("lists: bad ? v3: results[*].error_*", STUMBLES),
    Known("describe_configs: broker v4: results[1].configs[super.users]*", AUTHORIZER),
    Known("describe_configs: broker v4: results[1].configs[allow.everyone.if.no.acl.found]*", AUTHORIZER),
    Known("share_fetches: unknown topic v2: *", STUMBLES),
    Known("share_fetches: unknown topic said v2: *", STUMBLES),
    Known("share_offsets: of some v1: ", STUMBLES, theirs="no answer"),
    Known("shut_out_*: *: error_message", SAYS_WHY, theirs=None),
    Known(
        "shut_out_at_the_last_epochs: goes on with the epoch before the last: ", STUMBLES, theirs="unknown_server_error"
    ),
    Known("reassignments: nothing v?: error_message", EMPTY),
)
