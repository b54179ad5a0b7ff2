"""What a tool printed, without what is different each time: ids, times, addresses, stack traces, the list of options.

A transcript is a text file: `$ ` and a line as it is typed, then what the tool of Apache Kafka 4.3.1 printed.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))
_TRACE = re.compile(r"^(\tat |\tSuppressed|\t\.\.\. \d|SLF4J| at \[Source)")
_EXCEPTION = re.compile(r"^(?:Caused by: )?(?:[a-z]\w*\.)+\w+Exception: (.*)$")
_OF_THE_TERMINAL = re.compile(
    r"^Did you mean |--help lists its options\.$|^The files of this lab go by |^There are no files here"
)
_SAME_EACH_TIME = (
    (re.compile(r"--bootstrap-server \S+ "), ""),
    (re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{22}(?![\w-])"), "ID"),
    (re.compile(r"\b1[78]\d{11}\b *"), "TIME "),
    (re.compile(r"\d+ ms ago *"), "TIME AGO "),
    (re.compile(r"127\.0\.0\.1:\d+  \(\d\) +"), "COORDINATOR "),
    (re.compile(r"127\.0\.0\.1(:| )\d+ *"), "ADDRESS "),
    (re.compile(r"^ ?\t\(principal="), "\t(principal="),
    (re.compile(r'"/[^"]*"'), '"DIR"'),
    (re.compile(r"(?<= )/?[\w/.-]*broker-(\d)/"), r"broker-\1/"),
    (re.compile(r"HighWatermark: +\d+"), "HighWatermark: N"),
    (re.compile(r"^(\d+ +\tID\t)\d+ +\t\d+ +\t"), r"\1N\tN\t"),
    (re.compile(r"\bsize: \d+"), "size: N"),
    (re.compile(r"crc: \d+"), "crc: N"),
    (re.compile(r"producerId: \d+"), "producerId: N"),
)


@dataclass(frozen=True)
class Said:
    line: str
    printed: list[str]


def read(transcript: Path) -> list[Said]:
    found: list[Said] = []
    for line in transcript.read_text().splitlines():
        if line.startswith("$ "):
            found.append(Said(line[2:], []))
        elif found:
            found[-1].printed.append(line)
    return [Said(each.line, comparable(each.printed)) for each in found]


def comparable(printed: list[str]) -> list[str]:
    """In an order of its own: Kafka's tools print what they keep in hash tables."""
    return sorted(line for line in tidied(printed) if line)


def tidied(printed: list[str]) -> list[str]:
    """As it is recorded."""
    kept: list[str] = []
    in_usage = False
    for line in printed:
        in_usage = not line.startswith("[exit") and (in_usage or bool(re.match(r"Option +Description", line)))
        exception = _EXCEPTION.match(line)
        repeats = exception is not None and any(exception[1] in before for before in kept)
        argparse = line.startswith("usage: ") or (line.startswith("    ") and "[" in line) or line.strip() == "..."
        if not (in_usage or repeats or argparse or _TRACE.match(line) or _OF_THE_TERMINAL.search(line)):
            kept.append(_the_same(line))
    return kept


def _the_same(line: str) -> str:
    for pattern, instead in _SAME_EACH_TIME:
        line = pattern.sub(instead, line)
    if "following scenarios: [[" in line:
        before, _, listed = line.partition(": [[")
        line = f"{before}: {sorted(listed.removesuffix(']]').split('], ['))}"
    if line.startswith('{"brokers"'):
        told = json.loads(line)
        for broker in told["brokers"]:
            for log_dir in broker["logDirs"]:
                log_dir["partitions"].sort(key=lambda each: each["partition"])
        line = json.dumps(told)
    return line
