"""Where a record lies in the store: an object is named by the offset that it goes on from, and by nothing else.

    orders/5Gq8xJ2hQm6Yw3nB1tRz0A/jsonl.gz/0/00000000000000000041.jsonl.gz
    topic  the topic's id          format   partition, and the first offset that no object before it covers

The name says nothing of where the object ends. So of two sinks that go on from the same offset only one can
create it, however much each of them holds, and the objects of a partition are one chain without gap or overlap.
The topic's id is in it because a topic that was deleted and made anew begins at offset 0 again.
"""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from kafkalab.archive.formats import FORMATS

NO_TOPIC_ID = "-"
"""Of a cluster that gives its topics none: before Kafka 2.8."""
_IN_ARCHIVE = re.compile(r"(\d+)/(\d{20})")


@dataclass(frozen=True, slots=True)
class Archive:
    """One topic in one format. In another format it is another archive, from the first offset on."""

    topic: str
    topic_id: str
    format: str

    def __post_init__(self) -> None:
        assert self.format in FORMATS, self.format

    @property
    def prefix(self) -> str:
        return f"{self.topic}/{self.topic_id}/{self.format}/"

    def name(self, partition: int, first: int) -> str:
        """Of the object that goes on from the offset `first`."""
        return f"{self.prefix}{partition}/{first:020d}.{self.format}"

    def place(self, name: str) -> tuple[int, int] | None:
        """Partition and first offset of an object of this archive; None for what is none of it."""
        inside = name.removeprefix(self.prefix).removesuffix(f".{self.format}")
        found = _IN_ARCHIVE.fullmatch(inside)
        return (int(found[1]), int(found[2])) if found and name == f"{self.prefix}{inside}.{self.format}" else None


def topic_id_text(topic_id: UUID | None) -> str:
    """As Kafka's tools write it."""
    return NO_TOPIC_ID if topic_id is None else urlsafe_b64encode(topic_id.bytes).decode().rstrip("=")
