"""What the script of a room's bar says, in the language of the page."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "left": _("left"),
    "over": _("Time is over."),
}
