"""What is too large is refused while it comes in, and not when it is all there and has filled memory or disk.

Daphne collects the whole body of a request before anybody sees it, whatever its size, and allows a message of many
frames to be as large as the largest that the server itself sends.
"""

from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol

from kafkalab.web.labs.consumers import LARGEST_MESSAGE

LARGEST_BODY = 25 * 1024 * 1024
"""A workbook with its pictures is the largest that anybody uploads."""
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(WebRequest):
    came = 0

    def gotLength(self, length: int | None) -> None:
        """Called with what the head of the request says; None for a body in chunks."""
        super().gotLength(0 if length is None else min(length, LARGEST_BODY))
        if length is not None and length > LARGEST_BODY:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        self.came += len(data)
        if self.came > LARGEST_BODY:
            self._refuse()
            return
        super().handleContentChunk(data)

    def _refuse(self) -> None:
        transport = self.channel.transport
        if not transport.disconnecting:
            transport.write(TOO_LARGE)
            transport.loseConnection()


class BoundedSocket(WebSocketProtocol):
    def onMessageFrameBegin(self, length: int) -> None:
        if self.message_data_total_length + length > LARGEST_MESSAGE:
            self.dropConnection(abort=True)
            return
        super().onMessageFrameBegin(length)


def narrow(server: Server) -> None:
    """Once it listens: Daphne has no option for it."""
    server.ws_factory.protocol = BoundedSocket
    build = server.http_factory.buildProtocol

    def built(address: Any) -> Any:
        channel = build(address)
        channel.requestFactory = BoundedRequest
        return channel

    server.http_factory.buildProtocol = built
