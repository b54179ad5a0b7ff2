"""The whole suite, as `manage.py test` runs it: in turns, since not every test minds its neighbours.

What plays on virtual time alone goes to all cores at once. What looks at the wall's clock has the machine to
itself: a crowded machine makes its seconds longer. What talks to real clients or to a browser mostly waits: two
files at a time, each with a lab of its own.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ON_VIRTUAL_TIME = ("engine", "simulation", "lessons", "drills", "test_house.py")
PARTLY = "lab"
"""On virtual time but for what is marked `clock`."""
AT_A_TIME = 2


def run(arguments: list[str]) -> int:
    """The exit code. With arguments it is pytest with those, in one turn."""
    if arguments:
        return _pytest(*arguments)
    apart = [str(HERE / name) for name in (*ON_VIRTUAL_TIME, PARTLY)]
    turns = (
        (*apart, "-m", "not clock", "-n", "auto", "--dist", "worksteal"),
        (str(HERE / PARTLY), "-m", "clock"),
        (*(f"--ignore={place}" for place in apart), "-n", str(AT_A_TIME), "--dist", "loadfile"),
    )
    return max([_pytest(*turn) for turn in turns])


def _pytest(*arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])
