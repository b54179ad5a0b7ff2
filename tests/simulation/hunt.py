"""Looks for every planted bug from its first seed on, and writes MUTATIONS.md: `python -m tests.simulation.hunt`."""

import sys
from pathlib import Path

import pytest

from tests.simulation.planted import PLANTED, Planted, found_by

TABLE = Path(__file__).with_name("MUTATIONS.md")
HEAD = """# Rules wilfully broken, and who found it

A simulation that passes a broken engine is itself broken. Each bug here is planted by a test into the engine
as it is (`planted/`), and the first invariant that speaks up is named, with the seed of the history and how many
histories it took from the first one on. Written by `python -m tests.simulation.hunt`; the tests begin each hunt at
the seed that is named here.

| planted bug | what it does | found by | seed | histories |
|---|---|---|---|---|
"""


def rows() -> dict[str, list[str]]:
    """By planted bug: invariant, seed, histories."""
    lines = TABLE.read_text().splitlines() if TABLE.exists() else []
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {name.strip("`"): [invariant, seed, histories] for name, _, invariant, seed, histories in cells}


def hunt(planted: Planted) -> list[str]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        planted.plant(monkeypatch.setattr)
        found = found_by(planted.seeds)
    return list(map(str, found)) if found else ["nobody", "-", f"more than {len(planted.seeds)}"]


def main(names: list[str]) -> None:
    """All of them, or only those that are named."""
    known = rows()
    for planted in PLANTED:
        if not names or planted.name in names:
            known[planted.name] = hunt(planted)
            print(planted.name, *known[planted.name], flush=True)
            lines = [
                f"| `{each.name}` | {' '.join(each.rule.split())} | {' | '.join(known[each.name])} |\n"
                for each in PLANTED
                if each.name in known
            ]
            TABLE.write_text(HEAD + "".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
