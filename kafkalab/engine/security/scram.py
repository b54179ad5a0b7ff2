"""What a cluster keeps of a password: keys from which nobody can tell it (RFC 5802, KIP-84, KIP-554).

The password goes through PBKDF2 with a salt; of that only two keys are kept. With the first the broker checks
that a client knows the password, with the second it proves that it knows the first.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum

MIN_ITERATIONS = 4096
MAX_ITERATIONS = 16_384


class ScramMechanism(IntEnum):
    SCRAM_SHA_256 = 1
    SCRAM_SHA_512 = 2

    @property
    def sasl_name(self) -> str:
        return self.name.replace("_", "-")

    @property
    def hash_name(self) -> str:
        return "sha256" if self is ScramMechanism.SCRAM_SHA_256 else "sha512"


@dataclass(frozen=True, slots=True)
class UserScramCredentialRecord:
    """Of one user for one mechanism, as it stands in the metadata log and in the image."""

    name: str
    mechanism: int
    salt: bytes
    stored_key: bytes
    server_key: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class RemoveUserScramCredentialRecord:
    name: str
    mechanism: int


Credentials = dict[tuple[str, int], UserScramCredentialRecord]


def salted_password(mechanism: ScramMechanism, password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac(mechanism.hash_name, password.encode(), salt, iterations)


def credential(
    name: str, mechanism: ScramMechanism, salted: bytes, salt: bytes, iterations: int
) -> UserScramCredentialRecord:
    client_key = keyed(mechanism, salted, b"Client Key")
    stored_key = hashlib.new(mechanism.hash_name, client_key).digest()
    return UserScramCredentialRecord(
        name, int(mechanism), salt, stored_key, keyed(mechanism, salted, b"Server Key"), iterations
    )


def keyed(mechanism: ScramMechanism, key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, mechanism.hash_name)


def password_fits(known: UserScramCredentialRecord, password: str) -> bool:
    """Whether that is the password, for a mechanism that sends it in the open."""
    mechanism = ScramMechanism(known.mechanism)
    salted = salted_password(mechanism, password, known.salt, known.iterations)
    tried = credential(known.name, mechanism, salted, known.salt, known.iterations)
    return hmac.compare_digest(tried.stored_key, known.stored_key)
