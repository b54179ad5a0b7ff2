"""kafka-console-consumer and `kcat -C`: a consumer of the lab whose application prints what it gets."""

from collections import deque
from copy import copy
from random import Random
from typing import TYPE_CHECKING

from kafkalab.engine.clients.admin import Outcome
from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.events import ConsumerFailed, Event, NodeCrashed, NodeExited, RecordsDelivered
from kafkalab.lab.terminal.jobs import INTERRUPTED, Job
from kafkalab.lab.terminal.options import Failed, Given
from kafkalab.lab.terminal.tools.console_consumer import console_settings, kcat_settings

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

PRINTED_AT_ONCE = 1_000
"""Of what is delivered at one moment the last; no terminal keeps more."""
CLASSIC_NOTE = (
    "The consumer rebalance protocol (KIP-848) is production-ready! Set group.protocol=consumer to try it out. "
    "See https://kafka.apache.org/documentation/#consumer_rebalance_protocol"
)


class Consuming:
    takes_lines = False
    stays = True

    def __init__(self, lab: "Lab", job: Job, tool: str, given: Given) -> None:
        """Raises Failed."""
        self.lab = lab
        self.job = job
        self.is_kcat = tool == "kcat"
        made = kcat_settings(given) if self.is_kcat else console_settings(given, self._group_of(job))
        if not made.settings.topics:
            # --include: the topics that there are now.
            made = made.with_topics(lab.image.topics)
        if problems := made.settings.problems():
            raise Failed(*(f"{name} {why}" for name, why in problems.items()))
        self.made = made
        self.node = free_name(lab, tool if self.is_kcat else made.client_id)
        self._consumer = Consumer(self.node, lab.bootstrap_nodes, made.settings)
        self._consumer.last = deque(maxlen=PRINTED_AT_ONCE)
        self._printed = 0
        self._code = 0
        self._failed = False

    def gone_on(self, lab: "Lab", job: Job) -> "Consuming":
        """In a fork, where the consumer lives too."""
        twin = copy(self)
        twin.lab, twin.job = lab, job
        consumer = lab.world.nodes[self.node]
        assert isinstance(consumer, Consumer)
        twin._consumer = consumer
        return twin

    def begin(self) -> None:
        if not self.is_kcat and self.made.settings.group_protocol == "classic" and self.made.settings.group:
            self.job.say(CLASSIC_NOTE)
        self.lab.start_client(self._consumer)

    def heard(self, event: Event) -> None:
        match event:
            case RecordsDelivered():
                self._print()
            case ConsumerFailed(_, reason):
                self._failed = True
                self.job.say(f"Error processing message, terminating consumer process: {reason}")
                self._close()
            case NodeExited() | NodeCrashed():
                self._end(killed=isinstance(event, NodeCrashed))

    def stop(self) -> None:
        self._code = 0 if self.is_kcat else INTERRUPTED
        self._close()

    def end_of_input(self) -> None:
        self.stop()

    def typed(self, line: str) -> None:
        """It takes no lines."""

    def answered(self, outcome: Outcome) -> None:
        """It asks nothing through the terminal's client."""

    def _close(self) -> None:
        if self.node in self.lab.world.nodes and not self._consumer.closing:
            self.lab.world.tell_node(self.node, Close())

    def _print(self) -> None:
        consumer = self._consumer
        new = consumer.delivered - self._printed
        self._printed = consumer.delivered
        self.job.skip(max(0, new - PRINTED_AT_ONCE))
        for one in list(consumer.last)[-new:] if new else ():
            self.job.say(self.made.line(one))

    def _end(self, killed: bool) -> None:
        self._print()
        if killed:
            self.job.end(137)
            return
        if not self.is_kcat:
            self.job.say(f"Processed a total of {self._printed} messages")
        self.job.end(1 if self._failed else self._code)

    def _group_of(self, job: Job) -> str:
        """Without --group the tool makes a group of its own up, by chance."""
        chance = Random(f"{self.lab.settings.seed} {job.number}")
        return f"console-consumer-{chance.randrange(100_000)}"


def free_name(lab: "Lab", wanted: str) -> str:
    """The client id; a second one at the same time gets a number."""
    number, name = 1, wanted
    while name in lab.world.nodes:
        number += 1
        name = f"{wanted}-{number}"
    return name
