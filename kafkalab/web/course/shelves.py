"""Under which key a learner's things stand: the browser's own, or that of the account it is attached to."""

from kafkalab.web.course.models import Attached


def shelf_of(learner: str) -> str:
    """`learner` is the key of a browser. No browser's key looks like an account's: those are 32 hex digits."""
    attached = Attached.objects.filter(learner=learner).values_list("user_id", flat=True).first()
    return learner if attached is None else shelf_of_account(attached)


def shelf_of_account(user_id: int) -> str:
    return f"account-{user_id}"
