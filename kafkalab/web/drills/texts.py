"""A drill's Markdown as what the page's script draws: a tree of tags and texts, and never markup."""

from typing import Any

from kafkalab.drills.duty import Duty
from kafkalab.drills.duty_shown import DEBRIEF, shown
from kafkalab.web.course.sitting_texts import drawn, line
from kafkalab.web.drills.stories import stories


def on_the_page(duty: Duty) -> dict[str, Any]:
    """As it is sent."""
    said = shown(duty)
    story = stories()[duty.drill.number]
    said["called"] = duty.drill.title if said["step"] == DEBRIEF else story.called
    said["brief"] = drawn(said["brief"])
    said["service_level"] = line(said["service_level"])
    for asked in (said["impact"], said["cause"]):
        if asked is not None:
            asked["ask"] = line(asked["ask"])
            asked["choices"] = {name: line(text) for name, text in asked["choices"].items()}
    said["hints"] = [line(hint) for hint in said["hints"]]
    said["servers"] = duty.lab.bootstrap_servers if duty.lab.listens else ""
    debrief = said["debrief"]
    if debrief is not None:
        for name in ("cause", "text"):
            debrief[name] = drawn(debrief[name])
        for name in ("right", "question"):
            debrief[name] = line(debrief[name])
    return said
