"""What every setting is and where that comes from, for those who ask (DescribeConfigs, CreateTopics).

A topic's setting is its own, else what server.properties says under the broker's name for it, else
Kafka's default. The chain is shown as "synonyms", first what counts
(kafka.server.ConfigHelper, DescribeConfigsResponse.ConfigSource).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.config import SETTINGS, TOPIC_DEFAULT_NAMES, BrokerConfig
from kafkalab.engine.log.config import validate
from kafkalab.engine.log.topic_configs import INTERNAL_SEGMENT_BYTES, TOPIC_CONFIGS

TOPIC_CONFIG, STATIC_BROKER_CONFIG, DEFAULT_CONFIG = 1, 4, 5
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
    """At least one; the first counts."""
    read_only: bool = False

    @property
    def value(self) -> str | None:
        return self.synonyms[0].value

    @property
    def source(self) -> int:
        return self.synonyms[0].source


def validated_topic_configs(settings: Mapping[str, str | None], config: BrokerConfig) -> dict[str, str]:
    """The same settings, if a topic may have them. Refuses with INVALID_CONFIG."""
    validate(settings)
    own = {name: value for name, value in settings.items() if value is not None}
    config.log_config(own)
    return own


def described_topic(own: Mapping[str, str], config: BrokerConfig) -> list[DescribedConfig]:
    """Every setting of a topic, by name; `own` is what was set on the topic itself."""
    return [
        DescribedConfig(
            name,
            each.type.value,
            each.documentation,
            (
                *_given(name, own, TOPIC_CONFIG),
                *_given(each.broker_name, config.topic_defaults, STATIC_BROKER_CONFIG),
                Synonym(each.broker_name, each.default, DEFAULT_CONFIG),
            ),
        )
        for name, each in sorted(TOPIC_CONFIGS.items())
        # Kafka hides its internal settings unless they are set.
        if name != INTERNAL_SEGMENT_BYTES or name in own
    ]


def described_broker(config: BrokerConfig) -> list[DescribedConfig]:
    """Every setting of a broker, by name: none can be changed while it runs."""
    settings = [
        DescribedConfig(
            name,
            each.type.value,
            each.documentation,
            (*_given(name, config.given, STATIC_BROKER_CONFIG), Synonym(name, _text(each.default), DEFAULT_CONFIG)),
            read_only=True,
        )
        for name, each in SETTINGS.items()
    ]
    defaults = [
        DescribedConfig(
            name,
            TOPIC_CONFIGS[topic_name].type.value,
            TOPIC_CONFIGS[topic_name].documentation,
            (
                *_given(name, config.topic_defaults, STATIC_BROKER_CONFIG),
                Synonym(name, TOPIC_CONFIGS[topic_name].default, DEFAULT_CONFIG),
            ),
            read_only=True,
        )
        for name, topic_name in TOPIC_DEFAULT_NAMES.items()
        if topic_name != INTERNAL_SEGMENT_BYTES
    ]
    return sorted([*settings, *defaults], key=lambda each: each.name)


def _given(name: str, settings: Mapping[str, str], source: int) -> tuple[Synonym, ...]:
    return (Synonym(name, settings[name], source),) if name in settings else ()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
