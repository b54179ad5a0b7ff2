"""What a lab recorded, over HTTP: the index, a moment, a run of frames, the files, and whom it is not there for."""

import asyncio
import json
import time
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import AsyncClient

from kafkalab.lab import Lab, apply, read_recording
from kafkalab.lab.commands import AddConsumer, CrashBroker, CreateProducer, CreateTopic
from tests.web.labs import done, home_lab

REWOUND_WITHIN_S = 0.3


async def asked(path: str, **query: int) -> HttpResponse:
    answer: HttpResponse = await AsyncClient().get(f"{path}?{urlencode(query)}")
    return answer


async def watched(lab: Lab, seconds: float) -> list[dict[str, Any]]:
    """What a browser would have been shown meanwhile, as whole snapshots."""
    watcher = lab.watch(lambda: None)
    shown: list[dict[str, Any]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not shown or shown[-1]["version"] != lab.frames.version:
            shown.append(json.loads(lab.frames.snapshot_text()))
        await asyncio.sleep(0.01)
    watcher.close()
    return shown


async def with_traffic(lab: Lab) -> None:
    await done(lab, CreateTopic("orders", 3, 3))
    await done(lab, CreateProducer("orders", rate=50))
    await done(lab, AddConsumer(("orders",), group="billing"))


def test_a_moment_is_given_as_it_was_shown_and_soon() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await with_traffic(lab)
            shown = await watched(lab, 3)
            took_s = []
            for snapshot in shown[:: len(shown) // 8]:
                began = time.perf_counter()
                answer = await asked("/api/labs/home/moment/", at_us=snapshot["at_us"])
                took_s.append(time.perf_counter() - began)
                assert json.loads(answer.content) == snapshot
            assert median(took_s) < REWOUND_WITHIN_S, took_s

    asyncio.run(scenario())


def test_a_run_is_the_messages_of_the_socket_again() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await with_traffic(lab)
            shown = await watched(lab, 2)
            answer = await asked("/api/labs/home/run/", from_us=shown[1]["at_us"], to_us=shown[-1]["at_us"])
            first, *frames = json.loads(answer.content)
            assert first == shown[1]
            view = apply({}, first)
            for frame in frames:
                view = apply(view, frame)
            assert view == shown[-1]["entities"]

    asyncio.run(scenario())


def test_the_index_tells_what_somebody_did_and_since_when_all_is_held() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            lab.snapshot()
            await done(lab, CrashBroker(2))
            await watched(lab, 0.5)
            index = json.loads((await asked("/api/labs/home/timeline/")).content)
            assert ("Commanded", "kill -9 <pid of broker 2>") in [(one["kind"], one["text"]) for one in index["ticks"]]
            assert index["began_us"] == index["first_us"] < index["last_us"]

    asyncio.run(scenario())


def test_a_moment_before_the_recording_is_gone_and_what_is_no_moment_is_not_found() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            lab.snapshot()
            answer = await asked("/api/labs/home/moment/", at_us=1)
            assert (answer.status_code, "no longer held" in answer.content.decode()) == (410, True)
            assert (await asked("/api/labs/home/moment/")).status_code == 404
            assert (await asked("/api/labs/home/run/", from_us=0, to_us=10**15)).status_code == 400
            for path in ("timeline", "moment", "run"):
                assert (await asked(f"/api/labs/nobodys/{path}/", at_us=1)).status_code == 404
            assert (await asked("/labs/nobodys/recording/")).status_code == 404

    asyncio.run(scenario())


def test_the_recording_comes_as_a_file_that_can_be_read_again() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await with_traffic(lab)
            shown = await watched(lab, 1)
            answer = await asked("/labs/home/recording/")
            name, recording = read_recording(answer.content)
            assert (name, recording.at(shown[-1]["at_us"])) == ("home", shown[-1])
            assert answer["Content-Disposition"] == 'attachment; filename="home-recording.jsonl.gz"'

    asyncio.run(scenario())


def test_a_lab_in_wall_time_has_no_tape() -> None:
    async def scenario() -> int:
        async with home_lab():
            return (await asked("/labs/home/tape/")).status_code

    assert asyncio.run(scenario()) == 404
