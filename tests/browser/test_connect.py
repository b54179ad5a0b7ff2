"""The connect panel: the listener is chosen, the program copied, and a password given with a press."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from kafkalab.bench.peers import Peer, free_ports, start_lab
from tests.browser.conftest import ARTEFACTS


@pytest.fixture(scope="module")
def lab() -> Iterator[Peer]:
    """With two listeners."""
    peer = start_lab(options=("--sasl-ssl-port", str(free_ports(3) + 900)))
    yield peer
    peer.stop()


def test_a_program_for_another_listener_is_copied_whole(page: Page, lab: Peer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Connect").click()
    panel = page.locator("[data-pane=connect]")
    expect(panel.locator("#snippet-1-confluent_kafka")).to_contain_text(lab.bootstrap.split(",")[0])
    page.get_by_role("button", name="SASL_SSL").focus()
    page.keyboard.press("Enter")
    expect(panel.locator("#snippet-1-confluent_kafka")).to_be_hidden()
    panel.locator("summary", has_text="Go, franz-go").locator("visible=true").click()
    code = panel.locator("#snippet-2-go")
    expect(code).to_contain_text("AsSha256Mechanism")
    button = panel.locator("[data-copy='#snippet-2-go']")
    button.click()
    expect(button).to_have_attribute("data-copied", "true")
    expect(page.locator("#said")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == code.inner_text().strip()
    expect(panel.locator("details[open]", has=page.locator("#snippet-2-go"))).to_contain_text(
        "You will see my-go come in"
    )
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "connect.png")
    panel.get_by_role("button", name="Give it to her").click()
    form = page.locator("details[data-act=set_password]")
    expect(form.locator("[name=user]")).to_have_value("alice")
    form.locator("button[type=submit]").click()
    expect(page.locator("#security-lists")).to_contain_text("alice SCRAM-SHA-256")
    # What the programs say is what she was given.
    shown = page.evaluate("fetch('/api/labs/home/').then(answer => answer.json())")
    assert json.dumps(shown["entities"]["security"]["users"]).count("alice") == 1
