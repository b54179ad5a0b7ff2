"""The socket of a drill's page: that of its lab, and besides it what the drill asks and is told."""

from typing import Any

from kafkalab.drills import NotNow
from kafkalab.drills.duty_commands import DUTY_COMMANDS, parse_duty_command
from kafkalab.lab import CommandRefused, Lab
from kafkalab.web.drills.desks import Desk, desks
from kafkalab.web.drills.rooms import name_in_room
from kafkalab.web.labs.consumers import LabConsumer
from kafkalab.web.labs.owners import owner_in


class DrillConsumer(LabConsumer):
    desk: Desk | None = None
    who = ""
    """In a room, by the name of the seat."""

    async def connect(self) -> None:
        await super().connect()
        self.desk = desks.by_name.get(self.scope["url_route"]["kwargs"]["name"]) if self.watcher is not None else None
        if self.desk is not None:
            owner = owner_in(self.scope)
            self.who = self.desk.names[owner] = await name_in_room(self.desk.owner, owner)
            self.desk.enter(self)

    async def disconnect(self, code: int) -> None:
        if self.desk is not None:
            self.desk.leave(self)
        await super().disconnect(code)

    def carry_out(self, lab: Lab, number: int | str | None, said: Any) -> None:
        """Raises CommandRefused."""
        if self.desk is None or not isinstance(said, dict) or said.get("command") not in DUTY_COMMANDS:
            super().carry_out(lab, number, said)
            return
        try:
            answer = self.desk.do(parse_duty_command(said), self.who)
        except NotNow as refused:
            raise CommandRefused(str(refused)) from None
        self.tell({"type": "answer", "id": number, "ok": True, "shell": "", "detail": {"says": answer}})
