"""Lanes of connections that send what no client would, and see that each request has its answer or its end."""

import asyncio
import struct
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from kio.serial.errors import OutOfBoundValue, SerialError

from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.translate import (
    DecodedRequest,
    MalformedRequest,
    UnsupportedVersion,
    decode_request,
    decode_response,
)
from tests.wire.fuzz.mutations import length_lie, mutated
from tests.wire.fuzz.seeds import WAITS, Seed

PATIENCE_S = 60
"""How long the answer to a request that waits for nothing may take, on a machine that is busy."""
WAITERS_S = 0.3
"""How long those that may wait are waited for: their connection is dropped, which is one more thing to bear."""
AT_ONCE = 12
SPARED = 0.7
"""Of the frames that are no request at all, how many are not sent: more of the others reach the engine."""
READ_BACK = 0.05
"""Of the answers, how many are decoded."""


class Harm(Exception):
    """The server did what it must not; the words hold what is needed to do it again."""


@dataclass
class Tally:
    sent: int = 0
    understood: Counter[str] = field(default_factory=Counter)
    """Of each API, what reached the engine."""
    refused: Counter[str] = field(default_factory=Counter)
    length_lies: int = 0
    answered: int = 0
    still_waiting: int = 0
    connections: int = 0


@dataclass(frozen=True)
class Shot:
    frame: bytes
    api_key: int
    version: int
    """-1 when the answer is not to be looked at."""
    correlation_id: int
    fate: str
    """"answered", "unanswered" (acks=0), or why the server is to close the connection over it."""

    @property
    def ends_it(self) -> bool:
        return self.fate in ("malformed", "unsupported")

    @property
    def may_wait(self) -> bool:
        return self.api_key in WAITS


MOST_PARTITIONS = 50
"""Of a topic that is asked for. More are an administrator's right, and a thousand keep a lab busy for seconds."""


class Spared(Exception):
    """Not to be sent."""


def aimed(frame: bytes) -> Shot:
    """What is to be expected, by the server's own decoder: whatever else it raises is a finding."""
    try:
        asked = decode_request(frame)
        if _makes_many(asked):
            raise Spared
    except MalformedRequest:
        return Shot(frame, -1, -1, 0, "malformed")
    except UnsupportedVersion as refused:
        fate = "answered" if refused.api_key == ApiKey.API_VERSIONS else "unsupported"
        return Shot(frame, refused.api_key, -1, refused.correlation_id, fate)
    except (ArithmeticError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise Harm(f"decode_request raised {error!r} on {frame.hex()}") from error
    fate = "unanswered" if asked.api_key == ApiKey.PRODUCE and asked.body.acks == 0 else "answered"
    return Shot(frame, asked.api_key, asked.api_version, asked.correlation_id, fate)


def _makes_many(asked: DecodedRequest) -> bool:
    match asked.api_key:
        case ApiKey.CREATE_TOPICS:
            return any(
                topic.num_partitions > MOST_PARTITIONS or len(topic.assignments) > MOST_PARTITIONS
                for topic in asked.body.topics
            )
        case ApiKey.CREATE_PARTITIONS:
            return any(topic.count > MOST_PARTITIONS for topic in asked.body.topics)
    return False


class Lane:
    """One connection after the other to one broker, until so many requests are sent."""

    def __init__(self, port: int, seeds: list[Seed], random: Random, tally: Tally) -> None:
        self._port, self._seeds, self._random, self._tally = port, seeds, random, tally

    async def send(self, count: int) -> None:
        left = count
        while left > 0:
            shots = self._shots(min(left, self._random.randrange(1, AT_ONCE + 1)))
            left -= len(shots)
            await self._volley(shots)

    def _shots(self, count: int) -> list[Shot]:
        """Up to so many, of which only the last ends the connection."""
        shots: list[Shot] = []
        while len(shots) < count:
            frame = mutated(self._random.choice(self._seeds), self._random.choice(self._seeds), self._random)
            try:
                one = aimed(frame)
            except Spared:
                continue
            if one.ends_it and self._random.random() < SPARED:
                continue
            shots.append(one)
            if one.ends_it:
                break
        return shots

    async def _volley(self, shots: list[Shot]) -> None:
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port), PATIENCE_S)
        except TimeoutError:
            raise Harm(f"port {self._port} takes no connection") from None
        self._tally.connections += 1
        try:
            await self._exchange(reader, writer, shots)
        finally:
            writer.transport.abort()
        self._tally.sent += len(shots)
        for one in shots:
            if one.ends_it:
                self._tally.refused[one.fate] += 1
            else:
                self._tally.understood[name_of(one.api_key)] += 1

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, shots: list[Shot]) -> None:
        if self._random.random() < 0.02:
            # What follows such a length is anything: nothing can be expected of it.
            self._tally.length_lies += 1
            data = _framed(shots)
            await self._write(writer, length_lie(len(shots[0].frame), self._random) + data[4:])
            return
        *good, last = shots
        if last.ends_it and self._random.random() < 0.5:
            # All at once: the server closes with answers under way, which may or may not come.
            await self._write(writer, _framed(shots))
            await self._ended(reader, any(one.may_wait for one in good))
            return
        if not last.ends_it:
            good.append(last)
        await self._write(writer, _framed(good))
        if await self._hear(reader, good) and last.ends_it:
            await self._write(writer, _framed([last]))
            await self._ended(reader, may_wait=any(one.may_wait for one in good))

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """At once, or in pieces between which others have their turn."""
        if self._random.random() < 0.2:
            for _ in range(self._random.randrange(1, 5)):
                cut = self._random.randrange(len(data) + 1)
                writer.write(data[:cut])
                data = data[cut:]
                await asyncio.sleep(0)
        writer.write(data)

    async def _hear(self, reader: asyncio.StreamReader, shots: list[Shot]) -> bool:
        """Whether all answers came; they may be missing behind one that waits."""
        has_waited = False
        may_be_closed = any(one.fate == "unanswered" for one in shots)
        for one in shots:
            has_waited = has_waited or one.may_wait
            if one.fate != "answered":
                continue
            try:
                async with asyncio.timeout(WAITERS_S if has_waited else PATIENCE_S):
                    size = int.from_bytes(await reader.readexactly(4), "big")
                    answer = await reader.readexactly(size)
            except TimeoutError:
                if not has_waited:
                    raise Harm(f"no answer to {one.frame.hex()}") from None
                self._tally.still_waiting += 1
                return False
            except (asyncio.IncompleteReadError, ConnectionError):
                if may_be_closed:
                    # A refused batch that nobody waits for: closing is the only answer there is. What was sent behind
                    # it is not read any more, and over that the kernel resets the connection: answers that were on
                    # their way may go with it.
                    return False
                raise Harm(f"closed over {one.frame.hex()}, of {[each.frame.hex() for each in shots]}") from None
            self._check(one, answer)
        return True

    async def _ended(self, reader: asyncio.StreamReader, may_wait: bool) -> None:
        try:
            async with asyncio.timeout(WAITERS_S if may_wait else PATIENCE_S):
                while await reader.read(1 << 16):
                    pass
        except ConnectionError:
            return
        except TimeoutError:
            if not may_wait:
                raise Harm("a connection stays open over what is no request") from None
            self._tally.still_waiting += 1

    def _check(self, one: Shot, answer: bytes) -> None:
        self._tally.answered += 1
        if int.from_bytes(answer[:4], "big", signed=True) != one.correlation_id:
            raise Harm(f"the answer to {one.frame.hex()} is {answer.hex()}")
        if one.version >= 0 and self._random.random() < READ_BACK:
            try:
                decode_response(one.api_key, one.version, answer)
            except OutOfBoundValue:
                # A time of -1 is Kafka's word for none (DescribeTransactions); kio does not read it.
                return
            except (SerialError, struct.error) as error:
                asked = f"{name_of(one.api_key)} v{one.version} {one.frame.hex()}"
                raise Harm(f"the answer to {asked} is {answer.hex()}: {error!r}") from error


def _framed(shots: list[Shot]) -> bytes:
    return b"".join(len(one.frame).to_bytes(4, "big") + one.frame for one in shots)


async def dribble(port: int, frame: bytes, over: asyncio.Event) -> None:
    """Slow loris: a byte at a time of a frame that never becomes whole, for as long as it goes on."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write((50 * 1024 * 1024).to_bytes(4, "big"))
        while not over.is_set():
            for byte in frame:
                writer.write(bytes((byte,)))
                await asyncio.sleep(0.2)
                if over.is_set():
                    break
    except ConnectionError:
        return
    finally:
        writer.transport.abort()
