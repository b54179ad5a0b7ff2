"""The whole suite, as `manage.py test` runs it: in two turns, since not every test minds its neighbours.

What plays on virtual time alone goes to all cores at once. What talks to real clients and browsers has
the machine to itself: it waits for real seconds, and a crowded machine makes them longer.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ON_VIRTUAL_TIME = ("engine", "simulation", "test_house.py")


def run(arguments: list[str]) -> int:
    """The exit code. With arguments it is pytest with those, in one turn."""
    if arguments:
        return _pytest(*arguments)
    apart = [str(HERE / name) for name in ON_VIRTUAL_TIME]
    first = _pytest(*apart, "-n", "auto", "--dist", "worksteal")
    return _pytest(*(f"--ignore={place}" for place in apart)) or first


def _pytest(*arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])
