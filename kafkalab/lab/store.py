"""A lab on disk: who may open it, what it is made of, and the settings of its own clients.

DIR/lock           held by the process that plays the lab
DIR/lab.json       what the cluster was made with: it must not change behind the logs' back
DIR/clients.json   the lab's own producers and consumers, restored at the next start
DIR/broker-1/ ...  each broker's log directory
"""

import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from kafkalab.engine.disk import FileDisk
from kafkalab.engine.spec import cluster_id_of

FORMAT = 1


class StoreRefused(Exception):
    """The directory cannot be used; the message is one sentence for the person who named it."""


@dataclass(frozen=True, slots=True)
class LabSettings:
    """What a lab is made with."""

    name: str = "home"
    brokers: int = 3
    controllers: int | None = None
    """1 or 3; None for as many as it was made with, and one in a new lab."""
    host: str = "127.0.0.1"
    """Where real clients reach the brokers, and the host name that Metadata gives them."""
    kafka_port: int = 9092
    """Of broker 1; the others follow. 0 lets the system choose."""
    seed: int = 1
    broker_configs: dict[str, str] = field(default_factory=dict)
    """Cluster-wide, by Kafka's names."""
    limits: dict[str, int] = field(default_factory=dict)
    """What differs from `HostLimits`, by its names."""
    cluster_id: str = ""
    """Made from the seed when empty."""
    lives: int = 0
    """How often the lab on this disk was opened before."""


class Store:
    """One lab's directory. Opening takes the lock; `close` gives it back."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(directory / "lock")
        except PermissionError:
            raise StoreRefused(f"The data directory {directory} is not writable.") from None
        except (FileExistsError, NotADirectoryError):
            raise StoreRefused(f"The data directory {directory} is not a directory.") from None
        except BlockingIOError:
            raise StoreRefused(f"Another process is playing the lab in {directory}.") from None
        except OSError as error:
            raise StoreRefused(f"The data directory {directory} cannot be used: {error.strerror}.") from None

    def settings(self, wanted: LabSettings) -> LabSettings:
        """What the lab here was made with; where to listen is always as wanted now."""
        path = self.directory / "lab.json"
        if not path.exists():
            made = asdict(wanted) | {
                "cluster_id": wanted.cluster_id or cluster_id_of(wanted.seed),
                "controllers": wanted.controllers or 1,
            }
            self._write("lab.json", made | {"format": FORMAT})
            return LabSettings(**made)
        kept = self._read("lab.json")
        if kept.pop("format", None) != FORMAT:
            raise StoreRefused(f"The lab in {self.directory} was made by another version of Kafka Lab.")
        if kept["brokers"] > wanted.brokers:
            raise StoreRefused(
                f"The lab in {self.directory} has {kept['brokers']} brokers with data: it cannot run with fewer."
            )
        kept.setdefault("controllers", 1)
        if wanted.controllers not in (None, kept["controllers"]):
            raise StoreRefused(
                f"The lab in {self.directory} was made with {kept['controllers']} controllers: it keeps them."
            )
        now: dict[str, Any] = {"brokers": wanted.brokers, "host": wanted.host, "kafka_port": wanted.kafka_port}
        now["lives"] = kept.get("lives", 0) + 1
        now["limits"] = kept.get("limits", {}) | wanted.limits
        now["broker_configs"] = kept["broker_configs"] | wanted.broker_configs
        made = kept | now
        self._write("lab.json", made | {"format": FORMAT})
        return LabSettings(**made)

    def disk(self, node: str) -> FileDisk:
        return FileDisk(self.directory / node)

    def clients(self) -> list[dict[str, Any]]:
        """The commands, as JSON, that made the lab's own clients."""
        if not (self.directory / "clients.json").exists():
            return []
        return list(self._read("clients.json")["clients"])

    def keep_clients(self, clients: list[dict[str, Any]]) -> None:
        self._write("clients.json", {"clients": clients})

    def close(self) -> None:
        self._lock.close()

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads((self.directory / name).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise StoreRefused(f"{self.directory / name} cannot be read: {error}.") from None

    def _write(self, name: str, content: dict[str, Any]) -> None:
        """Whole or not at all, whenever the process ends."""
        path = self.directory / name
        new = path.with_suffix(".new")
        try:
            new.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
            os.replace(new, path)
        except OSError as error:
            raise StoreRefused(f"{path} cannot be written: {error.strerror}.") from None


def _locked(path: Path) -> IO[bytes]:
    """The lock file, held until it is closed or the process ends, however that ends."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except PermissionError:
                raise BlockingIOError from None
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file
