"""Messages as they were sent: in the version that client and broker spoke, with the fields that it has.

Only for looking at what has been read or written already: the frames are trusted.
"""

from typing import Any

from kafkalab.wire.frames import Buffer, read_header
from kafkalab.wire.translate.compact import INT32
from kafkalab.wire.translate.lengths import Walk, walker
from kafkalab.wire.translate.schema import Direction, has_tagged_header, reader, schema


def request_as_sent(frame: Buffer) -> Any:
    """kio's class of that version. The frame comes without its length."""
    api_key, api_version, _, _, position = read_header(frame)
    if has_tagged_header(Direction.REQUEST, api_key, api_version):
        position = _after_tags(frame, position)
    # What a newer client adds in tagged fields is passed over.
    walk = Walk(frame, position)
    walker(schema(Direction.REQUEST, api_key, api_version))(walk)
    return reader(Direction.REQUEST, api_key, api_version)(*walk.known_part(position))[0]


def answer_as_sent(api_key: int, api_version: int, frame: Buffer) -> Any:
    """The same of an answer, whose frame comes with its length."""
    position = 2 * INT32.size
    if has_tagged_header(Direction.RESPONSE, api_key, api_version):
        position = _after_tags(frame, position)
    return reader(Direction.RESPONSE, api_key, api_version)(frame, position)[0]


def _after_tags(frame: Buffer, position: int) -> int:
    walk = Walk(frame, position)
    walk.tags({})
    return walk.position
