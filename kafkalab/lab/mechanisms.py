"""The server's side of each SASL mechanism: tokens in, tokens out, and in the end who it is.

A mechanism answers a token with another one; `account` is there once it has convinced itself. What goes wrong is
told as Kafka tells it: SCRAM says nothing that could show whether a user exists.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.security.scram import (
    MIN_ITERATIONS,
    ScramMechanism,
    UserScramCredentialRecord,
    keyed,
    password_fits,
)
from kafkalab.wire import scram

OTHER_IDENTITY = "Authentication failed: Client requested an authorization id that is different from username"


class NotAuthenticated(Exception):
    """The message is for the client; None where it shall learn nothing but that it failed."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Account:
    """A user whom somebody knows."""

    principal: str
    credentials: dict[int, UserScramCredentialRecord]
    """By mechanism."""
    lab: Any = None
    """Where that user belongs, if one door leads to many labs."""


Find = Callable[[str], Account | None]
"""The account under a user name."""


class Plain:
    """RFC 4616: the password itself. Good behind TLS, or where nobody listens."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self.account: Account | None = None

    def answer(self, token: bytes) -> bytes:
        try:
            parts = token.decode("utf-8").split("\0")
        except UnicodeDecodeError:
            raise NotAuthenticated from None
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise NotAuthenticated
        wanted, user, password = parts
        account = self._find(user)
        known = min(account.credentials.items())[1] if account is not None and account.credentials else None
        if account is None or known is None or not password_fits(known, password):
            raise NotAuthenticated("Authentication failed: Invalid username or password")
        if wanted and wanted != user:
            raise NotAuthenticated(OTHER_IDENTITY)
        self.account = account
        return b""


class Scram:
    """RFC 5802: both sides show that they know the password, and nobody says it."""

    def __init__(self, mechanism: ScramMechanism, find: Find) -> None:
        self.mechanism = mechanism
        self.account: Account | None = None
        self._find = find
        self._first: scram.ClientFirst | None = None
        self._server_first = ""
        self._nonce = ""
        self._claimed: Account | None = None

    def answer(self, token: bytes) -> bytes:
        try:
            return self._begin(token) if self._first is None else self._finish(self._first, token)
        except scram.NotScram:
            raise NotAuthenticated from None

    def _begin(self, token: bytes) -> bytes:
        first = scram.client_first(token)
        account = self._find(first.user)
        known = account.credentials.get(self.mechanism) if account is not None else None
        # A delegation token says so in an extension: there are none here.
        if known is None or "tokenauth=true" in first.extensions.lower():
            raise NotAuthenticated
        if first.authorization_id and first.authorization_id != first.user:
            raise NotAuthenticated(OTHER_IDENTITY)
        if known.iterations < MIN_ITERATIONS:
            raise NotAuthenticated
        self._first, self._claimed = first, account
        server_nonce = secrets.token_urlsafe(18)
        self._nonce = first.nonce + server_nonce
        self._server_first = scram.server_first(first, server_nonce, known.salt, known.iterations)
        return self._server_first.encode()

    def _finish(self, first: scram.ClientFirst, token: bytes) -> bytes:
        final = scram.client_final(token)
        assert self._claimed is not None
        known = self._claimed.credentials[self.mechanism]
        said = f"{first.bare},{self._server_first},{final.without_proof}".encode()
        signature = keyed(self.mechanism, known.stored_key, said)
        if final.nonce != self._nonce or len(final.proof) != len(signature):
            raise NotAuthenticated
        client_key = bytes(ours ^ theirs for ours, theirs in zip(signature, final.proof, strict=True))
        stored_key = hashlib.new(self.mechanism.hash_name, client_key).digest()
        if not hmac.compare_digest(stored_key, known.stored_key):
            raise NotAuthenticated
        self.account = self._claimed
        return scram.server_final(keyed(self.mechanism, known.server_key, said))


MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def mechanism(name: str, find: Find) -> Plain | Scram:
    """Of MECHANISMS."""
    if name == "PLAIN":
        return Plain(find)
    return Scram(ScramMechanism[name.replace("-", "_")], find)
