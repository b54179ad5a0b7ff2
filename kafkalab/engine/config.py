"""The settings of a broker or controller: the lines of server.properties that the engine honours.

Names, types, defaults and bounds are Kafka's (ReplicationConfigs, GroupCoordinatorConfig,
ServerLogConfigs, KRaftConfigs ...). A setting that nothing here reads is refused, so that no one
believes it works. Settings that give topics their default (`log.retention.ms` for `retention.ms`)
are kept as text: the log's own table knows their types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kafkalab.engine.config_bounds import what_is_out_of_bounds
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.topic_configs import TOPIC_CONFIGS, ConfigType
from kafkalab.engine.refused import Refused

STANDARD_AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
INT_MAX = 2**31 - 1
LONG_MAX = 2**63 - 1


class InvalidConfig(Exception):
    """A setting that cannot be; the text is Kafka's own."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the table."""

    name: str
    type: ConfigType
    default: Any
    documentation: str
    at_least: int | None = None
    dynamic: bool = False
    """Can only be set while a broker runs."""
    changeable: bool = False
    """Can be set in server.properties, and changed while a broker runs."""
    choices: tuple[str, ...] = ()
    """What else than "" it may be, for classes: those that the engine has."""

    def parse(self, text: str) -> Any:
        """The typed value. Raises InvalidConfig."""
        value = self._typed(text.strip())
        if self.at_least is not None and value < self.at_least:
            raise self._invalid(text, f"Value must be at least {self.at_least}")
        if self.choices and value not in ("", *self.choices):
            raise self._invalid(text, f"Class {value} could not be found.")
        return value

    def _typed(self, text: str) -> Any:
        match self.type:
            case ConfigType.BOOLEAN:
                if text.lower() not in ("true", "false"):
                    raise self._invalid(text, "Expected value to be either true or false")
                return text.lower() == "true"
            case ConfigType.INT | ConfigType.LONG:
                largest = INT_MAX if self.type is ConfigType.INT else LONG_MAX
                digits = text[1:] if text[:1] in ("-", "+") else text
                is_number = len(digits) < 20 and digits.isascii() and digits.isdigit()
                if not is_number or not -largest - 1 <= int(text) <= largest:
                    raise self._invalid(text, f"Not a number of type {self.type.name}")
                return int(text)
            case _:
                return text

    def _invalid(self, text: str, why: str) -> InvalidConfig:
        return InvalidConfig(self.name, f"Invalid value {text} for configuration {self.name}: {why}")


def _setting(
    type_: ConfigType,
    default: Any,
    documentation: str,
    *,
    at_least: int | None = None,
    choices: tuple[str, ...] = (),
    dynamic: bool = False,
    changeable: bool = False,
) -> Any:
    """A field of BrokerConfig: its Kafka name is the field's, with dots."""
    told = {
        "type": type_,
        "documentation": documentation,
        "at_least": at_least,
        "choices": choices,
        "dynamic": dynamic,
        "changeable": changeable,
    }
    return field(default=default, metadata=told)


def _string(default: str, documentation: str, *choices: str) -> Any:
    return _setting(ConfigType.STRING, default, documentation, choices=choices)


def _bool(default: bool, documentation: str) -> Any:
    return _setting(ConfigType.BOOLEAN, default, documentation)


def _int(default: int, documentation: str, at_least: int | None = None, *, changeable: bool = False) -> Any:
    return _setting(ConfigType.INT, default, documentation, at_least=at_least, changeable=changeable)


def _long(default: int, documentation: str, at_least: int | None = None, *, changeable: bool = False) -> Any:
    return _setting(ConfigType.LONG, default, documentation, at_least=at_least, changeable=changeable)


def _rate(documentation: str) -> Any:
    return _setting(ConfigType.LONG, LONG_MAX, documentation, at_least=0, dynamic=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """`config.replica_lag_time_max_ms` is the value of `replica.lag.time.max.ms`."""

    allow_everyone_if_no_acl_found: bool = _bool(False, "Whether everybody may use what no ACL is for.")
    authorizer_class_name: str = _string("", "Who decides who may do what; nobody if empty.", STANDARD_AUTHORIZER)
    auto_create_topics_enable: bool = _bool(True, "Create a topic when a client first asks for it.")
    auto_leader_rebalance_enable: bool = _bool(True, "Give leadership back to the preferred replica now and then.")
    broker_heartbeat_interval_ms: int = _int(2_000, "How often a broker tells the controller that it lives.", 1)
    broker_session_timeout_ms: int = _int(9_000, "A broker silent for this long is fenced.", 1)
    connection_failed_authentication_delay_ms: int = _int(
        100, "How long a client waits to hear that its credentials are wrong.", 0
    )
    connections_max_reauth_ms: int = _long(0, "After so long a client must authenticate again; 0 for never.")
    connections_max_idle_ms: int = _long(600_000, "A connection silent for this long is closed.")
    controller_quota_window_num: int = _int(11, "How many seconds' worth of changes may come at once.", 1)
    controller_quota_window_size_seconds: int = _int(1, "How long each sample of the quota of changes is.", 1)
    controlled_shutdown_enable: bool = _bool(True, "A broker that stops lets its leaderships move first.")
    controller_quorum_election_backoff_max_ms: int = _int(1_000, "How long a candidate that lost waits at most.", 1)
    controller_quorum_election_timeout_ms: int = _int(
        1_000, "How long a controller waits for a leader to be elected.", 1
    )
    controller_quorum_fetch_timeout_ms: int = _int(2_000, "How long a controller waits for its leader's answers.", 1)
    default_replication_factor: int = _int(1, "Replicas of topics created without a replication factor.")
    delete_topic_enable: bool = _bool(True, "Whether topics can be deleted at all.")
    fetch_max_bytes: int = _int(57_671_680, "The most that one fetch answer carries.", 1024)
    group_consumer_assignment_interval_ms: int = _int(
        1_000, "How far apart two target assignments of a consumer group are at least.", 0, changeable=True
    )
    group_consumer_heartbeat_interval_ms: int = _int(5_000, "How often members of a consumer group heartbeat.", 1)
    group_consumer_max_assignment_interval_ms: int = _int(15_000, "The longest such interval that a group may set.", 0)
    group_consumer_max_heartbeat_interval_ms: int = _int(15_000, "The longest such interval that a group may set.", 1)
    group_consumer_max_session_timeout_ms: int = _int(60_000, "The longest session timeout that a group may set.", 1)
    group_consumer_max_size: int = _int(INT_MAX, "The most members a consumer group may have.", 1)
    group_consumer_migration_policy: str = _string(
        "bidirectional",
        "Whether groups may change between the classic and the consumer protocol while they work.",
        "bidirectional",
        "upgrade",
        "downgrade",
        "disabled",
    )
    group_consumer_min_assignment_interval_ms: int = _int(0, "The shortest such interval that a group may set.", 0)
    group_consumer_min_heartbeat_interval_ms: int = _int(5_000, "The shortest such interval that a group may set.", 1)
    group_consumer_min_session_timeout_ms: int = _int(45_000, "The shortest session timeout that a group may set.", 1)
    group_consumer_regex_refresh_interval_ms: int = _int(
        600_000, "How often the regular expressions of a consumer group are resolved anew.", 10_000
    )
    group_consumer_session_timeout_ms: int = _int(
        45_000, "A member of a consumer group that is silent for this long is thrown out.", 1
    )
    group_initial_rebalance_delay_ms: int = _int(3_000, "How long an empty group waits for more members to join.", 0)
    group_max_session_timeout_ms: int = _int(1_800_000, "The longest session timeout a group member may ask for.")
    group_max_size: int = _int(INT_MAX, "The most members a group may have.", 1)
    group_min_session_timeout_ms: int = _int(6_000, "The shortest session timeout a group member may ask for.")
    group_share_assignment_interval_ms: int = _int(
        1_000, "How far apart two target assignments of a share group are at least.", 0, changeable=True
    )
    group_share_delivery_count_limit: int = _int(5, "How often a share group is given a record at most.", 2)
    group_share_heartbeat_interval_ms: int = _int(5_000, "How often members of share groups tell that they live.", 1)
    group_share_max_assignment_interval_ms: int = _int(15_000, "The longest such interval that a group may set.", 0)
    group_share_max_delivery_count_limit: int = _int(10, "The most that a group may set for that.", 5)
    group_share_max_heartbeat_interval_ms: int = _int(15_000, "The longest such interval that a group may set.", 1)
    group_share_max_partition_max_record_locks: int = _int(4_000, "The most locks that a group may set.", 2_000)
    group_share_max_record_lock_duration_ms: int = _int(60_000, "The longest lock that a group may set.", 30_000)
    group_share_max_session_timeout_ms: int = _int(60_000, "The longest session timeout that a share group may set.", 1)
    group_share_max_share_sessions: int = _int(2_000, "The most share sessions that a broker keeps.", 1)
    group_share_max_size: int = _int(200, "The most members that a share group may have.", 1)
    group_share_min_assignment_interval_ms: int = _int(0, "The shortest such interval that a group may set.", 0)
    group_share_min_delivery_count_limit: int = _int(2, "The fewest deliveries that a group may set.", 2)
    group_share_min_heartbeat_interval_ms: int = _int(5_000, "The shortest heartbeat interval that a group may set.", 1)
    group_share_min_partition_max_record_locks: int = _int(100, "The fewest locks that a group may set.", 100)
    group_share_min_record_lock_duration_ms: int = _int(15_000, "The shortest lock that a group may set.", 1_000)
    group_share_min_session_timeout_ms: int = _int(45_000, "The shortest session timeout of a share group.", 1)
    group_share_partition_max_record_locks: int = _int(2_000, "Records of a partition that are out at a time.", 100)
    group_share_record_lock_duration_ms: int = _int(30_000, "How long a member may hold a record.", 1_000)
    group_share_session_timeout_ms: int = _int(45_000, "A member of a share group silent for this long is put out.", 1)
    leader_imbalance_check_interval_seconds: int = _long(300, "How often preferred leaders are restored.", 1)
    log_cleaner_backoff_ms: int = _long(
        15_000, "How long the log cleaner sleeps when no log is dirty enough.", 0, changeable=True
    )
    log_initial_task_delay_ms: int = _long(30_000, "How long after its start a broker first looks at old segments.", 0)
    log_retention_check_interval_ms: int = _long(300_000, "How often logs are checked for segments to delete.", 1)
    max_connections_per_ip: int = _int(INT_MAX, "The most connections from one address.", 0, changeable=True)
    max_request_partition_size_limit: int = _int(2_000, "The most partitions one description answers.", 1)
    metadata_log_max_record_bytes_between_snapshots: int = _long(
        20_971_520, "After so many bytes of metadata records a snapshot is taken.", 1
    )
    num_partitions: int = _int(1, "Partitions of topics created without a number of partitions.", 1)
    max_incremental_fetch_session_cache_slots: int = _int(1_000, "The most fetch sessions that are kept.", 0)
    offset_metadata_max_bytes: int = _int(4_096, "The longest text that may go with a committed offset.")
    offsets_commit_timeout_ms: int = _int(5_000, "How long a commit waits to be replicated.", 1)
    offsets_retention_check_interval_ms: int = _long(600_000, "How often expired offsets are looked for.", 1)
    offsets_retention_minutes: int = _int(10_080, "How long offsets of a group without members are kept.", 1)
    offsets_topic_num_partitions: int = _int(50, "Partitions of __consumer_offsets.", 1)
    offsets_topic_replication_factor: int = _int(3, "Replicas of each partition of __consumer_offsets.", 1)
    offsets_topic_segment_bytes: int = _int(104_857_600, "Segment size of __consumer_offsets.", 1)
    quota_window_num: int = _int(11, "How many samples a client quota looks back over.", 1)
    quota_window_size_seconds: int = _int(1, "How long each of those samples is.", 1)
    replica_fetch_backoff_ms: int = _int(1_000, "How long a follower pauses after a failed fetch.", 0)
    replica_fetch_max_bytes: int = _int(1_048_576, "The most a follower asks for of one partition.", 0)
    replica_fetch_min_bytes: int = _int(1, "The least a follower's fetch is answered with, unless it waited.")
    replica_fetch_response_max_bytes: int = _int(10_485_760, "The most a follower asks for in one fetch.", 0)
    replica_fetch_wait_max_ms: int = _int(500, "How long a leader may hold a follower's fetch.")
    replica_high_watermark_checkpoint_interval_ms: int = _long(5_000, "How often high watermarks are written to disk.")
    replica_lag_time_max_ms: int = _long(30_000, "A follower not caught up for this long leaves the ISR.")
    replication_quota_window_num: int = _int(11, "How many samples a replication throttle looks back over.", 1)
    replication_quota_window_size_seconds: int = _int(1, "How long each of those samples is.", 1)
    replica_selector_class: str = _string("", "Who chooses the replica that a consumer reads from.", RACK_AWARE)
    request_timeout_ms: int = _int(30_000, "How long a node waits for the answer to its own request.")
    share_coordinator_snapshot_update_records_per_snapshot: int = _int(
        500, "After so many updates of a share partition's state all of it is written down anew.", 0
    )
    share_coordinator_state_topic_min_isr: int = _int(2, "min.insync.replicas of __share_group_state.", 1)
    share_coordinator_state_topic_num_partitions: int = _int(50, "Partitions of __share_group_state.", 1)
    share_coordinator_state_topic_prune_interval_ms: int = _int(
        300_000, "How often what says nothing any more is deleted from __share_group_state.", 1
    )
    share_coordinator_state_topic_replication_factor: int = _int(3, "Replicas of __share_group_state.", 1)
    share_coordinator_state_topic_segment_bytes: int = _int(104_857_600, "Segment size of __share_group_state.", 1)
    super_users: str = _string("", "Who may do everything, with ; between them.")
    socket_request_max_bytes: int = _int(104_857_600, "A larger request closes the connection.", 1)
    telemetry_max_bytes: int = _int(1_048_576, "The most bytes of metrics that a client may push at once.", 1)
    leader_replication_throttled_rate: int = _rate("Bytes a second that throttled followers may copy from here.")
    follower_replication_throttled_rate: int = _rate("Bytes a second that throttled replicas here may copy.")
    transaction_abort_timed_out_transaction_cleanup_interval_ms: int = _int(
        10_000, "How often transactions that are open for too long are looked for.", 1
    )
    transaction_max_timeout_ms: int = _int(900_000, "The longest transaction timeout a producer may ask for.", 1)
    transaction_remove_expired_transaction_cleanup_interval_ms: int = _int(
        3_600_000, "How often transactional ids that nobody uses are looked for.", 1
    )
    transaction_state_log_min_isr: int = _int(2, "In-sync replicas that a write to __transaction_state needs.", 1)
    transaction_state_log_num_partitions: int = _int(50, "Partitions of __transaction_state.", 1)
    transaction_state_log_replication_factor: int = _int(3, "Replicas of each partition of __transaction_state.", 1)
    transaction_state_log_segment_bytes: int = _int(104_857_600, "Segment size of __transaction_state.", 1)
    transactional_id_expiration_ms: int = _int(604_800_000, "How long an unused transactional id is kept.", 1)
    topic_defaults: dict[str, str] = field(default_factory=dict)
    """What server.properties says of topics, under the broker's names: {"log.retention.ms": "60000"}."""
    given: dict[str, str] = field(default_factory=dict)
    """Every setting as it was written."""

    @staticmethod
    def parse(given: Mapping[str, str]) -> "BrokerConfig":
        """From lines of server.properties. Raises InvalidConfig."""
        typed: dict[str, Any] = {}
        topic_defaults: dict[str, str] = {}
        for name, text in given.items():
            if name in SETTINGS:
                typed[name.replace(".", "_")] = SETTINGS[name].parse(text)
            elif name in TOPIC_DEFAULT_NAMES:
                topic_defaults[name] = text
            elif name not in IN_LARGER_UNITS:
                raise InvalidConfig(name, f"Unknown configuration {name}")
        for name, (in_ms, unit_ms) in IN_LARGER_UNITS.items():
            if name in given:
                value = Setting(name, ConfigType.LONG, None, "").parse(given[name])
                # The smaller unit wins where both are given; -1, without end, is -1 in every unit.
                topic_defaults.setdefault(in_ms, str(max(value * unit_ms, -1)))
        try:
            LogConfig.of({}, topic_defaults)
        except Refused as refused:
            raise InvalidConfig(", ".join(topic_defaults), str(refused)) from refused
        config = BrokerConfig(**typed, topic_defaults=topic_defaults, given=dict(given))
        wrong = what_is_out_of_bounds(config)
        if wrong is not None:
            raise InvalidConfig(*wrong)
        return config

    def with_dynamic(self, settings: Mapping[str, str]) -> "BrokerConfig":
        """The same with what was set while it runs, which counts before server.properties."""
        topic_defaults = {name: text for name, text in settings.items() if name in TOPIC_DEFAULT_NAMES}
        typed = {
            name.replace(".", "_"): CHANGEABLE_SETTINGS[name].parse(text)
            for name, text in settings.items()
            if name in CHANGEABLE_SETTINGS
        }
        return replace(self, topic_defaults={**self.topic_defaults, **topic_defaults}, **typed)

    def log_config(self, topic_config: Mapping[str, str]) -> LogConfig:
        """What is set on a topic, over what this broker gives to all topics, over Kafka's defaults."""
        return LogConfig.of(topic_config, self.topic_defaults)

    def value(self, name: str) -> Any:
        """The typed value of a setting by its Kafka name."""
        return getattr(self, name.replace(".", "_"))


_ALL_SETTINGS: dict[str, Setting] = {
    name: Setting(name, default=each.default, **told)
    for each in fields(BrokerConfig)
    if (told := each.metadata)
    for name in [each.name.replace("_", ".")]
}
SETTINGS = {name: each for name, each in _ALL_SETTINGS.items() if not each.dynamic}
"""Those of server.properties, by Kafka's name, sorted."""
DYNAMIC_SETTINGS = {name: each for name, each in _ALL_SETTINGS.items() if each.dynamic}
"""Those that can only be set while brokers run, of one broker or of all."""

CHANGEABLE_SETTINGS = {name: each for name, each in _ALL_SETTINGS.items() if each.dynamic or each.changeable}
"""Those that can be set while brokers run, and some in server.properties too."""

TOPIC_DEFAULT_NAMES = {config.broker_name: config.name for config in TOPIC_CONFIGS.values()}
"""The broker's name of each topic default to the topic's name (ServerTopicConfigSynonyms)."""

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
IN_LARGER_UNITS: dict[str, tuple[str, int]] = {
    "log.retention.minutes": ("log.retention.ms", _MINUTE_MS),
    "log.retention.hours": ("log.retention.ms", _HOUR_MS),
    "log.roll.hours": ("log.roll.ms", _HOUR_MS),
    "log.roll.jitter.hours": ("log.roll.jitter.ms", _HOUR_MS),
}
"""Settings that say another one in a larger unit; the smaller unit comes first."""
