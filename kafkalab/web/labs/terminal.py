"""The socket of a terminal: lines come in, what the tools print goes out, a little later and many lines at once.

Who closes the page closes the terminal: what still runs in it is stopped.
"""

import asyncio
import json
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404

from kafkalab.lab import CommandRefused, Job, Lab, Outcome, RunLine, StopLine, TypeLine, parse_command, spans
from kafkalab.web.labs.consumers import (
    LARGEST_MESSAGE,
    NO_SUCH_LAB,
    TOO_BIG,
    TRY_AGAIN_LATER,
    Allowance,
    has_room_for,
    open_sockets,
)
from kafkalab.web.labs.open_labs import Visit, open_labs
from kafkalab.web.labs.owners import acting, owner_in

FLUSH_S = 0.05
COMMANDS = ("run_line", "type_line", "stop_line")


class TerminalConsumer(AsyncWebsocketConsumer):
    lab: Lab | None = None
    visit: Visit | None = None

    async def connect(self) -> None:
        owner = owner_in(self.scope)
        acting.set(owner)
        try:
            self.visit = await open_labs.visited(self.scope["url_route"]["kwargs"]["name"], owner)
        except Http404:
            self.visit = None
        self.lab = self.visit.lab if self.visit is not None else None
        self.allowance = Allowance()
        self.sending: set[asyncio.Future[None]] = set()
        self.jobs: dict[int, Job] = {}
        """Those of this terminal that still have something to tell."""
        self.told: dict[int, int] = {}
        """Of each, how many lines went out."""
        self.due: asyncio.TimerHandle | None = None
        await self.accept()
        if self.lab is None:
            await self.close(NO_SUCH_LAB)
        elif not has_room_for(owner):
            await self.close(TRY_AGAIN_LATER)
        else:
            open_sockets[id(self)] = self

    async def disconnect(self, code: int) -> None:
        open_sockets.pop(id(self), None)
        if self.due is not None:
            self.due.cancel()
        for job in list(self.jobs.values()):
            job.on_output.clear()
            if self.lab is not None and job.exit is None and job.running is not None:
                self.lab.do(StopLine(job.number), lambda outcome: None)
        raise StopConsumer

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.lab is None or text_data is None:
            return
        if len(text_data) > LARGEST_MESSAGE:
            await self.close(TOO_BIG)
            return
        try:
            said = json.loads(text_data)
        except (ValueError, RecursionError):
            self._tell({"type": "refusal", "id": None, "error": "This is not JSON."})
            return
        number = said.get("id") if isinstance(said, dict) else None
        if not self.allowance.spend():
            self._refuse(number, "Too many lines at once: wait a moment.")
        elif isinstance(said, dict) and isinstance(said.get("complete"), str):
            found = self.lab.terminal.complete(said["complete"][:2_000])
            self._tell({"type": "completion", "id": number, "text": found.text, "choices": found.choices})
        elif self.visit is not None and (refusal := open_labs.refusal(self.visit)):
            self._refuse(number, refusal)
        else:
            self._command(self.lab, number, said)

    def _command(self, lab: Lab, number: Any, said: Any) -> None:
        try:
            command = parse_command(said)
        except CommandRefused as refused:
            self._refuse(number, refused.error)
            return
        if not isinstance(command, RunLine | TypeLine | StopLine):
            self._refuse(number, "A terminal takes lines, and no other command.")
            return
        if not isinstance(command, RunLine) and command.job not in self.jobs:
            self._refuse(number, "It does not run in this terminal.")
            return

        def done(outcome: Outcome) -> None:
            if not outcome.ok:
                self._refuse(number, outcome.error)

        before = lab.terminal.newest
        lab.do(command, done)
        job = lab.terminal.newest
        if isinstance(command, RunLine) and job is not None and job is not before:
            self.jobs[job.number] = job
            self.told[job.number] = 0
            job.on_output.append(self._stir)
            self._tell({"type": "begun", "id": number, "job": job.number, "line": job.line, "tool": job.tool})
            self._flush()

    # -- what goes out ------------------------------------------------------------------------

    def _stir(self) -> None:
        if self.due is None:
            self.due = asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        if self.due is not None:
            self.due.cancel()
        self.due = None
        for number, job in list(self.jobs.items()):
            new = job.output(self.told[number])
            if not new.lines and new.exit is None and self.told[number]:
                continue
            self.told[number] = job.printed
            said = {"type": "output", "job": number, "lines": [spans(line) for line in new.lines]}
            ends = {"left_out": new.left_out, "state": new.state, "exit": new.exit, "stays": new.stays}
            self._tell(said | ends)
            if new.exit is not None:
                job.on_output.clear()
                del self.jobs[number], self.told[number]

    def _refuse(self, number: Any, error: str) -> None:
        self._tell({"type": "refusal", "id": number, "error": error})

    def _tell(self, said: dict[str, Any]) -> None:
        sending = asyncio.ensure_future(self.send(text_data=json.dumps(said, ensure_ascii=False)))
        self.sending.add(sending)
        sending.add_done_callback(self.sending.discard)
