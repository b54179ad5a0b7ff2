"""Which class a message has: kio's, one for each API, version and direction, or the dialect's."""

from enum import Enum
from functools import cache
from typing import Any

from kio import index
from kio.serial import entity_reader, entity_writer

from kafkalab.wire import dialect
from kafkalab.wire.api import SERVED, ApiKey


class Direction(Enum):
    REQUEST = "request"
    RESPONSE = "response"


_DIALECT: dict[tuple[Direction, int], type] = {
    (Direction.REQUEST, ApiKey.PRODUCE): dialect.ProduceRequest,
    (Direction.RESPONSE, ApiKey.PRODUCE): dialect.ProduceResponse,
    (Direction.REQUEST, ApiKey.FETCH): dialect.FetchRequest,
    (Direction.RESPONSE, ApiKey.FETCH): dialect.FetchResponse,
    (Direction.REQUEST, ApiKey.OFFSET_COMMIT): dialect.OffsetCommitRequest,
    (Direction.RESPONSE, ApiKey.OFFSET_COMMIT): dialect.OffsetCommitResponse,
    (Direction.REQUEST, ApiKey.OFFSET_FETCH): dialect.OffsetFetchRequest,
    (Direction.RESPONSE, ApiKey.OFFSET_FETCH): dialect.OffsetFetchResponse,
}


@cache
def dialect_class(direction: Direction, api_key: int) -> Any:
    """What the engine speaks: a class of wire/dialect.py, or kio's of the newest version."""
    found = _DIALECT.get((direction, api_key))
    return found or schema(direction, api_key, SERVED[api_key][-1])


@cache
def schema(direction: Direction, api_key: int, api_version: int) -> Any:
    """kio's class. Only for versions in SERVED."""
    assert api_version in SERVED[api_key], (api_key, api_version)
    if direction is Direction.REQUEST:
        return index.load_request_schema(api_key, api_version)
    return index.load_response_schema(api_key, api_version)


@cache
def reader(direction: Direction, api_key: int, api_version: int) -> Any:
    return entity_reader(schema(direction, api_key, api_version))


@cache
def writer(direction: Direction, api_key: int, api_version: int) -> Any:
    return entity_writer(schema(direction, api_key, api_version))


@cache
def has_tagged_header(direction: Direction, api_key: int, api_version: int) -> bool:
    """Whether the header ends with tagged fields (KIP-482).

    Never so in answers to ApiVersions, which a client must read before versions are agreed on.
    """
    return bool(schema(direction, api_key, api_version).__header_schema__.__flexible__)
