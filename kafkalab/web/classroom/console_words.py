"""What the script of the console says, in the language of the page."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "asleep": _("asleep"),
    "awake": _("awake"),
    "broken": _("broken"),
}
