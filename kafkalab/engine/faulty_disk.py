"""A disk that can be made slow, full, broken, or to lose the power in the middle of a write.

It stands before any other disk and passes everything on. What it does not pass on raises
DiskFailure, which a broker does not survive: with one log directory, Kafka's broker halts at the
first I/O error (org.apache.kafka.storage.internals.log.LogDirFailureChannel,
kafka.server.ReplicaManager.handleLogDirFailure).
"""

from kafkalab.engine.disk import Chunk, Disk


class DiskFailure(Exception):
    """What Java throws as an IOException."""


class FaultyDisk:
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.location = disk.location
        self.failed = False
        """Every access fails."""
        self.free_bytes: int | None = None
        """How much more fits; None for plenty. What is deleted makes no room: others fill it."""
        self.delay_us = 0
        """How long each write takes."""
        self.tears_next_write = False
        """Of the next records only a part is written, and the process dies over it."""
        self._owed_us = 0

    def take_delay_us(self) -> int:
        """How long the writes since the last time took."""
        owed_us, self._owed_us = self._owed_us, 0
        return owed_us

    def mend(self) -> None:
        self.failed = self.tears_next_write = False
        self.free_bytes = None
        self.delay_us = 0

    def _access(self) -> None:
        if self.failed:
            raise DiskFailure("Input/output error")

    def _write(self, size: int) -> None:
        self._access()
        self._owed_us += self.delay_us
        if self.free_bytes is not None:
            if size > self.free_bytes:
                raise DiskFailure("No space left on device")
            self.free_bytes -= size

    # -- as any disk ---------------------------------------------------------------------------

    def append(self, path: str, *chunks: Chunk) -> None:
        if self.failed or self.delay_us or self.free_bytes is not None:
            self._write(sum(map(len, chunks)))
        if self.tears_next_write and path.endswith(".log"):
            self.tears_next_write = False
            whole = b"".join(chunks)
            self.disk.append(path, whole[: len(whole) // 2])
            raise DiskFailure("the power went in the middle of a write")
        self.disk.append(path, *chunks)

    def read(self, path: str, position: int, size: int) -> bytes:
        if self.failed:
            self._access()
        return self.disk.read(path, position, size)

    def read_whole(self, path: str) -> bytes:
        self._access()
        return self.disk.read_whole(path)

    def write_whole(self, path: str, data: bytes) -> None:
        self._write(len(data))
        self.disk.write_whole(path, data)

    def size(self, path: str) -> int:
        self._access()
        return self.disk.size(path)

    def exists(self, path: str) -> bool:
        self._access()
        return self.disk.exists(path)

    def truncate(self, path: str, size: int) -> None:
        self._write(0)
        self.disk.truncate(path, size)

    def rename(self, old: str, new: str) -> None:
        self._write(0)
        self.disk.rename(old, new)

    def delete(self, path: str) -> None:
        self._access()
        self.disk.delete(path)

    def delete_tree(self, directory: str) -> None:
        self._access()
        self.disk.delete_tree(directory)

    def names(self, directory: str = "") -> list[str]:
        self._access()
        return self.disk.names(directory)

    def flush(self, path: str) -> None:
        self._write(0)
        self.disk.flush(path)

    def close(self) -> None:
        self.disk.close()
