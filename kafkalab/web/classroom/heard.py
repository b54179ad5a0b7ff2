"""What was done last at each place of a room, from the orders that its lab heard: kept with the seats, soon after.

Many orders of a moment are written at once, so that a busy class does not keep the database busy.
"""

import asyncio
from datetime import datetime

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from kafkalab.lab import Tenant
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.models import LONGEST_LINE, Room, Seat
from kafkalab.web.classroom.places import ALL, DESK, parted

SOON_S = 1.0


class Heard:
    def __init__(self) -> None:
        self._unwritten: dict[str, tuple[str, datetime]] = {}
        """By the owner of the lab."""
        self._writing: asyncio.Task[None] | None = None

    def listen(self, tenant: Tenant) -> None:
        """From when it is awake until it falls asleep: the next time it is another lab."""
        if tenant.lab is not None and parted(tenant.owner) is not None:
            servers = f" --bootstrap-server {tenant.lab.bootstrap_servers}"
            # Which servers is the same for all, and fills a tile.
            tenant.lab.on_order.append(lambda line: self._hear(tenant.owner, line.replace(servers, "")))

    def _hear(self, owner: str, line: str) -> None:
        if not line:
            return
        self._unwritten[owner] = (line[:LONGEST_LINE], timezone.now())
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await asyncio.sleep(SOON_S)
        unwritten, self._unwritten = self._unwritten, {}
        for room in await sync_to_async(_write)(unwritten):
            await telling.stir(room)

    async def written(self) -> None:
        """Once nothing is left to write."""
        while self._writing is not None and not self._writing.done():
            await self._writing


def _write(heard: dict[str, tuple[str, datetime]]) -> list[Room]:
    """The rooms in which something was done."""
    places = {found: said for owner, said in heard.items() if (found := parted(owner)) is not None}
    rooms = {room.mark: room for room in Room.objects.filter(mark__in={mark for mark, _ in places})}
    with transaction.atomic():
        for (mark, place), (line, at) in places.items():
            seats = Seat.objects.filter(room__mark=mark)
            if place == DESK:
                continue
            if place != ALL:
                kind, _, number = place.partition("-")
                seats = seats.filter(team=number) if kind == "team" else seats.filter(mark=number)
            seats.update(did=line, did_at=at)
    return list(rooms.values())


heard = Heard()
