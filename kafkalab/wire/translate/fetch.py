"""The answer to Fetch, encoded by hand: records go into it as they lie in the log, uncopied.

They are most of what a broker ever sends. Topics have names until v12 and ids from v13 (KIP-516),
there are sessions from v7 (KIP-227) and divergence is told from v12 (KIP-595).
"""

from struct import Struct

from kafkalab.wire.dialect import (
    AbortedTransaction,
    EpochEndOffset,
    FetchPartitionResult,
    FetchResponse,
    LeaderHint,
)
from kafkalab.wire.frames import FrameWriter
from kafkalab.wire.translate import compact

_LOG_START_OFFSET_FROM = 5
_SESSION_FROM = 7
_PREFERRED_REPLICA_FROM = 11
_COMPACT_FROM = 12
_TOPIC_ID_FROM = 13
_ENDPOINTS_FROM = 16

_SESSION = Struct(">hi")
_RESULT_V4 = Struct(">ihqq")
_RESULT_V5 = Struct(">ihqqq")
_ABORTED = Struct(">qq")
_DIVERGING_EPOCH = Struct(">iqb")
_SNAPSHOT_ID = Struct(">qib")
_NO_END = EpochEndOffset()
_NO_LEADER = LeaderHint()


def write_response(api_version: int, body: FetchResponse, out: FrameWriter) -> None:
    is_compact = api_version >= _COMPACT_FROM
    out.write(compact.INT32.pack(body.throttle_time_ms))
    if api_version >= _SESSION_FROM:
        out.write(_SESSION.pack(body.error_code, body.session_id))
    out.write(compact.array_size(len(body.topics), is_compact))
    for topic in body.topics:
        if api_version >= _TOPIC_ID_FROM:
            out.write(compact.uuid(topic.topic_id))
        else:
            out.write(compact.string(topic.name, is_compact))
        out.write(compact.array_size(len(topic.partitions), is_compact))
        for result in topic.partitions:
            out.write(_before_records(api_version, result, is_compact))
            out.write(result.records)
            if is_compact:
                out.write(_result_tags(result))
        if is_compact:
            out.write(compact.NO_TAGS)
    if is_compact:
        out.write(_response_tags(api_version, body))


def _before_records(api_version: int, result: FetchPartitionResult, is_compact: bool) -> bytes:
    fixed = (result.partition, result.error_code, result.high_watermark, result.last_stable_offset)
    if api_version >= _LOG_START_OFFSET_FROM:
        parts = [_RESULT_V5.pack(*fixed, result.log_start_offset)]
    else:
        parts = [_RESULT_V4.pack(*fixed)]
    parts.append(_aborted_transactions(result.aborted_transactions, is_compact))
    if api_version >= _PREFERRED_REPLICA_FROM:
        parts.append(compact.INT32.pack(result.preferred_read_replica))
    parts.append(compact.array_size(len(result.records), is_compact))
    return b"".join(parts)


def _aborted_transactions(aborted: tuple[AbortedTransaction, ...] | None, is_compact: bool) -> bytes:
    if aborted is None:
        return compact.null_array(is_compact)
    parts = [compact.array_size(len(aborted), is_compact)]
    for transaction in aborted:
        parts.append(_ABORTED.pack(transaction.producer_id, transaction.first_offset))
        if is_compact:
            parts.append(compact.NO_TAGS)
    return b"".join(parts)


def _result_tags(result: FetchPartitionResult) -> bytes:
    told: dict[int, bytes] = {}
    if result.diverging_epoch != _NO_END:
        told[0] = _DIVERGING_EPOCH.pack(result.diverging_epoch.epoch, result.diverging_epoch.end_offset, 0)
    if result.current_leader != _NO_LEADER:
        told[1] = compact.leader(result.current_leader)
    if result.snapshot_id != _NO_END:
        told[2] = _SNAPSHOT_ID.pack(result.snapshot_id.end_offset, result.snapshot_id.epoch, 0)
    return compact.tags(told) if told else compact.NO_TAGS


def _response_tags(api_version: int, body: FetchResponse) -> bytes:
    if api_version < _ENDPOINTS_FROM or not body.node_endpoints:
        return compact.NO_TAGS
    return compact.tags({0: compact.endpoints(body.node_endpoints)})
