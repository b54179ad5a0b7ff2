"""Each codec reads what it wrote, reads what others write, and never unpacks more than it may."""

import gzip

import cramjam
import lz4.frame
import pytest
import zstandard

from kafkalab.wire.compression import BadCompression, Codec, compress, decompress

TEXT = b"A log is a list of records that only grows. " * 3000
REAL = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("data", [b"", b"x", TEXT], ids=["nothing", "a byte", "text"])
def test_what_is_packed_unpacks_to_the_same(codec: Codec, data: bytes) -> None:
    assert decompress(codec, compress(codec, data)) == data


@pytest.mark.parametrize("codec", REAL)
def test_no_more_than_the_limit_comes_out(codec: Codec) -> None:
    packed = compress(codec, TEXT)
    assert decompress(codec, packed, limit=len(TEXT)) == TEXT
    with pytest.raises(BadCompression):
        decompress(codec, packed, limit=len(TEXT) - 1)


@pytest.mark.parametrize("codec", REAL)
def test_garbage_and_halves_are_refused(codec: Codec) -> None:
    with pytest.raises(BadCompression):
        decompress(codec, b"certainly not packed by anything")
    with pytest.raises(BadCompression):
        decompress(codec, compress(codec, TEXT)[:-3])


def test_other_libraries_frames_are_read() -> None:
    assert decompress(Codec.GZIP, gzip.compress(TEXT)) == TEXT
    assert decompress(Codec.ZSTD, zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)) == TEXT
    for options in ({"block_linked": False}, {"block_linked": True}, {"content_checksum": True, "store_size": False}):
        assert decompress(Codec.LZ4, lz4.frame.compress(TEXT, **options)) == TEXT


def test_other_libraries_read_ours() -> None:
    assert gzip.decompress(compress(Codec.GZIP, TEXT)) == TEXT
    assert zstandard.ZstdDecompressor().decompress(compress(Codec.ZSTD, TEXT), max_output_size=len(TEXT)) == TEXT
    assert lz4.frame.decompress(compress(Codec.LZ4, TEXT)) == TEXT


def test_lz4_blocks_are_independent_as_java_wants_them() -> None:
    assert lz4.frame.get_frame_info(compress(Codec.LZ4, TEXT))["block_linked"] is False


def test_snappy_is_read_raw_too_as_librdkafka_sends_it() -> None:
    assert decompress(Codec.SNAPPY, bytes(cramjam.snappy.compress_raw(TEXT))) == TEXT


def test_snappy_is_written_in_java_s_blocks() -> None:
    packed = compress(Codec.SNAPPY, TEXT)
    assert packed[:16] == b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
    size = int.from_bytes(packed[16:20], "big")
    assert bytes(cramjam.snappy.decompress_raw(packed[20 : 20 + size])) == TEXT[: 32 * 1024]
