"""What the script of a room's bar says, in the language of the page."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "paused": _("Paused by your instructor: look and listen."),
    "left": _("left"),
    "over": _("Time is over."),
    "broken": _("No line to the room: it comes back by itself."),
}
