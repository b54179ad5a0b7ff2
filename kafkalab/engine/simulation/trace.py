"""A fingerprint of everything that happened in a world: every fact and every message, with its time.

One seed gives one trace, whatever the machine, the hash seed or the version of Python.
"""

from hashlib import sha256

from kafkalab.engine.events import Event
from kafkalab.engine.node import Request, Response
from kafkalab.engine.world import World


class Trace:
    def __init__(self, world: World) -> None:
        """From now on."""
        self._digest = sha256()
        world.on_event.append(self._event)
        world.on_message.append(self._message)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def _event(self, now_us: int, node: str, event: Event) -> None:
        self._digest.update(f"{now_us} {node} {event!r}\n".encode())

    def _message(self, sent_us: int, due_us: int, source: str, target: str, message: Request | Response) -> None:
        kind = f"{message.api_key:d} {message.channel} {message.correlation_id}"
        self._digest.update(f"{sent_us} {due_us} {source} {target} {kind}\n".encode())
