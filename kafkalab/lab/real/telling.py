"""The tables of the page "What is real here", each made from the code that it tells of."""

from dataclasses import dataclass

from kafkalab.engine.api import ROUTES
from kafkalab.engine.api.api_versions import SUPPORTED_FEATURES, advertised
from kafkalab.engine.api.simplified import AS_KAFKA, REAL
from kafkalab.engine.config import DYNAMIC_SETTINGS, IN_LARGER_UNITS, SETTINGS, TOPIC_DEFAULT_NAMES, Setting
from kafkalab.engine.controller.controller import FEATURES
from kafkalab.engine.controller.resource_configs import CLIENT_METRICS_CONFIGS, GROUP_CONFIGS
from kafkalab.engine.log.topic_configs import TOPIC_CONFIGS
from kafkalab.engine.simulation.rules import RULES
from kafkalab.lab.real import kafka_4_3, not_honoured
from kafkalab.wire.api import ApiKey

AT_ONCE = "at once"


@dataclass(frozen=True, slots=True)
class ApiRow:
    key: int
    name: str
    served: str
    """"" where it is not answered."""
    kafka: str
    simplified: str
    left_out: str

    @property
    def state(self) -> str:
        if not self.served:
            return "missing"
        return "simplified" if self.simplified or self.left_out else "real"


@dataclass(frozen=True, slots=True)
class ConfigRow:
    name: str
    type: str
    default: str
    says: str
    changes: str
    """When a new value counts."""


@dataclass(frozen=True, slots=True)
class Unread:
    says: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeatureRow:
    name: str
    served: str
    finalized: str
    kafka: str


def apis() -> list[ApiRow]:
    """Every request of a broker of Kafka's, by key."""
    told = {int(each.api_key): (int(each.min_version), int(each.max_version)) for each in advertised(ROUTES)}
    rows = []
    for key in sorted({**kafka_4_3.VERSIONS, **dict.fromkeys(map(ApiKey, ROUTES))}):
        entry = REAL.get(key, AS_KAFKA)
        served = told.get(key)
        theirs = kafka_4_3.VERSIONS.get(key)
        rows.append(
            ApiRow(
                int(key),
                key.message_name,
                _versions(*served) if served else "",
                _versions(*theirs) if theirs else "",
                entry.simplified,
                entry.left_out,
            )
        )
    return rows


def topic_configs() -> list[ConfigRow]:
    unread = {name for _, names in not_honoured.OF_TOPICS for name in names.split()}
    return [
        ConfigRow(name, each.type.name.lower(), each.default or "", each.documentation, AT_ONCE)
        for name, each in sorted(TOPIC_CONFIGS.items())
        if name not in unread
    ]


def broker_configs() -> list[ConfigRow]:
    """Those that give topics their default stand with the topics, under the broker's names."""
    rows = [_row(name, each, AT_ONCE if each.changeable else "at the next start") for name, each in SETTINGS.items()]
    rows += [_row(name, each) for name, each in DYNAMIC_SETTINGS.items()]
    unread = {name for _, names in not_honoured.OF_TOPICS for name in names.split()}
    rows += [
        ConfigRow(
            name,
            TOPIC_CONFIGS[topic].type.name.lower(),
            TOPIC_CONFIGS[topic].default or "",
            f"The default of {topic} for topics.",
            AT_ONCE,
        )
        for name, topic in TOPIC_DEFAULT_NAMES.items()
        if topic != name and topic not in unread
    ]
    rows += [
        ConfigRow(name, "int", "", f"{small} in a larger unit.", "at the next start")
        for name, (small, _) in IN_LARGER_UNITS.items()
    ]
    return sorted(rows, key=lambda row: row.name)


def changeable() -> list[str]:
    """The names of those that can be changed while brokers run."""
    return [row.name for row in broker_configs() if row.changes == AT_ONCE]


def other_configs() -> list[tuple[str, list[ConfigRow]]]:
    """(resource, its settings)."""
    groups = [_row(name, each.setting) for name, each in sorted(GROUP_CONFIGS.items())]
    metrics = [_row(name, each) for name, each in CLIENT_METRICS_CONFIGS.items()]
    return [(what, rows) for what, rows in (("Groups", groups), ("Subscriptions to metrics", metrics)) if rows]


def unread_configs() -> list[tuple[str, list[Unread]]]:
    """(of what, the settings that Kafka has and nothing here reads)."""
    read = {*SETTINGS, *DYNAMIC_SETTINGS}
    brokers = [
        Unread(says, left)
        for says, names in not_honoured.OF_BROKERS
        if (left := tuple(name for name in names.split() if name not in read))
    ]
    topics = [Unread(says, tuple(names.split())) for says, names in not_honoured.OF_TOPICS]
    return [("Topics", topics), ("Brokers", brokers)]


def features() -> list[FeatureRow]:
    rows = []
    for name in sorted({**kafka_4_3.FEATURES, **SUPPORTED_FEATURES}):
        served, theirs = SUPPORTED_FEATURES.get(name), kafka_4_3.FEATURES.get(name)
        level = FEATURES.get(name)
        rows.append(
            FeatureRow(
                name,
                _versions(*served) if served else "",
                "" if level is None else str(level),
                _versions(*theirs) if theirs else "",
            )
        )
    return rows


def rules() -> list[tuple[str, str]]:
    """(letter, sentence)."""
    return list(RULES.items())


def _row(name: str, setting: Setting, changes: str = AT_ONCE) -> ConfigRow:
    return ConfigRow(name, setting.type.name.lower(), _text(setting.default), setting.documentation, changes)


def _versions(least: int, greatest: int) -> str:
    return str(least) if least == greatest else f"{least} to {greatest}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
