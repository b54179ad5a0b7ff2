"""What Kafka says with an error where it has nothing better to say (org.apache.kafka.common.protocol.Errors)."""

from kafkalab.wire.errors import ErrorCode

_SAID = {
    ErrorCode.coordinator_load_in_progress: "The coordinator is loading and hence can't process requests.",
    ErrorCode.coordinator_not_available: "The coordinator is not available.",
    ErrorCode.fenced_leader_epoch: "The leader epoch in the request is older than the epoch on the broker.",
    ErrorCode.fenced_state_epoch: (
        "The share coordinator rejected the request because the share-group state epoch did not match."
    ),
    ErrorCode.non_empty_group: "The group is not empty.",
    ErrorCode.not_coordinator: "This is not the correct coordinator.",
    ErrorCode.unknown_topic_or_partition: "This server does not host this topic-partition.",
}


def said(error_code: ErrorCode, message: str | None = None) -> str | None:
    return _SAID.get(error_code) if message is None else message
