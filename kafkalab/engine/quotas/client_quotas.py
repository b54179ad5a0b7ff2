"""What a broker does about clients that use more than their quota: it answers at once and then stops listening.

The answer says for how long (`throttle_time_ms`), and so long the connection is muted: requests that come on it
wait (KIP-219). A fetch over its quota is answered without records. Three things are counted: bytes of batches
produced, bytes of batches fetched, and the time that requests take. The lab's clock stands still while a
broker works, so that time is not measured: each request is charged what one costs a broker of middling
speed, `REQUEST_COST_US` and more for what it carries (kafka.server.ClientQuotaManager,
ClientRequestQuotaManager, KafkaApis.handleProduceRequest and processFetchResponse).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kafkalab.engine.events import ClientThrottled
from kafkalab.engine.node import Request
from kafkalab.engine.quotas.limits import (
    CONSUMER_BYTE_RATE,
    CONTROLLER_MUTATION_RATE,
    MOST_ACCOUNTS,
    PRODUCER_BYTE_RATE,
    REQUEST_PERCENTAGE,
    Account,
    limit,
    user_of,
)
from kafkalab.engine.quotas.rates import Rate
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchRequest, ProduceRequest
from kafkalab.wire.throttle import throttle_ms_of, with_throttle_ms

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

REQUEST_COST_US = 100
COST_US_PER_KIB = 1
PERCENT_PER_US = 100 / 1_000_000
"""Of one thread's second."""
NODES = ("broker-", "controller-")
"""How the names begin of those that no quota holds for."""


class ClientQuotas:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.throttled_until_us: dict[str, tuple[int, str]] = {}
        """Until when each source is not listened to, and which quota it has exceeded."""
        self._rates: dict[tuple[str, Account], Rate] = {}
        self._samples = broker.config.quota_window_num
        self._window_ms = broker.config.quota_window_size_seconds * 1000

    def holds_for(self, request: Request) -> bool:
        # Asked for every answer: most clusters have no quotas at all.
        return bool(self.broker.metadata_follower.image.client_quotas) and not request.source.startswith(NODES)

    def bounded(self, request: Request) -> Request:
        """The fetch asking for no more than its quota lets through at all, or it would be held back for ever."""
        found = self._limit(CONSUMER_BYTE_RATE, request)
        body: FetchRequest = request.body
        if found is None:
            return request
        max_bytes = int(found[0] * (self._samples - 1) * self._window_ms / 1000)
        if max_bytes >= body.max_bytes:
            return request
        return replace(request, body=replace(body, max_bytes=max_bytes, min_bytes=min(body.min_bytes, max_bytes)))

    def fetched(self, request: Request, size: int) -> int:
        """Count what a fetch is about to be answered with. The time to throttle for, and then it is not sent."""
        for_time_ms = self._spend_time(request, size)
        for_bytes_ms = self._spend(CONSUMER_BYTE_RATE, request, size)
        if not (for_time_ms or for_bytes_ms):
            return 0
        self._spend(CONSUMER_BYTE_RATE, request, -size)
        return self._tell(request, {CONSUMER_BYTE_RATE: for_bytes_ms, REQUEST_PERCENTAGE: for_time_ms})

    def answering(self, request: Request, body: Any) -> tuple[Any, int]:
        """The answer as it goes out, and for how many milliseconds its connection is muted then."""
        if request.api_key == ApiKey.FETCH:
            # Has been counted when it was made.
            return body, body.throttle_time_ms
        held_back = {CONTROLLER_MUTATION_RATE: throttle_ms_of(body)}
        size = 0
        if request.api_key == ApiKey.PRODUCE:
            size = produced(request.body)
            held_back[PRODUCER_BYTE_RATE] = self._spend(PRODUCER_BYTE_RATE, request, size)
        if body is not None:
            held_back[REQUEST_PERCENTAGE] = self._spend_time(request, size)
        throttle_ms = self._tell(request, held_back)
        return (with_throttle_ms(body, throttle_ms) if throttle_ms else body), throttle_ms

    def forget(self, source: str) -> None:
        self.throttled_until_us.pop(source, None)

    def _limit(self, key: str, request: Request) -> tuple[float, Account] | None:
        return limit(self.broker.metadata.client_quotas, key, user_of(request), request.client_id or "")

    def _spend_time(self, request: Request, size: int) -> int:
        cost_us = REQUEST_COST_US + size * COST_US_PER_KIB / 1024
        # No longer than one window: a request is over soon, however long the last ones took.
        return min(self._spend(REQUEST_PERCENTAGE, request, cost_us * PERCENT_PER_US), self._window_ms)

    def _spend(self, key: str, request: Request, value: float) -> int:
        found = self._limit(key, request)
        if found is None:
            return 0
        bound, account = found
        rate = self._rates.get((key, account))
        if rate is None:
            self._make_room()
            rate = self._rates[key, account] = Rate(self._samples, self._window_ms)
        now_ms = self.broker.now_ms
        rate.record(value, now_ms)
        return rate.throttle_ms(bound, now_ms)

    def _make_room(self) -> None:
        if len(self._rates) < MOST_ACCOUNTS:
            return
        for each in [each for each, rate in self._rates.items() if rate.is_idle(self.broker.now_ms)]:
            del self._rates[each]
        while len(self._rates) >= MOST_ACCOUNTS:
            del self._rates[next(iter(self._rates))]

    def _tell(self, request: Request, held_back: dict[str, int]) -> int:
        """The longest of these counts."""
        quota = max(held_back, key=held_back.__getitem__)
        throttle_ms = held_back[quota]
        if throttle_ms:
            broker = self.broker
            self.throttled_until_us[request.source] = (broker.now_us + throttle_ms * 1000, quota)
            client = request.client_id or request.source
            broker.tell(ClientThrottled(broker.broker_id, client, request.source, quota, throttle_ms))
        return throttle_ms


def produced(body: ProduceRequest) -> int:
    """Bytes of batches."""
    return sum(len(part.records or b"") for topic in body.topics for part in topic.partitions)
