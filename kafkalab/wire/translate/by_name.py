"""Between two forms of a message most fields keep their names: those are carried over.

A field that only the target has gets its default there, a field that only the source has is left
out, and null becomes the default where the target knows no null. The forms are kio's classes of
two versions, or one of those and a class of the dialect, which has some plainer names and
milliseconds where kio has timedelta. Compiled once for each pair of classes.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from kafkalab.wire.errors import ErrorCode

Convert = Callable[[Any], Any]

_PLAIN_NAMES = {
    "batch_index_error_message": "message",
    "committed_leader_epoch": "leader_epoch",
    "committed_metadata": "metadata",
    "committed_offset": "offset",
    "forgotten_topics_data": "forgotten_topics",
    "index": "partition",
    "log_append_time": "log_append_time_ms",
    "max_wait": "max_wait_ms",
    "partition_data": "partitions",
    "partition_index": "partition",
    "partition_indexes": "partitions",
    "partition_responses": "partitions",
    "responses": "topics",
    "retention_time": "retention_time_ms",
    "throttle_time": "throttle_time_ms",
    "timeout": "timeout_ms",
    "topic": "name",
    "topic_data": "topics",
}
"""kio's names of what the dialect calls otherwise; no message has both."""

_EMPTY: dict[str, Any] = {
    "string": "",
    "bytes": b"",
    "records": b"",
    "bool": False,
    "uuid": None,
    "error_code": ErrorCode.none,
    "timedelta_i32": timedelta(0),
    "timedelta_i64": timedelta(0),
    "datetime_i64": None,
    "float64": 0.0,
}
"""Kafka's default for a field without one of its own; 0 for every kind of integer."""
_EMPTY_IN_DIALECT: dict[type, Any] = {str: "", int: 0}

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Shape:
    item: Any
    """The class of the value, or of the array's items."""
    is_array: bool
    is_nullable: bool


def convert(entity: Any, target: type, **given: Any) -> Any:
    """`entity` as a `target`, whose fields in `given` are as given."""
    if entity.__class__ is target and not given:
        return entity
    return target(**_values(entity.__class__, target, tuple(given))(entity), **given)


@cache
def _values(source: type, target: type, given: tuple[str, ...] = ()) -> Callable[[Any], dict[str, Any]]:
    """A function from a source to the target's keyword arguments, save those given."""
    # Two classes of kio's have the same names; the plain ones serve to find the dialect's.
    sources = {_PLAIN_NAMES.get(field.name, field.name): field for field in fields(source)}
    as_is: list[tuple[str, str]] = []
    changed: list[tuple[str, str, Convert]] = []
    defaults: dict[str, Any] = {}
    for field in fields(target):
        if field.name in given:
            continue
        from_field = sources.get(_PLAIN_NAMES.get(field.name, field.name))
        if from_field is None:
            defaults[field.name] = _default(field)
            continue
        change = _change(from_field, field)
        if change is None:
            as_is.append((field.name, from_field.name))
        else:
            changed.append((field.name, from_field.name, change))

    def values(entity: Any) -> dict[str, Any]:
        found = dict(defaults)
        for name, from_name in as_is:
            found[name] = getattr(entity, from_name)
        for name, from_name, change in changed:
            found[name] = change(getattr(entity, from_name))
        return found

    return values


def _change(source: Field[Any], target: Field[Any]) -> Convert | None:
    """What must happen to the value of this field; None if nothing."""
    source_shape = shape_of(source)
    target_shape = shape_of(target)
    if is_dataclass(target_shape.item):
        change = _change_entity(source_shape, target_shape)
    else:
        change = _change_time(source, target)
    if source_shape.is_nullable and not target_shape.is_nullable:
        return _or_default(change, _default(target))
    return change


def _change_entity(source: Shape, target: Shape) -> Convert | None:
    make = target.item
    if source.item is make:
        return None
    values = _values(source.item, make)
    if target.is_array:
        return lambda items: None if items is None else tuple([make(**values(item)) for item in items])
    return lambda entity: None if entity is None else make(**values(entity))


def _change_time(source: Field[Any], target: Field[Any]) -> Convert | None:
    """kio gives times a type of their own, the dialect has integers."""
    source_type = source.metadata.get("kafka_type", "")
    target_type = target.metadata.get("kafka_type", "")
    if source_type.startswith("timedelta") and not target_type:
        return lambda duration: duration // _MILLISECOND
    if target_type.startswith("timedelta") and not source_type:
        return lambda ms: timedelta(milliseconds=ms)
    if source_type.startswith("datetime") and not target_type:
        return _epoch_ms
    return None


def _epoch_ms(moment: datetime | None) -> int:
    return -1 if moment is None else round(moment.timestamp() * 1000)


def _or_default(change: Convert | None, default: Any) -> Convert:
    if change is None:
        return lambda value: default if value is None else value
    return lambda value: change(value) if value is not None else default


def shape_of(field: Field[Any]) -> Shape:
    declared: Any = field.type
    is_nullable = isinstance(declared, UnionType)
    if is_nullable:
        (declared,) = [part for part in get_args(declared) if part is not NoneType]
    is_array = get_origin(declared) is tuple
    return Shape(get_args(declared)[0] if is_array else declared, is_array, is_nullable)


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    shape = shape_of(field)
    if shape.is_array:
        return ()
    kafka_type = field.metadata.get("kafka_type")
    if kafka_type is not None:
        return _EMPTY.get(kafka_type, 0)
    return None if shape.is_nullable else _EMPTY_IN_DIALECT[shape.item]
