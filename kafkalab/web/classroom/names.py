"""What a learner may be called in a room. Whatever is typed there is shown to a class on a projector."""

import unicodedata

from django.utils.translation import gettext as _

from kafkalab.web.classroom.models import LONGEST_NAME

MOST_MARKS = 2
"""Accents upon one letter: with dozens of them a name covers its neighbours."""


class NameRefused(Exception):
    """The message is one sentence for who typed it."""


def tidy(typed: str) -> str:
    """Raises NameRefused."""
    name = " ".join(unicodedata.normalize("NFC", typed).split(" ")).strip()
    if len(name) > LONGEST_NAME:
        raise NameRefused(_("A name has %(most)s characters at most.") % {"most": LONGEST_NAME})
    # Controls, signs that turn the direction of writing, signs that cannot be seen, halves of signs.
    if any(unicodedata.category(sign)[0] == "C" or unicodedata.category(sign) in ("Zl", "Zp") for sign in name):
        raise NameRefused(_("A name is one line of letters and signs that can be seen."))
    if not any(sign.isalnum() for sign in name):
        raise NameRefused(_("A name has a letter or a digit at least."))
    if _most_marks(name) > MOST_MARKS:
        raise NameRefused(_("A name has no towers of accents."))
    return name


def folded(name: str) -> str:
    """The same for two names that would be taken for each other."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _most_marks(name: str) -> int:
    most = running = 0
    for sign in name:
        running = running + 1 if unicodedata.category(sign)[0] == "M" else 0
        most = max(most, running)
    return most
