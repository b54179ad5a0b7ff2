"""One TCP connection of a real client: bytes in, requests to its broker; answers out, bytes.

Bytes are received straight into the place of their frame. A request is injected and run at once: no task.
When the client sends faster than its broker answers, or does not read its answers, the connection is
no longer read: that is the whole of the back-pressure. What one read brought may be thousands of small
requests, so they are taken a few at a turn, and none while the world is behind: whoever floods waits in
a line of its own, not in the world's queue before everybody else. A client that is over its quota is not
read for as long as its broker does not listen to it. A listener that authenticates has a `login` before its
clients come so far.
"""

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from kio.schema.api_versions.v4.request import ApiVersionsRequest

from kafkalab.engine.node import ANONYMOUS, ConnectionLost, Request, Response
from kafkalab.lab.authentication import LARGEST_FRAME
from kafkalab.lab.doors import Listener
from kafkalab.lab.login import Login
from kafkalab.lab.turns import turns_of
from kafkalab.lab.visitors import Visitor
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import ProduceRequest
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.frames import MAX_FRAME_BYTES, SCRATCH_BYTES, Buffer, FrameReader, MalformedFrame
from kafkalab.wire.translate import (
    DecodedRequest,
    MalformedRequest,
    UnsupportedVersion,
    decode_request,
    encode_response,
)

if TYPE_CHECKING:
    from kafkalab.lab.gateway import Gateway
    from kafkalab.lab.lab import Lab
    from kafkalab.lab.reception import Reception

CHANNEL = "wire"
MOST_IN_FLIGHT_BYTES = 16 * 1024 * 1024
MOST_IN_FLIGHT = 20
"""More than five, as a client has with an idempotent producer; a broker answers one at a time anyway."""
MOST_AT_A_TURN = 10
MUTED_LONGER_S = 0.001
"""A timer may come a little early."""
WRITE_HIGH_WATER = 4 * 1024 * 1024
JOINED_UP_TO = 64 * 1024
"""Chunks below this are sent with one system call, above it without a copy."""

_SCRATCH: WeakKeyDictionary[asyncio.AbstractEventLoop, bytearray] = WeakKeyDictionary()
"""Of each loop one for all connections: many hundred are open at the same time, and most of them silent."""


class Connection(asyncio.BufferedProtocol):
    def __init__(self, host: "Gateway | Reception", broker: int, listener: Listener) -> None:
        self.host = host
        """Who listens on the port."""
        self.gateway: Gateway
        """Of the lab that it has come into."""
        self.lab: Lab
        self.broker = broker
        self.listener = listener
        self.principal = ANONYMOUS
        self.target = f"broker-{broker}"
        self.name = ""
        """In the world; "" when not admitted."""
        self.address = ""
        self.heard_at = 0.0
        self.in_flight: dict[int, tuple[int, int, int, int]] = {}
        """Our number of a request: (API key, version, the client's correlation id, bytes)."""
        self.visitor: Visitor | None = None
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._turns = turns_of(self._loop)
        self._login = Login(self) if listener.protocol.authenticates else None
        """The way in, and of whoever must authenticate again."""
        self._reader = FrameReader(LARGEST_FRAME if self._login else MAX_FRAME_BYTES, _scratch_of(self._loop))
        self._arriving = 0
        """Bytes of a frame that is not whole yet."""
        self._number = 0
        self._in_flight_bytes = 0
        self._writable = True
        self._reading = True
        self._muted_until = 0.0
        self._frames: deque[Buffer] = deque()
        """Read, and waiting for their turn; nothing is read meanwhile."""

    # -- asyncio -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.address = (transport.get_extra_info("peername") or ("?",))[0]
        if not self.host.arrive(self):
            transport.abort()
            return
        self.heard_at = self._loop.time()
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)

    def connection_lost(self, error: Exception | None) -> None:
        self._forget_arriving()
        self._transport = None
        self._frames.clear()
        self._turns.leave(self.take_some)
        if self._login is not None:
            self._login.stop()
        self.host.left(self)

    def eof_received(self) -> bool:
        return False

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._reader.place()

    def buffer_updated(self, nbytes: int) -> None:
        self.heard_at = self._loop.time()
        try:
            frames = self._reader.placed(nbytes)
        except MalformedFrame as malformed:
            self.refuse(malformed.reason)
            return
        if not frames:
            self._arriving += nbytes
            if not self.host.make_room(nbytes):
                self.refuse("too much is arriving at once")
            return
        self._forget_arriving()
        self._frames += frames
        self._turns.ask(self.take_some)
        self._pace()

    def _forget_arriving(self) -> None:
        self.host.make_room(-self._arriving)
        self._arriving = 0

    def pause_writing(self) -> None:
        self._writable = False
        self._pace()

    def resume_writing(self) -> None:
        self._writable = True
        self._pace()

    # -- requests ----------------------------------------------------------------------------

    def take_some(self) -> None:
        """A turn of this connection."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._login is not None and not self._login.done:
            self._login.take(self._frames)
        elif not self.lab.conductor.behind:
            for _ in range(min(len(self._frames), MOST_AT_A_TURN)):
                if self._is_busy() or not self.take(self._frames.popleft()):
                    break
            self.lab.conductor.run()
        self._pace()

    def _is_busy(self) -> bool:
        if self._login is not None and self._login.waiting:
            return True
        return (
            self._in_flight_bytes > MOST_IN_FLIGHT_BYTES
            or len(self.in_flight) > MOST_IN_FLIGHT
            or self._muted_until > self._loop.time()
        )

    def mute(self, seconds: float) -> None:
        """Its broker does not listen for so long (KIP-219): what the client sends stays in the network."""
        self._muted_until = self._loop.time() + seconds
        self._loop.call_later(seconds + MUTED_LONGER_S, self._pace)
        self._pace()

    def come_in(self, gateway: "Gateway", principal: str = ANONYMOUS) -> bool:
        """Into a lab. False if there is no room, and the connection is closed."""
        self.gateway, self.lab, self.principal = gateway, gateway.lab, principal
        if self._login is None:
            self.trust()
        self.name = gateway.admit(self, self.address)
        if not self.name:
            self.reset()
        return bool(self.name)

    def let_in(self) -> None:
        """After its login."""
        assert self._login is not None
        self._login.let_in()

    def trust(self) -> None:
        """Whoever is there may send what a client may."""
        self._reader.max_frame_bytes = self.host.config.socket_request_max_bytes

    def introduce(self, said: DecodedRequest) -> None:
        """What the client said of itself before it was known whose it is."""
        request = Request(self.name, CHANNEL, 0, said.api_key, said.api_version, said.client_id, said.body)
        self.visitor = self.lab.visitors.arrive(self.name, self.broker, self.address, request)

    def go_on(self) -> None:
        """After a wait for something that is not the client's."""
        self._pace()

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def take(self, frame: Buffer) -> bool:
        """One request. False when the connection is closed over it."""
        try:
            api_key, version, correlation_id, client_id, body = decode_request(frame)
        except UnsupportedVersion as unsupported:
            if unsupported.api_key != ApiKey.API_VERSIONS:
                return self.refuse(str(unsupported))
            # KIP-511: answered in version 0, with the error and with what is supported.
            api_key, version, client_id = ApiKey.API_VERSIONS, -1, None
            correlation_id = unsupported.correlation_id
            body = ApiVersionsRequest(client_software_name="", client_software_version="")
        except MalformedRequest as malformed:
            return self.refuse(str(malformed))
        if self._login is not None and self._login.done and not self._login.still_valid(api_key):
            if api_key == ApiKey.SASL_HANDSHAKE:
                self._login.take(deque((frame,)))
                return False
            return self.refuse("its session has expired")
        self._number += 1
        request = Request(
            self.name,
            CHANNEL,
            self._number,
            api_key,
            version,
            client_id,
            body,
            f"/{self.address}",
            self.principal,
            self.listener.name,
        )
        if self.visitor is None and version >= 0:
            self.visitor = self.lab.visitors.arrive(self.name, self.broker, self.address, request)
        if self.visitor is not None:
            self.visitor.bytes_in += len(frame) + 4
            self.lab.visitors.asked(self.name, self.visitor, request)
            if version >= 0:
                now_us = self.lab.world.now_us
                self.lab.overheard.asked(now_us, self.visitor, self.name, self._number, (api_key, version), frame)
        if not (isinstance(body, ProduceRequest) and body.acks == 0):
            self.in_flight[self._number] = (api_key, version, correlation_id, len(frame))
            self._in_flight_bytes += len(frame)
        self.lab.world.send(self.name, self.target, request)
        return True

    def refuse(self, reason: str) -> bool:
        (self.gateway if self.name else self.host).tell_refused(self.broker, self.address, reason)
        self.reset()
        return False

    # -- answers -----------------------------------------------------------------------------

    def deliver(self, message: Any) -> None:
        """What the world has for this client."""
        if isinstance(message, ConnectionLost):
            self.close()
            return
        assert isinstance(message, Response)
        if self._transport is None or self._transport.is_closing():
            return
        api_key, version, correlation_id, size = self.in_flight.pop(message.correlation_id)
        self._in_flight_bytes -= size
        body = message.body
        if version < 0:
            body, version = _unsupported(body), 0
        elif api_key == ApiKey.API_VERSIONS and body.error_code == ErrorCode.unsupported_version:
            version = 0
        if api_key == ApiKey.FETCH:
            self.lab.visitors.answered(self.name, body)
        chunks = encode_response(api_key, version, correlation_id, body)
        if self.visitor is not None:
            self.lab.overheard.answered(self.lab.world.now_us, self.name, message.correlation_id, version, chunks)
        self.write(chunks)
        if self._login is not None and not self._login.done:
            self._login.answered(api_key, getattr(body, "error_code", None) is ErrorCode.none)
        if not self._reading:
            self._pace()

    def write(self, chunks: list[Buffer]) -> None:
        assert self._transport is not None
        size = sum(map(len, chunks))
        if self.visitor is not None:
            self.visitor.bytes_out += size
        if size <= JOINED_UP_TO:
            self._transport.write(b"".join(chunks))
            return
        small: list[Buffer] = []
        for chunk in chunks:
            if len(chunk) < JOINED_UP_TO:
                small.append(chunk)
                continue
            if small:
                self._transport.write(b"".join(small))
                small = []
            self._transport.write(chunk)
        if small:
            self._transport.write(b"".join(small))

    def _pace(self) -> None:
        """Read on, or wait until the client reads and the broker answers."""
        if self._transport is None or self._transport.is_closing():
            return
        may_take = self._writable and not self._is_busy()
        if may_take and self._frames:
            self._turns.join(self.take_some)
        wanted = may_take and not self._frames
        if wanted == self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        """Close in good order: what was answered still goes out."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Close as the kernel does for a process that was killed."""
        if self._transport is not None:
            self._transport.abort()


def _scratch_of(loop: asyncio.AbstractEventLoop) -> bytearray:
    if loop not in _SCRATCH:
        _SCRATCH[loop] = bytearray(SCRATCH_BYTES)
    return _SCRATCH[loop]


def _unsupported(body: Any) -> Any:
    return replace(body, error_code=ErrorCode.unsupported_version)
