"""Whether an instructor asks: whoever has logged in with an account that is staff.

It is found out once for each request and each socket, and known from then on to whatever is done for that request or
socket. Unless it has been found out the answer is no: a way to a lab that nobody thought of here is closed.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponseBase, parse_cookie
from django.utils.decorators import async_only_middleware

_instructor_asks: ContextVar[bool] = ContextVar("an instructor asks", default=False)

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def instructor_asks() -> bool:
    return _instructor_asks.get()


@async_only_middleware
def knows_instructors(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    async def answer(request: HttpRequest) -> HttpResponseBase:
        known = session_in(request.COOKIES) and await sync_to_async(is_of_instructor)(session_in(request.COOKIES))
        before = _instructor_asks.set(bool(known))
        try:
            return await get_response(request)
        finally:
            _instructor_asks.reset(before)

    return answer


def socket_knows_instructors(application: Application) -> Application:
    async def opened(scope: dict[str, Any], receive: Any, send: Any) -> None:
        session = session_in(cookies_in(scope))
        # No request ends here that would give a connection to the database back.
        known = session and await database_sync_to_async(is_of_instructor)(session)
        _instructor_asks.set(bool(known))
        await application(scope, receive, send)

    return opened


def is_of_instructor(session: str) -> bool:
    """Asks the database, in a thread."""
    asking = HttpRequest()
    asking.session = import_module(settings.SESSION_ENGINE).SessionStore(session)
    user = get_user(asking)
    return bool(user.is_active and getattr(user, "is_staff", False))


def session_in(cookies: Mapping[str, str]) -> str:
    return cookies.get(settings.SESSION_COOKIE_NAME, "")


def cookies_in(scope: Mapping[str, Any]) -> dict[str, str]:
    """Of a websocket, by what it was opened with."""
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            return dict(parse_cookie(value.decode("latin-1")))
    return {}
