"""A batch's records may travel compressed, by one of four codecs that every Kafka client knows.

What comes out is bounded: a few kilobytes can be made to unpack to gigabytes, and a broker that
believes them dies of it. The frames are the ones that Java clients read: lz4 with independent
blocks (KIP-57), snappy in the framing of xerial's snappy-java; raw snappy, which librdkafka
sends, is read too.
"""

from enum import IntEnum
from struct import Struct

import cramjam

DECOMPRESSED_LIMIT = 64 * 1024 * 1024
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = _XERIAL_MAGIC + b"\x00\x00\x00\x01\x00\x00\x00\x01"
_XERIAL_BLOCK_BYTES = 32 * 1024
_ROOM_AT_FIRST = 64 * 1024
_NO_ROOM = "failed to write whole buffer"
"""What cramjam (Rust's io::Write) says when all is well but the place is full."""
_INT32 = Struct(">i")

_MODULES = {"GZIP": cramjam.gzip, "LZ4": cramjam.lz4, "ZSTD": cramjam.zstd}


class Codec(IntEnum):
    """The lowest three bits of a batch's attributes."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


class BadCompression(Exception):
    """The bytes are not what the codec makes, or unpack to more than the limit."""


def compress(codec: Codec, data: bytes) -> bytes:
    match codec:
        case Codec.NONE:
            return data
        case Codec.GZIP:
            return bytes(cramjam.gzip.compress(data, 6))
        case Codec.SNAPPY:
            return _compress_xerial(data)
        case Codec.LZ4:
            # Java's KafkaLZ4BlockInputStream refuses dependent blocks.
            compressor = cramjam.lz4.Compressor(level=1, content_checksum=False, block_linked=False)
            compressor.compress(data)
            return bytes(compressor.finish())
        case Codec.ZSTD:
            return bytes(cramjam.zstd.compress(data, 3))


def decompress(codec: Codec, data: bytes, limit: int = DECOMPRESSED_LIMIT) -> bytes:
    match codec:
        case Codec.NONE:
            return data
        case Codec.SNAPPY:
            return _decompress_snappy(data, limit)
        case _:
            return _decompress_frame(codec, data, limit)


def _decompress_frame(codec: Codec, data: bytes, limit: int) -> bytes:
    """cramjam fills a place of a fixed size or fails, so ever larger places are tried up to the limit."""
    room = min(max(8 * len(data), _ROOM_AT_FIRST), limit)
    while True:
        place = bytearray(room)
        try:
            size = _MODULES[codec.name].decompress_into(data, place)
        except cramjam.DecompressionError as error:
            if room == limit or _NO_ROOM not in str(error):
                raise BadCompression(f"{codec.name.lower()}: {error} (at most {limit} bytes)") from error
            room = min(room * 8, limit)
            continue
        return bytes(memoryview(place)[:size])


def _compress_xerial(data: bytes) -> bytes:
    parts = [_XERIAL_HEADER]
    for start in range(0, len(data), _XERIAL_BLOCK_BYTES):
        block = bytes(cramjam.snappy.compress_raw(data[start : start + _XERIAL_BLOCK_BYTES]))
        parts += [_INT32.pack(len(block)), block]
    return b"".join(parts)


def _decompress_snappy(data: bytes, limit: int) -> bytes:
    if not data.startswith(_XERIAL_MAGIC):
        return _decompress_snappy_block(data, limit)
    parts = []
    position = len(_XERIAL_HEADER)
    while position < len(data):
        if position + 4 > len(data):
            raise BadCompression("snappy: the last block's length is cut off")
        (size,) = _INT32.unpack_from(data, position)
        position += 4
        if size < 0 or position + size > len(data):
            raise BadCompression(f"snappy: a block of {size} bytes with {len(data) - position} left")
        parts.append(_decompress_snappy_block(data[position : position + size], limit))
        limit -= len(parts[-1])
        position += size
    return b"".join(parts)


def _decompress_snappy_block(block: bytes, limit: int) -> bytes:
    try:
        size = cramjam.snappy.decompress_raw_len(block)
        if size > limit:
            raise BadCompression(f"snappy: {size} bytes would come out, the limit is {limit}")
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError as error:
        raise BadCompression(f"snappy: {error}") from error
