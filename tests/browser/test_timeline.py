"""Time in the hand: back to what was, through it, and to live again, while the cluster goes on."""

import json
import re
import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act

KEEP = """async () => {
  const { EMPTY, reduce } = await import("/static/js/model.js");
  window.kept = [];
  let model = EMPTY;
  const socket = new WebSocket(`ws://${location.host}/ws/labs/home/`);
  socket.onmessage = (message) => {
    model = reduce(model, JSON.parse(message.data));
    const flights = model.flights.map((one) => [one.key, one.left_us]);
    window.kept.push({ at_us: model.at_us, entities: JSON.stringify(model.entities), flights });
  };
}"""
REWIND = """async (at_us) => {
  const { makePast } = await import("/static/js/past.js");
  const past = makePast(document.querySelector("#timeline").dataset.runUrl);
  await past.have(at_us, at_us);
  const model = past.at(at_us);
  const flights = model.flights.map((one) => [one.key, one.left_us]);
  return { entities: model.entities, flights };
}"""


CAPTION_AND_FACTS = """() => {
  const told = (row) => row.querySelector("time").textContent + row.querySelector(".fact-text").textContent;
  return [document.querySelector("#beat").textContent, [...document.querySelectorAll("#facts li")].map(told)];
}"""


def behind_s(page: Page) -> float:
    said = page.locator("#behind").text_content() or ""
    found = re.search(r"\+(\d+) s", said)
    return float(found[1]) if found else 0.0


def test_the_past_can_be_seen_played_and_left_again(page: Page) -> None:
    act(page, "create_producer", topic="orders", rate="20")
    act(page, "add_consumer", topics="orders", group="billing")
    expect(page.get_by_role("button", name=re.compile("^Group billing, stable, 1 members"))).to_be_visible(
        timeout=20_000
    )
    page.locator("#broker-acts li", has_text="Broker 3").get_by_role("button", name="kill -9").click()
    expect(page.get_by_role("button", name=re.compile("^Broker 3, crashed"))).to_be_visible()
    page.wait_for_timeout(1500)
    moment = page.get_by_role("slider", name="Moment that is shown")
    # The caption has the time of what it tells, which may be the kill or what the producer says of it.
    said, facts = page.evaluate(CAPTION_AND_FACTS)
    assert any(fact.startswith(said.strip()) for fact in facts), said
    page.locator("body").press("Shift+ArrowLeft")
    expect(page.locator("html")).to_have_attribute("data-past", "true")
    for _ in range(30):
        if "Broker 3 was killed" in (moment.get_attribute("aria-valuetext") or ""):
            break
        page.get_by_role("button", name="To the event before").click()
        page.wait_for_timeout(100)
    expect(moment).to_have_attribute("aria-valuetext", re.compile("live \\+.* behind\\. Broker 3 was killed"))
    page.get_by_role("button", name="One step back").click()
    expect(page.get_by_role("button", name=re.compile("^Broker 3, running"))).to_be_visible()
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "timeline-past.png")
    page.locator("#broker-acts li", has_text="Broker 2").get_by_role("button", name="kill -9").click()
    expect(page.locator("#done li").first).to_contain_text("go back to live before you act, or branch here")
    before = behind_s(page)
    page.get_by_role("button", name="Play from here").click()
    expect(page.get_by_role("button", name=re.compile("^Broker 3, crashed"))).to_be_visible()
    assert abs(behind_s(page) - before) <= 2
    page.locator("body").press("End")
    expect(page.locator("html")).to_have_attribute("data-past", "false")
    expect(page.locator("#behind")).to_be_empty()


def test_the_picture_of_then_is_the_one_that_was_shown(page: Page) -> None:
    page.evaluate(KEEP)
    page.wait_for_timeout(4000)
    kept = page.evaluate("window.kept")
    assert len(kept) > 20
    for shown in kept[len(kept) // 2 :: 12]:
        again = page.evaluate(REWIND, shown["at_us"])
        assert again["entities"] == json.loads(shown["entities"])
        assert again["flights"] == shown["flights"]


def test_a_fact_and_a_link_lead_to_their_moment(page: Page) -> None:
    page.locator("#broker-acts li", has_text="Broker 2").get_by_role("button", name="kill -9").click()
    crash = page.locator("#facts li", has_text="Broker 2 was killed")
    expect(crash).to_be_visible()
    page.wait_for_timeout(800)
    crash.locator(".fact-time").click()
    expect(page.locator("html")).to_have_attribute("data-past", "true")
    expect(page.get_by_role("button", name=re.compile("^Broker 2, crashed"))).to_be_visible()
    at = int(page.get_by_role("slider", name="Moment that is shown").input_value()) * 1000
    page.locator("#live").click()
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector("html[data-ready]")
    page.evaluate("at => { location.hash = `#at=${at}` }", at - 500_000)
    expect(page.locator("html")).to_have_attribute("data-past", "true")
    expect(page.get_by_role("button", name=re.compile("^Broker 2, running"))).to_be_visible()
    began = time.monotonic()
    page.get_by_role("button", name="To the event before").press("b")
    expect(page.locator("#timeline-svg [data-family=bookmark]")).to_have_count(1)
    assert time.monotonic() - began < 5


def test_the_picture_as_a_file_looks_as_on_the_page(page: Page) -> None:
    compared = page.evaluate(
        """async () => {
          const { standingAlone, asPng } = await import("/static/js/share.js");
          const svg = document.querySelector("#stage-svg");
          const { text } = standingAlone(svg);
          const copy = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
          const words = (from) => [...from.querySelectorAll("text")].map((one) => one.textContent).join("|");
          const leader = getComputedStyle(document.querySelector("[data-state=leader] .replica-body")).fill;
          const said = { words: words(copy) === words(svg), leads: text.includes(leader),
                         outside: /class=|var\\(|http:\\/\\/127/.test(text) };
          return { ...said, png: (await asPng(svg)).size };
        }"""
    )
    assert (compared["words"], compared["leads"], compared["outside"]) == (True, True, False)
    assert compared["png"] > 20_000
    with page.expect_download() as saved:
        page.locator(".share summary").click()
        page.get_by_role("button", name="The stage as PNG").click()
    ARTEFACTS.mkdir(exist_ok=True)
    saved.value.save_as(ARTEFACTS / "stage-shared.png")
    page.screenshot(path=ARTEFACTS / "stage-page.png")
