"""The last requests of each real client with their answers, as they were on the wire, for whoever wants to look.

They are kept by reference, as the bytes that came and went, and read field by field only when somebody asks:
while nobody looks, overhearing is a note of where the bytes lie. A few are kept of each API, so that fetches
and heartbeats do not push out everything else; and no more bytes than a bound for all clients together.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from kafkalab.lab.fields_of import FieldOf, fields_of
from kafkalab.lab.visitors import Visitor
from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.frames import Buffer, read_header
from kafkalab.wire.translate.as_sent import answer_as_sent, request_as_sent

KEPT_OF_EACH_API = 12
MOST_BYTES = 4 * 1024 * 1024
"""Kept of all clients of a lab. Those that were silent for longest are forgotten first."""
LARGEST_KEPT = 64 * 1024
"""Of a larger frame only its header is kept: nobody reads so many fields, and its place is needed for the next."""
HEADER = 300
NEVER_KEPT = dict.fromkeys((ApiKey.SASL_HANDSHAKE, ApiKey.SASL_AUTHENTICATE))
"""What holds passwords."""


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and, once it has come, its answer."""

    number: int
    at_us: int
    client: int
    connection: str
    number_there: int
    """By which its answer will be known on that connection."""
    broker: int
    api_key: int
    api_version: int
    request: Buffer
    request_size: int
    answer: list[Buffer] | None = None
    answer_version: int = 0
    answer_size: int = 0
    answered_us: int = 0

    @property
    def kept(self) -> int:
        """Bytes."""
        return len(self.request) + (sum(map(len, self.answer)) if self.answer else 0)


@dataclass(frozen=True, slots=True)
class Told:
    """An exchange, read field by field. None in place of fields that were too large to be kept, or have not come."""

    number: int
    at_us: int
    broker: int
    api: str
    api_version: int
    correlation_id: int
    client_id: str | None
    request_size: int
    request: list[FieldOf] | None
    answer_size: int
    answer: list[FieldOf] | None
    took_us: int | None
    """Until the answer was on its way; None while there is none."""


@dataclass(slots=True)
class _Heard:
    """Of one client: by API key."""

    of: dict[int, deque[Exchange]] = field(default_factory=dict)
    kept: int = 0


class Overheard:
    def __init__(self) -> None:
        self._clients: dict[int, _Heard] = {}
        """By the client's number. Who was heard last comes last."""
        self._open: dict[tuple[str, int], Exchange] = {}
        """By connection and our number of the request: those that are kept and have no answer."""
        self.kept = 0
        """Bytes."""
        self._last_number = 0

    def asked(
        self, now_us: int, client: Visitor, connection: str, number: int, api: tuple[int, int], frame: Buffer
    ) -> None:
        """A request has come. `number` is ours, `api` its key and version."""
        if api[0] in NEVER_KEPT:
            return
        size = len(frame)
        kept = frame if size <= LARGEST_KEPT else bytes(frame[:HEADER])
        self._last_number += 1
        broker = client.connections[connection]
        exchange = Exchange(self._last_number, now_us, client.number, connection, number, broker, *api, kept, size)
        heard = self._clients.pop(client.number, None) or _Heard()
        self._clients[client.number] = heard
        row = heard.of.get(exchange.api_key)
        if row is None:
            row = heard.of[exchange.api_key] = deque()
        elif len(row) == KEPT_OF_EACH_API:
            self._drop(heard, row.popleft())
        row.append(exchange)
        self._open[connection, number] = exchange
        self._count(heard, exchange.kept)

    def answered(self, now_us: int, connection: str, number: int, version: int, chunks: list[Buffer]) -> None:
        exchange = self._open.pop((connection, number), None)
        if exchange is None:
            return
        exchange.answered_us, exchange.answer_version, exchange.answer_size = now_us, version, sum(map(len, chunks))
        if exchange.answer_size <= LARGEST_KEPT:
            exchange.answer = chunks
            self._count(self._clients[exchange.client], exchange.answer_size)

    def left(self, client: Visitor) -> None:
        """With its last connection."""
        self._forget(client.number)

    # -- for whoever looks -----------------------------------------------------------------------

    def apis(self, client: int) -> list[str]:
        """Of which something is kept, by name."""
        heard = self._clients.get(client)
        return sorted(name_of(api_key) for api_key in heard.of) if heard is not None else []

    def last(self, client: int, api: str = "", most: int = 20) -> list[Told]:
        """Its last requests, the newest first; of all APIs, or of the one with that name."""
        found = [it for it in self._of(client) if api in ("", name_of(it.api_key))]
        found.sort(key=lambda it: -it.number)
        return [told(it) for it in found[:most]]

    def _of(self, client: int) -> Iterator[Exchange]:
        heard = self._clients.get(client)
        if heard is not None:
            for row in heard.of.values():
                yield from row

    # -- bounds ----------------------------------------------------------------------------------

    def _count(self, heard: _Heard, size: int) -> None:
        heard.kept += size
        self.kept += size
        while self.kept > MOST_BYTES:
            number, silent = next(iter(self._clients.items()))
            if silent is not heard:
                self._forget(number)
                continue
            oldest = min((row for row in heard.of.values() if row), key=lambda row: row[0].number)
            self._drop(heard, oldest.popleft())

    def _drop(self, heard: _Heard, exchange: Exchange) -> None:
        heard.kept -= exchange.kept
        self.kept -= exchange.kept
        self._open.pop((exchange.connection, exchange.number_there), None)

    def _forget(self, client: int) -> None:
        heard = self._clients.pop(client, None)
        if heard is None:
            return
        for row in heard.of.values():
            for exchange in row:
                self._drop(heard, exchange)


def told(it: Exchange) -> Told:
    header = read_header(it.request)
    whole = len(it.request) == it.request_size
    answer = b"".join(it.answer or ())
    return Told(
        number=it.number,
        at_us=it.at_us,
        broker=it.broker,
        api=name_of(it.api_key),
        api_version=it.api_version,
        correlation_id=header.correlation_id,
        client_id=header.client_id,
        request_size=it.request_size,
        request=fields_of(request_as_sent(it.request)) if whole else None,
        answer_size=it.answer_size,
        answer=fields_of(answer_as_sent(it.api_key, it.answer_version, answer)) if it.answer is not None else None,
        took_us=it.answered_us - it.at_us if it.answered_us else None,
    )
