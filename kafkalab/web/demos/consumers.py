"""The socket of a demo's page: that of its lab, and besides it the cue cards. A projector's is told less."""

from typing import Any

from kafkalab.lab import CommandRefused, Lab
from kafkalab.lessons.demo_commands import DEMO_COMMANDS, parse_demo_command
from kafkalab.lessons.demo_showing import DemoRefused
from kafkalab.web.demos.stands import Stand, stands
from kafkalab.web.labs.consumers import LabConsumer


class DemoConsumer(LabConsumer):
    stand: Stand | None = None

    async def connect(self) -> None:
        await super().connect()
        found = stands.by_name.get(self.scope["url_route"]["kwargs"]["name"]) if self.watcher is not None else None
        if found is not None:
            self.stand = found
            found.enter(self, projects=self.scope["query_string"] == b"projector")

    async def disconnect(self, code: int) -> None:
        if self.stand is not None:
            self.stand.leave(self)
        await super().disconnect(code)

    def carry_out(self, lab: Lab, number: int | str | None, said: Any) -> None:
        """Raises CommandRefused."""
        if self.stand is None or not isinstance(said, dict) or said.get("command") not in DEMO_COMMANDS:
            super().carry_out(lab, number, said)
            return
        try:
            self.stand.do(parse_demo_command(said))
        except DemoRefused as refused:
            raise CommandRefused(str(refused)) from None
        self.tell({"type": "answer", "id": number, "ok": True, "shell": "", "detail": {}})
