"""The way to the coordinator of a group or a transactional id: which broker it is, until it proves not to be it.

Any broker knows who coordinates it (FindCoordinator). The answer holds until a request to the
coordinator fails (org.apache.kafka.clients.consumer.internals.AbstractCoordinator).
"""

from typing import Any

from kio.static.primitive import i8

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import COORDINATOR, Asked, Asker, Client
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

NOT_THE_ONE = (ErrorCode.not_coordinator, ErrorCode.coordinator_not_available)
"""Errors of a coordinator that say: look for another."""


class CoordinatorLink:
    def __init__(self, client: Client, group: str, key_type: i8 = requests.GROUP) -> None:
        self.client = client
        self.group = group
        """Or the transactional id, if the key type says so."""
        self.key_type = key_type
        self.broker: int | None = None
        self._failures = 0
        self._not_before_us = 0

    def target(self) -> str | None:
        """The coordinator's node if it is known and may be asked now. If not, it is being looked for."""
        if self.broker is not None:
            node = broker_node(self.broker)
            if self.client.reachable(node):
                return node
            # Whoever is asked will name the same broker until the controller has noticed.
            self.lost()
            self._back_off()
        self._find()
        return None

    def ask(self, api_key: int, body: Any, asker: Asker, about: Any = None, timeout_ms: int | None = None) -> None:
        """Only when `target` has said who."""
        assert self.broker is not None
        self.client.ask(
            broker_node(self.broker), api_key, body, asker, about, channel=COORDINATOR, timeout_ms=timeout_ms
        )

    def lost(self) -> None:
        self.broker = None

    def answered(self, asked: Asked, body: Any) -> None:
        (found,) = body.coordinators
        if found.error_code != ErrorCode.none:
            if not found.error_code.retriable:
                self.client.last_error = f"no coordinator: {found.error_code.name.upper()}"
            self.unanswered(asked, found.error_code)
            return
        self._failures = 0
        self.broker = found.node_id

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self._back_off()

    def _back_off(self) -> None:
        self._failures += 1
        self._not_before_us = self.client.now_us + backoff_us(self._failures, self.client.random)

    def _find(self) -> None:
        client = self.client
        if client.asking(self, ApiKey.FIND_COORDINATOR):
            return
        if client.now_us < self._not_before_us:
            client.wake_at(self._not_before_us)
            return
        target = client.least_loaded()
        if target is not None:
            client.ask(target, ApiKey.FIND_COORDINATOR, requests.find_coordinator(self.group, self.key_type), self)
