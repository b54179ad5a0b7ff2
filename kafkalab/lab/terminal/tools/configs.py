"""kafka-configs: settings of topics, brokers, groups and subscriptions (kafka.admin.ConfigCommand).

Quotas and passwords of users go through the same tool; they have files of their own.
"""

from dataclasses import dataclass

from kio.schema.describe_configs.v4.response import DescribeConfigsResourceResult
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.schema.list_config_resources.v1.request import ListConfigResourcesRequest
from kio.static.primitive import i8

from kafkalab.engine.controller.altering_configs import DELETE, SET
from kafkalab.engine.controller.metadata import BROKER, CLIENT_METRICS, GROUP, TOPIC
from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.errors import came, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.lab.terminal.tools.user_configs import (
    QUOTA_KINDS,
    alter_quotas,
    alter_users,
    describe_quotas,
    describe_users,
    is_mechanism,
)
from kafkalab.wire.api import ApiKey

ACTIONS = ("describe", "alter")
KINDS = {"topics": TOPIC, "brokers": BROKER, "groups": GROUP, "client-metrics": CLIENT_METRICS}
SINGULAR = {
    "topics": "topic",
    "brokers": "broker",
    "groups": "group",
    "client-metrics": "client-metric",
    "clients": "client",
    "users": "user",
    "ips": "ip",
}
SHORT = {
    "topic": "topics",
    "broker": "brokers",
    "group": "groups",
    "client-metrics": "client-metrics",
    "client": "clients",
    "user": "users",
    "ip": "ips",
}
DEFAULTS = {
    "broker-defaults": "brokers",
    "client-defaults": "clients",
    "user-defaults": "users",
    "ip-defaults": "ips",
}
SOURCES = {
    1: "DYNAMIC_TOPIC_CONFIG",
    2: "DYNAMIC_BROKER_CONFIG",
    3: "DYNAMIC_DEFAULT_BROKER_CONFIG",
    4: "STATIC_BROKER_CONFIG",
    5: "DEFAULT_CONFIG",
    6: "DYNAMIC_BROKER_LOGGER_CONFIG",
    7: "DYNAMIC_CLIENT_METRICS_CONFIG",
    8: "DYNAMIC_GROUP_CONFIG",
}
OWN_SOURCE = {"topics": 1, "brokers": 2, "client-metrics": 7, "groups": 8}
DEFAULT_BROKER = 3
Entity = tuple[str, str | None]
"""(what kind, whose name; None: of everybody, "" the default)"""
Changes = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    entities: tuple[Entity, ...]

    @property
    def kind(self) -> str:
        return self.entities[0][0]

    @property
    def name(self) -> str | None:
        return self.entities[0][1]


def run(given: Given, io: Io) -> Steps[None]:
    if sum(given.has(action) for action in ACTIONS) != 1:
        raise Failed("Command must include exactly one action: --describe, --alter", shows_usage=True)
    wanted = Wanted(_entities(given))
    _check(given, wanted)
    try:
        if given.has("describe"):
            yield from _describe(given, wanted, io)
        else:
            yield from _alter(given, wanted, io)
    except Failed as failed:
        lines = [f"Error while executing config command with args '{io.arguments}'"]
        raise Failed(*lines, f"java.util.concurrent.ExecutionException: {failed}") from None


def _entities(given: Given) -> tuple[Entity, ...]:
    """--topic orders is short for --entity-type topics --entity-name orders."""
    found: list[Entity] = []
    kinds: list[str] = []
    names: list[str] = []
    for option, value in given.order:
        if option in SHORT:
            found.append((SHORT[option], value))
        elif option in DEFAULTS:
            found.append((DEFAULTS[option], ""))
        elif option == "entity-type":
            kinds.append(value)
        elif option == "entity-name":
            names.append(value)
        elif option == "entity-default":
            names.append("")
    if len(names) > len(kinds):
        raise Failed("--entity-name or --entity-default must follow an --entity-type")
    found += [(kind, names[at] if at < len(names) else None) for at, kind in enumerate(kinds)]
    if not found:
        raise Failed("At least one entity type must be specified")
    return tuple(found)


def _check(given: Given, wanted: Wanted) -> None:
    for kind, _ in wanted.entities:
        if kind not in SINGULAR:
            raise Failed(f"Invalid entity type {kind}, the entity type must be one of {', '.join(SINGULAR)}")
    kinds = {kind for kind, _ in wanted.entities}
    if len(wanted.entities) > 1 and kinds != {"users", "clients"}:
        raise Failed("Only --entity-type users and --entity-type clients can be specified together as entity types")
    if given.has("alter"):
        if any(name is None for _, name in wanted.entities):
            raise Failed(f"an entity name must be specified with --alter of {wanted.kind}")
        if not given.has("add-config") and not given.has("delete-config") and not given.has("add-config-file"):
            raise Failed(
                "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"
            )


# -- telling ----------------------------------------------------------------------------------------------


def _describe(given: Given, wanted: Wanted, io: Io) -> Steps[None]:
    if wanted.kind in QUOTA_KINDS:
        yield from describe_quotas(wanted.entities, io)
        if wanted.entities[0][0] == "users" and len(wanted.entities) == 1 and wanted.name != "":
            yield from describe_users(wanted.name, io)
        return
    kind, everything = wanted.kind, given.has("all")
    names = [wanted.name] if wanted.name is not None else (yield from _all_names(kind))
    if wanted.name and kind in ("topics", "groups", "client-metrics"):
        known = yield from _all_names(kind)
        if wanted.name not in known:
            io.say(f"The {SINGULAR[kind]} '{wanted.name}' doesn't exist and doesn't have dynamic config.")
            return
    for name in names:
        results = yield from asking.configs(KINDS[kind], [name])
        for result in results:
            if result.error_code:
                raise Failed(exception(result.error_code, result.error_message))
            _say(kind, name, everything, result.configs, io)


def _say(kind: str, name: str, everything: bool, configs: tuple[DescribeConfigsResourceResult, ...], io: Io) -> None:
    source = OWN_SOURCE[kind] if name else DEFAULT_BROKER
    shown = [it for it in configs if everything or it.config_source == source]
    what = "All" if everything else "Dynamic"
    if name:
        io.say(f"{what} configs for {SINGULAR[kind]} {_marked(kind, name)} are:")
    else:
        io.say(f"Default configs for {kind} in the cluster are:")
    for it in sorted(shown, key=lambda it: it.name):
        synonyms = ", ".join(
            f"{SOURCES.get(one.source, 'UNKNOWN')}:{one.name}={_value(one.value)}" for one in it.synonyms
        )
        sensitive = str(it.is_sensitive).lower()
        io.say(f"  {it.name}={_value(it.value)} sensitive={sensitive} synonyms={{{synonyms}}}")


def _value(value: str | None) -> str:
    return "null" if value is None else marks.harmless(value)


def _marked(kind: str, name: str) -> str:
    match kind:
        case "topics":
            return marks.topic(name)
        case "brokers":
            return marks.broker(int(name)) if name.isdigit() else name
        case "groups":
            return marks.group(name)
    return name


def _all_names(kind: str) -> Steps[list[str]]:
    if kind == "topics":
        answer = yield from asking.all_topics()
        return sorted(str(it.name) for it in answer.topics)
    if kind == "brokers":
        described = yield from asking.cluster()
        return [*(str(number) for number in sorted(int(it.broker_id) for it in described.brokers)), ""]
    outcome = yield Ask(ApiKey.LIST_CONFIG_RESOURCES, ListConfigResourcesRequest(resource_types=(i8(KINDS[kind]),)))
    return sorted(it.resource_name for it in came(outcome).answers[0].config_resources)


# -- changing -----------------------------------------------------------------------------------------------


def _alter(given: Given, wanted: Wanted, io: Io) -> Steps[None]:
    changes = _changes(given, io)
    if wanted.kind in QUOTA_KINDS:
        passwords = {name: value for name, value in changes.items() if is_mechanism(name)}
        quotas = {name: value for name, value in changes.items() if name not in passwords}
        if passwords:
            if len(wanted.entities) > 1 or wanted.kind != "users" or not wanted.name:
                raise Failed(
                    "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials."
                )
            yield from alter_users(wanted.name, passwords, io)
        if quotas:
            yield from alter_quotas(wanted.entities, quotas)
    else:
        yield from _alter_settings(wanted, changes)
    kind, name = wanted.entities[0]
    if name:
        io.say(f"Completed updating config for {SINGULAR[kind]} {_marked(kind, name)}.")
    else:
        io.say(f"Completed updating default config for {kind} in the cluster.")


def _alter_settings(wanted: Wanted, changes: Changes) -> Steps[None]:
    configs = tuple(
        AlterableConfig(name=name, config_operation=i8(DELETE if value is None else SET), value=value)
        for name, value in changes.items()
    )
    resource = AlterConfigsResource(
        resource_type=i8(KINDS[wanted.kind]), resource_name=wanted.name or "", configs=configs
    )
    body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
    outcome = yield Ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, body)
    if not outcome.ok:
        raise Failed(exception(outcome.error, outcome.message))


def _changes(given: Given, io: Io) -> Changes:
    """a=1,b=[x,y] and a,b; brackets keep the commas of a list together. Raises Failed."""
    found: Changes = {}
    lines = [line for path in given.all("add-config-file") for line in io.text_of(path).split("\n")]
    for said in [*lines, *(part for text in given.all("add-config") for part in _parts(text))]:
        if not said.strip() or said.strip().startswith("#"):
            continue
        name, sign, value = said.partition("=")
        if not sign:
            raise Failed('Invalid entity config: all configs to be added must be in the format "key=val".')
        value = value.strip()
        found[name.strip()] = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    for text in given.all("delete-config"):
        for name in text.split(","):
            found[name.strip()] = None
    return found


def _parts(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


CONFIGS = Tool(
    "kafka-configs",
    "Shows and changes settings of topics, brokers and groups, quotas of clients, and passwords of users.",
    (
        Option("describe", "Show what is set."),
        Option("alter", "Change it."),
        Option("all", "With --describe: every setting, and not only those that were set."),
        Option("add-config", "What to set: a=1,b=[x,y].", "settings", suggests="topic-settings"),
        Option("add-config-file", "The same, a line each.", "file"),
        Option("delete-config", "What to take away: a,b.", "names", suggests="setting-names"),
        Option("entity-type", "Whose settings.", "type", choices=tuple(SINGULAR)),
        Option("entity-name", "Its name, after the type.", "name"),
        Option("entity-default", "Of whoever has none of its own, after the type."),
        Option("topic", "Of this topic.", "topic", suggests="topics"),
        Option("broker", "Of this broker.", "broker", suggests="brokers"),
        Option("broker-defaults", "Of every broker."),
        Option("group", "Of this group.", "group", suggests="groups"),
        Option("client", "Quotas of this client id.", "client-id"),
        Option("client-defaults", "Quotas of every other client id."),
        Option("user", "Quotas or the password of this user.", "user"),
        Option("user-defaults", "Quotas of every other user."),
        Option("ip", "Quotas of this address.", "address"),
        Option("ip-defaults", "Quotas of every other address."),
        Option("client-metrics", "This subscription to clients' metrics.", "name"),
        Option("force", "Taken, and without effect here."),
    ),
    run,
    example="kafka-configs --alter --topic orders --add-config retention.ms=60000",
)
