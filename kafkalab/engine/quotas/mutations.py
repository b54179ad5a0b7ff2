"""How fast a client may change what the cluster is: partitions created and deleted, as the controller counts them.

From the version of a request on that knows of it, what comes when nothing is left is refused with
THROTTLING_QUOTA_EXCEEDED; older ones are carried out, and only the wait is told (KIP-599;
kafka.server.ControllerMutationQuotaManager).
"""

from typing import Any

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.node import Request
from kafkalab.engine.quotas.limits import CONTROLLER_MUTATION_RATE, MOST_ACCOUNTS, Account, Quotas, limit, user_of
from kafkalab.engine.quotas.rates import TokenBucket
from kafkalab.engine.refused import Refused
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.throttle import with_throttle_ms

STRICT_SINCE: dict[int, int] = {ApiKey.CREATE_TOPICS: 6, ApiKey.DELETE_TOPICS: 5, ApiKey.CREATE_PARTITIONS: 3}


class Mutations:
    """What one request may still change. Asked for each of its topics before that is decided."""

    def __init__(self, bucket: TokenBucket | None, bound: float, strict: bool, now_ms: int) -> None:
        """Without a bucket nothing is bounded."""
        self._bucket = bucket
        self._bound = bound
        self._strict = strict
        self._now_ms = now_ms
        self.throttle_ms = 0

    def record(self, partitions: int) -> None:
        """Refuses where nothing is left. What is left need not be enough: it is owed then."""
        if self._bucket is None:
            return
        if self._strict:
            self.throttle_ms = self._bucket.throttle_ms(self._bound, self._now_ms)
            if self.throttle_ms:
                raise Refused(ErrorCode.throttling_quota_exceeded, "The throttling quota has been exceeded.")
            self._bucket.take(partitions, self._bound, self._now_ms)
        else:
            self._bucket.take(partitions, self._bound, self._now_ms)
            self.throttle_ms = self._bucket.throttle_ms(self._bound, self._now_ms)

    def told_in(self, body: Any) -> Any:
        """The answer with the time to wait."""
        return with_throttle_ms(body, self.throttle_ms)


UNBOUNDED = Mutations(None, 0.0, False, 0)


class MutationQuotas:
    def __init__(self, config: BrokerConfig) -> None:
        self._burst_s = config.controller_quota_window_num * config.controller_quota_window_size_seconds
        self._buckets: dict[Account, TokenBucket] = {}

    def of(self, quotas: Quotas, request: Request, now_ms: int) -> Mutations:
        client_id = request.client_id or ""
        # What a broker asks for in its own name is nobody's quota.
        if client_id == request.source:
            return UNBOUNDED
        found = limit(quotas, CONTROLLER_MUTATION_RATE, user_of(request), client_id)
        if found is None:
            return UNBOUNDED
        bound, account = found
        bucket = self._buckets.get(account)
        if bucket is None:
            if len(self._buckets) >= MOST_ACCOUNTS:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[account] = TokenBucket(bound, self._burst_s, now_ms)
        return Mutations(bucket, bound, request.api_version >= STRICT_SINCE[request.api_key], now_ms)
