"""The answer to Produce, encoded by hand: one is made for every batch that a client waits for.

Topics have names until v12 and ids from v13 (KIP-516). What was wrong with which record is told
from v8 (KIP-467), who leads now from v10 (KIP-951).
"""

from struct import Struct

from kafkalab.wire.dialect import LeaderHint, ProducePartitionResult, ProduceResponse
from kafkalab.wire.frames import FrameWriter
from kafkalab.wire.translate import compact

_LOG_START_OFFSET_FROM = 5
_RECORD_ERRORS_FROM = 8
_COMPACT_FROM = 9
_LEADERS_FROM = 10
_TOPIC_ID_FROM = 13

_RESULT_V3 = Struct(">ihqq")
_RESULT_V5 = Struct(">ihqqq")
_NO_LEADER = LeaderHint()


def write_response(api_version: int, body: ProduceResponse, out: FrameWriter) -> None:
    is_compact = api_version >= _COMPACT_FROM
    parts = [compact.array_size(len(body.topics), is_compact)]
    for topic in body.topics:
        if api_version >= _TOPIC_ID_FROM:
            parts.append(compact.uuid(topic.topic_id))
        else:
            parts.append(compact.string(topic.name, is_compact))
        parts.append(compact.array_size(len(topic.partitions), is_compact))
        for result in topic.partitions:
            _write_result(api_version, result, is_compact, parts)
        if is_compact:
            parts.append(compact.NO_TAGS)
    parts.append(compact.INT32.pack(body.throttle_time_ms))
    if is_compact:
        parts.append(_response_tags(api_version, body))
    out.write(b"".join(parts))


def _write_result(api_version: int, result: ProducePartitionResult, is_compact: bool, parts: list[bytes]) -> None:
    fixed = (result.partition, result.error_code, result.base_offset, result.log_append_time_ms)
    if api_version >= _LOG_START_OFFSET_FROM:
        parts.append(_RESULT_V5.pack(*fixed, result.log_start_offset))
    else:
        parts.append(_RESULT_V3.pack(*fixed))
    if api_version >= _RECORD_ERRORS_FROM:
        parts.append(compact.array_size(len(result.record_errors), is_compact))
        for error in result.record_errors:
            parts += (compact.INT32.pack(error.batch_index), compact.nullable_string(error.message, is_compact))
            if is_compact:
                parts.append(compact.NO_TAGS)
        parts.append(compact.nullable_string(result.error_message, is_compact))
    if is_compact:
        parts.append(_result_tags(api_version, result.current_leader))


def _result_tags(api_version: int, leader: LeaderHint) -> bytes:
    if api_version < _LEADERS_FROM or leader == _NO_LEADER:
        return compact.NO_TAGS
    return compact.tags({0: compact.leader(leader)})


def _response_tags(api_version: int, body: ProduceResponse) -> bytes:
    if api_version < _LEADERS_FROM or not body.node_endpoints:
        return compact.NO_TAGS
    return compact.tags({0: compact.endpoints(body.node_endpoints)})
