"""On a connection every message is a frame: four bytes of length, then that many bytes.

Sans-IO: bytes come in as they arrive and whole frames come out, without waiting and without
copying a large frame more than once. A frame begins with a header: which request, in which
version, and the number by which its answer is known.
"""

from struct import Struct
from typing import NamedTuple

Buffer = bytes | bytearray | memoryview

MAX_FRAME_BYTES = 100 * 1024 * 1024
"""socket.request.max.bytes"""
_LENGTH = Struct(">i")
_LENGTH_SIZE = 4
_FIXED_HEADER = Struct(">hhih")
SCRATCH_BYTES = 64 * 1024
_FIRST_PLACE_BYTES = 2 * 1024 * 1024
"""What a length alone makes us set aside: a peer that promises much has sent nothing yet."""
_COPY_BELOW = 2048


class MalformedFrame(Exception):
    """What arrives is not Kafka's protocol, or too large: close the connection."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FrameReader:
    """Cuts a stream into frames.

    Give it what was received (`feed`), or receive straight into its place (`place`, then `placed`
    with how many bytes came), as asyncio's BufferedProtocol does. Frames are read-only and come
    without their length.
    """

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES, scratch: bytearray | None = None) -> None:
        """`scratch` is where comes what comes between frames. Readers of one thread may share it: all is copied out of
        it before `placed` returns."""
        self.max_frame_bytes = max_frame_bytes
        self._length = bytearray()
        """The first bytes of a length that has not arrived whole."""
        self._frame = bytearray()
        """The place of the frame that is arriving; it may not have its full size yet, or be larger."""
        self._before = bytearray()
        """The place of the last one, to be used again when nobody looks at it any more: a new one costs its pages."""
        self._size = -1
        """Of the frame that is arriving; -1 between frames."""
        self._filled = 0
        self._scratch = bytearray(SCRATCH_BYTES) if scratch is None else scratch

    def wanted(self) -> int:
        """How many bytes the frame that is arriving still lacks; 0 between frames."""
        return self._size - self._filled if self._size >= 0 else 0

    def place(self) -> memoryview:
        """Where to receive next. Valid until the next call of any method but `wanted`."""
        if self._size < 0:
            return memoryview(self._scratch)
        self._make_room()
        return memoryview(self._frame)[self._filled : self._size]

    def placed(self, count: int) -> list[Buffer]:
        if self._size < 0:
            return self.feed(memoryview(self._scratch)[:count])
        self._filled += count
        return [self._finished()] if self._filled == self._size else []

    def feed(self, data: Buffer) -> list[Buffer]:
        frames: list[Buffer] = []
        view = memoryview(data)
        position = 0
        while position < len(view):
            if self._size < 0:
                position = self._begin(view, position)
                # Most frames arrive whole, and are cut out at once.
                if 0 <= self._size <= len(view) - position:
                    frames.append(bytes(view[position : position + self._size]))
                    position += self._size
                    self._size = -1
                continue
            self._make_room()
            count = min(len(self._frame) - self._filled, self._size - self._filled, len(view) - position)
            self._frame[self._filled : self._filled + count] = view[position : position + count]
            self._filled += count
            position += count
            if self._filled == self._size:
                frames.append(self._finished())
        return frames

    def _begin(self, view: memoryview, position: int) -> int:
        """Read the length of the next frame, or as much of it as there is."""
        count = min(_LENGTH_SIZE - len(self._length), len(view) - position)
        self._length += view[position : position + count]
        if len(self._length) == _LENGTH_SIZE:
            (size,) = _LENGTH.unpack(self._length)
            self._length.clear()
            if size < 0 or size > self.max_frame_bytes:
                raise MalformedFrame(f"a frame of {size} bytes, where at most {self.max_frame_bytes} are allowed")
            self._size = size
            self._filled = 0
        return position + count

    def _make_room(self) -> None:
        """The place doubles as bytes really arrive. Another one, as the old may still be looked at."""
        if self._filled < len(self._frame):
            return
        if not self._filled and len(self._before) >= min(self._size, _FIRST_PLACE_BYTES) and _is_free(self._before):
            self._frame, self._before = self._before, bytearray()
            return
        larger = bytearray(min(self._size, max(_FIRST_PLACE_BYTES, 2 * self._filled)))
        larger[: self._filled] = self._frame
        self._frame = larger

    def _finished(self) -> memoryview:
        frame = memoryview(self._frame)[: self._size].toreadonly()
        if len(self._frame) <= _FIRST_PLACE_BYTES:
            self._before = self._frame
        self._frame = bytearray()
        self._size = -1
        return frame


def _is_free(place: bytearray) -> bool:
    """Whether no view of it is left: its size cannot change while there is one."""
    try:
        place.pop()
    except BufferError:
        return False
    place.append(0)
    return True


class FrameWriter:
    """Collects one frame. Large values are kept as they are, not copied; kio's writers take it for a file."""

    def __init__(self) -> None:
        self._parts: list[Buffer] = []
        self._open = bytearray(_LENGTH_SIZE)

    def write(self, data: Buffer) -> None:
        if len(data) < _COPY_BELOW:
            self._open += data
            return
        self._parts += (self._open, data)
        self._open = bytearray()

    def finish(self) -> list[Buffer]:
        """The frame, length first, in pieces to be written one after the other."""
        parts = [*self._parts, self._open]
        _LENGTH.pack_into(parts[0], 0, sum(map(len, parts)) - _LENGTH_SIZE)
        return parts


class RequestHeader(NamedTuple):
    api_key: int
    api_version: int
    correlation_id: int
    client_id: str | None
    end: int
    """Where the tagged fields begin if the version has them, else the body."""


def read_header(frame: Buffer) -> RequestHeader:
    """The part of a request's header that all versions have (KIP-511 keeps it so).

    The client id is in the old form of strings even where all else is compact.
    """
    if len(frame) < _FIXED_HEADER.size:
        raise MalformedFrame(f"a request of {len(frame)} bytes has no room for its header")
    api_key, api_version, correlation_id, size = _FIXED_HEADER.unpack_from(frame)
    end = _FIXED_HEADER.size + max(size, 0)
    if size < -1 or end > len(frame):
        raise MalformedFrame(f"a client id of {size} bytes in a request of {len(frame)}")
    if size < 0:
        return RequestHeader(api_key, api_version, correlation_id, None, end)
    try:
        client_id = str(frame[_FIXED_HEADER.size : end], "utf-8")
    except UnicodeDecodeError as error:
        raise MalformedFrame(f"a client id that is not UTF-8: {error}") from None
    return RequestHeader(api_key, api_version, correlation_id, client_id, end)
