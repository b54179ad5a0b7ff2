"""Errors as Kafka's tools print them: the name of the Java exception, and what it says."""

from kafkalab.engine.clients.admin import Outcome
from kafkalab.lab.terminal.options import Failed
from kafkalab.wire.errors import ErrorCode

PACKAGE = "org.apache.kafka.common.errors"
_NAMES = {
    ErrorCode.non_empty_group: "GroupNotEmptyException",
    ErrorCode.topic_already_exists: "TopicExistsException",
    ErrorCode.invalid_topic_exception: "InvalidTopicException",
    ErrorCode.request_timed_out: "TimeoutException",
    ErrorCode.invalid_config: "InvalidConfigurationException",
    ErrorCode.network_exception: "NetworkException",
    ErrorCode.broker_id_not_registered: "BrokerIdNotRegisteredException",
    ErrorCode.group_subscribed_to_topic: "GroupSubscribedToTopicException",
    ErrorCode.not_leader_or_follower: "NotLeaderOrFollowerException",
    ErrorCode.invalid_request: "InvalidRequestException",
    ErrorCode.resource_not_found: "ResourceNotFoundException",
    ErrorCode.no_reassignment_in_progress: "NoReassignmentInProgressException",
}
_SAYS = {
    ErrorCode.unknown_topic_or_partition: "This server does not host this topic-partition.",
    ErrorCode.offset_out_of_range: "The requested offset is not within the range of offsets maintained by the server.",
    ErrorCode.group_id_not_found: "The group id does not exist.",
    ErrorCode.non_empty_group: "The group is not empty.",
    ErrorCode.group_subscribed_to_topic: (
        "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."
    ),
    ErrorCode.request_timed_out: "The request timed out.",
    ErrorCode.topic_authorization_failed: "Topic authorization failed.",
    ErrorCode.group_authorization_failed: "Group authorization failed.",
    ErrorCode.cluster_authorization_failed: "Cluster authorization failed.",
    ErrorCode.coordinator_not_available: "The coordinator is not available.",
    ErrorCode.not_leader_or_follower: (
        "For requests intended only for the leader, this error indicates that the broker is not the current leader. "
        "For requests intended for any replica, this error indicates that the broker is not a replica of the "
        "topic partition."
    ),
    ErrorCode.leader_not_available: "There is no leader for this topic-partition as we are in the middle of a "
    "leadership election.",
    ErrorCode.policy_violation: "Request parameters do not satisfy the configured policy.",
    ErrorCode.no_reassignment_in_progress: "No partition reassignment is in progress.",
    ErrorCode.transactional_id_not_found: "The transactionalId could not be found",
}


def name_of(error: ErrorCode) -> str:
    """`GroupIdNotFoundException`."""
    return _NAMES.get(error) or "".join(word.capitalize() for word in error.name.split("_")) + "Exception"


def says(error: ErrorCode, message: str | None = None) -> str:
    return message or _SAYS.get(error) or error.name.upper()


def exception(error: ErrorCode, message: str | None = None) -> str:
    return f"{PACKAGE}.{name_of(error)}: {says(error, message)}"


def checked(outcome: Outcome) -> Outcome:
    """Raises Failed, in the broker's words, where anything went wrong."""
    if not outcome.ok:
        raise Failed(says(outcome.error, outcome.message))
    return outcome


def came(outcome: Outcome) -> Outcome:
    """Raises Failed where no answer came; what went wrong in parts of it is the caller's."""
    if not outcome.answers:
        raise Failed(exception(outcome.error, outcome.message))
    return outcome
