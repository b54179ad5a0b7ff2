"""Who a browser is: a number of its own in a signed cookie. No account, no name, nothing about the person.

Whoever has the cookie has the labs. It cannot be made up, as the server has signed it. Beside it goes the session of
who is logged in there, which is another matter: an instructor is one as long as that lasts, whatever the browser owns.
"""

import secrets
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, get_cookie_signer
from django.http import HttpRequest, HttpResponse, parse_cookie

COOKIE = "kafkalab-owner"
SALT = "owner of labs"
A_YEAR_S = 365 * 24 * 3600
LONGEST_SESSION = 64
acting: ContextVar[str] = ContextVar("acting", default="")
"""Whose browser it is that a socket acts for: whoever hears of an order may ask who gave it."""


class Owner(str):
    """The key of a browser, "" for one that owns nothing yet."""

    session = ""
    """The key of the session there, whosever it is."""


def owner_of(request: HttpRequest) -> Owner:
    return _owner(request.COOKIES)


def owner_in(scope: dict[str, Any]) -> Owner:
    """The same of a websocket, by what it was opened with."""
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            return _owner(parse_cookie(value.decode("latin-1")))
    return Owner()


def _owner(cookies: dict[str, str]) -> Owner:
    owner = Owner(_unsigned(cookies.get(COOKIE, "")))
    owner.session = cookies.get(settings.SESSION_COOKIE_NAME, "")[:LONGEST_SESSION]
    return owner


def new_owner() -> str:
    return secrets.token_hex(16)


def remember(response: HttpResponse, owner: str, *, secure: bool) -> None:
    """In that browser alone, out of reach of scripts and of other sites."""
    signed = get_cookie_signer(salt=SALT).sign(owner)
    response.set_cookie(COOKIE, signed, max_age=A_YEAR_S, httponly=True, samesite="Lax", secure=secure)


def _unsigned(value: str) -> str:
    try:
        return str(get_cookie_signer(salt=SALT).unsign(value))
    except BadSignature:
        return ""
