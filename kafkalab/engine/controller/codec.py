"""Metadata records as bytes: JSON that `kafka-dump-log.sh --cluster-metadata-decoder` would print.

The value of a record of `__cluster_metadata` is `{"type": "TOPIC_RECORD", "version": 0, "data":
{"name": "orders", "topicId": "5JPuABiJTPu2pQjpZWM6_A"}}`. Kafka's own values are binary; its tool
shows them so, and here a learner can read them without it. Fields at their default are left out.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any, get_args
from uuid import UUID

from kafkalab.engine.controller.metadata import MetadataRecord
from kafkalab.engine.spec import Endpoint
from kafkalab.wire import batches
from kafkalab.wire.uuids import text_of, uuid_of

VERSION = 0


def encode(record: MetadataRecord) -> bytes:
    typed = {"type": _TYPE_NAMES[type(record)], "version": VERSION, "data": _fields(record)}
    return json.dumps(typed, separators=(",", ":")).encode()


@lru_cache(maxsize=4096)
def decode(value: bytes) -> MetadataRecord:
    """Every broker and controller reads the same bytes, one shortly after the other: the first one parses them."""
    typed = json.loads(value)
    record_class, types = _CLASSES[typed["type"]]
    data: dict[str, Any] = typed["data"]
    record: MetadataRecord = record_class(
        **{_SNAKE[name]: _typed(value, types[_SNAKE[name]]) for name, value in data.items()}
    )
    return record


def records_in(data: bytes) -> Iterator[tuple[int, MetadataRecord]]:
    """The (offset, record) pairs of whole batches, as a log or a fetch yields them."""
    for batch in batches.headers(data):
        # Control records (a leader change of the quorum) say nothing of the metadata itself.
        if not batch.is_control:
            for record in batches.records(batch):
                assert record.value is not None
                yield record.offset, decode(record.value)


def _fields(record: Any) -> dict[str, Any]:
    return {
        _CAMEL[field.name]: _plain(value)
        for field in fields(record)
        if (value := getattr(record, field.name)) != field.default or field.default is MISSING
    }


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return text_of(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return [{"entityType": kind, "entityName": name} for kind, name in value]
    if isinstance(value, tuple):
        return [_fields(item) if isinstance(item, Endpoint) else item for item in value]
    return value


def _typed(value: Any, annotation: Any) -> Any:
    if annotation is UUID:
        return uuid_of(value)
    if annotation is bytes:
        return base64.b64decode(value)
    if annotation == tuple[Endpoint, ...]:
        return tuple(Endpoint(**{_SNAKE[name]: item for name, item in each.items()}) for each in value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return tuple((each["entityType"], each["entityName"]) for each in value)
    return tuple(value) if isinstance(value, list) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_TYPE_NAMES = {each: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", each.__name__).upper() for each in get_args(MetadataRecord)}
_CLASSES = {name: (each, {field.name: field.type for field in fields(each)}) for each, name in _TYPE_NAMES.items()}
_CAMEL = {field.name: _camel(field.name) for each in (*_TYPE_NAMES, Endpoint) for field in fields(each)}
_SNAKE = {camel: name for name, camel in _CAMEL.items()}
