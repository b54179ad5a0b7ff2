"""Who is an instructor, and at which browser. Everything here asks the database, so it is called in a thread."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.utils.crypto import constant_time_compare

from kafkalab.web.classroom.models import Desk


def is_instructor(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(user.is_authenticated and user.is_active and getattr(user, "is_staff", False))


def there_are_instructors() -> bool:
    """With a password that can be used."""
    return any(user.has_usable_password() for user in User.objects.filter(is_staff=True, is_active=True))


def sit_at_desk(key: str, session_key: str) -> None:
    if not Desk.objects.filter(key=key, session_key=session_key).exists():
        Desk.objects.update_or_create(key=key, defaults={"session_key": session_key})


def leave_desk(key: str) -> None:
    Desk.objects.filter(key=key).delete()


def instructor_at(key: str) -> User | None:
    """Who is logged in at that browser, by the session that the login left there."""
    desk = Desk.objects.filter(key=key).first() if key else None
    if desk is None:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(desk.session_key)
    user = User.objects.filter(pk=session.get(SESSION_KEY), is_active=True, is_staff=True).first()
    # As Django itself finds out whether the password is still the one that was given.
    given = session.get(HASH_SESSION_KEY)
    if user is None or not given or not constant_time_compare(given, user.get_session_auth_hash()):
        return None
    return user
