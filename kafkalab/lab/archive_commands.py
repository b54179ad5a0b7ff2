"""What a person can do with archives: pipe a topic into the lab's object store, and break that."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.archive.archiver import WHENS
from kafkalab.archive.formats import FORMATS
from kafkalab.archive.sink import LEAST_MIB, LEAST_S, MOST_MIB, MOST_S
from kafkalab.lab.parsing import Text, Whole

_NAME = r"[a-zA-Z0-9._-]{1,60}"
_Sink = Annotated[str, Text("The sink's name.", pattern=_NAME)]


@dataclass(frozen=True, slots=True)
class StartArchive:
    """Run a sink: it reads a topic and writes objects to the lab's store, buffering as a firehose does."""

    topic: Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,249}")]
    buffer_mib: Annotated[int, Whole("Write at so many MiB of a partition.", LEAST_MIB, MOST_MIB)] = 5
    buffer_s: Annotated[int, Whole("Or so many seconds after the first record.", LEAST_S, MOST_S)] = 60
    format: Annotated[str, Text("Of the objects.", choices=FORMATS)] = "jsonl"
    name: Annotated[str | None, Text("Empty: the next free name.", pattern=_NAME)] = None


@dataclass(frozen=True, slots=True)
class StopArchive:
    """End a sink in good order: it writes what it holds, commits and leaves."""

    name: _Sink


@dataclass(frozen=True, slots=True)
class CrashArchive:
    """Kill a sink, now or at its next write. What it holds is gone; started again, it asks the store where to go on."""

    name: _Sink
    when: Annotated[str, Text("after a write: the object is there, and it does not know yet.", choices=WHENS)] = "now"


ArchiveCommand = StartArchive | StopArchive | CrashArchive


def shell(command: ArchiveCommand, bootstrap_servers: str) -> str:
    match command:
        case StartArchive(topic, mib, seconds, format_name, name):
            member = "" if name is None else f" --member {name}"
            buffers = f"--buffer-mib {mib} --buffer-s {seconds}"
            return (
                f"python3 manage.py archive --bootstrap {bootstrap_servers} --topic {topic} {buffers} "
                f"--format {format_name}{member}"
            )
        case StopArchive(name):
            return f"kill -TERM <pid of {name}>"
        case CrashArchive(name, when):
            return f"kill -9 <pid of {name}>{'' if when == 'now' else f'  # {when}'}"
