"""What is done to a valid request before it is sent."""

from random import Random

from kafkalab.wire.api import ApiKey
from kafkalab.wire.frames import MAX_FRAME_BYTES
from tests.wire.fuzz.seeds import HARMFUL, Seed

HEADER = 8
"""API key, version and correlation id; the client id comes behind."""
EDGES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x01", b"\x00\x00", b"\xff\xff", b"\x7f\xff", b"\xff\xff\xff\xff",
         b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x01\x86\xa0", b"\xff\xff\xff\xff\x0f", b"\x7f" + b"\xff" * 7,
         b"\xff" * 8, b"\x80" * 10)  # fmt: skip
"""Counts, lengths and numbers at the end of what fits."""


def mutated(seed: Seed, other: Seed, random: Random) -> bytes:
    """The request as it is, or with one to three things wrong with it."""
    frame = bytearray(seed.frame)
    if seed.api_key in HARMFUL:
        return bytes(frame[: random.randrange(len(frame))])
    if random.random() < 0.25:
        return bytes(frame)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _change(frame, other, random)
    if len(frame) >= 2 and int.from_bytes(frame[:2], "big") in HARMFUL:
        frame[:2] = ApiKey.METADATA.to_bytes(2, "big")
    return bytes(frame)


def _change(frame: bytearray, other: Seed, random: Random) -> None:
    # Mostly behind the header: what has a wrong header is soon refused.
    start = HEADER if random.random() < 0.9 and len(frame) > HEADER else 0
    at = random.randrange(start, len(frame)) if len(frame) > start else 0
    match random.randrange(9):
        case 0 | 1:
            for _ in range(random.randrange(1, 4)):
                if frame:
                    position = random.randrange(min(start, len(frame) - 1), len(frame))
                    frame[position] ^= 1 << random.randrange(8)
        case 2 | 3:
            edge = random.choice(EDGES)
            frame[at : at + len(edge)] = edge
        case 4:
            del frame[at:]
        case 5:
            frame += random.randbytes(random.randrange(1, 40))
        case 6:
            end = min(len(frame), at + random.randrange(1, 30))
            frame[at:at] = frame[at:end]
        case 7:
            del frame[at : at + random.randrange(1, 20)]
        case _ if random.random() < 0.5:
            frame[at:] = other.frame[random.randrange(len(other.frame)) :]
        case _:
            frame[2:4] = random.randrange(-2, 20).to_bytes(2, "big", signed=True)


def length_lie(size: int, random: Random) -> bytes:
    """Four bytes that do not say how long the frame is."""
    lies = (-1, -(1 << 31), 0, 1, size - 1, size + 1, size + 1000, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, (1 << 31) - 1)
    return random.choice(lies).to_bytes(4, "big", signed=True)
