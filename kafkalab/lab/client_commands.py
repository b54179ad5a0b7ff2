"""What a person can do to clients, besides making them, changing them and closing them."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text

ClientName = Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,60}")]


@dataclass(frozen=True, slots=True)
class CrashProducer:
    """Kill a producer. What it has not sent is gone, and what it was not told of it does not know."""

    name: ClientName


ClientCommand = CrashProducer
