"""What goes over a browser's socket, byte for byte, and what the server does with what comes compressed."""

import json
import os
import subprocess
import time
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from autobahn.websocket.compress import PerMessageDeflateOffer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from kafkalab.bench.peers import await_health, free_ports, lab_command
from kafkalab.web.labs.consumers import LARGEST_MESSAGE
from kafkalab.web.labs.wire import compression, framed

LONG = json.dumps({"name": "é" * 70_000})


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("a" * 125, b"\x81\x7d"),
        ("a" * 126, b"\x81\x7e\x00\x7e"),
        ("a" * 2**16, b"\x81\x7f" + (2**16).to_bytes(8, "big")),
    ],
)
def test_a_message_says_how_long_it_is(text: str, head: bytes) -> None:
    assert framed(text, compressed=False) == head + text.encode()


def test_a_compressed_message_says_so_and_leaves_out_the_end_of_its_flush() -> None:
    message = framed(LONG, compressed=True)
    assert (message[0], message[1], int.from_bytes(message[2:4], "big")) == (0xC1, 126, len(message) - 4)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    assert inflate.decompress(message[4:] + b"\0\0\xff\xff") == LONG.encode()


def test_only_what_browsers_offer_is_accepted() -> None:
    accept = compression(1_000)
    assert accept([]) is None
    accepted = accept([PerMessageDeflateOffer(accept_no_context_takeover=True)])
    assert accepted is not None
    assert (accepted.no_context_takeover, accepted.request_no_context_takeover) == (True, True)
    assert accepted.max_message_size == 1_000


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data: Path = tmp_path_factory.mktemp("wire")
    port = free_ports(4)
    process = subprocess.Popen(
        lab_command(port, str(data)), env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"}, stdout=subprocess.DEVNULL
    )
    await_health(f"http://127.0.0.1:{port + 3}/healthz", process)
    # The brokers are well before the lab has made its first topic.
    while "topic:orders" not in snapshot_of(f"127.0.0.1:{port + 3}"):
        time.sleep(0.1)
    yield f"127.0.0.1:{port + 3}"
    process.terminate()
    process.wait(20)


def opened(page: str, compression: str | None) -> ClientConnection:
    where = f"ws://{page}/ws/labs/home/"
    return connect(where, origin=Origin(f"http://{page}"), compression=compression, max_size=None)


def snapshot_of(page: str) -> dict[str, Any]:
    with opened(page, None) as socket:
        entities: dict[str, Any] = json.loads(socket.recv(timeout=10))["entities"]
        return entities


def test_a_browser_gets_the_same_compressed_or_not(page: str) -> None:
    with opened(page, None) as plain, opened(page, "deflate") as compressed:
        said = [json.loads(socket.recv(timeout=10)) for socket in (plain, compressed)]
        extensions = [
            socket.response is not None and socket.response.headers.get("Sec-WebSocket-Extensions", "")
            for socket in (plain, compressed)
        ]
    assert extensions[0] == ""
    assert str(extensions[1]).startswith("permessage-deflate")
    assert [each["type"] for each in said] == ["snapshot", "snapshot"]
    assert said[0]["entities"].keys() == said[1]["entities"].keys()


def test_a_small_message_that_would_become_huge_ends_the_connection_and_nothing_else(page: str) -> None:
    with opened(page, "deflate") as socket:
        socket.recv(timeout=10)
        # About a thousandth of this travels.
        socket.send(" " * (LARGEST_MESSAGE * 100))
        with pytest.raises(ConnectionClosed) as closed:
            deque(socket, maxlen=0)
    # Cut off while it grew, without a word: a whole message that is too big is refused with one.
    assert closed.value.rcvd is None
    with opened(page, "deflate") as again:
        assert json.loads(again.recv(timeout=10))["type"] == "snapshot"
