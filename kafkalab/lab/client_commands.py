"""What may be chosen for the lab's own producers and consumers, and what is done to them besides."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
PARTITIONERS = ("default", "murmur2", "roundrobin", "ranges")
KEY_PATTERN = r"none|sequence|random:[1-9][0-9]{0,8}|fixed:.{1,100}|cycle:.{1,400}"
KEY_PATTERN_NOTE = "none, sequence, random:N (one of N keys), fixed:x or cycle:a,b,c."
KEY_RANGES = r"\S-\S(,\S-\S){0,99}"
KEY_RANGES_NOTE = "Of the partitioner ranges: a key's first letter chooses. A-F,G-M,N-Z: partitions 0, 1 and 2."
COMMITS = ("auto", "manual", "before", "none")
COMMIT_NOTE = "When: auto, as time passes; manual, after the records of a poll; before the work on them; none, never."


@dataclass(frozen=True, slots=True)
class CrashProducer:
    """Kill a producer's application. What it had not sent yet is gone, and nobody is told."""

    name: Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,60}")]


ClientCommand = CrashProducer
