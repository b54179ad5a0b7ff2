"""Who is an instructor, by the session of a browser. What asks the database here is called in a thread."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.utils.crypto import constant_time_compare

from kafkalab.web.labs.owners import Owner


def is_instructor(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(user.is_authenticated and user.is_active and getattr(user, "is_staff", False))


def there_are_instructors() -> bool:
    """With a password that can be used."""
    return any(user.has_usable_password() for user in User.objects.filter(is_staff=True, is_active=True))


def session_of(owner: str) -> str:
    return owner.session if isinstance(owner, Owner) else ""


def instructor_in(session_key: str) -> User | None:
    """Who is logged in by that session. Who logs out, or gets a new password, is not any more."""
    if not session_key:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = User.objects.filter(pk=session.get(SESSION_KEY), is_active=True, is_staff=True).first()
    # As Django itself finds out whether the password is still the one that was given.
    given = session.get(HASH_SESSION_KEY)
    if user is None or not given or not constant_time_compare(given, user.get_session_auth_hash()):
        return None
    return user
