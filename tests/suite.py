"""The whole suite, as `manage.py test` runs it: in turns, since not every test minds its neighbours.

What looks at the wall's clock has the machine to itself: a crowded machine makes its seconds longer. What talks to
real clients or to a browser often waits: two files at a time, each with a lab of its own. What plays on virtual time
alone does not notice how long it takes: it gives way, and gets whatever of the machine the other turn leaves.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ON_VIRTUAL_TIME = ("engine", "simulation", "lessons", "drills", "test_house.py")
PARTLY = "lab"
"""On virtual time but for what is marked `clock`."""
AT_A_TIME = 2
UNHURRIED = ("--timeout=1500", "--hypothesis-profile=unhurried")
"""What gives way to everybody is not measured: see `conftest`."""


def run(arguments: list[str]) -> int:
    """The exit code. With arguments it is pytest with those, in one turn."""
    # Servers are started by the dozen: each would compile the whole project anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments:
        return subprocess.call(_pytest(*arguments))
    apart = [str(HERE / name) for name in (*ON_VIRTUAL_TIME, PARTLY)]
    by_the_clock = _pytest(str(HERE / PARTLY), "-m", "clock")
    virtual = _pytest(*apart, "-m", "not clock", "-n", "auto", "--dist", "worksteal")
    real = _pytest(*(f"--ignore={place}" for place in apart), "-n", str(AT_A_TIME), "--dist", "loadfile")
    if not hasattr(os, "SCHED_IDLE"):
        return max([_code(turn) for turn in (by_the_clock, virtual, real)])
    return max(_code(by_the_clock), _beside(real, [*virtual, *UNHURRIED]))


def _beside(first: list[str], other: list[str]) -> int:
    """Both at once, where the other runs only when nobody else would; what it says is shown when both have ended."""
    with tempfile.TemporaryFile() as said:
        giving_way = subprocess.Popen(other, stdout=said, stderr=said)
        try:
            if not _gives_way(giving_way.pid):
                giving_way.wait()
            codes = [_code(first), abs(giving_way.wait())]
        finally:
            giving_way.kill()
            said.seek(0)
            sys.stdout.buffer.write(said.read())
    return max(codes)


def _gives_way(process: int) -> bool:
    """From now on, with all that it starts. Not every container lets anybody ask for that."""
    try:
        os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        return False
    return True


def _code(command: list[str]) -> int:
    """Of one that was killed it would be below zero."""
    return abs(subprocess.call(command))


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]
