"""Settings change while the cluster runs: AlterConfigs (33) and IncrementalAlterConfigs (44).

A resource is a topic, one broker, or "" for all brokers. The first request replaces all that was
set on it, the second sets, deletes, appends to or subtracts from single settings. A change is
checked as a whole before any of it is written (KIP-133, KIP-226, KIP-339;
ConfigurationControlManager, ControllerConfigurationValidator, ConfigAdminManager).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from kio.schema.alter_configs.v2.request import AlterConfigsRequest
from kio.schema.alter_configs.v2.response import AlterConfigsResourceResponse as Replaced
from kio.schema.alter_configs.v2.response import AlterConfigsResponse
from kio.schema.incremental_alter_configs.v1.request import IncrementalAlterConfigsRequest
from kio.schema.incremental_alter_configs.v1.response import AlterConfigsResourceResponse as Altered
from kio.schema.incremental_alter_configs.v1.response import IncrementalAlterConfigsResponse
from kio.static.primitive import i32Timedelta

from kafkalab.engine.config import (
    CHANGEABLE_SETTINGS,
    IN_LARGER_UNITS,
    SETTINGS,
    TOPIC_DEFAULT_NAMES,
    BrokerConfig,
    InvalidConfig,
)
from kafkalab.engine.controller.configs import validated_topic_configs
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.elections import MIN_ISR, elr_enabled
from kafkalab.engine.controller.metadata import (
    BROKER,
    CLIENT_METRICS,
    GROUP,
    TOPIC,
    ClearElrRecord,
    ConfigRecord,
    MetadataImage,
    MetadataRecord,
)
from kafkalab.engine.controller.resource_configs import check_client_metrics, check_group
from kafkalab.engine.controller.topic_names import check_topic_name
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.topic_configs import TOPIC_CONFIGS, ConfigType
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

ZERO = i32Timedelta.parse(timedelta(0))
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3
"""AlterConfigOp.OpType."""
NOT_SAFE_FOR_BROKERS = "internal.segment.bytes"

Settings = dict[str, str]


def replace_configs(image: MetadataImage, config: BrokerConfig, body: AlterConfigsRequest) -> Decision:
    """AlterConfigs (33): what is not named is removed."""

    def wanted(resource: Any, _before: Settings) -> Settings:
        return {each.name: _not_null(each.name, each.value) for each in resource.configs}

    errors, records = _alter(image, config, body.resources, wanted)
    answers = tuple(
        Replaced(
            error_code=error.error_code if error else ErrorCode.none,
            error_message=error.message if error else None,
            resource_type=resource.resource_type,
            resource_name=resource.resource_name,
        )
        for resource, error in zip(body.resources, errors, strict=True)
    )
    return Decision(AlterConfigsResponse(throttle_time=ZERO, responses=answers), () if body.validate_only else records)


def alter_configs(image: MetadataImage, config: BrokerConfig, body: IncrementalAlterConfigsRequest) -> Decision:
    """IncrementalAlterConfigs (44): what is not named stays."""
    errors, records = _alter(image, config, body.resources, _incremented)
    answers = tuple(
        Altered(
            error_code=error.error_code if error else ErrorCode.none,
            error_message=error.message if error else None,
            resource_type=resource.resource_type,
            resource_name=resource.resource_name,
        )
        for resource, error in zip(body.resources, errors, strict=True)
    )
    answer = IncrementalAlterConfigsResponse(throttle_time=ZERO, responses=answers)
    return Decision(answer, () if body.validate_only else records)


def _alter(
    image: MetadataImage,
    config: BrokerConfig,
    resources: tuple[Any, ...],
    wanted: Callable[[Any, Settings], Settings],
) -> tuple[list[Refused | None], tuple[MetadataRecord, ...]]:
    """What was wrong with each resource, and the records of those that were well."""
    times = Counter((resource.resource_type, resource.resource_name) for resource in resources)
    errors: list[Refused | None] = []
    records: list[MetadataRecord] = []
    for resource in resources:
        kind, name = int(resource.resource_type), str(resource.resource_name)
        before = image.configs.get((kind, name), {})
        try:
            if times[resource.resource_type, resource.resource_name] > 1:
                raise Refused(ErrorCode.invalid_request, "Each resource must appear at most once.")
            if len({each.name for each in resource.configs}) < len(resource.configs):
                raise Refused(ErrorCode.invalid_request, "Error due to duplicate config keys")
            _check_exists(image, kind, name)
            after = wanted(resource, dict(before))
            _check_values(config, kind, name, before, after)
            if elr_enabled(image):
                _check_min_isr(kind, name, before, after, any(each.name == MIN_ISR for each in resource.configs))
        except Refused as refused:
            errors.append(refused)
        else:
            errors.append(None)
            records += _records(image, kind, name, before, after)
    return errors, tuple(records)


def _incremented(resource: Any, settings: Settings) -> Settings:
    for each in resource.configs:
        name = each.name
        match each.config_operation:
            case 0:
                settings[name] = _not_null(name, each.value)
            case 1:
                settings.pop(name, None)
            case 2 | 3 as operation:
                settings[name] = _relisted(name, settings.get(name), _not_null(name, each.value), operation)
            case other:
                raise Refused(ErrorCode.invalid_request, f"Unknown operation type {other}")
    return settings


def _relisted(name: str, before: str | None, value: str, operation: int) -> str:
    """A list with the items added to it, or taken away."""
    known = TOPIC_CONFIGS.get(TOPIC_DEFAULT_NAMES.get(name, name))
    if known is None or known.type is not ConfigType.LIST:
        if name in TOPIC_DEFAULT_NAMES and name not in TOPIC_CONFIGS:
            verb = "append" if operation == APPEND else "subtract"
            raise Refused(ErrorCode.invalid_config, f"Config value {verb} is not allowed for config key: {name}")
        verb = "APPEND" if operation == APPEND else "SUBTRACT"
        raise Refused(ErrorCode.invalid_config, f"Can't {verb} to key {name} because its type is not LIST.")
    old = _items(before if before is not None else known.default or "")
    given = _items(value)
    if operation == APPEND:
        return ",".join(dict.fromkeys((*old, *given)))
    return ",".join(item for item in old if item not in given)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _not_null(name: str, value: str | None) -> str:
    if value is None:
        raise Refused(ErrorCode.invalid_request, f"Null value not supported for : {name}")
    return value


def _check_exists(image: MetadataImage, kind: int, name: str) -> None:
    match kind:
        case 2:
            if not name:
                raise Refused(ErrorCode.invalid_request, "Default topic resources are not allowed.")
            check_topic_name(name)
            if name not in image.topics:
                raise Refused(ErrorCode.unknown_topic_or_partition, f"The topic '{name}' does not exist.")
        case 4 if name:
            if not (name.isascii() and name.isdigit()):
                raise Refused(ErrorCode.invalid_request, f"Node id must be an integer, but it is: {name}")
            if int(name) not in image.brokers:
                raise Refused(ErrorCode.broker_id_not_registered, f"No broker with id {name} found.")
        case 4 | 16 | 32:
            # Who knows of a group or a subscription before it has settings?
            pass
        case other:
            raise Refused(ErrorCode.invalid_request, f"Unknown resource type {other}")


def _check_values(
    config: BrokerConfig, kind: int, name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    if kind == TOPIC:
        validated_topic_configs(after, config)
        return
    if kind == CLIENT_METRICS:
        check_client_metrics(name, after)
        return
    if kind == GROUP:
        check_group(name, after)
        return
    changed = [each for each in (*after, *before) if after.get(each) != before.get(each)]
    for each in changed:
        if (each in SETTINGS and not SETTINGS[each].changeable) or each in IN_LARGER_UNITS:
            raise Refused(ErrorCode.invalid_request, f"Cannot update these configs dynamically: [{each}]")
        if each in CHANGEABLE_SETTINGS:
            _check_dynamic(each, after.get(each))
        elif each not in TOPIC_DEFAULT_NAMES or each == NOT_SAFE_FOR_BROKERS:
            raise Refused(ErrorCode.invalid_request, f"Unknown broker config name: {each}")
    try:
        LogConfig.of({}, {**config.topic_defaults, **after})
    except Refused as refused:
        # It is the broker's setting that is wrong: by its own name, and not for the topic's.
        words = refused.message or ""
        for each in changed:
            words = words.replace(f"configuration {TOPIC_DEFAULT_NAMES.get(each)}:", f"configuration {each}:")
        raise Refused(ErrorCode.invalid_request, words) from refused


def _check_dynamic(name: str, text: str | None) -> None:
    if text is None:
        return
    try:
        CHANGEABLE_SETTINGS[name].parse(text)
    except InvalidConfig as invalid:
        raise Refused(ErrorCode.invalid_config, invalid.reason) from invalid


def _check_min_isr(kind: int, name: str, before: Mapping[str, str], after: Mapping[str, str], is_named: bool) -> None:
    """With eligible leader replicas there is one value for the cluster, and it is always written down."""
    if kind != BROKER:
        return
    if name and is_named:
        raise Refused(ErrorCode.invalid_config, f"Broker-level {MIN_ISR} cannot be altered while ELR is enabled.")
    if not name and MIN_ISR in before and MIN_ISR not in after:
        raise Refused(ErrorCode.invalid_config, f"Cluster-level {MIN_ISR} cannot be removed while ELR is enabled.")


def _records(
    image: MetadataImage, kind: int, name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> list[MetadataRecord]:
    records: list[MetadataRecord] = [
        ConfigRecord(kind, name, each, after.get(each))
        for each in dict.fromkeys((*before, *after))
        if before.get(each) != after.get(each)
    ]
    topic = name if kind == TOPIC else None
    if elr_enabled(image) and before.get(MIN_ISR) != after.get(MIN_ISR) and image.with_elr(topic):
        # Before the new value: whoever replays both never has an ELR that the new one does not justify.
        records.insert(0, ClearElrRecord(topic))
    return records
