"""The store that objects are written to: a directory of this machine, or whatever speaks S3.

An object is created whole or not at all, and never over another one: the store itself refuses a name that it has
(`If-None-Match: *` in S3, a hard link in a directory). Nothing here changes or deletes an object.
"""

from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, from_url


class StoreUnreachable(Exception):
    """The store cannot be used; the message is one sentence for the person who named it."""


class Objects:
    def __init__(self, store: Any, said: str) -> None:
        self._store = store
        self.said = said
        """Where it is, for people."""

    @classmethod
    def in_memory(cls) -> "Objects":
        return cls(MemoryStore(), "memory")

    @classmethod
    def at(cls, address: str | Path) -> "Objects":
        """A directory, which is made if need be, or a URL as s3://bucket/path; keys, region and endpoint of S3 come
        from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL.

        Raises StoreUnreachable."""
        said = str(address)
        try:
            if "://" not in said:
                return cls(LocalStore(Path(said).absolute(), mkdir=True), said)
            # An endpoint without TLS is one that somebody has named: a store on the own machine.
            return cls(from_url(said, client_options={"allow_http": True}), said)
        except (BaseError, OSError, ValueError) as error:
            raise StoreUnreachable(f"{said} is no store: {_first_line(error)}.") from None

    def create(self, name: str, body: bytes) -> bool:
        """False, and nothing is written, if there is an object of that name. Raises StoreUnreachable."""
        try:
            # In one piece: an upload in parts would be asked for its name only at its end, or not at all.
            obstore.put(self._store, name, body, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise StoreUnreachable(f"{name} cannot be written to {self.said}: {_first_line(error)}.") from None
        return True

    def read(self, name: str) -> bytes:
        """Raises StoreUnreachable."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except (BaseError, OSError) as error:
            raise StoreUnreachable(f"{name} cannot be read from {self.said}: {_first_line(error)}.") from None

    def listed(self, prefix: str) -> dict[str, int]:
        """Name and size in bytes of everything that begins so, in the order of the names. Raises StoreUnreachable."""
        try:
            # A prefix ends where a folder does.
            found = [each for page in obstore.list(self._store, prefix.rstrip("/") or None) for each in page]
        except (BaseError, OSError) as error:
            raise StoreUnreachable(f"{self.said} cannot be listed: {_first_line(error)}.") from None
        return {each["path"]: each["size"] for each in sorted(found, key=lambda each: str(each["path"]))}


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
