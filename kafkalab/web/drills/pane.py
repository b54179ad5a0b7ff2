"""What the stage's template needs for the drill's pane beside it."""

from typing import Any

from django.http import HttpRequest

from kafkalab.web.drills.desks import Desk
from kafkalab.web.drills.words import WORDS
from kafkalab.web.labs.open_labs import Role
from kafkalab.web.labs.views import on_the_stage


def pane(request: HttpRequest, desk: Desk, role: Role = Role.ACTS) -> dict[str, Any]:
    words = {key: str(word) for key, word in WORDS.items()}
    return on_the_stage(request, desk.name, desk.duty.lab, role) | {
        "socket": desk.socket,
        "drill": desk.duty.drill,
        "drill_words": words,
    }
