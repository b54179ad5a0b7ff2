"""The pages, the API and the fragments, asked for as a browser asks for them."""

import asyncio
import json
import logging

from django.test import AsyncClient

from kafkalab.lab import Lab, LabSettings, command_schema
from kafkalab.lab.commands import CreateTopic, SendRecord
from kafkalab.web.headers import POLICY, OneLine
from kafkalab.web.labs.open_labs import open_labs
from tests.web.labs import done, home_lab

SCRIPT = "<script>alert(1)</script>"


def test_the_front_door_leads_to_the_home_lab() -> None:
    answer = asyncio.run(AsyncClient().get("/"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/labs/home/")


def test_the_stage_loads_only_what_is_ours() -> None:
    async def scenario() -> None:
        async with home_lab():
            answer = await AsyncClient().get("/labs/home/")
            assert answer.status_code == 200
            assert answer.headers["Content-Security-Policy"] == POLICY
            assert "127.0.0.1:9092" in answer.content.decode()

    asyncio.run(scenario())


def test_a_lab_that_is_not_there_is_not_found() -> None:
    answer = asyncio.run(AsyncClient().get("/labs/elsewhere/"))
    assert answer.status_code == 404


def test_the_snapshot_is_what_the_socket_begins_with() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            answer = await AsyncClient().get("/api/labs/home/")
            assert answer.json() == json.loads(json.dumps(lab.frames.snapshot()))

    asyncio.run(scenario())


def test_health_is_good_once_the_brokers_accept_requests() -> None:
    async def scenario() -> None:
        async with home_lab():
            answer = await AsyncClient().get("/healthz")
            assert (answer.status_code, answer.json()) == (200, {"ready": True})

    asyncio.run(scenario())


def test_asking_for_health_too_soon_is_no_fault_in_the_log() -> None:
    said: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("django").addHandler(listener)

    async def scenario() -> int:
        lab = Lab.open(None, LabSettings())
        open_labs.by_name["home"] = lab
        answer = await AsyncClient().get("/healthz")
        del open_labs.by_name["home"]
        lab.abandon()
        return answer.status_code

    code = asyncio.run(scenario())
    logging.getLogger("django").removeHandler(listener)
    assert (code, said) == (503, [])


def test_health_is_told_before_anything_that_might_have_to_wait() -> None:
    """Not even the host's name is looked at, for that is done in a worker thread."""

    async def scenario() -> None:
        async with home_lab():
            client = AsyncClient()
            answers = [await client.get(path, headers={"host": "elsewhere"}) for path in ("/healthz", "/labs/home/")]
            assert [answer.status_code for answer in answers] == [200, 400]

    asyncio.run(scenario())


def test_a_wrong_host_is_one_line_in_the_log() -> None:
    logger = logging.getLogger("django.security.DisallowedHost")
    said: list[str] = []
    console = next(handler for handler in logger.handlers if isinstance(handler.formatter, OneLine))
    listener = logging.Handler()
    listener.emit = lambda record: said.append(console.format(record))  # type: ignore[method-assign]
    logger.addHandler(listener)
    asyncio.run(AsyncClient().get("/labs/home/", headers={"host": "elsewhere"}))
    logger.removeHandler(listener)
    assert (len(said), said[0].count("\n"), said[0][:25]) == (1, 0, "Invalid HTTP_HOST header:")
    assert not logger.propagate


def test_the_line_that_a_form_equals() -> None:
    async def scenario() -> None:
        async with home_lab():
            lines = []
            for command in ('{"command": "compact_now"}', '{"command": "delete_topic", "name": "orders"}', "{", "[1]"):
                lines.append((await AsyncClient().get("/labs/home/line/", {"command": command})).content.decode())
        assert lines == ["", "kafka-topics.sh --bootstrap-server 127.0.0.1:9092 --delete --topic orders", "", ""]

    asyncio.run(scenario())


def test_the_api_page_explains_every_command() -> None:
    async def scenario() -> None:
        async with home_lab():
            page = (await AsyncClient().get("/api/")).content.decode()
        assert [schema.name for schema in command_schema() if f'id="{schema.name}"' not in page] == []

    asyncio.run(scenario())


def test_a_record_is_opened_down_to_its_bytes_and_shown_as_text() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", partitions=1, replication_factor=3))
            detail = await done(lab, SendRecord("orders", value=SCRIPT, key="user-7", headers=(("trace", "42"),)))
            where = {"topic": "orders", "partition": detail["partition"], "offset": detail["offset"]}
            page = (await AsyncClient().get("/labs/home/record/", where)).content.decode()
        assert "orders-0 @ 0" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert SCRIPT not in page
        assert [
            word for word in ("user-7", "trace", "base offset", "producer epoch", "CRC fits") if word not in page
        ] == []

    asyncio.run(scenario())


def test_records_are_found_by_their_key() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", partitions=3, replication_factor=1))
            detail = await done(lab, SendRecord("orders", value="found", key="user-7"))
            await done(lab, SendRecord("orders", value="another", key="user-8"))
            page = (
                await AsyncClient().get("/labs/home/records/", {"topic": "orders", "key": "user-7"})
            ).content.decode()
        assert f'data-record="orders {detail["partition"]} {detail["offset"]}"' in page
        assert "another" not in page

    asyncio.run(scenario())


def test_a_record_that_is_not_there_is_said_so() -> None:
    async def scenario() -> None:
        async with home_lab():
            where = {"topic": "nowhere", "partition": 0, "offset": 5}
            page = (await AsyncClient().get("/labs/home/record/", where)).content.decode()
        assert "There is no record at nowhere-0 offset 5" in page

    asyncio.run(scenario())


def test_a_record_without_a_place_is_not_found() -> None:
    async def scenario() -> int:
        async with home_lab():
            status: int = (await AsyncClient().get("/labs/home/record/", {"partition": "x"})).status_code
            return status

    assert asyncio.run(scenario()) == 404
