"""Quotas are set and told: AlterClientQuotas (49), decided by the controller, and DescribeClientQuotas (48).

(KIP-546, KIP-612; ClientQuotaControlManager, ClientQuotasImage.)
"""

from collections import Counter
from ipaddress import ip_address
from typing import Any

from kio.schema.alter_client_quotas.v1.request import AlterClientQuotasRequest
from kio.schema.alter_client_quotas.v1.request import EntryData as Alteration
from kio.schema.alter_client_quotas.v1.response import AlterClientQuotasResponse
from kio.schema.alter_client_quotas.v1.response import EntityData as Named
from kio.schema.alter_client_quotas.v1.response import EntryData as Altered
from kio.schema.describe_client_quotas.v1.request import ComponentData, DescribeClientQuotasRequest
from kio.schema.describe_client_quotas.v1.response import DescribeClientQuotasResponse, EntityData, EntryData, ValueData
from kio.static.primitive import f64

from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.metadata import ClientQuotaRecord, MetadataImage
from kafkalab.engine.quotas.limits import CLIENT_ID, IP, OF_ADDRESSES, OF_CLIENTS, USER, WHOLE_NUMBERS, Entity
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

TYPES = (CLIENT_ID, USER, IP)
"""In the order in which they are told."""
EXACT, DEFAULT, ANY = 0, 1, 2
"""Match types of a filter."""


# -- alter -------------------------------------------------------------------------------------------


def alter_client_quotas(image: MetadataImage, body: AlterClientQuotasRequest) -> Decision:
    answers: dict[Entity, Refused | None] = {}
    records: list[ClientQuotaRecord] = []
    for entry in body.entries:
        entity = _in_order({each.entity_type: each.entity_name for each in entry.entity})
        try:
            if entity in answers or max(Counter(op.key for op in entry.ops).values(), default=0) > 1:
                raise Refused(ErrorCode.invalid_request, f"Ignoring duplicate entity {_in_words(entity)}")
            records += _altered(image, entity, entry)
        except Refused as refused:
            answers[entity] = refused
        else:
            answers[entity] = None
    entries = tuple(_answer(entity, refused) for entity, refused in answers.items())
    answer = AlterClientQuotasResponse(throttle_time=NOT_THROTTLED, entries=entries)
    return Decision(answer, () if body.validate_only else tuple(records))


def _in_order(named: dict[str, str | None]) -> Entity:
    unknown = [kind for kind in named if kind not in TYPES]
    return tuple((kind, named[kind]) for kind in (*TYPES, *unknown) if kind in named)


def _altered(image: MetadataImage, entity: Entity, entry: Alteration) -> list[ClientQuotaRecord]:
    keys = _keys_of(entity)
    now = image.client_quotas.get(entity, {})
    records = []
    for op in entry.ops:
        if op.remove:
            if op.key in now:
                records.append(ClientQuotaRecord(entity, op.key, remove=True))
            continue
        _check(keys, op.key, float(op.value))
        if now.get(op.key) != op.value:
            records.append(ClientQuotaRecord(entity, op.key, float(op.value)))
    return records


def _keys_of(entity: Entity) -> tuple[str, ...]:
    """The quotas that it can have."""
    if not entity:
        raise _invalid("Invalid empty client quota entity")
    for kind, name in entity:
        if kind not in TYPES:
            raise _invalid(f"Unhandled client quota entity type: {kind}")
        if name == "":
            raise _invalid(f"Empty {kind} not supported")
    kinds = [kind for kind, _ in entity]
    if IP not in kinds:
        return OF_CLIENTS
    if len(kinds) > 1:
        words = "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId"
        raise _invalid(words)
    address = entity[0][1]
    if address is not None and not _is_address(address):
        raise _invalid(f"{address} is not a valid IP or resolvable host.")
    return OF_ADDRESSES


def _is_address(text: str) -> bool:
    """Host names are not looked up: the engine knows no network but its own."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _check(keys: tuple[str, ...], key: str, value: float) -> None:
    if key not in keys:
        raise _invalid(f"Invalid configuration key {key}")
    if value <= 0.0:
        raise _invalid(f"Quota {key} must be greater than 0")
    if key in WHOLE_NUMBERS:
        if value > WHOLE_NUMBERS[key]:
            kind = "a LONG" if WHOLE_NUMBERS[key] > 2**31 else "an INT"
            raise _invalid(f"Proposed value for {key} is too large for {kind}.")
        if value % 1.0 > 1e-6:
            raise _invalid(f"{key} cannot be a fractional value.")


def _invalid(words: str) -> Refused:
    return Refused(ErrorCode.invalid_request, words)


def _answer(entity: Entity, refused: Refused | None) -> Altered:
    return Altered(
        error_code=refused.error_code if refused else ErrorCode.none,
        error_message=refused.message if refused else None,
        entity=tuple(Named(entity_type=kind, entity_name=name) for kind, name in entity),
    )


def _in_words(entity: Entity) -> str:
    parts = ", ".join(f"{kind}={'null' if name is None else name}" for kind, name in entity)
    return f"ClientQuotaEntity(entries={{{parts}}})"


def alteration_refused(body: AlterClientQuotasRequest, refused: Refused) -> AlterClientQuotasResponse:
    entities = [tuple((each.entity_type, each.entity_name) for each in entry.entity) for entry in body.entries]
    return AlterClientQuotasResponse(
        throttle_time=NOT_THROTTLED, entries=tuple(_answer(entity, refused) for entity in entities)
    )


# -- describe ----------------------------------------------------------------------------------------


def describe_client_quotas(image: MetadataImage, body: DescribeClientQuotasRequest) -> DescribeClientQuotasResponse:
    exact, specified = _filter(body.components)
    found = tuple(
        EntryData(
            entity=tuple(EntityData(entity_type=kind, entity_name=name) for kind, name in entity),
            values=tuple(ValueData(key=key, value=f64(value)) for key, value in quotas.items()),
        )
        for entity, quotas in image.client_quotas.items()
        if _matches(dict(entity), exact, specified, body.strict)
    )
    return DescribeClientQuotasResponse(
        throttle_time=NOT_THROTTLED, error_code=ErrorCode.none, error_message="", entries=found
    )


def _filter(components: tuple[ComponentData, ...]) -> tuple[dict[str, str | None], list[str]]:
    """The types that must have a certain name, and those that must be there with any."""
    exact: dict[str, str | None] = {}
    specified: list[str] = []
    for each in components:
        kind = each.entity_type
        if not kind:
            raise _invalid("Invalid empty entity type.")
        if kind in exact or kind in specified:
            raise _invalid(f"Entity type {kind} cannot appear more than once in the filter.")
        if kind not in TYPES:
            raise Refused(ErrorCode.unsupported_version, f"Unsupported entity type {kind}")
        match each.match_type:
            case 0 if each.match is None:
                raise _invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.")
            case 0:
                exact[kind] = each.match
            case 1 | 2 if each.match is not None:
                name = "MATCH_TYPE_DEFAULT" if each.match_type == DEFAULT else "MATCH_TYPE_SPECIFIED"
                raise _invalid(f"Request specified {name}, but also specified a match string.")
            case 1:
                exact[kind] = None
            case 2:
                specified.append(kind)
            case other:
                raise _invalid(f"Unknown match type {other}")
    kinds = (*exact, *specified)
    if IP in kinds and len(kinds) > 1:
        words = "IP filter component should not be used with user or clientId filter component."
        raise _invalid(f"Invalid entity filter component combination. {words}")
    return exact, specified


def _matches(entity: dict[str, Any], exact: dict[str, str | None], specified: list[str], strict: bool) -> bool:
    if strict and len(entity) != len(exact) + len(specified):
        return False
    return all(kind in entity and entity[kind] == name for kind, name in exact.items()) and all(
        kind in entity for kind in specified
    )


def description_refused(refused: Refused) -> DescribeClientQuotasResponse:
    return DescribeClientQuotasResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, entries=None
    )
