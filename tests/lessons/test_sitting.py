"""A learner at a lesson, without a page: what he is asked and told, what his lab does, and what is undone."""

import json
from pathlib import Path

import pytest

from kafkalab.lessons import Section, read_lesson, truth
from kafkalab.lessons.phases import SittingRefused
from kafkalab.lessons.sitting_commands import (
    ExploreFirst,
    GoOn,
    LeaveSandbox,
    PlayRun,
    PlaySolution,
    PractiseAgain,
    Predict,
    RestoreSection,
    SaySeen,
    TakeHint,
)
from kafkalab.lessons.sitting_shown import shown
from tests.lessons.learner import LESSONS, order, sitting_at, sitting_of, through, to_the_challenge, wait, wait_for


def test_nothing_runs_before_the_prediction_is_locked_in_and_then_it_cannot_be_changed() -> None:
    sitting, deeds = sitting_at(1)
    at_us = sitting.lab.world.now_us
    wait(sitting, 3)
    assert (sitting.phase, sitting.lab.world.now_us) == ("asked", at_us)
    with pytest.raises(SittingRefused, match="Say first what you expect"):
        sitting.do(PlayRun())
    with pytest.raises(SittingRefused, match="Say a number"):
        sitting.do(Predict("many"))
    sitting.do(Predict("0", 4, "billing has read them"))
    assert shown(sitting)["section"]["prediction"] == {
        "answer": "0", "confidence": 4, "because": "billing has read them", "place": None,
    }  # fmt: skip
    with pytest.raises(SittingRefused, match="locked in once"):
        sitting.do(Predict("5"))
    assert [deed[:2] for deed in deeds] == [("a-second-group", "predicted")]


def test_what_happens_is_on_the_learners_own_lab_at_its_own_pace() -> None:
    sitting, _ = sitting_at(1)
    sitting.do(Predict("5"))
    before_us = sitting.lab.world.now_us
    sitting.do(PlayRun())
    assert "audit-1" in sitting.lab.consumers
    assert (sitting.phase, sitting.lab.world.now_us) == ("run", before_us)
    wait(sitting, 1)
    assert sitting.phase == "run"
    assert sitting.lab.world.now_us == before_us + 1_000_000
    steps = shown(sitting)["section"]["steps"]
    assert [(step["kind"], step["done"]) for step in steps] == [("command", True), ("until", True), ("wait", False)]
    wait_for(sitting, "saw")
    stands_us = sitting.lab.world.now_us
    wait(sitting, 5)
    assert sitting.lab.world.now_us == stands_us


def test_nothing_of_the_answer_is_told_before_it_was_asked_what_was_seen() -> None:
    sitting, _ = sitting_at(1)
    sitting.do(Predict("0"))
    sitting.do(PlayRun())
    wait_for(sitting, "saw")
    section = shown(sitting)["section"]
    assert (section["outcome"], section["explanation"], section["claims"]) == (None, None, [])
    assert section["saw"] == {
        "ask": "How many records does the log of orders hold now?", "kind": "number", "choices": {}, "among": "",
    }  # fmt: skip


def test_the_wrong_belief_behind_an_answer_is_named_back() -> None:
    sitting, deeds = sitting_at(1)
    section = through(sitting, "0", "5")
    assert section["outcome"] == {
        "answer": "5", "right": False, "belief": "billing has read them all, so none are left.", "happened": None,
    }  # fmt: skip
    assert (section["saw"]["said"], section["saw"]["seen"], section["saw"]["right"]) == ("5", "5", True)
    assert [claim["holds"] for claim in section["claims"]] == [True, True]
    assert deeds[1] == (
        "a-second-group",
        "ran",
        {
            "ask": 'The group "audit" starts to read orders from its beginning. How many records will it get?',
            "said": "0",
            "confidence": None,
            "answer": "5",
            "right": False,
            "belief": "read is gone",
        },
    )


def test_an_answer_that_nobody_expects_names_no_belief() -> None:
    sitting, _ = sitting_at(1)
    assert through(sitting, "17", "5")["outcome"]["belief"] is None


def test_three_hints_are_given_one_by_one() -> None:
    sitting, deeds = sitting_at(1)
    to_the_challenge(sitting, "5", "5")
    given = []
    for _ in range(3):
        sitting.do(TakeHint())
        challenge = shown(sitting)["section"]["challenge"]
        given.append((len(challenge["hints"]), challenge["hints_left"]))
    assert given == [(1, 2), (2, 1), (3, 0)]
    with pytest.raises(SittingRefused, match="no more hints"):
        sitting.do(TakeHint())
    assert [detail for _, kind, detail in deeds if kind == "hinted"] == [{"tier": 1}, {"tier": 2}, {"tier": 3}]


def test_a_challenge_is_solved_by_whatever_brings_the_state_about() -> None:
    sitting, deeds = sitting_at(1)
    to_the_challenge(sitting, "5", "5")
    order(sitting, "run_line", line="kafka-console-consumer.sh --topic orders --group fraud --from-beginning")
    wait(sitting, 8)
    assert (sitting.here.solved, deeds[-1]) == (True, ("a-second-group", "solved", {"by": "learner", "hints": 0}))


def test_a_goal_that_must_hold_begins_again_when_it_was_broken_off() -> None:
    sitting, _ = sitting_at(2, begin_at=1)
    to_the_challenge(sitting, "5")
    order(sitting, "remove_consumer", name="billing-2")
    for value in "abc":
        order(sitting, "send_record", topic="orders", value=value)
    wait(sitting, 2)
    assert (sitting.reached, 1 < sitting.held_s < 3, sitting.here.solved) == (True, True, False)
    order(sitting, "send_record", topic="orders", value="one too many")
    wait(sitting, 4)
    assert (sitting.reached, sitting.held_s, sitting.here.solved) == (False, 0.0, False)
    order(sitting, "add_consumer", topics=["orders"], group="billing", name="mine", auto_commit_interval_ms=1000)
    wait(sitting, 3)
    order(sitting, "remove_consumer", name="mine")
    wait(sitting, 1)
    for value in "abc":
        order(sitting, "send_record", topic="orders", value=value)
    wait(sitting, 4)
    assert (sitting.reached, sitting.held_s >= 3, sitting.here.solved) == (True, True, True)


def test_the_solution_is_asked_for_twice_and_played_from_where_the_challenge_began() -> None:
    sitting, deeds = sitting_at(1)
    to_the_challenge(sitting, "5", "5")
    order(sitting, "delete_topic", name="orders")
    wait(sitting, 1)
    with pytest.raises(SittingRefused, match="say that you are sure"):
        sitting.do(PlaySolution())
    sitting.do(PlaySolution(sure=True))
    assert sitting.playing_solution
    wait(sitting, 8)
    assert (sitting.here.solved, deeds[-1][2]) == (True, {"by": "solution", "hints": 0})
    assert "fraud" in sitting.lab.consumers["fraud-1"].settings.group


def test_restore_brings_back_the_lab_and_the_question() -> None:
    sitting, deeds = sitting_at(1)
    before = sitting.lab.view()
    through(sitting, "0", "5")
    order(sitting, "crash_broker", broker=1)
    sitting.do(RestoreSection())
    assert (sitting.phase, shown(sitting)["section"]["prediction"]) == ("asked", None)
    assert sitting.lab.view() == before
    assert deeds[-1] == ("a-second-group", "restored", {"afresh": False})
    assert through(sitting, "5", "5")["outcome"]["right"]


def test_restore_in_a_challenge_brings_back_where_the_challenge_began() -> None:
    sitting, _ = sitting_at(1)
    to_the_challenge(sitting, "0", "5")
    order(sitting, "delete_topic", name="orders")
    wait(sitting, 1)
    sitting.do(RestoreSection())
    assert sitting.phase == "challenge"
    assert shown(sitting)["section"]["prediction"]["answer"] == "0"
    order(sitting, "add_consumer", topics=["orders"], group="fraud", name="mine")
    wait(sitting, 8)
    assert sitting.here.solved


def test_a_lesson_ends_after_its_last_section() -> None:
    sitting, deeds = sitting_at(1)
    to_the_challenge(sitting, "5", "5")
    order(sitting, "add_consumer", topics=["orders"], group="fraud", name="mine")
    wait(sitting, 8)
    sitting.do(GoOn())
    assert (sitting.index, sitting.phase) == (1, "asked")
    section = through(sitting, "1")
    assert section["outcome"]["belief"] == "Whoever asks first gets it, and it is gone."
    sitting.do(GoOn())
    assert (sitting.phase, deeds[-1]) == (
        "finished",
        ("", "finished", {"seed": 1, "right": 1, "solved": 1}),
    )
    assert [(row["state"], row["right"]) for row in shown(sitting)["sections"]] == [("done", True), ("done", False)]


def test_a_challenge_may_be_left_and_the_next_section_begins_as_if_it_had_been_solved() -> None:
    sitting, _ = sitting_at(1)
    to_the_challenge(sitting, "5", "5")
    order(sitting, "crash_broker", broker=2)
    sitting.do(GoOn())
    assert (sitting.index, sitting.phase, dict(sitting.lab.down)) == (1, "asked", {})
    assert "fraud-1" in sitting.lab.consumers


def test_a_setup_is_played_before_the_next_question() -> None:
    sitting, _ = sitting_at(2)
    through(sitting, "5", "4")
    sitting.do(GoOn())
    assert sitting.phase == "setup"
    wait_for(sitting, "asked")
    assert sitting.index == 1
    assert "billing-1" not in sitting.lab.consumers


def test_a_step_that_is_refused_is_told_in_words_and_the_section_can_be_begun_again() -> None:
    sitting, _ = sitting_at(1)
    order(sitting, "add_consumer", topics=["orders"], group="mine", name="audit-1")
    sitting.do(Predict("5"))
    assert "audit-1 is taken" in sitting.error
    assert (sitting.phase, sitting.here.key) == ("asked", None)
    sitting.do(RestoreSection())
    assert sitting.error == ""
    assert through(sitting, "5", "5")["outcome"]["right"]


def test_what_a_learner_does_during_the_run_shows_as_what_happened_instead() -> None:
    sitting, _ = sitting_at(2)
    sitting.do(Predict("5"))
    sitting.do(PlayRun())
    for _ in range(3):
        order(sitting, "send_record", topic="orders", value="mine")
    wait_for(sitting, "saw")
    sitting.do(SaySeen("7"))
    outcome = shown(sitting)["section"]["outcome"]
    assert (outcome["answer"], outcome["right"], outcome["happened"]) == ("5", True, "8")


def test_an_engine_that_broke_is_told_and_restored() -> None:
    sitting, _ = sitting_at(1)
    sitting.do(Predict("5"))
    sitting.broke("The engine broke at step 7 of the world with seed 1.")
    with pytest.raises(SittingRefused, match="The engine broke at step 7"):
        sitting.do(PlayRun())
    sitting.do(RestoreSection())
    assert through(sitting, "5", "5")["outcome"]["right"]


def test_in_the_sandbox_anything_can_be_tried_and_the_lab_itself_waits() -> None:
    sitting, _ = sitting_at(1)
    before = sitting.lab.view()
    sitting.do(ExploreFirst())
    order(sitting, "crash_broker", broker=1)
    wait(sitting, 1)
    assert (sitting.shown.down, sitting.lab.down) == ({1: "crashed"}, {})
    with pytest.raises(SittingRefused, match="leave it first"):
        sitting.do(Predict("5"))
    sitting.do(LeaveSandbox())
    assert (sitting.sandbox, sitting.lab.view()) == (None, before)
    sitting.do(Predict("5"))


def test_practice_begins_again_under_another_seed() -> None:
    sitting, deeds = sitting_at(8)
    cluster = sitting.lab.cluster.spec.cluster_id
    through(sitting, "refused", "1")
    sitting.do(PractiseAgain())
    assert (sitting.seed, sitting.phase, sitting.lab.cluster.spec.cluster_id != cluster) == (2, "asked", True)
    assert deeds[-1] == ("", "opened", {"seed": 2})
    assert through(sitting, "acked", "1")["outcome"]["belief"] == "The leader has it, so it is stored."


def test_other_labs_take_the_place_of_the_one_before() -> None:
    sitting, _ = sitting_at(1)
    seen = []
    sitting.on_lab = seen.append
    sitting.lab.time.change(rate=10)
    sitting.do(ExploreFirst())
    sitting.do(LeaveSandbox())
    sitting.do(RestoreSection())
    assert seen[1:] == [seen[1], sitting.lab]
    assert [lab.time.rate for lab in seen] == [10, 10, 10]


def test_all_that_the_page_gets_is_json() -> None:
    sitting, _ = sitting_at(8)
    told = [json.dumps(shown(sitting))]
    through(sitting, "refused", "1")
    told.append(json.dumps(shown(sitting)))
    assert [json.loads(text)["phase"] for text in told] == ["asked", "explained"]


def something_seen(section: Section) -> str:
    if section.saw is None:
        return ""
    return f"{section.saw.among}:1" if section.saw.kind == "place" else next(iter(section.saw.choices), "5")


def test_a_place_on_the_stage_is_an_answer_and_is_said_in_words() -> None:
    sitting, deeds = sitting_at(9, begin_at=1)
    sitting.do(Predict("session"))
    sitting.do(PlayRun())
    wait_for(sitting, "saw")
    with pytest.raises(SittingRefused, match="Choose it on the stage first"):
        sitting.do(SaySeen("2"))
    leader = sitting.lab.image.partition("orders", 0).leader
    sitting.do(SaySeen(f"broker:{leader}"))
    saw = shown(sitting)["section"]["saw"]
    assert (saw["among"], saw["said"], saw["right"]) == ("broker", f"broker {leader}", True)
    assert deeds[-1][2]["answer"] == f"broker {leader}"


@pytest.mark.parametrize("file", sorted(LESSONS.glob("[0-9]*.md")), ids=lambda file: file.stem)
def test_a_lesson_is_sat_through_to_its_end(file: Path) -> None:
    """With the right answers, and what happens on the learner's own lab is what the hidden fork foresaw."""
    deeds = []
    sitting = sitting_of(read_lesson(file), 3, 0, lambda *deed: deeds.append(deed))
    for section in sitting.lesson.sections:
        wait_for(sitting, "asked")
        key = truth(sitting.lab, section).answer
        typed = ", ".join(map(str, key)) if isinstance(key, list) else str(key)
        seen = through(sitting, typed, something_seen(section))
        assert seen["outcome"] == {"answer": seen["outcome"]["answer"], "right": True, "belief": None, "happened": None}
        assert [claim for claim in seen["claims"] if not claim["holds"]] == []
        sitting.do(GoOn())
        if sitting.phase == "challenge":
            sitting.do(PlaySolution(sure=True))
            for _ in range(400):
                wait(sitting, 0.5)
                if sitting.here.solved or sitting.error:
                    break
            assert (sitting.here.solved, sitting.error) == (True, "")
            sitting.do(GoOn())
    assert (sitting.phase, deeds[-1][1]) == ("finished", "finished")
