"""The short way to a browser: a frame is made into the bytes of a websocket message once, whoever gets it.

The way through the application's queues costs more than the frame itself where a hundred browsers watch. What is
written here is an unmasked text message (RFC 6455, section 5.2), between two whole messages of the server's own.
Browsers take it compressed, to a seventh (RFC 7692): each message by itself, so that one is good for all of them.
A socket whose browser does not read says so as Twisted's producers are told: nothing more is put into it.
"""

import socket
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

NAME = "kafkalab.wire"
"""Where a socket's scope has its wire; in a test without a server there is none."""
WHOLE_TEXT = 0x81
COMPRESSED = 0x40
SMALL, MIDDLE, LARGE = 125, 126, 127
LEVEL = 1
"""Twice as quick as zlib's own choice, and a fifth longer."""
ANSWER_WINDOW_BITS, ANSWER_MEMORY = 11, 4
"""What the server's own messages are compressed with, which are short: 16 KiB for each socket that is open, not 256."""
END_OF_FLUSH = b"\0\0\xff\xff"
"""Said by whoever inflates, as RFC 7692 has it, and not sent."""
AT_ONCE = 16
"""Messages that are kept ready: what is sent to a hundred is sent to all of them soon."""
KERNEL_BYTES = 256 * 1024
"""What the system may hold back for one browser. By itself it would hold seconds of frames, all of them old."""


def compression(largest_message: int) -> Callable[[list[Any]], PerMessageDeflateOfferAccept | None]:
    """What the server says to the extensions that a browser offers. Both sides begin every message anew, and one that
    would grow beyond `largest_message` bytes is not let in, however small it came."""

    def accept(offers: list[Any]) -> PerMessageDeflateOfferAccept | None:
        for offer in offers:
            # Who wants a smaller window of us could not read frames, which are packed once for all.
            if isinstance(offer, PerMessageDeflateOffer) and offer.request_max_window_bits in (0, zlib.MAX_WBITS):
                return PerMessageDeflateOfferAccept(  # type: ignore[no-untyped-call]
                    offer,
                    request_no_context_takeover=offer.accept_no_context_takeover,
                    no_context_takeover=True,
                    window_bits=ANSWER_WINDOW_BITS,
                    mem_level=ANSWER_MEMORY,
                    max_message_size=largest_message,
                )
        return None

    return accept


@lru_cache(AT_ONCE)
def framed(text: str, *, compressed: bool) -> bytes:
    content, first = text.encode(), WHOLE_TEXT
    if compressed:
        deflate = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
        content = (deflate.compress(content) + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(END_OF_FLUSH)
        first |= COMPRESSED
    size = len(content)
    if size <= SMALL:
        return bytes((first, size)) + content
    if size < 2**16:
        return struct.pack(">BBH", first, MIDDLE, size) + content
    return struct.pack(">BBQ", first, LARGE, size) + content


class Wire:
    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.full = False
        self._compressed = False
        self._on_room: Callable[[], None] | None = None

    def open(self, on_room: Callable[[], None]) -> None:
        """Once the browser was let in. `on_room` is called when there is room again after it was full."""
        transport = self._protocol.transport
        self._on_room = on_room
        # Of the extensions that there are, no other is accepted.
        self._compressed = bool(self._protocol.websocket_extensions_in_use)
        transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        # It was the HTTP channel's until the upgrade.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    def send(self, text: str) -> None:
        self._protocol.transport.write(framed(text, compressed=self._compressed))

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
