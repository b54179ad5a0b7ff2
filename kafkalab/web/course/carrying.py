"""Progress goes to another browser by a code: shown once, short-lived, good for one use, kept as a digest only."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from kafkalab.web.course import bookshelf
from kafkalab.web.course.models import CarryCode, Deed
from kafkalab.web.course.progress import MOST_DEEDS
from kafkalab.web.course.turnstile import Turnstile

SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No two of them are taken for each other when they are read aloud or written down."""
LENGTH = 8
LIVES = timedelta(minutes=10)
tries = Turnstile(each=20, in_all=120)
"""A class may share one address. 30**8 codes: who tries 120 times a minute needs thousands of years to find one."""


class CodeRefused(Exception):
    """Wrong, used or too old: which of them is nobody's business."""


def new_code(shelf: str) -> str:
    """An older one of the same learner is no good any more."""
    code = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    now = timezone.now()
    CarryCode.objects.filter(until__lte=now).delete()
    CarryCode.objects.filter(learner=shelf).delete()
    CarryCode.objects.create(digest=_digest(code), learner=shelf, until=now + LIVES)
    return f"{code[:4]}-{code[4:]}"


def take(code: str, to: str) -> None:
    """Everything that the code stands for comes onto this shelf too. Raises CodeRefused, or bookshelf.NotKept."""
    with transaction.atomic():
        found = CarryCode.objects.filter(digest=_digest(code), until__gt=timezone.now()).first()
        if found is None:
            raise CodeRefused
        found.delete()
        carry(found.learner, to)


def carry(of: str, to: str) -> None:
    """Deeds and workbook of one shelf onto another. What is there already is not there twice. Raises NotKept."""
    if of == to:
        return
    room = MOST_DEEDS - Deed.objects.filter(learner=to).count()
    known = set(Deed.objects.filter(learner=to).values_list("mark", flat=True))
    coming = [each for each in Deed.objects.filter(learner=of).order_by("-at", "-id") if each.mark not in known]
    for each in coming:
        each.pk, each.learner = None, to
    Deed.objects.bulk_create(coming[: max(0, room)])
    bookshelf.carry(of, to)


def _digest(code: str) -> str:
    plain = "".join(sign for sign in code.upper() if sign in SIGNS)
    return str(salted_hmac("kafkalab.web.course.carrying", plain, algorithm="sha256").hexdigest())
