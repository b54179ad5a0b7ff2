"""The terminal of a lab: it takes lines, finds the tool, and lets it ask the cluster until it is done.

All that a tool asks goes through one client on the lab's network, which is seen on the stage like any other.
A tool goes on at the moment its answer is there, whatever the clock on the wall does: so a tape with the same
lines in it makes the same history.
"""

import shlex
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients.admin import Admin, Order
from kafkalab.engine.events import AdminAnswered, Event
from kafkalab.lab import terminal_commands as order
from kafkalab.lab.branch_commands import BranchCommand
from kafkalab.lab.not_possible import NotPossible
from kafkalab.lab.tempo_commands import TempoCommand
from kafkalab.lab.terminal import marks
from kafkalab.lab.terminal.completing import Completion, completed
from kafkalab.lab.terminal.consuming import Consuming
from kafkalab.lab.terminal.jobs import Job, Running, Stepping, io_of
from kafkalab.lab.terminal.line import Line, NotUnderstood, taken_apart
from kafkalab.lab.terminal.options import Failed, read
from kafkalab.lab.terminal.own import own_line
from kafkalab.lab.terminal.producing import Producing
from kafkalab.lab.terminal.shelf import AS_COMMANDS, OWN, does_itself, kind_of, named, produces, unknown
from kafkalab.lab.terminal.tool import Ask, Io
from kafkalab.lab.terminal.unix import unix_line
from kafkalab.lab.terminal_commands import TERMINAL

if TYPE_CHECKING:
    from kafkalab.lab.commands import Command
    from kafkalab.lab.lab import Lab

MOST_RUNNING = 20
ENDED_KEPT = 50
FIRST_WITHOUT_A_TRACE = 1_000_000
NOT_FOUND = 127
"""The exit code of a shell that does not know a command."""

OnDone = Callable[[dict[str, Any]], None]
Act = Callable[["Command", Callable[[Any], None]], None]


class Terminal:
    def __init__(self, lab: "Lab", act: "Act") -> None:
        """`act` carries out a command that belongs to the lab alone."""
        self.lab = lab
        self._act = act
        self.jobs: dict[int, Job] = {}
        self.newest: Job | None = None
        """The job of the last line."""
        self._numbers = 0
        self._numbers_without_a_trace = FIRST_WITHOUT_A_TRACE
        self._tokens = 0
        self._asked: dict[int, Job] = {}
        self._admin: Admin | None = None
        self._waiting: dict[int, OnDone] = {}
        """Whom to tell how a line ended, by job."""
        self._listening = False
        self._last_tool = ""
        self._by_node: dict[str, Job] = {}
        """The jobs whose tool is a node of the world."""

    def go_on_from(self, other: "Terminal") -> None:
        """In a fork. The producers and consumers of running lines live here too: who stops a line stops them."""
        self._numbers, self._tokens = other._numbers, other._tokens
        for number, job in other.jobs.items():
            if job.exit is None and isinstance(job.running, Consuming | Producing):
                twin = self.jobs[number] = Job(number, job.line, self._ended)
                twin.tool = job.tool
                twin.running = job.running.gone_on(self.lab, twin)
                self._by_node[job.running.node] = twin
                self._listen()

    @property
    def asking(self) -> bool:
        """Whether a tool waits for an answer. Nobody can take it over as it is."""
        return any(job.exit is None for job in self._asked.values())

    def leaves_a_trace(self, command: object) -> bool:
        """Whether it does anything to the cluster, so that whoever plays this again must do it too."""
        if not isinstance(command, order.RunLine) or command.line.split()[:1] != [OWN]:
            return True
        meant = self.meant(command.line)
        return meant is not None and not isinstance(meant, TempoCommand | BranchCommand)

    def meant(self, line: str) -> "Command | None":
        """What a line orders that none of Kafka's tools carries out; None where it is no such order."""
        try:
            found = unix_line(line.strip(), self.lab)
            if found is None and (words := taken_apart(line).words)[:1] == (OWN,):
                said = own_line(list(words[1:]), self.lab)
                found = None if isinstance(said, str) else said
        except NotUnderstood:
            return None
        return found

    # -- orders --------------------------------------------------------------------------------

    def do(self, command: order.TerminalCommand, on_done: OnDone) -> None:
        """Raises NotPossible."""
        match command:
            case order.RunLine(line):
                self._run(line, on_done)
            case order.TypeLine(number, line):
                running = self._job(number).running
                if running is None or not running.takes_lines:
                    raise NotPossible(job=f"{number} takes no lines")
                running.typed(line)
                on_done({"job": number})
            case order.StopLine(number, how):
                running = self._job(number).running
                if running is None:
                    raise NotPossible(job=f"{number} is a command of the lab, and cannot be stopped")
                if how == "interrupt":
                    running.stop()
                else:
                    running.end_of_input()
                on_done({"job": number})

    def complete(self, text: str) -> Completion:
        """How the text before the cursor can go on."""
        return completed(text, self.lab)

    def entities(self) -> dict[str, dict[str, Any]]:
        """The client of the tools, from the first line on: envelopes come from it."""
        if self._admin is None:
            return {}
        return {
            "terminal:tools": {
                "kind": "client",
                "name": TERMINAL,
                "client_id": TERMINAL,
                "software_name": self._last_tool,
                "software_version": "",
                "address": "on this page",
                "brokers": [],
                "connections": [],
                "requests": self._tokens,
                "role": "admin",
                "principal": self._admin.principal,
                "groups": [],
                "topics": [],
            }
        }

    # -- a line -----------------------------------------------------------------------------------

    def _run(self, text: str, on_done: OnDone) -> None:
        if sum(job.exit is None for job in self.jobs.values()) >= MOST_RUNNING:
            raise NotPossible(line=f"would be one more than {MOST_RUNNING} that run at once: stop one of them")
        self._listen()
        job = self.newest = Job(self._number(text), text.strip(), self._ended)
        job.unseen = self.lab.faults.unseen_now
        self.jobs[job.number] = job
        self._waiting[job.number] = on_done
        try:
            command = unix_line(job.line, self.lab)
            if command is not None:
                self._command(job, command)
            else:
                self._parsed(job, taken_apart(text))
        except NotUnderstood as wrong:
            job.say(str(wrong))
            job.end(NOT_FOUND)
        if job.exit is None and job.running is not None and job.running.stays:
            # Who gave the order need not wait.
            self._tell(job)

    def _number(self, text: str) -> int:
        """Lines that are given again must get the same number again."""
        if self.leaves_a_trace(order.RunLine(text)):
            self._numbers += 1
            return self._numbers
        self._numbers_without_a_trace += 1
        return self._numbers_without_a_trace

    def _parsed(self, job: Job, line: Line) -> None:
        """Raises NotUnderstood."""
        if not line.words:
            if line.comment:
                job.say(f"A comment: nothing is run. {line.comment[:1].upper()}{line.comment[1:]}.")
            job.end()
        elif line.words[0] == OWN:
            command = own_line(list(line.words[1:]), self.lab)
            if not isinstance(command, str):
                self._command(job, command)
                return
            for said in command.split("\n"):
                job.say(said)
            job.end()
        else:
            self._begin(job, line)

    def _command(self, job: Job, command: "Command") -> None:
        """What a tool of Kafka's cannot do, the lab does."""

        def done(outcome: Any) -> None:
            if outcome.error:
                job.say(outcome.error)
            elif "name" in outcome.detail:
                name = outcome.detail["name"]
                job.say(f"It runs as {marks.marked(name, f'{kind_of(command)}:{name}')} on the stage.")
            job.end(0 if outcome.ok else 1)

        self._act(command, done)

    def _begin(self, job: Job, line: Line) -> None:
        tool = named(line.words[0])
        if tool is None:
            raise NotUnderstood(unknown(line.words[0]))
        job.tool = self._last_tool = tool.name
        io = self._io(job, line)
        try:
            given = read(list(line.words[1:]), tool.all_options)
            if given.has("help"):
                for said in tool.help():
                    job.say(said)
                job.end()
                return
            if given.has("version") and not tool.own:
                job.say("4.3.1")
                job.end()
                return
            self._check_server(given.one("bootstrap-server"))
            running: Running
            if tool.name in AS_COMMANDS:
                self._command(job, AS_COMMANDS[tool.name](given))
                return
            if tool.run is not None and not does_itself(tool, given):
                running = Stepping(job, tool.run(given, io), self._ask)
            elif produces(tool, given):
                running = Producing(self.lab, job, tool.name, given, line.typed)
            else:
                running = Consuming(self.lab, job, tool.name, given)
            job.running = running
            if running.node:
                self._by_node[running.node] = job
            running.begin()
        except Failed as failed:
            said = str(failed)
            job.fail(Failed(tool.wrong_value + said) if said.startswith("Cannot parse") else failed)

    def _io(self, job: Job, line: Line) -> Io:
        return io_of(
            job,
            files=line.files,
            clock_ms=self.lab.world.now_us // 1000,
            here=self.lab.bootstrap_servers,
            arguments=shlex.join(line.words[1:]),
            read_disk=self._read_disk,
            salt=self._salt,
        )

    def _salt(self) -> bytes:
        """No other of any lab has it, and what is played again comes out the same."""
        return sha256(f"terminal's salt {self._tokens} of {self.lab.world.seed}".encode()).digest()[:16]

    def _check_server(self, said: str | None) -> None:
        """A tool that is sent elsewhere finds nobody there. Raises Failed."""
        if said is None:
            return
        known = {f"{host}:{spec.port}" for spec in self.lab.cluster.spec.brokers for host in (spec.host, "localhost")}
        known.add(self.lab.bootstrap_servers)
        if not any(server.strip() in known for server in said.split(",")):
            raise Failed(
                f"Connection to node -1 ({said}) could not be established. Node may not be available.",
                hint=f"This terminal reaches the brokers of this lab alone: {self.lab.bootstrap_servers}.",
            )

    def _read_disk(self, path: str) -> tuple[str, bytes]:
        """A file of a broker, by its path on the machine or by broker-1/orders-0/00000000000000000000.log."""
        for spec in self.lab.cluster.spec.brokers:
            disk = self.lab.cluster.disks[spec.node]
            for start in (f"{disk.location}/", f"{spec.node}/"):
                if path.startswith(start):
                    return path, disk.read_whole(path.removeprefix(start))
        raise FileNotFoundError(path)

    # -- asking the cluster ---------------------------------------------------------------------

    def _ask(self, job: Job, ask: Ask) -> None:
        world = self.lab.world
        if self._admin is None:
            known = world.nodes.get(TERMINAL)
            self._admin = known if isinstance(known, Admin) else Admin(TERMINAL, self.lab.bootstrap_nodes)
            if known is None:
                world.start(self._admin)
        self._tokens += 1
        self._asked[self._tokens] = job
        world.tell_node(TERMINAL, Order(self._tokens, ask.api_key, ask.body, ask.timeout_ms, ask.broker))

    def _listen(self) -> None:
        if not self._listening:
            self._listening = True
            self.lab.world.on_event.append(self._heard)

    def _heard(self, now_us: int, node: str, event: Event) -> None:
        if isinstance(event, AdminAnswered):
            if node == TERMINAL and self._admin is not None and event.token in self._asked:
                job = self._asked.pop(event.token)
                outcome = self._admin.outcomes.pop(event.token)
                if job.exit is None and job.running is not None:
                    job.running.answered(outcome)
            return
        its = self._by_node.get(node)
        if its is not None and its.running is not None:
            its.running.heard(event)

    # -- ends -------------------------------------------------------------------------------------

    def _job(self, number: int) -> Job:
        job = self.jobs.get(number)
        if job is None or job.exit is not None:
            raise NotPossible(job=f"{number} does not run")
        return job

    def _ended(self, job: Job) -> None:
        if job.running is not None:
            self._by_node.pop(job.running.node, None)
        self._tell(job)
        ended = [number for number, each in self.jobs.items() if each.exit is not None]
        for number in ended[:-ENDED_KEPT]:
            del self.jobs[number]

    def _tell(self, job: Job) -> None:
        on_done = self._waiting.pop(job.number, None)
        if on_done is not None:
            on_done(job.detail())
