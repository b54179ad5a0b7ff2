"""kafka-console-producer and `kcat -P`: a producer of the lab that sends what is typed, line by line."""

from copy import copy
from typing import TYPE_CHECKING

from kafkalab.engine.clients.admin import Outcome
from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.producer import Producer, SendOne
from kafkalab.engine.events import Event, NodeCrashed, NodeExited, RecordFailed
from kafkalab.lab.terminal.consuming import free_name
from kafkalab.lab.terminal.errors import exception
from kafkalab.lab.terminal.jobs import INTERRUPTED, Job
from kafkalab.lab.terminal.options import Failed, Given
from kafkalab.lab.terminal.tools.console_producer import Record, console_writing, kcat_writing
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


class Producing:
    takes_lines = True

    def __init__(self, lab: "Lab", job: Job, tool: str, given: Given, lines: tuple[str, ...] | None) -> None:
        """Raises Failed. `lines`: what it is handed at once, after which it ends; None: they are typed."""
        self.lab = lab
        self.job = job
        self.is_kcat = tool == "kcat"
        self.writing = kcat_writing(given) if self.is_kcat else console_writing(given)
        self.node = free_name(lab, self.writing.client_id)
        self.stays = lines is None
        self._given = lines
        self._producer = Producer(self.node, lab.bootstrap_nodes, self.writing.settings)
        self._sent = 0
        self._code = 0

    def gone_on(self, lab: "Lab", job: Job) -> "Producing":
        """In a fork, where the producer lives too."""
        twin = copy(self)
        twin.lab, twin.job = lab, job
        producer = lab.world.nodes[self.node]
        assert isinstance(producer, Producer)
        twin._producer = producer
        return twin

    def begin(self) -> None:
        self.lab.start_client(self._producer)
        if self._given is None:
            return
        for line in self._given:
            if self._code == 0:
                self.typed(line)
        self.end_of_input()

    def typed(self, line: str) -> None:
        try:
            record = self.writing.record(line, self._sent + 1)
        except Failed as failed:
            self._code = failed.code
            for said in failed.lines:
                self.job.say(said)
            self._close()
            return
        if record is not None:
            self._send(record)

    def _send(self, record: Record) -> None:
        self._sent += 1
        self.lab.world.tell_node(
            self.node,
            SendOne(self._sent, self.writing.topic, record.key, record.value, record.headers, self.writing.partition),
        )

    def heard(self, event: Event) -> None:
        match event:
            case RecordFailed():
                error = ErrorCode[event.error.lower()] if event.error.lower() in ErrorCode.__members__ else None
                why = exception(error) if error is not None else event.error
                self.job.say(f"Error when sending message to topic {event.topic} with error: {why}")
                if self.is_kcat:
                    self._code = 1
            case NodeExited():
                self.job.end(self._code)
            case NodeCrashed():
                self.job.end(137)

    def end_of_input(self) -> None:
        self._close()

    def stop(self) -> None:
        self._code = INTERRUPTED
        self._close()

    def answered(self, outcome: Outcome) -> None:
        """It asks nothing through the terminal's client."""

    def _close(self) -> None:
        self.takes_lines = False
        if self.node in self.lab.world.nodes and not self._producer.closing:
            self.lab.world.tell_node(self.node, Close())
