"""Rebalances compared: one story played by the engine under three group protocols, and what it cost each member."""

from kafkalab.lab.rebalances.playing import (
    PROTOCOLS,
    SHORTENED,
    SLOW,
    SLOW_POLL_RECORDS,
    SLOW_WORK_MS,
    STORIES,
    Protocol,
    Story,
)
from kafkalab.lab.rebalances.telling import Lane, Run, Silence, Span, compare

__all__ = [
    "PROTOCOLS",
    "SHORTENED",
    "SLOW",
    "SLOW_POLL_RECORDS",
    "SLOW_WORK_MS",
    "STORIES",
    "Lane",
    "Protocol",
    "Run",
    "Silence",
    "Span",
    "Story",
    "compare",
]
