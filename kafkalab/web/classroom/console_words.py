"""What the scripts of the console and the projector say, in the language of the page."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "asleep": _("asleep"),
    "awake": _("awake"),
    "broken": _("broken"),
    "drill": _("at the drill"),
    "none": _("not opened yet"),
    "away": _("away"),
    "hand": _("hand up, {minutes} min"),
    "idle": _("{minutes} min without a step"),
    "steady": _("at work"),
    "finished": _("finished"),
    "predicted": _("predicts {said}"),
    "right": _("was right: {said}"),
    "wrong": _("was wrong: {said}"),
    "hints": _("hints: {count}"),
    "did": _("last command"),
    "watch": _("Watch"),
    "spotlight": _("Spotlight"),
    "spotlit": _("In the spotlight"),
    "more": _("More"),
    "begin_again": _("Begin again with a new cluster"),
    "remove": _("Take this seat away"),
    "nobody": _("Nobody has joined yet."),
    "capacity": _("{awake} of {most_awake} engines awake, {labs} labs · {cpu}% of a core, of {cores} · {memory} MiB"),
    "seats": _("seats: {count}, here: {here}, hands up: {hands}"),
    "line_waiting": _("The line broke: it comes back by itself."),
    "left": _("left"),
    "over": _("Time is over."),
    "refused": _("Refused:"),
    "no_answer": _("The server does not answer."),
}
PROJECTOR_WORDS = {
    "left": _("left"),
    "over": _("Time is over."),
    "joined": _("{count} have joined"),
}
