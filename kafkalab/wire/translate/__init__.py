"""What clients send, in whatever version, becomes the dialect; what the engine answers, that version.

`decode_request` and `encode_response` are a broker's side of it, `encode_request` and
`decode_response` a client's. Frames come in without their length and go out with it, in pieces to
be written one after the other.
"""

from struct import Struct
from typing import Any, NamedTuple

from kio.serial.errors import SerialError

from kafkalab.wire.api import SERVED, ApiKey, name_of
from kafkalab.wire.frames import Buffer, FrameWriter, MalformedFrame, read_header
from kafkalab.wire.translate import fetch, older, produce
from kafkalab.wire.translate.by_name import convert
from kafkalab.wire.translate.compact import INT32, NO_TAGS
from kafkalab.wire.translate.lengths import BadLength, Walk, walker
from kafkalab.wire.translate.schema import Direction, dialect_class, has_tagged_header, reader, schema, writer

_NOT_READABLE = (BadLength, SerialError, OverflowError, ValueError)
"""What the walk over the lengths and kio's native readers raise on bytes that are no such message."""
_REQUEST_HEADER = Struct(">hhih")


class MalformedRequest(Exception):
    """The bytes are not the request that their header announces: close the connection."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedVersion(Exception):
    """A request that cannot be read. ApiVersions is answered in v0 with error 35, others by closing."""

    def __init__(self, api_key: int, api_version: int, correlation_id: int, client_id: str | None) -> None:
        super().__init__(f"{name_of(api_key)} v{api_version} is not spoken here")
        self.api_key = api_key
        self.api_version = api_version
        self.correlation_id = correlation_id
        self.client_id = client_id


class DecodedRequest(NamedTuple):
    api_key: int
    api_version: int
    correlation_id: int
    client_id: str | None
    body: Any
    """In the dialect."""


def decode_request(frame: Buffer) -> DecodedRequest:
    """Raises MalformedRequest or UnsupportedVersion."""
    try:
        api_key, api_version, correlation_id, client_id, position = read_header(frame)
    except MalformedFrame as error:
        raise MalformedRequest(error.reason) from error
    if api_version not in SERVED.get(api_key, ()):
        raise UnsupportedVersion(api_key, api_version, correlation_id, client_id)
    try:
        if has_tagged_header(Direction.REQUEST, api_key, api_version):
            position = _after_tags(frame, position)
        walk = Walk(frame, position)
        walker(schema(Direction.REQUEST, api_key, api_version))(walk)
        entity, _ = reader(Direction.REQUEST, api_key, api_version)(*walk.known_part(position))
    except _NOT_READABLE as error:
        raise MalformedRequest(f"{name_of(api_key)} v{api_version}: {error}") from error
    return DecodedRequest(api_key, api_version, correlation_id, client_id, _up(api_key, api_version, entity))


def _up(api_key: int, api_version: int, entity: Any) -> Any:
    up = older.REQUEST_UP.get(api_key)
    if up is not None:
        return up(api_version, entity)
    return convert(entity, dialect_class(Direction.REQUEST, api_key))


def encode_response(api_key: int, api_version: int, correlation_id: int, body: Any) -> list[Buffer]:
    out = FrameWriter()
    out.write(INT32.pack(correlation_id))
    if has_tagged_header(Direction.RESPONSE, api_key, api_version):
        out.write(NO_TAGS)
    match api_key:
        case ApiKey.PRODUCE:
            produce.write_response(api_version, body, out)
        case ApiKey.FETCH:
            fetch.write_response(api_version, body, out)
        case _:
            down = older.RESPONSE_DOWN.get(api_key)
            if down is not None:
                entity = down(api_version, body)
            else:
                entity = convert(body, schema(Direction.RESPONSE, api_key, api_version))
            writer(Direction.RESPONSE, api_key, api_version)(out, entity)
    return out.finish()


def encode_request(
    api_key: int, api_version: int, correlation_id: int, client_id: str | None, body: Any
) -> list[Buffer]:
    out = FrameWriter()
    encoded_id = b"" if client_id is None else client_id.encode()
    size = -1 if client_id is None else len(encoded_id)
    out.write(_REQUEST_HEADER.pack(api_key, api_version, correlation_id, size))
    out.write(encoded_id)
    if has_tagged_header(Direction.REQUEST, api_key, api_version):
        out.write(NO_TAGS)
    down = older.REQUEST_DOWN.get(api_key)
    if down is not None:
        entity = down(api_version, body)
    else:
        entity = convert(body, schema(Direction.REQUEST, api_key, api_version))
    writer(Direction.REQUEST, api_key, api_version)(out, entity)
    return out.finish()


def decode_response(api_key: int, api_version: int, frame: Buffer) -> tuple[int, Any]:
    """(correlation id, body). A client knows by the correlation id what it asked, and in which version.

    Trusts the frame: it is for answers of our own brokers.
    """
    (correlation_id,) = INT32.unpack_from(frame)
    position = INT32.size
    if has_tagged_header(Direction.RESPONSE, api_key, api_version):
        position = _after_tags(frame, position)
    entity, _ = reader(Direction.RESPONSE, api_key, api_version)(frame, position)
    up = older.RESPONSE_UP.get(api_key)
    if up is not None:
        return correlation_id, up(api_version, entity)
    return correlation_id, convert(entity, dialect_class(Direction.RESPONSE, api_key))


def _after_tags(frame: Buffer, position: int) -> int:
    """Behind a header's tagged fields, of which none is defined."""
    walk = Walk(frame, position)
    walk.tags({})
    return walk.position
