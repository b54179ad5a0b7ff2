"""What the controller has made up its mind to do, before anything has changed."""

from dataclasses import dataclass
from typing import Any

from kafkalab.engine.controller.metadata import MetadataRecord


@dataclass(frozen=True, slots=True)
class Decision:
    """Records to write in one batch, all or none, and what to answer once they are written."""

    body: Any = None
    """The response; None for what no one asked, such as fencing a silent broker."""
    records: tuple[MetadataRecord, ...] = ()
    reason: str = ""
    """Why, as the end of a learner's sentence: `broker 2 shuts down`."""
