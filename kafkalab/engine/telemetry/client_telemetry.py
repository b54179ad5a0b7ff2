"""A broker's side of telemetry: it tells clients what it wants to hear, and keeps what they said last.

What is asked of a client is the union of the subscriptions that match it; how often, the shortest of their
intervals. Who asks or pushes too soon is refused. Kafka hands what comes to a plug-in and keeps nothing; the
lab keeps the last value of each metric, for the page (org.apache.kafka.server.ClientMetricsManager, KIP-714).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from crc32c import crc32c

from kafkalab.engine.controller.metadata import CLIENT_METRICS
from kafkalab.engine.controller.resource_configs import DEFAULT_INTERVAL_MS, INTERVAL_MS, MATCH, METRICS, items
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.telemetry.matching import matches, parse_match
from kafkalab.wire.compression import BadCompression, Codec, decompress
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.otlp import NotTelemetry, metrics_of

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ALL = "*"
ACCEPTED = (Codec.ZSTD, Codec.LZ4, Codec.GZIP, Codec.SNAPPY)
MENDED_BY_ASKING = (ErrorCode.unknown_subscription_id, ErrorCode.unsupported_compression_type)
MOST_INSTANCES = 1_000
FORGOTTEN_AFTER_MS = 60_000
UNPACKED_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class Instance:
    """One client, by the id that it was given; on each broker it talks to it is another one."""

    id: UUID
    source: str
    client_id: str
    subscription_id: int
    interval_ms: int
    metrics: tuple[str, ...]
    asked: tuple[tuple[str, str, str], ...]
    """(subscription, setting, value): what the id was made of."""
    heard_ms: int
    last_get_ms: int = -1
    last_push_ms: int = -1
    just_told: bool = False
    """What to push, and it has not since."""
    terminating: bool = False
    may_ask_again: bool = False
    """Its last push was refused for something that asking again will mend."""
    pushes: int = 0
    values: dict[str, float] = field(default_factory=dict)
    """The last of each metric."""


class ClientTelemetry:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.instances: dict[UUID, Instance] = {}

    def subscribe(self, request: Request, instance_id: UUID | None) -> Instance:
        """What is asked of this client. Refuses who asks again too soon."""
        if instance_id is None:
            instance_id = UUID(int=self.broker.random.getrandbits(128), version=4)
        instance = self._instance(request, instance_id)
        now_ms = self.broker.now_ms
        last_ms = max(instance.last_get_ms, instance.last_push_ms)
        if last_ms >= 0 and now_ms - last_ms < instance.interval_ms and not instance.may_ask_again:
            raise Refused(ErrorCode.throttling_quota_exceeded)
        instance.last_get_ms, instance.may_ask_again, instance.just_told = now_ms, False, True
        return instance

    def push(self, request: Request) -> None:
        body = request.body
        if body.client_instance_id is None:
            raise Refused(ErrorCode.invalid_request)
        instance = self._instance(request, body.client_instance_id)
        try:
            self._check(instance, request)
        except Refused as refused:
            instance.may_ask_again = refused.error_code in MENDED_BY_ASKING
            raise
        finally:
            instance.terminating = body.terminating
        if body.metrics:
            try:
                data = decompress(Codec(body.compression_type), body.metrics, UNPACKED_BYTES)
                instance.values.update((metric.name, metric.value) for metric in metrics_of(data))
            except (BadCompression, NotTelemetry) as wrong:
                raise Refused(ErrorCode.invalid_record, str(wrong)) from wrong
        instance.pushes += 1

    def forget(self, source: str) -> None:
        """Its connection is gone."""
        for instance in [each for each in self.instances.values() if each.source == source]:
            del self.instances[instance.id]

    def _check(self, instance: Instance, request: Request) -> None:
        body, now_ms = request.body, self.broker.now_ms
        if instance.terminating:
            raise Refused(ErrorCode.invalid_request)
        # The first push after it was told what to push may come at any time.
        is_due = instance.just_told or now_ms - instance.last_push_ms >= instance.interval_ms
        if is_due:
            instance.last_push_ms, instance.just_told = now_ms, False
        elif not body.terminating:
            raise Refused(ErrorCode.throttling_quota_exceeded)
        if body.subscription_id != instance.subscription_id:
            raise Refused(ErrorCode.unknown_subscription_id)
        if body.compression_type not in Codec.__members__.values():
            raise Refused(ErrorCode.unsupported_compression_type)
        if len(body.metrics) > self.broker.config.telemetry_max_bytes:
            raise Refused(ErrorCode.telemetry_too_large)

    def _instance(self, request: Request, instance_id: UUID) -> Instance:
        """As the subscriptions are now: where they have changed for it, it begins anew."""
        now_ms = self.broker.now_ms
        asked = self._asked_of(request, instance_id)
        known = self.instances.get(instance_id)
        if known is not None and known.asked == asked:
            known.heard_ms, known.source = now_ms, request.source
            return known
        self._make_room(now_ms)
        wanted = dict.fromkeys(metric for _, setting, value in asked if setting == METRICS for metric in items(value))
        metrics = (ALL,) if ALL in wanted else tuple(wanted)
        intervals = [int(value) for _, setting, value in asked if setting == INTERVAL_MS]
        interval_ms = min((DEFAULT_INTERVAL_MS, *intervals))
        values = known.values if known is not None else {}
        made = Instance(
            instance_id,
            request.source,
            request.client_id or "",
            _subscription_id(instance_id, metrics, interval_ms),
            interval_ms,
            metrics,
            asked,
            now_ms,
            values=values,
        )
        self.instances[instance_id] = made
        return made

    def _asked_of(self, request: Request, instance_id: UUID) -> tuple[tuple[str, str, str], ...]:
        software = self.broker.software.get(request.source, ("", ""))
        said = {
            "client_instance_id": str(instance_id),
            "client_id": request.client_id or "",
            "client_software_name": software[0],
            "client_software_version": software[1],
            "client_source_address": request.client_host.removeprefix("/"),
            "client_source_port": "",
        }
        return tuple(
            (name, setting, value)
            for (kind, name), settings in self.broker.metadata.configs.items()
            if kind == CLIENT_METRICS and _is_for(said, settings)
            for setting, value in settings.items()
        )

    def _make_room(self, now_ms: int) -> None:
        for instance in list(self.instances.values()):
            if now_ms - instance.heard_ms > max(FORGOTTEN_AFTER_MS, 3 * instance.interval_ms):
                del self.instances[instance.id]
        while len(self.instances) >= MOST_INSTANCES:
            del self.instances[next(iter(self.instances))]


def _is_for(said: dict[str, str], settings: dict[str, str]) -> bool:
    patterns = [parse_match(pattern) for pattern in items(settings.get(MATCH, ""))]
    return all(matches(pattern, said[name]) for name, pattern in patterns)


def _subscription_id(instance_id: UUID, metrics: tuple[str, ...], interval_ms: int) -> int:
    number = crc32c(f"{sorted(metrics)}{interval_ms}".encode()) ^ (instance_id.int & 0xFFFFFFFF)
    return number - (1 << 32) if number >= 1 << 31 else number
