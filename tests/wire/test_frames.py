"""A stream of bytes is cut into the same frames however it is chopped up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkalab.wire.frames import FrameReader, FrameWriter, MalformedFrame, RequestHeader, read_header


def framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_frames_come_out_whole_whatever_the_pieces(payloads: list[bytes], piece: int) -> None:
    stream = b"".join(map(framed, payloads))
    reader = FrameReader()
    found = [frame for start in range(0, len(stream), piece) for frame in reader.feed(stream[start : start + piece])]
    assert [bytes(frame) for frame in found] == payloads
    assert reader.wanted() == 0


@given(st.lists(st.binary(max_size=300)), st.integers(1, 500))
def test_frames_come_out_whole_when_received_into_their_place(payloads: list[bytes], piece: int) -> None:
    stream = memoryview(b"".join(map(framed, payloads)))
    reader = FrameReader()
    found = []
    while stream:
        place = reader.place()
        count = min(len(place), len(stream), piece)
        place[:count] = stream[:count]
        stream = stream[count:]
        found += reader.placed(count)
    assert [bytes(frame) for frame in found] == payloads


def test_a_large_frame_is_received_straight_into_its_place() -> None:
    payload = bytes(range(256)) * 20_000
    reader = FrameReader()
    assert reader.feed(framed(payload)[:100]) == []
    assert reader.wanted() == len(payload) - 96
    rest = memoryview(payload)[96:]
    found = []
    while rest:
        place = reader.place()
        place[:] = rest[: len(place)]
        rest = rest[len(place) :]
        found += reader.placed(len(place))
    assert found == [payload]
    assert found[0].readonly


def received(reader: FrameReader, payload: bytes) -> memoryview:
    """Straight into its place."""
    reader.feed(framed(payload)[:100])
    rest = memoryview(payload)[96:]
    while True:
        place = reader.place()
        count = min(len(place), len(rest))
        place[:count] = rest[:count]
        rest = rest[count:]
        if found := reader.placed(count):
            [frame] = found
            assert isinstance(frame, memoryview)
            return frame


def test_a_place_is_used_again_when_nobody_looks_at_it_any_more() -> None:
    reader = FrameReader()
    first = received(reader, b"1" * 200_000)
    second = received(reader, b"2" * 150_000)
    assert (first, second) == (b"1" * 200_000, b"2" * 150_000)
    place = second.obj
    second.release()
    third = received(reader, b"3" * 100_000)
    assert (first, third) == (b"1" * 200_000, b"3" * 100_000)
    assert (third.obj is place, third.readonly) == (True, True)


def test_a_promise_alone_sets_little_memory_aside() -> None:
    reader = FrameReader()
    reader.feed((90 * 1024 * 1024).to_bytes(4, "big") + b"x")
    assert len(reader.place()) < 3 * 1024 * 1024


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x04\x01"])
def test_a_length_below_zero_or_beyond_the_limit_is_malformed(length: bytes) -> None:
    with pytest.raises(MalformedFrame):
        FrameReader(max_frame_bytes=1024).feed(length + b"more")


def test_a_writer_puts_the_length_first_and_leaves_large_parts_alone() -> None:
    large = bytes(10_000)
    writer = FrameWriter()
    for part in (b"ab", b"cd", large, b"e"):
        writer.write(part)
    assert writer.finish() == [b"\x00\x00\x27\x15abcd", large, b"e"]


def test_a_header_has_what_every_version_has() -> None:
    frame = b"\x00\x12\x00\x63\x00\x00\x00\x05\x00\x02me\x00rest"
    assert read_header(frame) == RequestHeader(18, 99, 5, "me", 12)
    assert read_header(memoryview(frame)) == RequestHeader(18, 99, 5, "me", 12)
    assert read_header(b"\x00\x12\x00\x03\x00\x00\x00\x05\xff\xff") == RequestHeader(18, 3, 5, None, 10)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00\x12\x00\x03",
        b"\x00\x12\x00\x03\x00\x00\x00\x05\x00\x09me",
        b"\x00\x12\x00\x03\x00\x00\x00\x05\xff\xfe",
    ],
)
def test_a_header_that_does_not_fit_is_malformed(frame: bytes) -> None:
    with pytest.raises(MalformedFrame):
        read_header(frame)


def test_a_client_id_that_is_no_text_is_malformed() -> None:
    with pytest.raises(MalformedFrame):
        read_header(b"\x00\x12\x00\x03\x00\x00\x00\x05\x00\x02\xff\xfe")
