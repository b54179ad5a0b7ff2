"""What each field of a record batch's header means, for a learner who reads its bytes."""

from collections.abc import Iterable
from dataclasses import dataclass

from kafkalab.lab import ByteField

# Kafka's names for the fields, as in its documentation of the record batch (DefaultRecordBatch).
MEANINGS = {
    "base_offset": "The offset of the batch's first record. The leader writes it here when it appends.",
    "length": "Bytes that follow this field.",
    "partition_leader_epoch": "Under which leader the batch was written; a follower cuts its log by it.",
    "magic": "The version of this format: 2 since Kafka 0.11.",
    "crc": "CRC-32C of everything after it. The two fields before it may change without a new one.",
    "attributes": "Compression, timestamp type, transactional and control bits.",
    "last_offset_delta": "The last record's offset, counted from the first.",
    "base_timestamp": "The first record's time in ms since 1970; the others are counted from it.",
    "max_timestamp": "The latest time in the batch: retention and look-ups by time go by it.",
    "producer_id": "Who sent it, when the producer is idempotent or transactional; else -1.",
    "producer_epoch": "Which life of that producer: an older one is refused.",
    "base_sequence": "The first record's number in this producer's count for this partition.",
    "records_count": "How many records follow.",
}


@dataclass(frozen=True, slots=True)
class ExplainedField:
    name: str
    text: str
    first_byte: int
    last_byte: int
    meaning: str


def explained(fields: Iterable[ByteField]) -> tuple[ExplainedField, ...]:
    return tuple(
        ExplainedField(
            field.name.replace("_", " "),
            field.text,
            field.first_byte,
            field.first_byte + field.size - 1,
            MEANINGS[field.name],
        )
        for field in fields
    )
