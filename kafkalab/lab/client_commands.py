"""What is done to the lab's own producers and consumers besides."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text


@dataclass(frozen=True, slots=True)
class CrashProducer:
    """Kill a producer's application. What it had not sent yet is gone, and nobody is told."""

    name: Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,60}")]


ClientCommand = CrashProducer
