"""What people and their clients write is text wherever it is shown: no page makes markup of it."""

import asyncio
import json
import re
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import AsyncClient

from kafkalab.lab import CommandRefused, parse_command
from tests.course.browsers import known_browser
from tests.web.attacks.hostile import MARK, hostile_lab, markup
from tests.web.attacks.paths import known_paths
from tests.web.labs import answer_of, browser, home_lab

ELEMENT = re.compile(rf"<img[^>]*{MARK}")
ASKED = "?topic=orders&partition=0&offset=0&group=consumers&at_us=1&from_us=1&to_us=2&id="


def shows_text(answer: HttpResponse) -> bool:
    """True if it is JSON or a file, which no browser reads as a page, or a page without the markup."""
    kind = str(answer.headers.get("Content-Type", "text/html"))
    if answer.status_code >= 300 and not answer.content:
        return True
    if not kind.startswith(("text/html", "image/svg+xml", "application/xhtml")):
        return answer.headers["X-Content-Type-Options"] == "nosniff"
    return ELEMENT.search(answer.content.decode()) is None


@pytest.mark.django_db(transaction=True)
def test_no_page_makes_markup_of_what_clients_are_called_and_write() -> None:
    async def scenario() -> None:
        async with hostile_lab() as lab:
            entities = lab.snapshot()["entities"]
            shown = json.dumps(entities)
            for where in ("client", "group", "own-group", "share-group", "transactional-id"):
                assert f"data-{where}" in shown, where
            bad = []
            for known in known_paths():
                if not known.lab and "rebalances" in known.route:
                    continue
                path = known.filled() + ASKED
                if not shows_text(await AsyncClient().get(path)):
                    bad.append(path)
            for entity in (each for each in entities if MARK in each):
                for path in ("why", "configs"):
                    if not shows_text(await AsyncClient().get(f"/labs/home/{path}/", {"id": entity})):
                        bad.append(path)
            assert bad == []

    asyncio.run(scenario())


def test_the_text_is_there_and_not_left_out() -> None:
    async def scenario() -> None:
        async with hostile_lab():
            records = (await AsyncClient().get("/labs/home/records/?topic=orders")).content.decode()
            record = (await AsyncClient().get("/labs/home/record/?topic=orders&partition=0&offset=0")).content.decode()
            metrics = (await AsyncClient().get("/metrics")).content.decode()
        for where, page in (("value", records), ("key", record), ("header", record), ("header-name", record)):
            assert f"&lt;img src=x class={MARK} data-{where} " in page, where
        assert "{{7*7}}" in record
        # Prometheus' text has one line a sample, and a quotation mark in a label is escaped.
        assert not any(line.startswith("<") for line in metrics.splitlines())

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "said",
    [
        {"command": "create_topic", "name": markup("topic")},
        {"command": "create_producer", "topic": "orders", "name": markup("producer")},
        {"command": "fork", "name": markup("branch")},
        {"command": "set_password", "user": markup("user"), "password": "x"},
    ],
)
def test_nothing_is_called_by_markup_that_has_a_name_in_an_address(said: dict[str, str]) -> None:
    with pytest.raises(CommandRefused):
        parse_command(said)


REFLECTED = (
    "/labs/home/records/?topic={0}&key={0}",
    "/labs/home/record/?topic={0}&partition=0&offset=0&broker={0}",
    "/labs/home/ledger/?fate=sent&topic={0}&key={0}&before={0}",
    "/labs/home/ledger/?fate={0}",
    "/labs/home/compare/?a={0}&b={0}",
    "/labs/home/line/?command={0}",
    "/labs/home/why/?id={0}&text={0}&moment={0}",
    "/labs/home/configs/?id={0}",
    "/labs/home/archive/verify/?topic={0}&topic_id={0}&format={0}",
    "/labs/{0}/",
    "/rebalances/?story={0}&seed={0}",
    "/course/search/?q={0}",
    "/course/workbook/{0}/",
    "/archive/costs/?load={0}",
    "/instructor/?next={0}",
    "/guides/{0}/",
    "/{0}",
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", REFLECTED)
def test_no_page_makes_markup_of_its_own_address(path: str) -> None:
    async def scenario() -> HttpResponse:
        async with home_lab():
            answer: HttpResponse = await AsyncClient().get(path.format(quote(markup("address"), safe="")))
            return answer

    assert shows_text(asyncio.run(scenario()))


@pytest.mark.django_db
def test_no_page_makes_markup_of_what_a_learner_writes() -> None:
    learner = known_browser("a" * 32)
    said = {
        "/course/workbook/Q1/save/": {"text": markup("answer")},
        "/course/workbook/keep/": {"command": markup("command"), "output": markup("output")},
        "/course/yours/take/": {"code": markup("code")},
        "/course/yours/come-in/": {"username": markup("name"), "password": "x"},
        "/instructor/": {"username": markup("name"), "password": "x", "next": markup("next")},
        "/i18n/setlang/": {"language": markup("language")},
    }
    for path, fields in said.items():
        assert shows_text(learner.post(path, fields)), path
    for path in ("", "Q1/", "export/"):
        assert shows_text(learner.get(f"/course/workbook/{path}")), path
    assert f"&lt;img src=x class={MARK}" in learner.get("/course/workbook/Q1/").content.decode()


def test_a_refusal_gives_markup_back_as_json_alone() -> None:
    async def scenario() -> None:
        async with home_lab(), browser() as socket:
            await socket.send_to(text_data=json.dumps({"command": markup("command"), "id": markup("id")}))
            told = await answer_of(socket)
            assert (told["ok"], told["id"]) == (False, markup("id"))

    asyncio.run(scenario())
