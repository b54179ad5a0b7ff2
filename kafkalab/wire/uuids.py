"""Ids as Kafka writes them: 22 characters of URL-safe base64, no padding (org.apache.kafka.common.Uuid)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID


def text_of(uuid: UUID) -> str:
    return urlsafe_b64encode(uuid.bytes).decode().rstrip("=")


def uuid_of(text: str) -> UUID:
    """ValueError for what is no such text."""
    return UUID(bytes=urlsafe_b64decode(text + "=="))
