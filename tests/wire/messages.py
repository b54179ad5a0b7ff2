"""Messages of any kind filled with values, for tests that go over every version of every API."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random
from typing import Any
from uuid import UUID

from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate.by_name import shape_of
from kafkalab.wire.translate.schema import Direction, has_tagged_header, schema, writer

VERSIONS = [(api_key, version) for api_key, versions in SERVED.items() for version in versions]

UNTOLD = {
    # Two fields of Metadata v8-10 that DescribeCluster took over (KIP-700).
    "include_cluster_authorized_operations": False,
    "cluster_authorized_operations": -2147483648,
    # Follower directories (KIP-853): no replica of ours has several.
    "replica_directory_id": None,
}
"""What the dialect has no place for, each with its default."""


def label(case: tuple[int, int]) -> str:
    return f"{ApiKey(case[0]).name}-v{case[1]}"


def samples(direction: Direction, api_key: int, version: int, count: int = 8) -> Iterator[Any]:
    random = Random(f"{direction} {api_key} {version}")
    for _ in range(count):
        yield filled(schema(direction, api_key, version), random)


def filled(message: Any, random: Random) -> Any:
    return message(**{field.name: value_of(field, random) for field in fields(message)})


def value_of(field: Any, random: Random) -> Any:
    if field.name in UNTOLD:
        return UNTOLD[field.name]
    shape = shape_of(field)
    is_records = field.metadata.get("kafka_type") == "records"
    if shape.is_nullable and not is_records and random.random() < 0.3:
        return None
    if shape.is_array:
        return tuple([item_of(field, shape.item, random) for _ in range(random.randrange(3))])
    return item_of(field, shape.item, random)


def item_of(field: Any, item: Any, random: Random) -> Any:
    if is_dataclass(item):
        return filled(item, random)
    match field.metadata["kafka_type"]:
        case "string":
            return random.choice(["", "orders", "höß", "x" * 200])
        case "bytes" | "records":
            return random.randbytes(random.choice([0, 3, 5000]))
        case "bool":
            return random.random() < 0.5
        case "uuid":
            return UUID(int=random.getrandbits(128))
        case "error_code":
            return random.choice(list(ErrorCode))
        case "timedelta_i32" | "timedelta_i64":
            return timedelta(milliseconds=random.randrange(1 << 31))
        case "datetime_i64":
            return datetime.fromtimestamp(random.randrange(1 << 31), UTC)
        case "float64":
            return random.randrange(1 << 40) / 8
        case "uint16":
            return random.randrange(1 << 16)
        case kafka_type:
            bits = int(kafka_type.removeprefix("int"))
            # Features whose lowest level is 0 or less are not told to older clients (KIP-1022).
            lowest = 1 if field.name == "min_version" else -(1 << (bits - 1))
            return random.randrange(lowest, 1 << (bits - 1))


def request_frame(api_key: int, version: int, entity: Any, client_id: str = "me") -> bytes:
    """As a client writes it, by kio alone, without the frame's length."""
    encoded_id = client_id.encode()
    tags = b"\x00" if has_tagged_header(Direction.REQUEST, api_key, version) else b""
    head = b"".join(
        (
            api_key.to_bytes(2, "big"),
            version.to_bytes(2, "big"),
            (7).to_bytes(4, "big"),
            len(encoded_id).to_bytes(2, "big"),
            encoded_id,
            tags,
        )
    )
    return head + _encoded(Direction.REQUEST, api_key, version, entity)


def response_frame(api_key: int, version: int, entity: Any) -> bytes:
    tags = b"\x00" if has_tagged_header(Direction.RESPONSE, api_key, version) else b""
    return (7).to_bytes(4, "big") + tags + _encoded(Direction.RESPONSE, api_key, version, entity)


def _encoded(direction: Direction, api_key: int, version: int, entity: Any) -> bytes:
    out = BytesIO()
    writer(direction, api_key, version)(out, entity)
    return out.getvalue()
