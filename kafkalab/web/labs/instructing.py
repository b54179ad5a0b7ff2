"""Whether an instructor asks: whoever has logged in with an account that is staff.

It is found out once for each request and each socket, and known from then on to whatever is done for that request or
socket. Unless it has been found out the answer is no: a way to a lab that nobody thought of here is closed.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import async_only_middleware

from kafkalab.web.labs.owners import owner_in, owner_of

_instructor_asks: ContextVar[bool] = ContextVar("an instructor asks", default=False)

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def instructor_asks() -> bool:
    return _instructor_asks.get()


@async_only_middleware
def knows_instructors(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    async def answer(request: HttpRequest) -> HttpResponseBase:
        session = owner_of(request).session
        known = bool(session) and await sync_to_async(_is_of_instructor)(session)
        before = _instructor_asks.set(known)
        try:
            return await get_response(request)
        finally:
            _instructor_asks.reset(before)

    return answer


def socket_knows_instructors(application: Application) -> Application:
    async def opened(scope: dict[str, Any], receive: Any, send: Any) -> None:
        session = owner_in(scope).session
        # No request ends here that would give a connection to the database back.
        known = bool(session) and await database_sync_to_async(_is_of_instructor)(session)
        _instructor_asks.set(known)
        await application(scope, receive, send)

    return opened


def _is_of_instructor(session: str) -> bool:
    """Asks the database, in a thread."""
    # Rooms are built upon labs: what they say is asked for when it is needed.
    from kafkalab.web.classroom.desks import instructor_in

    return instructor_in(session) is not None
