"""A broker's disk: files that grow at the end, and what becomes of them when the power goes.

Paths are relative and use forward slashes: "orders-0/00000000000000000000.log". What was appended
is with the operating system at once, so it outlives the process (kill -9); only `flush` brings it
to the platter, so a power cut may take the rest. That is how Kafka brokers run: they trust
replication, not fsync.
"""

import os
import shutil
import weakref
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Protocol

from kafkalab.engine.memory_file import ForkedFile, MemoryFile

Chunk = bytes | memoryview

COPIED_BYTES = 64 << 10
"""A file that a fork still reads is copied into memory when it goes; a larger one is held open."""
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


class MemoryDisk:
    """A disk in memory, for simulations: it can be copied, and it can lose what was not flushed."""

    def __init__(self) -> None:
        self.location = "/memory"
        self.files: dict[str, MemoryFile | ForkedFile] = {}

    def _file(self, path: str) -> MemoryFile | ForkedFile:
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
        file = MemoryFile()
        self.files[path] = file
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


class Gone:
    """The beginning of a real file that is there no more, for all who still read it together: a small one in memory,
    a large one by one open descriptor."""

    def __init__(self, disk: "FileDisk", path: str, size: int) -> None:
        self._data: bytes | None = None
        if size <= COPIED_BYTES or not hasattr(os, "pread"):
            self._data = disk.read(path, 0, size)
            return
        self._descriptor = disk.another_descriptor(path)
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, position: int, size: int) -> bytes:
        if self._data is not None:
            return self._data[position : position + size]
        return os.pread(self._descriptor, size, position)


class Lent:
    """The beginning of a real file as it was when a world was forked, whatever becomes of the file.

    Nothing is copied while the file only grows. Before its disk cuts, replaces or deletes it, what would
    be lost is kept, once for all forks that need it.
    """

    def __init__(self, disk: "FileDisk", path: str, size: int) -> None:
        self.path = path
        self.size = size
        self.intact = size
        """How much of it the file still has."""
        self._disk = disk
        self._gone: Gone | None = None
        self._tail = b""
        """What was cut off, from `intact` on, and perhaps more after it that is not this one's."""

    def read(self, position: int, size: int) -> bytes:
        end = min(position + size, self.size)
        found = b""
        if position < min(end, self.intact):
            found = self._read_below(position, min(end, self.intact) - position)
        return found + self._tail[max(0, position - self.intact) : max(0, end - self.intact)]

    def _read_below(self, position: int, size: int) -> bytes:
        if self._gone is not None:
            return self._gone.read(position, size)
        return self._disk.read(self.path, position, size)

    def cut(self, size: int, tail: bytes) -> None:
        """The file is about to be cut to this size, and loses that."""
        if size < self.intact:
            # What was cut off before follows on what is cut off now.
            old = self._tail[: self.size - self.intact]
            self._tail = tail[: self.intact - size] + old if old else tail
            self.intact = size

    def keep_in(self, gone: Gone) -> None:
        self._gone = gone


class FileDisk:
    """Real files under `root`. The only place in the engine that touches any.

    A copy (a world can be forked) is a disk in memory that reads what was here through to the files.
    """

    def __init__(self, root: Path | str) -> None:
        self.location = str(Path(root).absolute())
        os.makedirs(self.location, exist_ok=True)
        self._open: OrderedDict[str, int] = OrderedDict()
        """path -> file descriptor, the most recently used last."""
        self._lent: dict[str, weakref.WeakSet[Lent]] = {}

    def __deepcopy__(self, _memo: dict[int, Any]) -> "MemoryDisk":
        copy = MemoryDisk()
        copy.location = self.location
        for path, size in self._sizes():
            lent = Lent(self, path, size)
            self._lent.setdefault(path, weakref.WeakSet()).add(lent)
            copy.files[path] = ForkedFile(lent)
        return copy

    def _sizes(self) -> list[tuple[str, int]]:
        """Of every file, sorted by path, as fast as it can be told."""
        found = []
        below = [""]
        while below:
            within = below.pop()
            with os.scandir(f"{self.location}/{within}") as entries:
                for entry in entries:
                    if entry.is_dir():
                        below.append(f"{within}{entry.name}/")
                    elif not entry.name.endswith(".tmp"):
                        found.append((within + entry.name, entry.stat().st_size))
        return sorted(found)

    def another_descriptor(self, path: str) -> int:
        """One more of the same file, which whoever asked must close."""
        return os.dup(self._descriptor(path))

    def _goes(self, path: str) -> None:
        """Before a file is replaced or deleted."""
        lent = self._readers(path)
        if lent:
            gone = Gone(self, path, max(each.intact for each in lent))
            for each in lent:
                each.keep_in(gone)
            del self._lent[path]

    def _readers(self, path: str) -> list[Lent]:
        """Those in forked worlds that still read the file."""
        return list(self._lent.get(path, ())) if self._lent else []

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
        self._goes(path)
        self._let_go(path)
        os.replace(beside, where)

    def size(self, path: str) -> int:
        return os.stat(self._where(path)).st_size

    def exists(self, path: str) -> bool:
        return os.path.exists(self._where(path))

    def truncate(self, path: str, size: int) -> None:
        lent = [each for each in self._readers(path) if each.intact > size]
        if lent:
            tail = self.read(path, size, max(each.intact for each in lent) - size)
            for each in lent:
                each.cut(size, tail)
        os.ftruncate(self._descriptor(path), size)

    def rename(self, old: str, new: str) -> None:
        self._goes(new)
        if old in self._lent:
            self._lent[new] = self._lent.pop(old)
            for lent in self._lent[new]:
                lent.path = new
        self._let_go(old)
        self._let_go(new)
        os.makedirs(os.path.dirname(self._where(new)), exist_ok=True)
        os.replace(self._where(old), self._where(new))

    def delete(self, path: str) -> None:
        self._goes(path)
        self._let_go(path)
        with suppress(FileNotFoundError):
            os.unlink(self._where(path))

    def delete_tree(self, directory: str) -> None:
        prefix = directory.rstrip("/") + "/"
        for path in [path for path in self._lent if path.startswith(prefix)]:
            self._goes(path)
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
