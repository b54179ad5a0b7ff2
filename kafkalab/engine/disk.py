"""A broker's disk: files that grow at the end, and what becomes of them when the power goes.

Paths are relative and use forward slashes: "orders-0/00000000000000000000.log". What was appended
is with the operating system at once, so it outlives the process (kill -9); only `flush` brings it
to the platter, so a power cut may take the rest. That is how Kafka brokers run: they trust
replication, not fsync.
"""

import os
import shutil
from bisect import bisect_right
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Protocol

Chunk = bytes | memoryview

OPEN_FILES = 128
"""Most file descriptors one disk keeps open; the least recently used are closed first."""


class Disk(Protocol):
    """What a log needs of a disk. A file that is not there raises FileNotFoundError, except where said."""

    location: str
    """Where it is, for people."""

    def append(self, path: str, *chunks: Chunk) -> None:
        """Write the chunks, as one, at the end of the file, which is made if need be."""

    def read(self, path: str, position: int, size: int) -> bytes:
        """At most `size` bytes; fewer only where the file ends."""

    def read_whole(self, path: str) -> bytes: ...

    def write_whole(self, path: str, data: bytes) -> None:
        """Replace the file in one step: whatever happens, the old or the new content is there, whole."""

    def size(self, path: str) -> int: ...

    def exists(self, path: str) -> bool: ...

    def truncate(self, path: str, size: int) -> None: ...

    def rename(self, old: str, new: str) -> None: ...

    def delete(self, path: str) -> None:
        """No file, no error."""

    def delete_tree(self, directory: str) -> None:
        """Delete every file under the directory. No directory, no error."""

    def names(self, directory: str = "") -> list[str]:
        """The paths of all files under the directory, however deep, sorted."""

    def flush(self, path: str) -> None:
        """Bring what was written so far to the platter (fsync)."""

    def close(self) -> None: ...


class MemoryFile:
    """Immutable chunks end to end. A copy shares them, which makes forking a world cheap."""

    __slots__ = ("chunks", "flushed", "size", "starts")

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.starts: list[int] = []
        """The position of each chunk."""
        self.size = 0
        self.flushed = 0
        """How many bytes would outlive a power cut."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> "MemoryFile":
        copy = MemoryFile()
        copy.chunks = self.chunks.copy()
        copy.starts = self.starts.copy()
        copy.size = self.size
        copy.flushed = self.flushed
        return copy

    def append(self, chunk: bytes) -> None:
        if chunk:
            self.starts.append(self.size)
            self.chunks.append(chunk)
            self.size += len(chunk)

    def read(self, position: int, size: int) -> bytes:
        end = min(position + size, self.size)
        if position >= end:
            return b""
        first = bisect_right(self.starts, position) - 1
        chunk = self.chunks[first]
        skip = position - self.starts[first]
        if skip + end - position <= len(chunk):
            return chunk[skip : skip + end - position]
        last = bisect_right(self.starts, end - 1)
        return b"".join(self.chunks[first:last])[skip : skip + end - position]

    def truncate(self, size: int) -> None:
        keep = bisect_right(self.starts, size - 1)
        del self.chunks[keep:], self.starts[keep:]
        self.size = min(self.size, size)
        if keep:
            self.chunks[-1] = self.chunks[-1][: self.size - self.starts[-1]]
        self.flushed = min(self.flushed, self.size)


class MemoryDisk:
    """A disk in memory, for simulations: it can be copied, and it can lose what was not flushed."""

    location = "/memory"

    def __init__(self) -> None:
        self.files: dict[str, MemoryFile] = {}

    def _file(self, path: str) -> MemoryFile:
        file = self.files.get(path)
        if file is None:
            raise FileNotFoundError(path)
        return file

    def append(self, path: str, *chunks: Chunk) -> None:
        file = self.files.get(path)
        if file is None:
            file = self.files[path] = MemoryFile()
        # bytes() of a bytes object is that same object; of a memoryview, a copy nobody can change.
        file.append(bytes(chunks[0]) if len(chunks) == 1 else b"".join(chunks))

    def read(self, path: str, position: int, size: int) -> bytes:
        return self._file(path).read(position, size)

    def read_whole(self, path: str) -> bytes:
        file = self._file(path)
        return file.read(0, file.size)

    def write_whole(self, path: str, data: bytes) -> None:
        file = self.files[path] = MemoryFile()
        file.append(data)
        file.flushed = file.size

    def size(self, path: str) -> int:
        return self._file(path).size

    def exists(self, path: str) -> bool:
        return path in self.files

    def truncate(self, path: str, size: int) -> None:
        self._file(path).truncate(size)

    def rename(self, old: str, new: str) -> None:
        self.files[new] = self._file(old)
        del self.files[old]

    def delete(self, path: str) -> None:
        self.files.pop(path, None)

    def delete_tree(self, directory: str) -> None:
        for path in self.names(directory):
            del self.files[path]

    def names(self, directory: str = "") -> list[str]:
        prefix = directory.rstrip("/") + "/" if directory else ""
        return sorted(path for path in self.files if path.startswith(prefix))

    def flush(self, path: str) -> None:
        file = self._file(path)
        file.flushed = file.size

    def close(self) -> None:
        """Nothing to let go of."""

    def lose_unflushed(self, random: Random, torn: bool) -> int:
        """The power goes: each file loses what was not flushed, or, torn, a random part of that.

        A file that was never flushed stays, empty: its directory entry was on the platter.
        Returns how many bytes were lost."""
        lost = 0
        for path in sorted(self.files):
            file = self.files[path]
            keep = random.randint(file.flushed, file.size) if torn else file.flushed
            lost += file.size - keep
            file.truncate(keep)
            file.flushed = file.size
        return lost


class FileDisk:
    """Real files under `root`. The only place in the engine that touches any."""

    def __init__(self, root: Path | str) -> None:
        self.location = str(Path(root).absolute())
        os.makedirs(self.location, exist_ok=True)
        self._open: OrderedDict[str, int] = OrderedDict()
        """path -> file descriptor, the most recently used last."""

    def _where(self, path: str) -> str:
        # Text and not Path objects: a thousand new partitions ask for it ten thousand times.
        assert ".." not in path.split("/"), path
        return f"{self.location}/{path}"

    def _descriptor(self, path: str, create: bool = False) -> int:
        descriptor = self._open.get(path)
        if descriptor is not None:
            self._open.move_to_end(path)
            return descriptor
        where = self._where(path)
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        if create:
            flags |= os.O_CREAT
        try:
            descriptor = os.open(where, flags, 0o644)
        except FileNotFoundError:
            if not create:
                raise
            os.makedirs(os.path.dirname(where), exist_ok=True)
            descriptor = os.open(where, flags, 0o644)
        self._open[path] = descriptor
        if len(self._open) > OPEN_FILES:
            os.close(self._open.popitem(last=False)[1])
        return descriptor

    def _let_go(self, path: str) -> None:
        descriptor = self._open.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)

    def append(self, path: str, *chunks: Chunk) -> None:
        descriptor = self._descriptor(path, create=True)
        data = memoryview(chunks[0] if len(chunks) == 1 else b"".join(chunks)).cast("B")
        written = os.write(descriptor, data)
        if written == len(data):
            return
        # A disk that fills up takes a part first: write the rest, or leave the file as it was.
        before = os.fstat(descriptor).st_size - written
        try:
            while written < len(data):
                written += os.write(descriptor, data[written:])
        except OSError:
            os.ftruncate(descriptor, before)
            raise

    def read(self, path: str, position: int, size: int) -> bytes:
        descriptor = self._descriptor(path)
        if hasattr(os, "pread"):
            data = os.pread(descriptor, size, position)
        else:
            # Windows has no pread. Appends go to the end wherever the descriptor points.
            os.lseek(descriptor, position, os.SEEK_SET)
            data = os.read(descriptor, size)
        return data

    def read_whole(self, path: str) -> bytes:
        with open(self._where(path), "rb") as file:
            return file.read()

    def write_whole(self, path: str, data: bytes) -> None:
        # No fsync: file systems that delay allocation write the data before such a rename (ext4's
        # auto_da_alloc), and the event loop must not stand still for a checkpoint.
        where = self._where(path)
        beside = where + ".tmp"
        try:
            _write_file(beside, data)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(where), exist_ok=True)
            _write_file(beside, data)
        self._let_go(path)
        os.replace(beside, where)

    def size(self, path: str) -> int:
        return os.stat(self._where(path)).st_size

    def exists(self, path: str) -> bool:
        return os.path.exists(self._where(path))

    def truncate(self, path: str, size: int) -> None:
        os.ftruncate(self._descriptor(path), size)

    def rename(self, old: str, new: str) -> None:
        self._let_go(old)
        self._let_go(new)
        os.makedirs(os.path.dirname(self._where(new)), exist_ok=True)
        os.replace(self._where(old), self._where(new))

    def delete(self, path: str) -> None:
        self._let_go(path)
        with suppress(FileNotFoundError):
            os.unlink(self._where(path))

    def delete_tree(self, directory: str) -> None:
        prefix = directory.rstrip("/") + "/"
        for path in [path for path in self._open if path.startswith(prefix)]:
            self._let_go(path)
        if self.exists(directory):
            shutil.rmtree(self._where(directory))

    def names(self, directory: str = "") -> list[str]:
        found = []
        for folder, _, files in os.walk(self._where(directory) if directory else self.location):
            within = folder[len(self.location) + 1 :].replace(os.sep, "/")
            found += [f"{within}/{file}" if within else file for file in files if not file.endswith(".tmp")]
        return sorted(found)

    def flush(self, path: str) -> None:
        os.fsync(self._descriptor(path))

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])


def _write_file(where: str, data: bytes) -> None:
    with open(where, "wb") as file:
        file.write(data)
