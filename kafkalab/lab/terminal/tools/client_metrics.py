"""kafka-client-metrics: which metrics clients are asked for (org.apache.kafka.tools.ClientMetricsCommand)."""

from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.schema.list_config_resources.v1.request import ListConfigResourcesRequest
from kio.static.primitive import i8

from kafkalab.engine.controller.altering_configs import DELETE, SET
from kafkalab.engine.controller.metadata import CLIENT_METRICS
from kafkalab.lab.terminal import asking
from kafkalab.lab.terminal.errors import came, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.wire.api import ApiKey

ACTIONS = ("alter", "delete", "describe", "list")
SETTINGS = {"interval": "interval.ms", "match": "match", "metrics": "metrics"}


def run(given: Given, io: Io) -> Steps[None]:
    if sum(given.has(action) for action in ACTIONS) != 1:
        listed = ", ".join(f"--{action}" for action in ACTIONS)
        raise Failed(f"Command must include exactly one action: {listed}.", shows_usage=True)
    name = given.one("name")
    if name is None and (given.has("alter") or given.has("delete")):
        given.needed("name")
    known = yield from _names()
    if given.has("list"):
        for each in known:
            io.say(each)
    elif given.has("describe"):
        for each in [name] if name is not None else known:
            yield from _describe(each, io)
    elif given.has("delete"):
        yield from _alter(name or "", dict.fromkeys(SETTINGS.values()))
        io.say(f"Deleted client metrics config for {name}.")
    else:
        changes = {setting: given.one(option) for option, setting in SETTINGS.items() if given.has(option)}
        yield from _alter(name or "", changes)
        io.say(f"Altered client metrics config for {name}.")


def _names() -> Steps[list[str]]:
    body = ListConfigResourcesRequest(resource_types=(i8(CLIENT_METRICS),))
    outcome = came((yield Ask(ApiKey.LIST_CONFIG_RESOURCES, body)))
    return sorted(it.resource_name for it in outcome.answers[0].config_resources)


def _describe(name: str, io: Io) -> Steps[None]:
    results = yield from asking.configs(CLIENT_METRICS, [name])
    io.say(f"Client metrics configs for {name} are:")
    for it in sorted(results[0].configs, key=lambda it: it.name):
        io.say(f"  {it.name}={it.value}")


def _alter(name: str, changes: dict[str, str | None]) -> Steps[None]:
    configs = tuple(
        AlterableConfig(name=setting, config_operation=i8(DELETE if value is None else SET), value=value)
        for setting, value in changes.items()
    )
    resource = AlterConfigsResource(resource_type=i8(CLIENT_METRICS), resource_name=name, configs=configs)
    body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
    outcome = yield Ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, body)
    if not outcome.ok:
        raise Failed(exception(outcome.error, outcome.message))


CLIENT_METRICS_TOOL = Tool(
    "kafka-client-metrics",
    "Asks clients for their metrics: what they push is shown with each client.",
    (
        Option("alter", "Make or change a subscription."),
        Option("delete", "Take one away."),
        Option("describe", "Show one, or all."),
        Option("list", "List the subscriptions."),
        Option("name", "The subscription.", "name"),
        Option("interval", "With --alter: how often clients push, in ms.", "ms", whole=True),
        Option("match", "With --alter: which clients, as client_id=app-.*.", "match"),
        Option("metrics", "With --alter: the beginnings of names, or *.", "metrics"),
    ),
    run,
    example="kafka-client-metrics --alter --name mine --metrics org.apache.kafka.producer. --interval 5000",
)
