"""What was shown, kept so that it can be shown again: every frame of the last minutes, in little room.

Frames are kept as the very texts that watchers got, in stretches. A stretch begins with a snapshot and
goes on with the frames after it, all in one gzip member: to show a moment, one stretch is opened and
laid together up to there. Where the room is used up the oldest stretch goes, and the recording says
since when it has everything. Beside the frames lie what a timeline needs without opening any: the
facts worth a tick, and the vital signs second by second.
"""

import json
import zlib
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kafkalab.lab.frames import FREQUENT_KINDS, Entities, Frame, Remembered, apply, encode

MOST_BYTES = 24 * 1024 * 1024
STRETCH_PLAIN_BYTES = 1024 * 1024
"""How long a stretch is before it is compressed: the longest that must be read to show one moment."""
SNAPSHOTS_AT_MOST = 4
"""A stretch has so many times the bytes of its snapshot at least: in a large cluster it would be little else."""
LEVEL = 4
MEMORY = 5
"""By it a compressor, which each lab has all the time, takes 144 KiB and not 256. It packs a fiftieth worse."""
MARK = "Kafka Lab"
VERSION = 1
GZIP = 31
TICKS_OF_A_KIND = 200
SIGNS_EVERY_US = 1_000_000
MOST_SIGNS = 2_400
MOST_FRAMES_AT_ONCE = 900
NO_TICK = ("Packet", "PacketCount", "EventCount", *FREQUENT_KINDS)
SAID_OF_A_TICK = ("kind", "at_us", "text", "node", "topic")
SIGNS = ("largest_lag", "under_replicated", "produce_errors_per_s", "records_in_per_s")

Tick = dict[str, Any]


class Forgotten(Exception):
    """That moment is not recorded, or no longer; the message is one sentence."""


class RecordingRefused(Exception):
    """The file holds no recording that can be shown; the message is one sentence."""


@dataclass
class Stretch:
    """A snapshot and the frames after it."""

    version: int
    """Of the snapshot; each frame has the next one."""
    from_us: int
    plain_bytes: int
    longest: int
    """In bytes before it is compressed."""
    packed: bytearray = field(default_factory=bytearray)
    moments_us: "array[int]" = field(default_factory=lambda: array("q"))
    """Of the frames, in their order."""
    _compressor: Any = None

    @staticmethod
    def begun(version: int, at_us: int, snapshot: str) -> "Stretch":
        stretch = Stretch(version, at_us, 0, max(STRETCH_PLAIN_BYTES, SNAPSHOTS_AT_MOST * len(snapshot)))
        stretch._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP, MEMORY)
        stretch._put(snapshot)
        return stretch

    @property
    def last_version(self) -> int:
        return self.version + len(self.moments_us)

    @property
    def to_us(self) -> int:
        return self.moments_us[-1] if self.moments_us else self.from_us

    @property
    def full(self) -> bool:
        return self.plain_bytes > self.longest

    def add(self, at_us: int, text: str) -> None:
        self.moments_us.append(at_us)
        self._put(text)

    def end(self) -> None:
        """Nothing more will be added."""
        self.packed += self._compressor.flush()
        self._compressor = None

    def member(self) -> bytes:
        """A whole gzip member, while it grows as well."""
        if self._compressor is None:
            return bytes(self.packed)
        return bytes(self.packed) + bytes(self._compressor.copy().flush())

    def texts(self) -> list[str]:
        """The snapshot and each frame."""
        return zlib.decompress(self.member(), GZIP).decode().splitlines()

    def frames_until(self, at_us: int) -> int:
        """How many of its frames came no later."""
        return bisect_right(self.moments_us, at_us)

    def _put(self, text: str) -> None:
        line = text.encode() + b"\n"
        self.plain_bytes += len(line)
        self.packed += self._compressor.compress(line)


class Recording:
    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.began_us: int | None = None
        """Since when frames were recorded, whether they are still there or not."""
        self._stretches: deque[Stretch] = deque()
        self._noted = 0
        self._ticks: dict[tuple[str, bool], deque[tuple[int, int, Tick]]] = {}
        """By kind, and apart where they are about a topic of the brokers' own: a flood of one kind of
        fact shall not push the only one of another kind out of memory."""
        self._signs: deque[tuple[int, ...]] = deque(maxlen=MOST_SIGNS)
        """(at_us, *SIGNS), one a second at most: as they were last in that second."""

    # -- taking in -------------------------------------------------------------------------------

    def add(self, frame: Frame, text: str, snapshot: Callable[[], str]) -> None:
        """The next frame; `snapshot` gives the state after it."""
        at_us, version = frame["at_us"], frame["version"]
        if self.began_us is None:
            self.began_us = at_us
        last = self._stretches[-1] if self._stretches else None
        if last is None or version != last.last_version + 1 or at_us < last.to_us:
            self._stretches.clear()
            self._stretches.append(Stretch.begun(version, at_us, snapshot()))
        else:
            last.add(at_us, text)
            if last.full:
                last.end()
                self._stretches.append(Stretch.begun(version, at_us, snapshot()))
        while len(self._stretches) > 1 and self.held_bytes > self.most_bytes:
            self._stretches.popleft()
        self._note(frame)

    def _note(self, frame: Frame) -> None:
        for event in frame["events"]:
            kind = event["kind"]
            if kind not in NO_TICK:
                internal = str(event.get("topic", "")).startswith("__")
                row = self._ticks.setdefault((kind, internal), deque(maxlen=TICKS_OF_A_KIND))
                self._noted += 1
                tick = {name: event[name] for name in SAID_OF_A_TICK if name in event}
                row.append((event["at_us"], self._noted, tick))
        signs = frame["entities"].get("signs")
        if signs is not None:
            at_us = frame["at_us"]
            if self._signs and at_us // SIGNS_EVERY_US == self._signs[-1][0] // SIGNS_EVERY_US:
                at_us = self._signs.pop()[0]
            self._signs.append((at_us, *(signs[name] for name in SIGNS)))

    def take_over(self, member: bytes, messages: list[Frame]) -> None:
        """A whole stretch out of a file."""
        snapshot, *frames = messages
        stretch = Stretch(snapshot["version"], snapshot["at_us"], 0, 0, bytearray(member))
        stretch.moments_us.extend(frame["at_us"] for frame in frames)
        self.began_us = stretch.from_us if self.began_us is None else self.began_us
        self._stretches.append(stretch)
        for frame in frames:
            self._note(frame)

    # -- what is held ----------------------------------------------------------------------------

    @property
    def held_bytes(self) -> int:
        return sum(len(stretch.packed) for stretch in self._stretches)

    @property
    def first_us(self) -> int | None:
        """From this moment on every frame is there."""
        return self._stretches[0].from_us if self._stretches else None

    @property
    def last_us(self) -> int | None:
        return self._stretches[-1].to_us if self._stretches else None

    def index(self) -> dict[str, Any]:
        """All that a timeline shows: ticks in their order, the signs in the order of SIGNS, and what is held."""
        first_us = self.first_us
        since_us = first_us or 0
        ticks = sorted(noted for row in self._ticks.values() for noted in row if noted[0] >= since_us)
        return {
            "began_us": self.began_us,
            "first_us": first_us,
            "last_us": self.last_us,
            "bytes": self.held_bytes,
            "most_bytes": self.most_bytes,
            "ticks": [tick for _, _, tick in ticks],
            "signs": [sample for sample in self._signs if sample[0] >= since_us],
        }

    # -- showing again ---------------------------------------------------------------------------

    def at(self, at_us: int) -> Frame:
        """The snapshot that whoever came at that moment would have got. Raises Forgotten."""
        stretch = self._stretch_at(at_us)
        return _laid_together(stretch.texts()[: 1 + stretch.frames_until(at_us)])

    def run(self, from_us: int, to_us: int) -> list[str]:
        """Texts that play what was shown: the snapshot of the first moment and the frames until the last.

        Not more than MOST_FRAMES_AT_ONCE; where there are more, the next run begins at the last one's
        moment. Raises Forgotten."""
        first = self._stretch_at(max(from_us, self.first_us or 0))
        texts = first.texts()
        skipped = first.frames_until(from_us)
        found = [encode(_laid_together(texts[: 1 + skipped]))]
        here = False
        for stretch in self._stretches:
            if stretch is first:
                here = True
                found += texts[1 + skipped : 1 + stretch.frames_until(to_us)]
            elif here and stretch.from_us <= to_us:
                found += stretch.texts()[1 : 1 + stretch.frames_until(to_us)]
            if len(found) > MOST_FRAMES_AT_ONCE:
                break
        return found[: 1 + MOST_FRAMES_AT_ONCE]

    def members(self) -> list[bytes]:
        """The stretches, each a gzip member: one after the other they make a file. Every one begins with a
        snapshot of the frame that ends the one before."""
        return [stretch.member() for stretch in self._stretches]

    def _stretch_at(self, at_us: int) -> Stretch:
        if not self._stretches:
            raise Forgotten("Nothing is recorded yet.")
        for stretch in reversed(self._stretches):
            if stretch.from_us <= at_us:
                return stretch
        raise Forgotten("What was there at that moment is no longer held: the recording begins later.")


def _laid_together(texts: list[str]) -> Frame:
    """A snapshot and frames after it, as the one snapshot that they come to."""
    remembered = Remembered()
    entities: Entities = {}
    message: Frame = {}
    for text in texts:
        message = json.loads(text)
        entities = apply(entities, message)
        remembered.hear(message["events"])
    return {
        "type": "snapshot",
        "version": message["version"],
        "at_us": message["at_us"],
        "rate": message["rate"],
        "entities": entities,
        "events": remembered.listed(),
    }


def head(name: str) -> bytes:
    """What a recording's file begins with: what it is, in a gzip member of its own."""
    first = {"recording": MARK, "version": VERSION, "name": name}
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP, MEMORY)
    return packer.compress(encode(first).encode() + b"\n") + packer.flush()


def read(content: bytes) -> tuple[str, Recording]:
    """(the lab's name, what was recorded) from a file that `head` and `members` made. Raises RecordingRefused."""
    recording = Recording(len(content))
    name = None
    for member, lines in _members(content):
        if name is None:
            first = _message(lines[0])
            if first.get("recording") != MARK:
                raise RecordingRefused("This is no recording of Kafka Lab.")
            if first.get("version") != VERSION:
                raise RecordingRefused("The recording is of another version of Kafka Lab.")
            name = str(first.get("name", ""))
            continue
        recording.take_over(member, [_message(line) for line in lines])
    if name is None or recording.last_us is None:
        raise RecordingRefused("Nothing is recorded in it.")
    return name, recording


def _members(content: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """Each gzip member as it stands, and its lines."""
    while content:
        inflater = zlib.decompressobj(GZIP)
        try:
            lines = inflater.decompress(content).splitlines()
        except zlib.error:
            raise RecordingRefused("This is no recording: it cannot be unpacked.") from None
        if not inflater.eof or not lines:
            raise RecordingRefused("The recording breaks off in the middle.")
        yield content[: len(content) - len(inflater.unused_data)], lines
        content = inflater.unused_data


def _message(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        raise RecordingRefused("A line of the recording is no JSON.") from None
    if not isinstance(said, dict):
        raise RecordingRefused("A line of the recording is no message.")
    return said
