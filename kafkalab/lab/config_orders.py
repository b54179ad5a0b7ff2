"""Orders about settings and quotas as requests of Kafka's, and as lines of kafka-configs.sh."""

import shlex
from typing import Any

from kio.schema.alter_client_quotas.v1.request import AlterClientQuotasRequest, EntityData, EntryData, OpData
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.static.primitive import f64, i8

from kafkalab.engine.controller.altering_configs import DELETE, SET
from kafkalab.engine.controller.metadata import BROKER, CLIENT_METRICS, GROUP
from kafkalab.engine.quotas.limits import CLIENT_ID, IP, USER
from kafkalab.lab import config_commands as order
from kafkalab.wire.api import ApiKey

Changes = dict[str, str | None]


def request(command: order.ConfigCommand) -> tuple[int, Any]:
    """(API key, body in the dialect)."""
    match command:
        case order.SetClientQuota(quota, limit):
            op = OpData(key=quota, value=f64(limit or 0.0), remove=limit is None)
            entity = tuple(EntityData(entity_type=kind, entity_name=name) for kind, name in _entity(command))
            entry = EntryData(entity=entity, ops=(op,))
            return ApiKey.ALTER_CLIENT_QUOTAS, AlterClientQuotasRequest(entries=(entry,), validate_only=False)
        case order.AlterBrokerConfig(name, value, broker):
            return _altered(BROKER, "" if broker is None else str(broker), {name: value})
        case order.AlterGroupConfig(group, name, value):
            return _altered(GROUP, group, {name: value})
        case order.SubscribeToMetrics(subscription):
            return _altered(CLIENT_METRICS, subscription, _subscription(command))


def shell(command: order.ConfigCommand, at: str) -> str:
    match command:
        case order.SetClientQuota(quota, limit):
            line = f"kafka-configs.sh {at} --alter {_change({quota: None if limit is None else f'{limit:.10g}'})}"
            kinds = {CLIENT_ID: "clients", USER: "users", IP: "ips"}
            for kind, name in _entity(command):
                who = "--entity-default" if name is None else f"--entity-name {shlex.quote(name)}"
                line += f" --entity-type {kinds[kind]} {who}"
            return line
        case order.AlterBrokerConfig(name, value, broker):
            who = "--broker-defaults" if broker is None else f"--broker {broker}"
            return f"kafka-configs.sh {at} --alter {who} {_change({name: value})}"
        case order.AlterGroupConfig(group, name, value):
            return f"kafka-configs.sh {at} --alter --group {shlex.quote(group)} {_change({name: value})}"
        case order.SubscribeToMetrics(subscription, metrics):
            if metrics is None:
                return f"kafka-client-metrics.sh {at} --delete --name {subscription}"
            line = f"kafka-client-metrics.sh {at} --alter --name {subscription} --metrics {shlex.quote(metrics)}"
            line += f" --interval {command.interval_ms}"
            return line if command.match is None else f"{line} --match {shlex.quote(command.match)}"


def _entity(command: order.SetClientQuota) -> list[tuple[str, str | None]]:
    said = ((CLIENT_ID, command.client_id), (USER, command.user), (IP, command.ip))
    return [(kind, None if name == order.EVERYONE else name) for kind, name in said if name is not None]


def _subscription(command: order.SubscribeToMetrics) -> Changes:
    if command.metrics is None:
        return {"metrics": None, "interval.ms": None, "match": None}
    return {"metrics": command.metrics, "interval.ms": str(command.interval_ms), "match": command.match}


def _altered(kind: int, name: str, changes: Changes) -> tuple[int, Any]:
    configs = tuple(
        AlterableConfig(name=setting, config_operation=i8(DELETE if value is None else SET), value=value)
        for setting, value in changes.items()
    )
    resource = AlterConfigsResource(resource_type=i8(kind), resource_name=name, configs=configs)
    return ApiKey.INCREMENTAL_ALTER_CONFIGS, IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)


def _change(changes: Changes) -> str:
    """Brackets keep the commas of a list together."""
    ((name, value),) = changes.items()
    if value is None:
        return f"--delete-config {name}"
    return f"--add-config {shlex.quote(f'{name}=[{value}]' if ',' in value else f'{name}={value}')}"
