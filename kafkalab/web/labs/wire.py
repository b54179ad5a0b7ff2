"""The short way to a browser: a frame is made into the bytes of a websocket message once, whoever gets it.

The way through the application's queues costs more than the frame itself where a hundred browsers watch. What is
written here is an unmasked text message (RFC 6455, section 5.2), between two whole messages of the server's own.
A socket whose browser does not read says so as Twisted's producers are told: nothing more is put into it.
"""

import socket
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

NAME = "kafkalab.wire"
"""Where a socket's scope has its wire; in a test without a server there is none."""
WHOLE_TEXT = 0x81
SMALL, MIDDLE, LARGE = 125, 126, 127
AT_ONCE = 16
"""Messages that are kept ready: what is sent to a hundred is sent to all of them soon."""
KERNEL_BYTES = 256 * 1024
"""What the system may hold back for one browser. By itself it would hold seconds of frames, all of them old."""


@lru_cache(AT_ONCE)
def framed(text: str) -> bytes:
    content = text.encode()
    size = len(content)
    if size <= SMALL:
        return bytes((WHOLE_TEXT, size)) + content
    if size < 2**16:
        return struct.pack(">BBH", WHOLE_TEXT, MIDDLE, size) + content
    return struct.pack(">BBQ", WHOLE_TEXT, LARGE, size) + content


class Wire:
    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.full = False
        self._on_room: Callable[[], None] | None = None

    def open(self, on_room: Callable[[], None]) -> None:
        """Once the browser was let in. `on_room` is called when there is room again after it was full."""
        transport = self._protocol.transport
        self._on_room = on_room
        transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        # It was the HTTP channel's until the upgrade.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    def send(self, text: str) -> None:
        self._protocol.transport.write(framed(text))

    def close(self) -> None:
        self._on_room = None

    # -- as Twisted calls a producer --------------------------------------------------------------

    def pauseProducing(self) -> None:
        self.full = True

    def resumeProducing(self) -> None:
        self.full = False
        if self._on_room is not None:
            self._on_room()

    def stopProducing(self) -> None:
        self.close()
