"""Records as an object holds them: lines of JSON, plain or compressed, or a Parquet table.

Both keep a record whole: offset, timestamp, key, value and headers. In JSON what is no text in UTF-8 is written as
base64 under another name, so that it comes back byte for byte.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

import cramjam

from kafkalab.wire.records import Record

FORMATS = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
"""By the end of an object's name."""


class NotOfThisFormat(Exception):
    """An object cannot be read; the message is one sentence."""


def encode(format_name: str, topic: str, partition: int, records: Iterable[Record]) -> bytes:
    if format_name == "parquet":
        return _to_parquet(topic, partition, records)
    lines = b"".join(_line(topic, partition, record) for record in records)
    match format_name:
        case "jsonl.gz":
            return bytes(cramjam.gzip.compress(lines))
        case "jsonl.zst":
            return bytes(cramjam.zstd.compress(lines))
    return lines


def decode(format_name: str, body: bytes) -> list[Record]:
    """Raises NotOfThisFormat."""
    if format_name == "parquet":
        return _from_parquet(body)
    try:
        if format_name == "jsonl.gz":
            body = bytes(cramjam.gzip.decompress(body))
        elif format_name == "jsonl.zst":
            body = bytes(cramjam.zstd.decompress(body))
        return [_record(json.loads(line)) for line in body.splitlines()]
    except (cramjam.DecompressionError, ValueError, KeyError, TypeError) as error:
        raise NotOfThisFormat(f"This is no {format_name} of records: {error}.") from None


# -- JSON lines ----------------------------------------------------------------------------------------------


def _line(topic: str, partition: int, record: Record) -> bytes:
    said: dict[str, Any] = {
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        **_said("key", record.key),
        **_said("value", record.value),
    }
    if record.headers:
        said["headers"] = [{"name": name, **_said("value", value)} for name, value in record.headers]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _said(name: str, data: bytes | None) -> dict[str, str | None]:
    if data is None:
        return {name: None}
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode()}


def _heard(said: dict[str, Any], name: str) -> bytes | None:
    if f"{name}_base64" in said:
        return base64.b64decode(said[f"{name}_base64"])
    text = said[name]
    return None if text is None else str(text).encode()


def _record(said: dict[str, Any]) -> Record:
    headers = tuple((str(each["name"]), _heard(each, "value")) for each in said["headers"]) if "headers" in said else ()
    return Record(said["offset"], said["timestamp_ms"], _heard(said, "key"), _heard(said, "value"), headers)


# -- Parquet -------------------------------------------------------------------------------------------------


def _to_parquet(topic: str, partition: int, records: Iterable[Record]) -> bytes:
    # Large, and needed by nobody who writes lines of JSON.
    import pyarrow
    import pyarrow.parquet

    header = pyarrow.struct([("name", pyarrow.string()), ("value", pyarrow.binary())])
    schema = pyarrow.schema(
        [
            ("topic", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
            ("partition", pyarrow.int32()),
            ("offset", pyarrow.int64()),
            ("timestamp", pyarrow.timestamp("ms", tz="UTC")),
            ("key", pyarrow.binary()),
            ("value", pyarrow.binary()),
            ("headers", pyarrow.list_(header)),
        ]
    )
    rows = list(records)
    columns = {
        "topic": [topic] * len(rows),
        "partition": [partition] * len(rows),
        "offset": [record.offset for record in rows],
        "timestamp": [record.timestamp_ms for record in rows],
        "key": [record.key for record in rows],
        "value": [record.value for record in rows],
        "headers": [[{"name": name, "value": value} for name, value in record.headers] for record in rows],
    }
    table = pyarrow.table([pyarrow.array(columns[each.name], type=each.type) for each in schema], schema=schema)
    sheet = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sheet, compression="zstd")
    return bytes(sheet.getvalue().to_pybytes())


def _from_parquet(body: bytes) -> list[Record]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(body))
        timestamps = table.column("timestamp").cast(pyarrow.int64()).to_pylist()
        columns = [table.column(name).to_pylist() for name in ("offset", "key", "value", "headers")]
    except (pyarrow.ArrowException, KeyError) as error:
        raise NotOfThisFormat(f"This is no Parquet of records: {error}.") from None
    return [
        Record(offset, timestamp_ms, key, value, tuple((each["name"], each["value"]) for each in headers))
        for timestamp_ms, offset, key, value, headers in zip(timestamps, *columns, strict=True)
    ]
