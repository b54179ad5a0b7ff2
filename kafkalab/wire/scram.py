"""The messages of SCRAM: what a client and a server say to prove to each other that they know a password (RFC 5802).

client first   n,,n=alice,r=CLIENTNONCE
server first   r=CLIENTNONCESERVERNONCE,s=SALT,i=4096
client final   c=biws,r=CLIENTNONCESERVERNONCE,p=PROOF
server final   v=SIGNATURE
"""

import base64
import binascii
import re
from dataclasses import dataclass

_CLIENT_FIRST = re.compile(
    r"n,(?:a=(?P<authzid>(?:[^,=]|=2C|=3D)+))?,(?P<bare>n=(?P<user>(?:[^,=]|=2C|=3D)+),"
    r"r=(?P<nonce>[\x21-\x2B\x2D-\x7E]+)(?P<extensions>(?:,[A-Za-z]+=[^,]+)*))"
)
_CLIENT_FINAL = re.compile(
    r"(?P<without_proof>c=(?P<binding>[A-Za-z0-9+/=]+),r=(?P<nonce>[\x21-\x2B\x2D-\x7E]+)(?:,[A-Za-z]+=[^,]+)*),"
    r"p=(?P<proof>[A-Za-z0-9+/=]+)"
)


class NotScram(Exception):
    """The bytes are no such message."""


@dataclass(frozen=True, slots=True)
class ClientFirst:
    user: str
    nonce: str
    authorization_id: str
    bare: str
    extensions: str


@dataclass(frozen=True, slots=True)
class ClientFinal:
    nonce: str
    proof: bytes
    without_proof: str


def client_first(token: bytes) -> ClientFirst:
    found = _matched(_CLIENT_FIRST, token)
    return ClientFirst(
        _plain(found["user"]), found["nonce"], _plain(found["authzid"] or ""), found["bare"], found["extensions"]
    )


def server_first(first: ClientFirst, server_nonce: str, salt: bytes, iterations: int) -> str:
    return f"r={first.nonce}{server_nonce},s={base64.b64encode(salt).decode()},i={iterations}"


def client_final(token: bytes) -> ClientFinal:
    found = _matched(_CLIENT_FINAL, token)
    try:
        proof = base64.b64decode(found["proof"], validate=True)
    except binascii.Error:
        raise NotScram from None
    return ClientFinal(found["nonce"], proof, found["without_proof"])


def server_final(signature: bytes) -> bytes:
    return b"v=" + base64.b64encode(signature)


def _matched(pattern: re.Pattern[str], token: bytes) -> re.Match[str]:
    try:
        found = pattern.fullmatch(token.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotScram from None
    if found is None:
        raise NotScram
    return found


def _plain(name: str) -> str:
    return name.replace("=2C", ",").replace("=3D", "=")
