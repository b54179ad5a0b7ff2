"""kafka-python has a codec and a record format of its own, made from Kafka's definitions: both must agree."""

import importlib
from dataclasses import replace
from typing import Any

import pytest
from kafka.protocol.api_message import ApiMessage
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from kafkalab.wire.api import ApiKey
from kafkalab.wire.batches import Codec, Record, build, checked, records
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate import decode_request, decode_response, encode_response
from kafkalab.wire.translate.schema import Direction, has_tagged_header
from tests.wire.messages import VERSIONS, label, request_frame, response_frame, samples

RECORDS = [
    Record(number, 1_700_000_000_000 + number, b"k%d" % number, b"v" * 100, (("h", b"1"),)) for number in range(50)
]


def their_class(direction: Direction, api_key: int) -> Any:
    for module in ("admin", "consumer", "metadata", "producer"):
        importlib.import_module(f"kafka.protocol.{module}")
    for found in ApiMessage.__subclasses__():
        if api_key == found.API_KEY and found.type == direction.value:
            return found
    return None


def spoken_by_both(direction: Direction) -> list[tuple[int, int]]:
    """The (API, version) pairs of ours that kafka-python has a codec for."""
    found = [(their_class(direction, api_key), api_key, version) for api_key, version in VERSIONS]
    return [
        (api_key, version) for theirs, api_key, version in found if theirs is not None and version <= theirs.max_version
    ]


@pytest.mark.parametrize("case", spoken_by_both(Direction.RESPONSE), ids=label)
def test_both_read_a_response_of_ours_alike(case: tuple[int, int]) -> None:
    api_key, version = case
    theirs = their_class(Direction.RESPONSE, api_key)
    body_starts_at = 8 + has_tagged_header(Direction.RESPONSE, api_key, version)
    for sample in samples(Direction.RESPONSE, api_key, version):
        # They take every ApiVersions answer with an error for one of version 0.
        entity = replace(sample, error_code=ErrorCode.none) if api_key == ApiKey.API_VERSIONS else sample
        _, body = decode_response(api_key, version, response_frame(api_key, version, entity))
        ours = b"".join(encode_response(api_key, version, 7, body))[body_starts_at:]
        assert theirs.decode(ours, version=version).encode() == ours


@pytest.mark.parametrize("case", spoken_by_both(Direction.REQUEST), ids=label)
def test_a_request_of_theirs_is_read_as_ours(case: tuple[int, int]) -> None:
    api_key, version = case
    theirs = their_class(Direction.REQUEST, api_key)
    for entity in samples(Direction.REQUEST, api_key, version):
        ours = request_frame(api_key, version, entity, client_id="them")
        request = theirs.decode(ours, version=version, header=True)
        request.with_header(correlation_id=7, client_id="them")
        sent = bytes(request.encode(version=version, header=True))
        assert decode_request(sent) == decode_request(ours)


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP, Codec.LZ4, Codec.ZSTD])
def test_a_batch_of_theirs_is_read(codec: Codec) -> None:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=7,
        producer_epoch=1,
        base_sequence=5,
        batch_size=1 << 20,
    )
    for record in RECORDS:
        builder.append(record.offset, record.timestamp_ms, record.key, record.value, list(record.headers))
    [batch] = checked(bytes(builder.build()))
    assert records(batch) == RECORDS
    assert (batch.codec, batch.producer_id, batch.producer_epoch, batch.base_sequence) == (codec, 7, 1, 5)


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP, Codec.LZ4, Codec.ZSTD])
def test_a_batch_of_ours_is_read_by_them(codec: Codec) -> None:
    read = DefaultRecordBatch(build(RECORDS, codec=codec, base_offset=0))
    assert read.validate_crc()
    assert [
        Record(record.offset, record.timestamp, record.key, record.value, tuple(record.headers)) for record in read
    ] == RECORDS


def test_uncompressed_batches_are_the_same_bytes() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for record in RECORDS:
        builder.append(record.offset, record.timestamp_ms, record.key, record.value, list(record.headers))
    # Theirs says leader epoch 0, which the leader writes anew.
    assert build(RECORDS, leader_epoch=0) == bytes(builder.build())


def test_the_table_of_apis_is_covered_for_the_most_part() -> None:
    unknown = {ApiKey(key).name for key, _ in VERSIONS if their_class(Direction.REQUEST, key) is None}
    telemetry = {"GET_TELEMETRY_SUBSCRIPTIONS", "PUSH_TELEMETRY"}
    unknown = {name for name in unknown if "SHARE" not in name and not name.startswith("CONSUMER_GROUP")}
    assert unknown - telemetry <= {
        "ADD_RAFT_VOTER",
        "DESCRIBE_TOPIC_PARTITIONS",
        "REMOVE_RAFT_VOTER",
        "UNREGISTER_BROKER",
    }
