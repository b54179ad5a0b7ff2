"""The one way to say no: an error code of Kafka's, caught in one place, the router."""

from kafkalab.wire.dialect import RecordError
from kafkalab.wire.errors import ErrorCode

MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the message was "
    "sent to an incompatible broker. See the broker logs for more details."
)
"""What Kafka says with INVALID_REQUEST where it has nothing better to say."""


class Refused(Exception):
    """A request, or one part of it, that gets this error code for an answer."""

    def __init__(
        self, error_code: ErrorCode, message: str | None = None, record_errors: tuple[RecordError, ...] = ()
    ) -> None:
        super().__init__(message or error_code.name)
        self.error_code = error_code
        self.message = message
        self.record_errors = record_errors
        """Which records of a produced batch are at fault (KIP-467)."""

    def __reduce__(self) -> tuple[type["Refused"], tuple[ErrorCode, str | None, tuple[RecordError, ...]]]:
        """What waits for others may hold one, and is copied with its cluster. An exception copies its text alone."""
        return Refused, (self.error_code, self.message, self.record_errors)
