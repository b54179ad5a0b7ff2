"""One learner's incident, from the steady state to its post-mortem."""

from pathlib import Path

import pytest

from kafkalab.drills import Incident, NotNow, Phase, opened, post_mortem, read_drill, score, summary_row, timeline_rows
from kafkalab.lab import Outcome, parse_command
from tests.drills.drill import RIGHT, written

SLICE_US = 100_000


def begun(tmp_path: Path) -> Incident:
    drill = read_drill(written(tmp_path))
    return Incident(drill, opened(drill, 1), 1)


def passed(incident: Incident, seconds: float) -> None:
    end_us = incident.lab.world.now_us + int(seconds * 1_000_000)
    while incident.lab.world.now_us < end_us:
        incident.lab.advance(SLICE_US)
        incident.progress()


def paged(tmp_path: Path) -> Incident:
    incident = begun(tmp_path)
    incident.pin_metrics(["paused", "topics"])
    incident.inject()
    passed(incident, 5)
    assert incident.paged_us is not None
    return incident


def do(incident: Incident, **said: object) -> Outcome:
    heard: list[Outcome] = []
    incident.lab.do(parse_command(said), heard.append)
    while not heard:
        passed(incident, 0.1)
    return heard[0]


def test_it_cannot_begin_before_two_metrics_say_what_healthy_is(tmp_path: Path) -> None:
    incident = begun(tmp_path)
    with pytest.raises(NotNow, match="First two metrics must be pinned"):
        incident.inject()
    with pytest.raises(NotNow, match="Two metrics are needed"):
        incident.pin_metrics(["paused", "paused", "weather"])
    assert incident.phase is Phase.STEADY


def test_it_goes_through_its_phases(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    phases = [incident.phase]
    assert not incident.state_impact("all")
    assert incident.state_impact("none")
    phases.append(incident.phase)
    assert not incident.diagnose("gone")
    assert incident.diagnose("paused")
    phases.append(incident.phase)
    do(incident, command="resume_producer", name="shop")
    passed(incident, 1)
    phases.append(incident.phase)
    passed(incident, 4)
    phases.append(incident.phase)
    incident.end("All is well.")
    phases.append(incident.phase)
    assert phases == [Phase(name) for name in ["injected", "detected", "diagnosed", "mitigated", "verified", "over"]]
    assert incident.won


def test_who_mends_first_and_asks_afterwards_does_as_one_should(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    do(incident, command="resume_producer", name="shop")
    passed(incident, 5)
    assert (incident.phase, incident.won, incident.diagnosed_us) == (Phase.VERIFIED, True, None)
    assert incident.diagnose("paused")


def test_a_goal_that_does_not_hold_on_is_not_reached(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    do(incident, command="resume_producer", name="shop")
    passed(incident, 2)
    do(incident, command="pause_producer", name="shop")
    passed(incident, 5)
    assert (incident.phase, incident.won) == (Phase.INJECTED, False)


def test_what_must_never_happen_spoils_it_even_if_the_goal_holds(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    do(incident, command="create_producer", topic="orders", name="shop2")
    do(incident, command="resume_producer", name="shop")
    passed(incident, 5)
    assert (incident.phase, incident.won, list(incident.broken)) == (Phase.VERIFIED, False, ["Two producers write."])


def test_the_injection_is_hidden_until_it_is_over(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    hidden = [row["text"] for row in timeline_rows(incident) if row["kind"] in ("order", "hidden")]
    assert hidden == []
    assert [name for name in incident.lab.view() if name.startswith("fault:")] == []
    assert do(incident, command="undo_fault", fault=1).error == "Not possible: fault 1 is no fault that is on."
    incident.end("Enough.")
    [told] = [row["text"] for row in timeline_rows(incident) if row["kind"] == "hidden"]
    assert told.startswith("The fault was injected; drawn were after_s ")


def test_red_herrings_and_a_delay_come_before_it_and_are_told_afterwards(tmp_path: Path) -> None:
    herring = "herrings:\n  - {name: topic, says: Somebody makes a topic., steps: [{create_topic: {name: other}}]}\n"
    drill = read_drill(written(tmp_path, RIGHT.replace("page:\n", herring + "page:\n", 1)))
    incident = Incident(drill, opened(drill, 1), 1)
    incident.pin_metrics(["paused", "topics"])
    with pytest.raises(NotNow, match="no red herring rain"):
        incident.inject(herrings=("rain",))
    incident.inject(delay_s=4, herrings=("topic",))
    passed(incident, 4)
    assert (incident.paged_us, "topic:other" in incident.lab.view()) == (None, True)
    passed(incident, 3)
    assert incident.paged_us is not None
    # Nor does the answer to an order tell of the order.
    assert "AdminAnswered" not in [entry.name for entry in incident.timeline.entries]
    incident.end("Enough.")
    assert [row["text"] for row in timeline_rows(incident) if row["name"] == "red herring"] == [
        "Somebody makes a topic."
    ]


def test_the_timeline_writes_itself(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    do(incident, command="crash_broker", broker=1)
    do(incident, command="start_broker", broker=1)
    kinds = {(row["kind"], row["name"]) for row in timeline_rows(incident)}
    assert {("page", "page"), ("metric", "paused"), ("fact", "NodeCrashed"), ("fact", "NodeStarted")} <= kinds
    assert len([row for row in timeline_rows(incident) if row["kind"] == "order"]) == 2


def test_evidence_is_what_shows_the_cause(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    assert not incident.pin_entity("broker:1")
    assert incident.pin_entity("producer:shop")
    assert not incident.pin_output("kafka-topics --list", "nothing")
    assert incident.pin_output("kafka-topics --list", "orders\n")
    assert [each.says for each in incident.evidence] == ["The shop says so.", "The topic is there."]
    with pytest.raises(NotNow):
        incident.pin_entity("producer:nobody")
    with pytest.raises(NotNow):
        incident.pin_fact(1)


def test_a_hint_is_offered_after_a_minute_and_a_half_without_news(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    with pytest.raises(NotNow):
        incident.take_hint()
    passed(incident, 91)
    assert incident.hint_offered
    assert incident.take_hint() == "where"
    assert not incident.hint_offered


def test_somebody_who_is_called_answers_at_once_and_acts_in_their_time(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    assert incident.call("shop") == "Yes."
    with pytest.raises(NotNow, match="They are at it"):
        incident.call("shop")
    with pytest.raises(NotNow, match="Nobody is there"):
        incident.call("police")


def test_it_can_be_rolled_back_to_just_before_the_injection(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    again = incident.roll_back()
    assert (incident.phase, again.phase) == (Phase.OVER, Phase.STEADY)
    assert again.lab.view()["producer:shop"]["state"] == "running"
    again.inject()
    passed(again, 5)
    assert (again.paged_us, again.timeline.of("page")[0].text) == (incident.paged_us, "shop: no orders.")


def test_the_score_is_four_bars_that_say_why(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    incident.state_impact("all")
    incident.state_impact("none")
    incident.diagnose("gone")
    incident.diagnose("paused")
    incident.pin_entity("producer:shop")
    do(incident, command="resume_producer", name="shop")
    passed(incident, 5)
    assert [(bar.name, bar.filled) for bar in score(incident)] == [
        ("detection", 0.75),
        ("diagnosis", 0.5),
        ("outcome", 1.0),
        ("communication", 0.75),
    ]
    assert score(incident)[1].says == (
        "The cause was found after 1 other guess.",
        "It is shown by: The shop says so.",
        "1 of 2 pieces of evidence is missing.",
    )
    incident.update("It is over.")
    assert score(incident)[3].filled == 1.0


def test_the_post_mortem_takes_what_people_wrote_as_text(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    incident.note("<script>alert(1)</script> | **bold**\n# head", "eve <b>")
    incident.end("Enough.")
    told = post_mortem(incident)
    assert told.startswith("# Post-mortem: A stopped producer\n\nDrill 1, level 1, seed 1. It was not mended.\n")
    [line] = [line for line in told.split("\n") if "alert" in line]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\| \\*\\*bold\\*\\* \\# head (eve &lt;b&gt;)" in line
    assert "It was paused." in told


def test_a_class_gets_one_row_for_each_incident(tmp_path: Path) -> None:
    incident = paged(tmp_path)
    do(incident, command="resume_producer", name="shop")
    passed(incident, 5)
    row = summary_row(incident)
    assert (row["drill"], row["won"], row["lost"], row["duplicated"], row["guesses"]) == (1, True, 0, 0, 0)
    assert row["verified_after_s"] >= 3
