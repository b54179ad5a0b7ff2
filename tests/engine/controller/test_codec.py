"""Metadata records as a learner can read them."""

from uuid import UUID

import pytest

from kafkalab.engine.controller.codec import decode, encode, records_in
from kafkalab.engine.controller.metadata import (
    BROKER,
    TOPIC,
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnregisterBrokerRecord,
)
from kafkalab.wire.batches import build
from kafkalab.wire.records import Record

TOPIC_ID = UUID("e493eeb8-0189-4cfb-aea5-08e965633af2")

EXAMPLES: list[MetadataRecord] = [
    RegisterBrokerRecord(1, 7, UUID(int=5), "localhost", 9092, rack="a", fenced=False),
    RegisterBrokerRecord(1, 7, UUID(int=5), "localhost", 9092),
    BrokerRegistrationChangeRecord(1, 7, fenced=False),
    BrokerRegistrationChangeRecord(1, 7, in_controlled_shutdown=True),
    UnregisterBrokerRecord(1, 7),
    TopicRecord("orders", TOPIC_ID),
    RemoveTopicRecord(TOPIC_ID),
    PartitionRecord(TOPIC_ID, 0, (1, 2, 3), (1, 2), 1, 4, 9, adding_replicas=(3,)),
    PartitionChangeRecord(TOPIC_ID, 0, isr=(1,), leader=-1),
    PartitionChangeRecord(TOPIC_ID, 0, adding_replicas=()),
    ConfigRecord(TOPIC, "orders", "retention.ms", "1000"),
    ConfigRecord(BROKER, "", "retention.ms", None),
    ProducerIdsRecord(1, 7, 1000),
    FeatureLevelRecord("metadata.version", 30),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was(record: MetadataRecord) -> None:
    assert decode(encode(record)) == record


def test_a_record_reads_as_kafkas_own_tool_prints_it() -> None:
    assert encode(TopicRecord("orders", TOPIC_ID)) == (
        b'{"type":"TOPIC_RECORD","version":0,"data":{"name":"orders","topicId":"5JPuuAGJTPuupQjpZWM68g"}}'
    )


def test_only_what_changes_is_written() -> None:
    assert encode(PartitionChangeRecord(TOPIC_ID, 2, isr=(1, 3))) == (
        b'{"type":"PARTITION_CHANGE_RECORD","version":0,'
        b'"data":{"topicId":"5JPuuAGJTPuupQjpZWM68g","partition":2,"isr":[1,3]}}'
    )


def test_records_carry_their_offsets_and_control_batches_are_passed_over() -> None:
    first, second = TopicRecord("a", TOPIC_ID), RemoveTopicRecord(TOPIC_ID)
    data = build([Record(4, 0, None, encode(first))], base_offset=4)
    leader_change = build([Record(5, 0, b"\0\0\0\2", b"\0\0")], base_offset=5, is_control=True)
    more = build([Record(6, 0, None, encode(second))], base_offset=6)
    assert list(records_in(data + leader_change + more)) == [(4, first), (6, second)]
