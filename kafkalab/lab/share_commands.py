"""What a person can do with share groups: run their consumers, and change them while they run."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Names, Text, Whole

_NAME = r"[a-zA-Z0-9._-]{1,60}"
_TOPIC = r"[a-zA-Z0-9._-]{1,249}"


@dataclass(frozen=True, slots=True)
class AddShareConsumer:
    """Run a consumer of a share group. Several share a partition; each record is held by one of them at a time."""

    topics: Annotated[tuple[str, ...], Names("Topics to read.", pattern=_TOPIC, fewest=1)]
    group: Annotated[str, Text("The share group it joins.", longest=249, pattern=".+")]
    name: Annotated[str | None, Text("Empty: the next free name.", pattern=_NAME)] = None
    processing_ms: Annotated[int, Whole("How long each record keeps it busy.", 0, 600_000)] = 0
    acknowledgement: Annotated[
        str,
        Text(
            "implicit: the next poll accepts all of the last. explicit: it says of each record what became of it.",
            choices=("implicit", "explicit"),
        ),
    ] = "implicit"
    released_percent: Annotated[int, Whole("Of 100 records, how many it gives back for another try.", 0, 100)] = 0
    rejected_percent: Annotated[int, Whole("Of 100 records, how many it rejects for good.", 0, 100)] = 0
    max_poll_records: Annotated[int, Whole("Records of a poll, more or less: whole batches.", 1, 10_000)] = 500
    rack: Annotated[str | None, Text("Its client.rack. Empty: none.", longest=100)] = None


@dataclass(frozen=True, slots=True)
class UpdateShareConsumer:
    """Change a running consumer of a share group; what is null stays."""

    name: Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=_NAME)]
    processing_ms: Annotated[int | None, Whole("How long each record keeps it busy.", 0, 600_000)] = None
    released_percent: Annotated[int | None, Whole("Of 100 records, how many it gives back.", 0, 100)] = None
    rejected_percent: Annotated[int | None, Whole("Of 100 records, how many it rejects.", 0, 100)] = None
    max_poll_records: Annotated[int | None, Whole("Records of a poll, more or less.", 1, 10_000)] = None


@dataclass(frozen=True, slots=True)
class AlterShareGroupOffset:
    """Let a share group that nobody is in begin a partition elsewhere."""

    group: Annotated[str, Text("The group's id.", longest=249)]
    topic: Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=_TOPIC)]
    partition: Annotated[int, Whole("The partition's number.", 0, 9_999)]
    start_offset: Annotated[int, Whole("Its new share partition start offset.", 0, 2**62)]


ShareCommand = AddShareConsumer | UpdateShareConsumer | AlterShareGroupOffset
