"""The table client x capability, every cell from the run that this command makes.

    python -m tests.clients.table [--only FOLDER ...] [--jobs 2]

Starts a lab for each client, runs the client's program once for each capability (`capabilities.py`), and
writes TABLE.md. With --only it prints and writes nothing. A cell that is red needs a finding in the
README of the client's folder, a line that begins with "- `capability`"; without one the command ends with 1.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from kafkalab.bench.peers import start_lab
from tests.clients.capabilities import CAPABILITIES
from tests.clients.conftest import RunningLab
from tests.clients.programs import CLIENTS, HERE, Client, NoToolchain
from tests.clients.running import Cell, shown

TABLE = HERE / "TABLE.md"
MARKS = {True: "yes", False: "**no**", None: "-"}


@dataclass(frozen=True)
class Row:
    client: Client
    version: str
    """Or why there is none."""
    cells: Mapping[str, Cell]
    """Empty without a toolchain."""


def findings(folder: str) -> set[str]:
    """The capabilities that the README of a client says something about."""
    told = (HERE / folder / "README.md").read_text().partition("## Findings")[2]
    return set(re.findall(r"^- `(\w+)`", told, re.MULTILINE))


def row(client: Client) -> Row:
    try:
        program = client.ready()
    except NoToolchain as absent:
        return Row(client, f"toolchain not here: {absent}", {})
    peer = start_lab()
    try:
        lab = RunningLab(peer)
        cells = {}
        for capability in CAPABILITIES:
            cell = cells[capability] = shown(program, capability, lab, f"{client.folder}-{capability}")
            print(f"{client.name:28}{capability:26}{MARKS[cell.ok]:8}{cell.why}", file=sys.stderr, flush=True)
    finally:
        peer.stop()
    return Row(client, program.version, cells)


def written(rows: list[Row]) -> str:
    lines = [
        "# Clients and what they can do at a lab",
        "",
        f"Made by `python -m tests.clients.table` on {datetime.now(UTC):%Y-%m-%d}; every cell is from that run, none",
        'is written by hand. "yes": it was done and checked. "-": the client has no such thing. "no": it failed,',
        "and the findings in the README of the client's folder say why.",
        "",
        "| " + " | ".join(["", *(f"[{one.client.name}]({one.client.folder}/) {one.version}" for one in rows)]) + " |",
        "|" + " --- |" * (len(rows) + 1),
    ]
    for capability, meaning in CAPABILITIES.items():
        marks = [MARKS[one.cells[capability].ok] if one.cells else "toolchain not here" for one in rows]
        lines.append("| " + " | ".join([f"`{capability}`: {meaning}", *marks]) + " |")
    for one in rows:
        lines += ["", f"## {one.client.name} {one.version}", ""]
        lines += [f"- `{capability}` {MARKS[cell.ok]}: {_plain(cell.why)}" for capability, cell in one.cells.items()]
    return "\n".join(lines) + "\n"


def _plain(why: str) -> str:
    return why.replace("|", "/").replace("<", "(").replace(">", ")") or "done"


def unexplained(rows: list[Row]) -> list[str]:
    return [
        f"{one.client.folder} {capability}: {cell.why}"
        for one in rows
        for capability, cell in one.cells.items()
        if cell.ok is False and capability not in findings(one.client.folder)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clients.table", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=[client.folder for client in CLIENTS])
    parser.add_argument("--jobs", type=int, default=1, help="how many clients at the same time, each with its lab")
    options = parser.parse_args()
    wanted = [client for client in CLIENTS if not options.only or client.folder in options.only]
    with ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(row, wanted))
    if options.only:
        print(written(rows))
    else:
        TABLE.write_text(written(rows))
    for line in unexplained(rows):
        print(f"no finding says why: {line}", file=sys.stderr)
    return 1 if unexplained(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
