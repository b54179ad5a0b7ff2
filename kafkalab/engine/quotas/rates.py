"""How fast something is used up: over the last samples for bytes and time, from a bucket for changes.

(org.apache.kafka.common.metrics.stats.Rate, SampledStat, TokenBucket; kafka's QuotaUtils.)
"""

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class Sample:
    since_ms: int
    last_ms: int
    value: float = 0.0


class Rate:
    """So much a second, over `samples` samples of `window_ms`, of which the last is not over yet."""

    def __init__(self, samples: int, window_ms: int) -> None:
        self._most = samples
        self._window_ms = window_ms
        self._samples: deque[Sample] = deque(maxlen=samples + 1)
        """One more than are counted: the oldest may lie across the edge."""

    def record(self, value: float, now_ms: int) -> None:
        if not self._samples or now_ms - self._samples[-1].since_ms >= self._window_ms:
            self._samples.append(Sample(now_ms, now_ms))
        self._samples[-1].last_ms = now_ms
        self._samples[-1].value += value

    def per_second(self, now_ms: int) -> float:
        self._forget_old(now_ms)
        return sum(sample.value for sample in self._samples) * 1000 / self.reach_ms(now_ms)

    def is_idle(self, now_ms: int) -> bool:
        """Nothing is left that would count."""
        self._forget_old(now_ms)
        return not self._samples

    def reach_ms(self, now_ms: int) -> int:
        """What it looks back over. While it is new the windows that have not been count as empty ones."""
        self._forget_old(now_ms)
        passed_ms = now_ms - self._samples[0].since_ms if self._samples else 0
        missing = max(self._most - 1 - passed_ms // self._window_ms, 0)
        return max(passed_ms + missing * self._window_ms, 1)

    def throttle_ms(self, bound: float, now_ms: int) -> int:
        """How long nothing may be added until the rate is at the bound again; 0 where it is not over it."""
        rate = self.per_second(now_ms)
        return _rounded((rate - bound) / bound * self.reach_ms(now_ms)) if rate > bound else 0

    def _forget_old(self, now_ms: int) -> None:
        while self._samples and now_ms - self._samples[0].last_ms >= self._most * self._window_ms:
            self._samples.popleft()


class TokenBucket:
    """Fills with `bound` a second up to `burst_s` seconds' worth; who has taken more than there was waits."""

    def __init__(self, bound: float, burst_s: float, now_ms: int) -> None:
        self._tokens = bound * burst_s
        self._burst_s = burst_s
        self._filled_ms = now_ms

    def take(self, count: float, bound: float, now_ms: int) -> None:
        self._fill(bound, now_ms)
        self._tokens -= count

    def throttle_ms(self, bound: float, now_ms: int) -> int:
        """How long until it owes nothing."""
        self._fill(bound, now_ms)
        return _rounded(-self._tokens / bound * 1000) if self._tokens < 0 else 0

    def _fill(self, bound: float, now_ms: int) -> None:
        passed_s = (now_ms - self._filled_ms) / 1000
        self._tokens = min(self._tokens + bound * passed_s, bound * self._burst_s)
        self._filled_ms = now_ms


def _rounded(ms: float) -> int:
    """Half up, as Java's Math.round."""
    return int(ms + 0.5)
