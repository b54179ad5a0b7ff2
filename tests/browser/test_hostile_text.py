"""Chromium before a lab whose clients are called by markup and write markup: it stays text on the stage."""

import re
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer
from playwright.sync_api import Page, expect

from kafkalab.bench.peers import Peer

MARKUP = "<img src=x class=hostile-7f3a onerror=alert(1)>"


@pytest.fixture
def visited(lab: Peer) -> Iterator[None]:
    said = {"bootstrap.servers": lab.bootstrap, "client.id": MARKUP}
    writer = Producer(said)
    writer.produce("orders", MARKUP.encode(), MARKUP.encode(), headers=[(MARKUP, MARKUP.encode())])
    assert writer.flush(20) == 0
    reader = Consumer({**said, "group.id": MARKUP, "auto.offset.reset": "earliest"})
    reader.subscribe(["orders"])
    message = reader.poll(20)
    assert message is not None
    assert message.value() == MARKUP.encode()
    yield
    reader.close()


def test_the_stage_draws_markup_as_text(visited: None, page: Page) -> None:
    member = page.get_by_role("button", name=re.compile(f"^Member {re.escape(MARKUP)}"))
    member.focus(timeout=20_000)
    page.keyboard.press("Enter")
    now = page.locator("[data-pane=now]")
    expect(now).to_contain_text(MARKUP)
    now.get_by_role("button", name="JoinGroup").click()
    expect(page.locator("details.request").first).to_contain_text("JoinGroup")
    assert page.locator("img.hostile-7f3a").count() == 0
