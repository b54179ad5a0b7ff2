"""Every version of every API, up to the dialect and down again."""

from datetime import timedelta
from uuid import UUID

import pytest
from kio.schema.api_versions.v4.response import ApiVersion, ApiVersionsResponse, SupportedFeatureKey
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.find_coordinator.v6.response import Coordinator, FindCoordinatorResponse
from kio.schema.leave_group.v5.request import LeaveGroupRequest, MemberIdentity
from kio.schema.leave_group.v5.response import LeaveGroupResponse, MemberResponse
from kio.schema.metadata.v13.request import MetadataRequest

from kafkalab.wire import dialect
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate import (
    DecodedRequest,
    MalformedRequest,
    UnsupportedVersion,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from kafkalab.wire.translate.lengths import ITEMS_LIMIT
from kafkalab.wire.translate.schema import Direction, dialect_class
from tests.wire.messages import VERSIONS, label, request_frame, response_frame, samples

TOPIC_ID = UUID(int=7)
NO_TIME = timedelta(0)


@pytest.mark.parametrize("case", VERSIONS, ids=label)
def test_a_request_goes_up_to_the_dialect_and_down_again_unchanged(case: tuple[int, int]) -> None:
    api_key, version = case
    for entity in samples(Direction.REQUEST, api_key, version):
        frame = request_frame(api_key, version, entity)
        decoded = decode_request(frame)
        assert decoded[:4] == (api_key, version, 7, "me")
        assert type(decoded.body) is dialect_class(Direction.REQUEST, api_key)
        assert b"".join(encode_request(*decoded)) == len(frame).to_bytes(4, "big") + frame


@pytest.mark.parametrize("case", VERSIONS, ids=label)
def test_a_response_goes_down_to_the_version_as_kio_alone_would_write_it(case: tuple[int, int]) -> None:
    api_key, version = case
    for entity in samples(Direction.RESPONSE, api_key, version):
        frame = response_frame(api_key, version, entity)
        correlation_id, body = decode_response(api_key, version, frame)
        assert type(body) is dialect_class(Direction.RESPONSE, api_key)
        assert correlation_id == 7
        assert b"".join(encode_response(api_key, version, 7, body)) == len(frame).to_bytes(4, "big") + frame


def test_a_produce_of_the_oldest_version_by_hand() -> None:
    frame = bytes.fromhex("0000 0003 0000002a 0002 6d65 ffff 0001 000005dc 00000001 0001 74 00000001 00000005 00000002")
    body = dialect.ProduceRequest(
        acks=1,
        timeout_ms=1500,
        topics=(dialect.ProduceTopic("t", None, (dialect.ProducePartition(5, b"ab"),)),),
    )
    assert decode_request(frame + b"ab") == DecodedRequest(ApiKey.PRODUCE, 3, 42, "me", body)


def test_a_fetch_by_id_keeps_the_id_and_knows_no_name() -> None:
    body = dialect.FetchRequest(
        topics=(dialect.FetchTopic("", TOPIC_ID, (dialect.FetchPartition(0, 10, 1000, high_watermark=9),)),),
        max_wait_ms=500,
        min_bytes=1,
        replica_id=2,
        replica_epoch=33,
    )
    frame = b"".join(encode_request(ApiKey.FETCH, 18, 1, None, body))[4:]
    assert decode_request(frame) == DecodedRequest(ApiKey.FETCH, 18, 1, None, body)


def test_a_high_watermark_that_was_not_told_is_minus_one() -> None:
    plain = dialect.FetchRequest((dialect.FetchTopic("", TOPIC_ID, (dialect.FetchPartition(0, 10, 1000),)),), 500, 1)
    frame = b"".join(encode_request(ApiKey.FETCH, 17, 1, None, plain))[4:]
    assert decode_request(b"\x00\x01\x00\x12" + frame[4:]).body == plain


def test_records_are_not_copied_into_a_fetch_response() -> None:
    records = bytes(100_000)
    body = dialect.FetchResponse(
        (dialect.FetchTopicResult("t", None, (dialect.FetchPartitionResult(0, records=records),)),)
    )
    assert [part is records for part in encode_response(ApiKey.FETCH, 11, 1, body)] == [False, True, False]


def test_tagged_fields_at_their_default_are_not_written() -> None:
    produced = dialect.ProduceResponse((dialect.ProduceTopicResult("t", None, (dialect.ProducePartitionResult(0),)),))
    assert b"".join(encode_response(ApiKey.PRODUCE, 10, 1, produced)) == bytes.fromhex(
        "00000030 00000001 00"  # length, correlation id, no tags
        "02 02 74 02 00000000 0000"  # one topic "t", one partition 0, no error
        "ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00 00"  # offsets, no errors, no message, no tags
        "00 00000000 00"  # no tags, no throttling, no tags
    )
    fetched = dialect.FetchResponse((dialect.FetchTopicResult("t", None, (dialect.FetchPartitionResult(0),)),))
    assert b"".join(encode_response(ApiKey.FETCH, 12, 1, fetched)) == bytes.fromhex(
        "0000003a 00000001 00 00000000 0000 00000000"  # no throttling, no error, no session
        "02 02 74 02 00000000 0000"
        "ffffffffffffffff ffffffffffffffff ffffffffffffffff 00 ffffffff 01 00"  # empty records, never null
        "00 00"
    )


@pytest.mark.parametrize(("version", "asks_for_all"), [(0, True), (1, False)])
def test_metadata_v0_asks_for_all_topics_with_an_empty_list(version: int, asks_for_all: bool) -> None:
    frame = b"\x00\x03" + version.to_bytes(2, "big") + b"\x00\x00\x00\x01\xff\xff" + b"\x00\x00\x00\x00"
    expected = MetadataRequest(
        topics=None if asks_for_all else (),
        allow_auto_topic_creation=True,
        include_topic_authorized_operations=False,
    )
    assert decode_request(frame).body == expected


def test_an_old_find_coordinator_asks_for_one_key_and_gets_one_answer() -> None:
    frame = b"\x00\x0a\x00\x00\x00\x00\x00\x01\xff\xff" + b"\x00\x05group"
    assert decode_request(frame).body == FindCoordinatorRequest(key_type=0, coordinator_keys=("group",))
    found = Coordinator(key="group", node_id=2, host="h", port=9, error_code=ErrorCode.none, error_message=None)
    answer = FindCoordinatorResponse(throttle_time=NO_TIME, coordinators=(found,))
    assert b"".join(encode_response(ApiKey.FIND_COORDINATOR, 0, 1, answer)) == bytes.fromhex(
        "00000011 00000001 0000 00000002 0001 68 00000009"
    )


def test_an_old_join_means_its_session_timeout_for_the_rebalance_too() -> None:
    frame = b"\x00\x0b\x00\x00\x00\x00\x00\x01\xff\xff" + bytes.fromhex("0001 67 00001770 0000 0000 00000000")
    body = decode_request(frame).body
    assert (body.session_timeout, body.rebalance_timeout) == (timedelta(seconds=6), timedelta(seconds=6))


def test_an_old_leave_is_of_one_member_whose_error_is_the_answers() -> None:
    frame = b"\x00\x0d\x00\x00\x00\x00\x00\x01\xff\xff" + b"\x00\x01g\x00\x01m"
    assert decode_request(frame).body == LeaveGroupRequest(group_id="g", members=(MemberIdentity(member_id="m"),))
    unknown = MemberResponse(member_id="m", group_instance_id=None, error_code=ErrorCode.unknown_member_id)
    answer = LeaveGroupResponse(throttle_time=NO_TIME, error_code=ErrorCode.none, members=(unknown,))
    assert b"".join(encode_response(ApiKey.LEAVE_GROUP, 0, 1, answer)) == bytes.fromhex("00000006 00000001 0019")


def test_an_old_delete_has_names() -> None:
    frame = b"\x00\x14\x00\x01\x00\x00\x00\x01\xff\xff" + bytes.fromhex("00000001 0001 74 000003e8")
    assert decode_request(frame).body == DeleteTopicsRequest(
        topics=(DeleteTopicState(name="t", topic_id=None),), timeout=timedelta(seconds=1)
    )


def test_an_error_of_a_group_is_in_each_partition_where_the_version_has_no_other_place() -> None:
    group = dialect.OffsetFetchGroupResult(
        "g",
        (dialect.OffsetFetchTopicResult("t", None, (dialect.OffsetFetchPartitionResult(0),)),),
        ErrorCode.not_coordinator,
    )
    frame = b"".join(encode_response(ApiKey.OFFSET_FETCH, 1, 1, dialect.OffsetFetchResponse((group,))))
    assert decode_response(ApiKey.OFFSET_FETCH, 1, frame[4:]) == (
        1,
        dialect.OffsetFetchResponse(
            (
                dialect.OffsetFetchGroupResult(
                    "",
                    (
                        dialect.OffsetFetchTopicResult(
                            "t",
                            None,
                            (dialect.OffsetFetchPartitionResult(0, error_code=ErrorCode.not_coordinator),),
                        ),
                    ),
                ),
            )
        ),
    )


@pytest.mark.parametrize(("version", "names"), [(3, ["group.version"]), (4, ["group.version", "kraft.version"])])
def test_features_that_may_be_at_level_0_are_kept_from_older_clients(version: int, names: list[str]) -> None:
    answer = ApiVersionsResponse(
        error_code=ErrorCode.none,
        api_keys=(),
        throttle_time=NO_TIME,
        supported_features=(
            SupportedFeatureKey(name="group.version", min_version=1, max_version=1),
            SupportedFeatureKey(name="kraft.version", min_version=0, max_version=1),
        ),
    )
    frame = b"".join(encode_response(ApiKey.API_VERSIONS, version, 1, answer))[4:]
    _, body = decode_response(ApiKey.API_VERSIONS, version, frame)
    assert [feature.name for feature in body.supported_features] == names


def test_the_answer_to_an_unknown_version_of_api_versions_is_in_version_0() -> None:
    with pytest.raises(UnsupportedVersion) as raised:
        decode_request(b"\x00\x12\x00\x63\x00\x00\x00\x05\x00\x02me\x00whatever")
    refused = raised.value
    assert (refused.api_key, refused.api_version, refused.correlation_id, refused.client_id) == (18, 99, 5, "me")
    answer = ApiVersionsResponse(
        error_code=ErrorCode.unsupported_version,
        api_keys=(ApiVersion(api_key=18, min_version=0, max_version=4),),
        throttle_time=NO_TIME,
    )
    assert b"".join(encode_response(ApiKey.API_VERSIONS, 0, 5, answer)) == bytes.fromhex(
        "00000010 00000005 0023 00000001 0012 0000 0004"
    )


@pytest.mark.parametrize(("api_key", "version"), [(0, 2), (0, 14), (4, 0), (9999, 0), (-1, 0)])
def test_what_is_not_served_is_said_to_be_unsupported(api_key: int, version: int) -> None:
    head = api_key.to_bytes(2, "big", signed=True) + version.to_bytes(2, "big")
    with pytest.raises(UnsupportedVersion):
        decode_request(head + bytes(100))


METADATA_V9 = b"\x00\x03\x00\x09\x00\x00\x00\x01\xff\xff"


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00\x03\x00\x09",
        METADATA_V9,
        METADATA_V9 + b"\x00\xff\xff\xff\xff\x07",  # 2147483646 topics
        METADATA_V9 + b"\x00\xff\xff\xff\xff\xff\xff",  # a number without end
        METADATA_V9 + b"\x00\x02\x7fabc",  # a name of 126 bytes
        METADATA_V9 + b"\x00\x02\x02\xff\x00\x01\x00\x00\x00",  # a name that is not UTF-8
        METADATA_V9 + b"\x01\x00\x7f",  # a tagged field of 127 bytes in the header
        b"\x00\x03\x00\x01\x00\x00\x00\x01\xff\xff\x7f\xff\xff\xff",
        b"\x00\x03\x00\x01\x00\x00\x00\x01\x7f\xff",
        b"\x00\x14\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",  # null for names
        METADATA_V9 + b"\x00" + (ITEMS_LIMIT + 2).to_bytes(3, "little") + bytes(1_000_000),
    ],
)
def test_bytes_that_are_no_request_are_said_to_be_malformed(frame: bytes) -> None:
    with pytest.raises(MalformedRequest):
        decode_request(frame)


def test_a_claim_of_more_items_than_there_are_bytes_is_found_before_kio_believes_it() -> None:
    with pytest.raises(MalformedRequest, match="an array of 1000 items in 3 bytes"):
        decode_request(b"\x00\x03\x00\x01\x00\x00\x00\x01\xff\xff\x00\x00\x03\xe8abc")


def test_tagged_fields_that_nobody_knows_are_passed_over() -> None:
    plain = METADATA_V9 + b"\x00" + b"\x02\x02t\x00" + b"\x01\x00\x00" + b"\x00"
    tagged = METADATA_V9 + b"\x01\x05\x01x" + b"\x02\x02t\x01\x09\x02xy" + b"\x01\x00\x00" + b"\x01\x40\x00"
    assert decode_request(tagged) == decode_request(plain)


def test_an_unknown_tagged_field_beside_a_known_one() -> None:
    body = dialect.FetchRequest((), 500, 1, cluster_id="here")
    frame = b"".join(encode_request(ApiKey.FETCH, 12, 1, None, body))[4:]
    assert frame.endswith(b"\x01\x00\x05\x05here")
    assert decode_request(frame[:-8] + b"\x02\x00\x05\x05here\x09\x01x").body == body


@pytest.mark.parametrize("api_key", list(SERVED), ids=lambda key: ApiKey(key).name)
def test_no_half_of_a_request_is_taken_for_a_whole_one_or_breaks_anything(api_key: int) -> None:
    version = SERVED[api_key][-1]
    for entity in samples(Direction.REQUEST, api_key, version, count=2):
        frame = request_frame(api_key, version, entity)
        for end in range(min(len(frame), 400)):
            with pytest.raises(MalformedRequest):
                decode_request(frame[:end])
