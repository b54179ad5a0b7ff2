"""How far an incident has come, and what is said to whoever asks for something at the wrong time."""

from enum import Enum


class Phase(Enum):
    STEADY = "steady"
    INJECTED = "injected"
    DETECTED = "detected"
    """Whoever is on call has said what the impact is."""
    DIAGNOSED = "diagnosed"
    MITIGATED = "mitigated"
    """The goal holds, but not for long enough yet."""
    VERIFIED = "verified"
    OVER = "over"


class NotNow(Exception):
    """It makes no sense as things are; the message says why."""
