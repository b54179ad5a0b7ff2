"""A client that speaks Kafka's protocol and nothing else: fields in, every field of the answer out.

Requests are written as the fields that matter, in dictionaries; a field that a version does not have
is left out, one that is not said has its default. Answers come back as dictionaries of every field.
"""

import dataclasses
import enum
import io
import itertools
import socket
import struct
from datetime import datetime, timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin
from uuid import UUID

from kio import index
from kio.schema.errors import ErrorCode
from kio.serial import entity_reader, entity_writer
from kio.static.primitive import i32Timedelta, i64Timedelta

from kafkalab.wire.api import SERVED, ApiKey

PATIENCE_S = 10
"""Longer than any answer takes: some requests Apache Kafka never answers."""
CLIENT_ID = "comparer"
NEVER, SAID_INSTEAD = struct.pack(">q", -1), struct.pack(">q", 1)


class Closed(Exception):
    """The broker closed the connection instead of answering."""


class Silent(Exception):
    """The broker neither answers nor closes the connection."""


class Connection:
    def __init__(self, port: int, patience_s: float = PATIENCE_S, client_id: str = CLIENT_ID) -> None:
        self._client_id = client_id
        self._patience_s = patience_s
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=patience_s)
        self.port = port
        self._correlation_ids = itertools.count(1)

    def send(self, api: ApiKey, version: int, fields: dict[str, Any]) -> None:
        request = index.load_request_schema(api, version)
        header = request.__header_schema__
        known = {
            "request_api_key": api,
            "request_api_version": version,
            "correlation_id": next(self._correlation_ids),
            "client_id": self._client_id,
        }
        frame = io.BytesIO()
        entity_writer(header)(frame, made(header, known))
        entity_writer(request)(frame, made(request, fields))
        self._socket.sendall(struct.pack(">i", len(frame.getvalue())) + frame.getvalue())

    def hear(self, api: ApiKey, version: int) -> dict[str, Any]:
        (size,) = struct.unpack(">i", self._exactly(4))
        frame = self._exactly(size)
        if api == ApiKey.DESCRIBE_TRANSACTIONS:
            # kio reads no moment of -1, which says that there is none.
            frame = frame.replace(NEVER, SAID_INSTEAD)
        response = index.load_response_schema(api, version)
        _, before = entity_reader(response.__header_schema__)(frame, 0)
        answer, size = entity_reader(response)(frame, before)
        assert before + size == len(frame), (
            f"{len(frame) - before - size} bytes too many in an answer to {api.name} v{version}"
        )
        return plain(answer)

    def ask(self, api: ApiKey, version: int, fields: dict[str, Any]) -> dict[str, Any]:
        self.send(api, version, fields)
        return self.hear(api, version)

    def is_closed_by_broker(self) -> bool:
        """Whether the broker closes it, within a second or two."""
        self._socket.settimeout(2)
        try:
            return self._socket.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        finally:
            self._socket.settimeout(self._patience_s)

    def close(self) -> None:
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                received = self._socket.recv(size - len(parts))
            except ConnectionError:
                received = b""
            except TimeoutError:
                raise Silent from None
            if not received:
                raise Closed
            parts += received
        return bytes(parts)


def newest(api: ApiKey) -> int:
    return SERVED[api][-1]


def made(kind: Any, fields: dict[str, Any]) -> Any:
    """A kio entity of these fields; whatever is not said is the default."""
    said = {}
    for field in dataclasses.fields(kind):
        if field.name in fields:
            said[field.name] = _value(field.type, fields[field.name])
        elif field.default is dataclasses.MISSING:
            said[field.name] = _nothing(field.type)
    return kind(**said)


def _value(kind: Any, value: Any) -> Any:
    bare, optional = _bare(kind)
    if value is None and optional:
        return None
    if get_origin(bare) is tuple:
        return tuple(_value(get_args(bare)[0], each) for each in value)
    if dataclasses.is_dataclass(bare):
        return made(bare, value)
    if isinstance(bare, type) and issubclass(bare, i32Timedelta | i64Timedelta):
        return bare.parse(timedelta(milliseconds=value))
    return value


def _nothing(kind: Any) -> Any:
    bare, optional = _bare(kind)
    if get_origin(bare) is tuple:
        return ()
    if optional:
        return None
    if dataclasses.is_dataclass(bare):
        return made(bare, {})
    if issubclass(bare, i32Timedelta | i64Timedelta):
        return bare.parse(timedelta(0))
    for plain_type, nothing in ((bool, False), (int, 0), (str, ""), (bytes, b"")):
        if issubclass(bare, plain_type):
            return nothing
    raise TypeError(kind)


@cache
def _bare(kind: Any) -> tuple[Any, bool]:
    """The type without `| None`, and whether that was there."""
    if get_origin(kind) is UnionType or isinstance(kind, UnionType):
        (one,) = (each for each in get_args(kind) if each is not NoneType)
        return one, True
    return kind, False


def plain(value: Any) -> Any:
    """Dictionaries, lists, numbers and text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    match value:
        case tuple():
            return [plain(each) for each in value]
        case ErrorCode():
            return value.name
        case enum.Enum():
            return value.value
        case timedelta():
            return round(value.total_seconds() * 1000)
        case datetime():
            return round(value.timestamp() * 1000)
        case UUID():
            return str(value)
        case bytes():
            return bytes(value)
    return value
