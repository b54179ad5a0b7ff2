"""On PostgreSQL and Redis, as a larger server has them: the same tests pass, and nothing is lost by a restart."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from channels.layers import BaseChannelLayer
from django.utils.module_loading import import_string

from kafkalab.bench.learners import Browser
from kafkalab.bench.peers import start_lab
from kafkalab.web.stores import FILE, channel_layer, database
from tests.web.servers import PASSWORD, postgresql, redis

ROOT = Path(__file__).parents[2]
TOUCH_THE_DATABASE = ("tests/course/test_belonging.py", "tests/classroom/test_seat.py")


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, str]]:
    with postgresql() as database_url, redis() as redis_url:
        yield {"KAFKALAB_DATABASE_URL": database_url, "KAFKALAB_REDIS_URL": redis_url}


def test_a_url_says_where_the_database_is() -> None:
    told = database(f"postgresql://kim:{PASSWORD}@db.example:5433/lab?sslmode=require", Path())
    assert {key: told[key] for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "lab",
        "USER": "kim",
        "PASSWORD": PASSWORD,
        "HOST": "db.example",
        "PORT": 5433,
    }
    assert (told["CONN_MAX_AGE"], told["OPTIONS"]["sslmode"], bool(told["OPTIONS"]["pool"])) == (0, "require", True)
    assert database("", Path("/data"))["NAME"] == Path("/data/learners.sqlite3")
    assert channel_layer("") == {"BACKEND": "channels.layers.InMemoryChannelLayer"}


def test_what_touches_the_database_passes_on_postgresql_too(stores: dict[str, str]) -> None:
    # The database goes with its server; ten wrong passwords take as long here as there.
    options = ["-q", "-p", "no:cacheprovider", "--reuse-db", "-k", "not tried_for_long"]
    run = [sys.executable, "-m", "pytest", *options, *TOUCH_THE_DATABASE]
    done = subprocess.run(
        run, cwd=ROOT, env={**os.environ, **stores}, capture_output=True, text=True, check=False, timeout=170
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    assert "passed" in done.stdout


def test_a_message_to_a_room_goes_through_redis(stores: dict[str, str]) -> None:
    """From one process to another: two layers share nothing but the server."""

    def layer() -> BaseChannelLayer:
        told = channel_layer(stores["KAFKALAB_REDIS_URL"])
        return import_string(told["BACKEND"])(**told["CONFIG"])

    async def scenario() -> None:
        here, there = layer(), layer()
        channels = [await each.new_channel() for each in (here, there)]
        for each, channel in zip((here, there), channels, strict=True):
            await each.group_add("room-1", channel)
        await here.group_send("room-1", {"type": "room.told", "text": "Look at broker 2."})
        heard = [
            await asyncio.wait_for(each.receive(channel), 20)
            for each, channel in zip((here, there), channels, strict=True)
        ]
        assert heard == [{"type": "room.told", "text": "Look at broker 2."}] * 2
        await there.group_discard("room-1", channels[1])
        for each in (here, there):
            await each.close_pools()

    asyncio.run(scenario())


def test_what_a_learner_writes_on_a_server_of_this_kind_lies_in_postgresql(
    stores: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, url in stores.items():
        monkeypatch.setenv(name, url)
    peer = start_lab(data=str(tmp_path))
    try:
        browser, where = Browser(peer.url), "course/workbook/Q1/"
        assert browser.post(f"{where}save/", browser.token(where), text="Three replicas.")[0] == 200
        assert "Three replicas." in browser.get(where)[1]
    finally:
        peer.stop()
    with psycopg.connect(stores["KAFKALAB_DATABASE_URL"]) as database:
        assert database.execute("select question, text from course_answer").fetchall() == [("Q1", "Three replicas.")]
    assert not (tmp_path / FILE).exists()
