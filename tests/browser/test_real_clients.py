"""A real client on the stage: who it is, and what it asks, field by field, as it asks it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer
from playwright.sync_api import Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS


@contextmanager
def consumer(bootstrap: str) -> Iterator[Consumer]:
    settings = {"bootstrap.servers": bootstrap, "group.id": "billing", "client.id": "till-7"}
    client = Consumer(settings)
    client.subscribe(["orders"])
    try:
        yield client
    finally:
        client.close()


def test_its_requests_are_read_field_by_field_while_they_come(page: Page, lab: Peer) -> None:
    with consumer(lab.bootstrap) as client:
        client.poll(3)
        member = page.get_by_role("button", name=re.compile("^Member till-7 with 3 partitions"))
        expect(member).to_be_visible(timeout=20_000)
        member.focus()
        page.keyboard.press("Enter")
        now = page.locator("[data-pane=now]")
        expect(now).to_contain_text("rdkafka")
        expect(now).to_contain_text("User:ANONYMOUS")
        expect(now).to_contain_text(re.compile(r"broker \d"))
        page.get_by_role("button", name="JoinGroup").click()
        first = page.locator("details.request").first
        expect(first.locator("summary")).to_contain_text("JoinGroup")
        first.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(first).to_contain_text('"billing"')
        expect(first).to_contain_text("correlation_id")
        expect(first).to_contain_text("session_timeout")
        expect(first).to_contain_text("member_id")
        # It is still open after the next look, which comes within a second.
        client.poll(2.5)
        expect(first).to_have_attribute("open", "")
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / "real-client.png")
