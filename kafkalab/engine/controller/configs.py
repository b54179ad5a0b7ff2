"""What every setting is and where that comes from, for those who ask (DescribeConfigs, CreateTopics).

A topic's setting is its own, else the broker's under the broker's name for it: what was set on this
broker while it runs, on all brokers, or in server.properties; else Kafka's default. The chain is shown as
"synonyms", first what counts (kafka.server.ConfigHelper, DescribeConfigsResponse.ConfigSource).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kafkalab.engine.config import CHANGEABLE_SETTINGS, DYNAMIC_SETTINGS, SETTINGS, TOPIC_DEFAULT_NAMES, BrokerConfig
from kafkalab.engine.controller.metadata import BROKER, MetadataImage
from kafkalab.engine.controller.resource_configs import CLIENT_METRICS_CONFIGS, GROUP_CONFIGS
from kafkalab.engine.log.config import validate
from kafkalab.engine.log.topic_configs import INTERNAL_SEGMENT_BYTES, TOPIC_CONFIGS

TOPIC_CONFIG = 1
DYNAMIC_BROKER_CONFIG, DYNAMIC_DEFAULT_BROKER_CONFIG = 2, 3
STATIC_BROKER_CONFIG, DEFAULT_CONFIG = 4, 5
CLIENT_METRICS_CONFIG, GROUP_CONFIG = 7, 8
"""ConfigSource."""


@dataclass(frozen=True, slots=True)
class Synonym:
    name: str
    value: str | None
    source: int


@dataclass(frozen=True, slots=True)
class DescribedConfig:
    name: str
    type: int
    """DescribeConfigsResponse.ConfigType."""
    documentation: str
    synonyms: tuple[Synonym, ...]
    """The first counts."""
    read_only: bool = False
    otherwise: str | None = None
    """The value where there are no synonyms."""

    @property
    def value(self) -> str | None:
        return self.synonyms[0].value if self.synonyms else self.otherwise

    @property
    def source(self) -> int:
        return self.synonyms[0].source if self.synonyms else DEFAULT_CONFIG


OF_BOTH = (
    "compression.gzip.level", "compression.lz4.level", "compression.type", "compression.zstd.level",
    "min.insync.replicas", "unclean.leader.election.enable",
)  # fmt: skip
"""What topics and brokers call by the same name. Else the same name means that brokers do not have it."""
SHORT = 4
SHORTS = (
    "offsets.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "transaction.state.log.replication.factor",
)
INTERNAL = ("log.initial.task.delay.ms",)
"""Settings that Kafka does not show unless they are set."""
NO_DEFAULT = ("log.flush.interval.ms", "log.retention.ms", "log.roll.jitter.ms", "log.roll.ms")
"""What brokers have no value of unless it is set: the same is said in a larger unit, or in another setting."""


def _default(broker_name: str, default: str | None) -> tuple[Synonym, ...]:
    return () if broker_name in NO_DEFAULT else (Synonym(broker_name, default, DEFAULT_CONFIG),)


def validated_topic_configs(settings: Mapping[str, str | None], config: BrokerConfig) -> dict[str, str]:
    """The same settings, if a topic may have them. Refuses with INVALID_CONFIG."""
    validate(settings)
    own = {name: value for name, value in settings.items() if value is not None}
    config.log_config(own)
    return own


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """What a broker was given, from each place that it may be given from."""

    static: BrokerConfig
    everywhere: Mapping[str, str] = field(default_factory=dict)
    """Set for all brokers while they run."""
    here: Mapping[str, str] = field(default_factory=dict)
    """Set for this broker while it runs."""

    @staticmethod
    def of(image: MetadataImage, static: BrokerConfig, broker_id: int | None = None) -> "BrokerSettings":
        """Of this broker; of none in particular: what counts for the cluster."""
        here = {} if broker_id is None else image.configs.get((BROKER, str(broker_id)), {})
        return BrokerSettings(static, image.configs.get((BROKER, ""), {}), here)

    def synonyms(self, name: str) -> tuple[Synonym, ...]:
        return (*self.dynamic_synonyms(name), *_given(name, self.static.topic_defaults, STATIC_BROKER_CONFIG))

    def dynamic_synonyms(self, name: str) -> tuple[Synonym, ...]:
        return (
            *_given(name, self.here, DYNAMIC_BROKER_CONFIG),
            *_given(name, self.everywhere, DYNAMIC_DEFAULT_BROKER_CONFIG),
        )


def described_topic(own: Mapping[str, str], settings: BrokerSettings) -> list[DescribedConfig]:
    """Every setting of a topic, by name; `own` is what was set on the topic itself."""
    return [
        DescribedConfig(
            name,
            each.type.value,
            each.documentation,
            (
                *_given(name, own, TOPIC_CONFIG),
                # Some settings are of topics only, and there the broker has nothing to say.
                *(settings.synonyms(each.broker_name) if each.broker_name != name or name in OF_BOTH else ()),
                *(_default(each.broker_name, each.default) if each.broker_name != name or name in OF_BOTH else ()),
            ),
            otherwise=each.default,
        )
        for name, each in sorted(TOPIC_CONFIGS.items())
        # Kafka hides its internal settings unless they are set.
        if name != INTERNAL_SEGMENT_BYTES or name in own
    ]


def described_broker(settings: BrokerSettings) -> list[DescribedConfig]:
    """Every setting of a broker, by name: those that topics go by can be changed while it runs."""
    config = settings.static
    fixed = [
        DescribedConfig(
            name,
            SHORT if name in SHORTS else each.type.value,
            each.documentation,
            (
                *(settings.dynamic_synonyms(name) if each.changeable else ()),
                *_given(name, config.given, STATIC_BROKER_CONFIG),
                *((Synonym(name, _text(each.default), DEFAULT_CONFIG),) if each.default != "" else ()),
            ),
            read_only=not each.changeable,
        )
        for name, each in SETTINGS.items()
        if name not in INTERNAL or name in config.given
    ]
    defaults = [
        DescribedConfig(
            name,
            TOPIC_CONFIGS[topic_name].type.value,
            TOPIC_CONFIGS[topic_name].documentation,
            (*settings.synonyms(name), *_default(name, TOPIC_CONFIGS[topic_name].default)),
        )
        for name, topic_name in TOPIC_DEFAULT_NAMES.items()
        if topic_name != name or name in OF_BOTH
    ]
    # Not in server.properties, so there is nothing to tell of those that nobody set.
    throttles = [
        _dynamic(name, settings.synonyms(name))
        for name in DYNAMIC_SETTINGS
        if name in settings.here or name in settings.everywhere
    ]
    return sorted([*fixed, *defaults, *throttles], key=lambda each: each.name)


def described_all_brokers(settings: BrokerSettings) -> list[DescribedConfig]:
    """What was set for all brokers while they run, and nothing else."""
    given = {name: _given(name, settings.everywhere, DYNAMIC_DEFAULT_BROKER_CONFIG) for name in settings.everywhere}
    return [
        _dynamic(name, synonyms)
        if name in CHANGEABLE_SETTINGS
        else DescribedConfig(
            name,
            TOPIC_CONFIGS[TOPIC_DEFAULT_NAMES[name]].type.value,
            TOPIC_CONFIGS[TOPIC_DEFAULT_NAMES[name]].documentation,
            synonyms,
        )
        for name, synonyms in sorted(given.items())
    ]


def described_subscription(own: Mapping[str, str]) -> list[DescribedConfig]:
    """Every setting of a subscription to clients' metrics."""
    return [
        DescribedConfig(
            name,
            each.type.value,
            each.documentation,
            _given(name, own, CLIENT_METRICS_CONFIG),
            otherwise=str(each.default),
        )
        for name, each in CLIENT_METRICS_CONFIGS.items()
    ]


def described_group(own: Mapping[str, str], settings: BrokerSettings) -> list[DescribedConfig]:
    """Every setting of a group, by name."""
    return [
        DescribedConfig(
            name,
            each.setting.type.value,
            each.setting.documentation,
            (
                *_given(name, own, GROUP_CONFIG),
                *(settings.synonyms(each.broker_name) if each.broker_name else ()),
                Synonym(each.broker_name or name, _text(each.setting.default), DEFAULT_CONFIG),
            ),
        )
        for name, each in sorted(GROUP_CONFIGS.items())
    ]


def _dynamic(name: str, synonyms: tuple[Synonym, ...]) -> DescribedConfig:
    setting = CHANGEABLE_SETTINGS[name]
    return DescribedConfig(name, setting.type.value, setting.documentation, synonyms)


def _given(name: str, settings: Mapping[str, str], source: int) -> tuple[Synonym, ...]:
    return (Synonym(name, settings[name], source),) if name in settings else ()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
