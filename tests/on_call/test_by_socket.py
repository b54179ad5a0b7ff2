"""A drill by its socket, from the brief to the debrief: what wins, what does not, and what stays hidden until then."""

import asyncio
import csv
import gzip
import io
import json
from collections.abc import Iterator

import pytest
from channels.testing import WebsocketCommunicator
from confluent_kafka.admin import AdminClient
from django.test import AsyncClient

from kafkalab.drills.drill import Calling
from kafkalab.drills.gate import CLOCK, MAGIC, NOT_BY_MAGIC, NOT_THE_CLOCK, Gate
from kafkalab.lab import Lab, RunLine
from kafkalab.web.asgi import application
from kafkalab.web.drills.desks import desks
from kafkalab.web.drills.stories import drill_href, drills, stories
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.making import made
from kafkalab.web.labs.open_labs import open_labs
from tests.on_call.drilling import OnCall, at_the_page_of, headers_of, named, on_call, opened
from tests.web.labs import PATIENCE_S, home_lab

pytestmark = pytest.mark.django_db(transaction=True)
DRILL_5 = "/drills/5-the-same-error-every-second/?seed=7"


@pytest.fixture(autouse=True)
def nobody_is_on_call() -> Iterator[None]:
    yield
    assert (desks.by_name, open_labs.private) == ({}, {})


def test_a_whole_drill_is_won_by_its_own_solution_and_left_with_a_post_mortem() -> None:
    async def scenario() -> None:
        async with on_call():
            learner = AsyncClient()
            async with at_the_page_of(learner, DRILL_5) as page:
                duty = page.desk.duty
                await page.is_paged()
                assert not (await page.ask("name_cause", choice="poison"))["ok"]
                said = await page.asks("state_impact", choice="all")
                assert said["detail"]["says"] == "It does not fit what can be seen. Look again."
                await page.asks("state_impact", choice="one-third")
                fact = next(fact for fact in page.drill["facts"] if fact["name"] == "RecordUnreadable")
                await page.asks("pin_told", at_us=fact["at_us"], text=fact["text"])
                line = await page.asks("run_line", line="kafka-consumer-groups --describe --group billing")
                await page.asks("pin_output", job=line["detail"]["job"])
                assert len(page.drill["pinned"]) == 2
                await page.asks("name_cause", choice="slow")
                await page.asks("name_cause", choice="poison")
                await page.until("mend")
                await page.asks("tell_others", text="One record is bad. We leave it out.")
                await page.plays(duty.drill.solution)
                await page.until("hold")
                await page.until("verified")
                await page.asks("tell_others", text="It is over.")
                assert page.drill["debrief"] is None
                await page.asks("begin_debrief")
                debrief = (await page.until("debrief"))["debrief"]
                assert (debrief["title"], debrief["won"]) == ("Poison pill", True)
                filled = {bar["name"]: bar["filled"] for bar in debrief["bars"]}
                assert filled["diagnosis"] == 0.75
                assert [one["says"] for one in debrief["evidence"] if one["pinned"]] == [
                    "The consumer names the record that it cannot parse.",
                    "The lag grows in one partition alone.",
                ]
                believed = {line["believed"] for line in debrief["lines"]}
                assert "One instance works more slowly than the others." in believed
                assert debrief["ours"] is None
                await page.asks("write_down", rule="Skip one.", alert="=lag()", setting="dead letters")
                assert (
                    page.drill["debrief"]["ours"]["setting"]
                    == "A deserializer that hands errors on, and a dead-letter topic."
                )
                files = {}
                for file in ("post-mortem.md", "timeline.csv", "incident.json"):
                    answer = await learner.get(f"/drills/of/{page.desk.name}/{file}")
                    files[file] = answer.content.decode()
                    stranger = await AsyncClient().get(f"/drills/of/{page.desk.name}/{file}")
                    assert (answer.status_code, stranger.status_code) == (200, 404)
                assert "Mended, and it held." in files["post-mortem.md"]
                assert "- Rule: Skip one." in files["post-mortem.md"]
                rows = list(csv.DictReader(io.StringIO(files["timeline.csv"])))
                assert {"hidden", "page", "order", "said"} <= {row["kind"] for row in rows}
                whole = json.loads(files["incident.json"])
                assert (whole["summary"]["won"], whole["written"]["alert"]) == (True, "=lag()")

    asyncio.run(scenario())


def test_a_wrong_move_by_the_socket_does_not_win_and_a_dangerous_line_is_asked_about_once() -> None:
    async def scenario() -> None:
        async with on_call(), at_the_page_of(AsyncClient(), DRILL_5) as page:
            await page.is_paged()
            drill = page.desk.duty.drill
            moves = named(drill, "to-latest")
            await page.plays(moves[:5])
            line = "kafka-consumer-groups --group billing --topic orders --reset-offsets --to-latest --execute"
            asked = await page.ask("run_line", line=line)
            assert asked["error"] == (
                "Where the group goes on changes: what lies between is left out, or worked on twice. "
                "Give the same order again, and it is carried out."
            )
            await page.plays(moves[5:])
            await page.passes(40)
            await page.ask("begin_debrief", sure=True)
            debrief = (await page.until("debrief"))["debrief"]
            assert debrief["won"] is False
            assert page.drill["broken"] == ["More than the one record is passed over."]

    asyncio.run(scenario())


def test_nothing_on_the_page_tells_what_breaks_before_the_debrief() -> None:
    """Drill 10 cuts links, which nobody sees but by what comes of it."""

    async def scenario() -> None:
        async with on_call():
            learner = AsyncClient()
            async with at_the_page_of(learner, "/drills/10-two-dashboards-disagree/?seed=3") as page:
                lab = page.desk.name
                pages = [
                    f"/labs/{lab}/{what}"
                    for what in (
                        "why/?id=partition:sensors:0",
                        "why/?id=broker:1",
                        "why/?id=broker:2",
                        "why/?id=broker:3",
                        "what-if/",
                        "compare/",
                        "metrics",
                        "tape/",
                        "recording/",
                        "ledger/",
                    )
                ]
                pages += [f"/api/labs/{lab}/", f"/api/labs/{lab}/timeline/", "/drills/"]
                await page.is_paged()
                await page.passes(12)
                assert page.desk.duty.lab.faults.secret
                told = await all_that_is_said(learner, page, pages)
                for word in ("cut_link", "Cut the link", "iptables", "Isolated leader", "heal_network"):
                    assert [where for where, text in told.items() if word in text] == [], word
                assert "Isolated leader" not in (await learner.get("/drills/10/", follow=True)).content.decode()
                assert (await learner.get(f"/labs/{lab}/tape/")).status_code == 404
                assert "fault:1" not in (await learner.get(f"/api/labs/{lab}/")).json()["entities"]
                await page.asks("begin_debrief", sure=True)
                await page.until("debrief")
                assert "fault:1" in (await learner.get(f"/api/labs/{lab}/")).json()["entities"]
                told = await all_that_is_said(learner, page, pages)
                assert any("iptables" in text for where, text in told.items() if "why" in where)

    asyncio.run(scenario())


async def all_that_is_said(learner: AsyncClient, page: OnCall, pages: list[str]) -> dict[str, str]:
    """By the pages, and by the socket so far."""
    answers = {path: await learner.get(path, follow=True) for path in pages}
    told = {path: text_of(answer.content) for path, answer in answers.items()}
    return told | {"socket": json.dumps([page.drill, page.frames])}


def text_of(content: bytes) -> str:
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()


def test_in_a_drill_nobody_holds_the_clock_or_mends_by_magic() -> None:
    async def scenario() -> None:
        async with on_call(), at_the_page_of(AsyncClient(), DRILL_5) as page:
            for command, fields in (
                ("pause_time", {}),
                ("enter_lab_time", {}),
                ("fork", {}),
                ("what_if", {"change": "without"}),
                ("run_line", {"line": "lab time pause"}),
                ("run_line", {"line": "lab fork other"}),
            ):
                assert (await page.ask(command, **fields))["error"] == NOT_THE_CLOCK
            for command, fields in (
                ("heal_network", {}),
                ("undo_fault", {"fault": 1}),
                ("slow_disk", {"broker": 1}),
                ("run_line", {"line": "lab undo 1"}),
                ("run_line", {"line": "lab do heal_network"}),
                ("run_line", {"line": "iptables -P INPUT ACCEPT; iptables -P OUTPUT ACCEPT"}),
            ):
                assert (await page.ask(command, **fields))["error"] == NOT_BY_MAGIC
            assert (await page.ask("run_line", line="kafka-topics --list"))["ok"]

    asyncio.run(scenario())


def test_a_drill_has_a_lab_of_the_learners_own_that_nobody_else_reaches() -> None:
    async def scenario() -> None:
        async with on_call():
            learner, other = AsyncClient(), AsyncClient()
            name, theirs = await opened(learner, DRILL_5), await opened(other, DRILL_5)
            assert name != theirs
            assert await opened(learner, DRILL_5) == name
            paths = [f"/api/labs/{name}/", f"/labs/{name}/", f"/labs/{name}/why/?id=broker:1"]
            assert [(await other.get(path)).status_code for path in paths] == [404] * 3
            for path in (f"/ws/labs/{name}/drill/", f"/ws/labs/{name}/", f"/ws/labs/{name}/terminal/"):
                socket = WebsocketCommunicator(application, path, headers=headers_of(other))
                await socket.connect()
                assert (await socket.receive_output(PATIENCE_S))["code"] == NO_SUCH_LAB
                await socket.disconnect()
            back = await learner.get(f"/labs/{name}/")
            assert (back.status_code, back.headers["Location"]) == (302, "/drills/5-the-same-error-every-second/")

    asyncio.run(scenario())


def test_it_is_rolled_back_and_run_again_on_labs_that_take_the_place_of_the_one_before() -> None:
    async def scenario() -> None:
        async with on_call(), at_the_page_of(AsyncClient(), DRILL_5) as page:
            await page.is_paged()
            await page.asks("roll_back")
            assert (await page.until("steady"))["seed"] == 7
            state = page.desk.duty.lab.view()["group:billing"]
            assert (state["state"], page.desk.duty.lab.faults.secret) == ("Stable", False)
            await page.asks("run_again")
            await page.until("making")
            await page.until("steady", "brief")
            assert page.drill["seed"] == 8
            assert open_labs.private[page.desk.name].lab is page.desk.duty.lab

    asyncio.run(scenario())


def test_every_drill_is_on_the_list_with_a_story_that_does_not_name_what_breaks() -> None:
    async def scenario() -> None:
        async with home_lab():
            page = (await AsyncClient().get("/drills/")).content.decode()
        for drill in drills():
            assert drill_href(drill.number) in page
            assert f">{drill.title}<" not in page
        assert sorted(stories()) == [drill.number for drill in drills()]

    asyncio.run(scenario())


def test_every_move_of_every_drill_is_one_that_a_learner_may_make() -> None:
    """At least when it is ordered once more."""
    for drill in drills():
        lab = Lab.open(None, drill.settings)
        gate = Gate(lab)
        moves = [*drill.solution, *(step for wrong in drill.wrong_moves for step in wrong.steps)]
        for step in moves:
            if isinstance(step, Calling) or step.order is None:
                continue
            assert step.order.name not in (*CLOCK, *MAGIC), (drill.number, step.order.name)
        assert gate(RunLine("kafka-topics --list")) == ""
        lab.abandon()


def test_ones_own_client_gets_in_by_the_address_that_is_shown_and_after_a_roll_back_again() -> None:
    async def scenario() -> None:
        async with on_call(), at_the_page_of(AsyncClient(), DRILL_5) as page:
            await page.is_paged()
            servers = page.drill["servers"]
            assert sorted(await asyncio.to_thread(topics_at, servers)) == ["orders", "orders.dead"]
            await page.asks("roll_back")
            await page.until("steady")
            assert page.drill["servers"] == servers
            assert sorted(await asyncio.to_thread(topics_at, servers)) == ["orders", "orders.dead"]

    asyncio.run(scenario())


def topics_at(bootstrap_servers: str) -> list[str]:
    client = AdminClient({"bootstrap.servers": bootstrap_servers})
    return [name for name in client.list_topics(timeout=PATIENCE_S).topics if not name.startswith("__")]


def test_from_one_address_so_many_labs_are_made_in_a_minute_and_no_more() -> None:
    async def scenario() -> None:
        async with on_call():
            made.forget()
            open_labs.on_a_network = True
            path = "/drills/5-the-same-error-every-second/"
            for _ in range(made.each):
                made.lets_in("127.0.0.1")
            answer = await AsyncClient().get(path)
            open_labs.on_a_network = False
            made.forget()
            assert (answer.status_code, desks.by_name) == (429, {})

    asyncio.run(scenario())
