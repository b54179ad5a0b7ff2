"""The socket of a lesson's page: that of its lab, and besides it what the lesson asks and is told."""

from typing import Any

from kafkalab.lab import CommandRefused, Lab
from kafkalab.lessons.phases import SittingRefused
from kafkalab.lessons.sitting_commands import SITTING_COMMANDS, parse_sitting_command
from kafkalab.web.course.sitting_seats import Seat, seats
from kafkalab.web.labs.consumers import LabConsumer


class SittingConsumer(LabConsumer):
    seat: Seat | None = None

    async def connect(self) -> None:
        await super().connect()
        self.seat = seats.by_name.get(self.scope["url_route"]["kwargs"]["name"]) if self.watcher is not None else None
        if self.seat is not None:
            self.seat.enter(self)

    async def disconnect(self, code: int) -> None:
        if self.seat is not None:
            self.seat.leave(self)
        await super().disconnect(code)

    def carry_out(self, lab: Lab, number: int | str | None, said: Any) -> None:
        """Raises CommandRefused."""
        if self.seat is None or not isinstance(said, dict) or said.get("command") not in SITTING_COMMANDS:
            super().carry_out(lab, number, said)
            return
        try:
            self.seat.do(parse_sitting_command(said))
        except SittingRefused as refused:
            raise CommandRefused(str(refused)) from None
        self.tell({"type": "answer", "id": number, "ok": True, "shell": "", "detail": {}})
