"""How long a client is throttled: told in nearly every answer, in the dialect's words or in kio's."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kio.static.primitive import i32Timedelta


def throttle_ms_of(body: Any) -> int:
    """0 where it is not throttled, and where the answer has no room to say so."""
    if hasattr(body, "throttle_time_ms"):
        return int(body.throttle_time_ms)
    return round(body.throttle_time.total_seconds() * 1000) if hasattr(body, "throttle_time") else 0


def with_throttle_ms(body: Any, throttle_ms: int) -> Any:
    """The same answer saying so, if it can."""
    if hasattr(body, "throttle_time_ms"):
        return replace(body, throttle_time_ms=throttle_ms)
    if hasattr(body, "throttle_time"):
        return replace(body, throttle_time=i32Timedelta.parse(timedelta(milliseconds=throttle_ms)))
    return body
