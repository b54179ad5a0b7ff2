"""Three lessons from end to end, as a learner meets them: wrong at first, put right, helped, restored, and solved."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS, act
from tests.browser.test_access import violations


class Learner:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.pane = page.locator("#lesson")

    def is_at(self, phase: str) -> None:
        expect(self.pane).to_have_attribute("data-phase", phase)

    def says(self, answer: str, name: str) -> None:
        choice = self.pane.locator(f"input[name=answer][value='{answer}']")
        if choice.count():
            choice.check()
        else:
            self.pane.locator("input[name=answer]").fill(answer)
        self.presses(name)

    def presses(self, name: str) -> None:
        self.button(name).click()

    def button(self, name: str) -> Locator:
        return self.pane.get_by_role("button", name=name, exact=True)

    def plays(self, answer: str, seen: str = "") -> None:
        """A section, up to its explanation."""
        self.is_at("asked")
        self.says(answer, "Lock it in")
        expect(self.pane.locator(".lesson-ghost")).to_be_visible()
        self.presses("Run it")
        if seen:
            self.is_at("saw")
            self.says(seen, "That is what I saw")
        self.is_at("explained")

    def is_told(self, *sentences: str) -> None:
        for sentence in sentences:
            expect(self.pane).to_contain_text(sentence)


@pytest.fixture
def learner(request: pytest.FixtureRequest, chromium: Browser, lab: Peer) -> Iterator[Learner]:
    """At the page of a lesson, whose lab goes ten times as fast as the clock. Axe is let into one of the pages."""
    path, looked_at = request.param
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, bypass_csp=looked_at, reduced_motion="reduce"
    )
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{lab.url}course/{path}/")
    page.wait_for_selector("html[data-ready]")
    page.locator(".tempo-rates button").last.click()
    yield Learner(page)
    context.close()
    assert complaints == []


by_path: Callable[..., pytest.MarkDecorator] = lambda path, looked_at=False: pytest.mark.parametrize(  # noqa: E731
    "learner", [(path, looked_at)], indirect=True, ids=[path]
)


@by_path("1-a-log-not-a-queue")
def test_a_log_not_a_queue_solved_with_a_form_of_the_page(learner: Learner) -> None:
    page = learner.page
    learner.plays("0", "5")
    learner.is_told("That is what somebody expects who thinks: billing has read them all", "It came otherwise.")
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "lesson.png")
    learner.presses("Restore")
    learner.plays("5", "5")
    learner.is_told("You foresaw it.", "The group audit got every record")
    learner.presses("To the challenge")
    learner.presses("A hint (3 left)")
    learner.is_told("Where to look: Look at the two groups.")
    act(page, "add_consumer", topics="orders", group="fraud")
    expect(page.locator("[data-pane-tab=lesson][data-solved]")).to_have_count(1)
    page.locator("body").press("l")
    learner.is_told("Solved.")
    learner.presses("Next section")
    learner.plays("1")
    learner.is_told("Whoever asks first gets it, and it is gone.")
    learner.presses("Finish")
    learner.is_told("That was the lesson.", "1 of 2 predictions came true", "1 of 1 challenges solved")
    expect(page.get_by_role("link", name="Next lesson: Offsets")).to_have_attribute("href", "/course/2-offsets/")


@by_path("2-offsets")
def test_offsets_solved_in_the_terminal_after_a_reload(learner: Learner) -> None:
    page = learner.page
    learner.plays("4", "4")
    learner.is_told("The offset of the last record that was processed is committed.")
    learner.presses("Next section")
    learner.plays("0")
    learner.presses("To the challenge")
    for left in (3, 2, 1):
        learner.presses(f"A hint ({left} left)")
    learner.is_told("What to do: Choose billing-2 on the stage and remove it, then send three records.")
    act(page, "create_topic", name="mine")
    expect(page.locator("#stage-svg [data-id='topic:mine']")).to_have_count(1)
    page.reload()
    learner.is_at("challenge")
    learner.presses("Restore")
    expect(page.locator("#stage-svg [data-id='topic:mine']")).to_have_count(0)
    page.locator("#stage-svg [data-id='consumer:billing-2']").first.click()
    page.locator("#now details.twice", has_text="Remove").locator("summary").click()
    page.locator("#now [data-command*=remove_consumer]").click()
    page.locator("body").press("/")
    for value in "abc":
        page.locator("#terminal-line").fill(f"kcat -P -t orders <<< {value}")
        page.locator("#terminal-line").press("Enter")
    page.get_by_role("tab", name="Lesson").click()
    learner.is_told("Solved.")
    learner.presses("Finish")
    learner.is_told("0 of 2 predictions came true")


@by_path("9-leader-failover", looked_at=True)
def test_leader_failover_by_keyboard_and_by_the_solution_with_nothing_that_axe_finds(learner: Learner) -> None:
    page, found = learner.page, []
    learner.is_at("asked")
    found += violations(page, "asked", ".pane")
    learner.pane.locator("input[value=session]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(learner.button("Run it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#lesson-said")).to_have_text("What happened is explained.")
    learner.is_told("The controller has to miss its heartbeats first.")
    found += violations(page, "explained", ".pane")
    expect(learner.button("Next section")).to_be_focused()
    page.keyboard.press("Enter")
    learner.is_at("asked")
    learner.says("at-once", "Lock it in")
    learner.presses("Run it")
    learner.is_at("saw")
    learner.is_told("Who leads now? Click the broker on the stage.", "Nothing chosen yet")
    leads = page.locator("#stage-svg [data-id^='replica:orders:0:']", has_text="leader")
    leads.focus()
    page.keyboard.press("Enter")
    learner.is_told("broker ")
    expect(page.locator("#stage-svg [data-foreseen]")).to_have_count(1)
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "lesson-place.png")
    found += violations(page, "saw", ".pane")
    learner.presses("That is what I saw")
    learner.is_told("That is how it was.")
    learner.presses("To the challenge")
    learner.presses("A hint (3 left)")
    learner.presses("Show the solution")
    learner.presses("Play it")
    learner.is_told("Solved by the lesson's own solution.")
    found += violations(page, "challenge", ".pane")
    assert found == []
