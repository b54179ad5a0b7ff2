"""Quotas as requests say them."""

from typing import Any

from kio.schema.alter_client_quotas.v1.request import AlterClientQuotasRequest, EntityData, EntryData, OpData
from kio.schema.describe_client_quotas.v1.request import ComponentData, DescribeClientQuotasRequest
from kio.schema.metadata.v13.request import MetadataRequest
from kio.static.primitive import f64, i8

from kafkalab.engine.quotas.limits import Entity
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room

Answer = tuple[ErrorCode, str | None]
DONE: Answer = (ErrorCode.none, None)


def alteration(entity: Entity, *ops: tuple[str, float | None]) -> EntryData:
    """None takes a quota away."""
    return EntryData(
        entity=tuple(EntityData(entity_type=kind, entity_name=name) for kind, name in entity),
        ops=tuple(OpData(key=key, value=f64(float(value or 0)), remove=value is None) for key, value in ops),
    )


def altering(*entries: EntryData, validate_only: bool = False) -> AlterClientQuotasRequest:
    return AlterClientQuotasRequest(entries=entries, validate_only=validate_only)


def alter(room: Room, entity: Entity, **quotas: float | None) -> Answer:
    body = altering(alteration(entity, *quotas.items()))
    (entry,) = room.ask(1, ApiKey.ALTER_CLIENT_QUOTAS, body).entries
    # The other brokers hear of it with their next fetch of metadata.
    room.run(0.6)
    return entry.error_code, entry.error_message


def describing(*components: tuple[str, int, str | None], strict: bool = False) -> DescribeClientQuotasRequest:
    """(type, how, name): 0 exactly this name, 1 the default, 2 any."""
    return DescribeClientQuotasRequest(
        components=tuple(
            ComponentData(entity_type=kind, match_type=i8(how), match=name) for kind, how, name in components
        ),
        strict=strict,
    )


def told(answer: Any) -> dict[Entity, dict[str, float]]:
    return {
        tuple((each.entity_type, each.entity_name) for each in entry.entity): {
            value.key: value.value for value in entry.values
        }
        for entry in answer.entries
    }


def metadata_request() -> MetadataRequest:
    return MetadataRequest(topics=(), include_topic_authorized_operations=False)
