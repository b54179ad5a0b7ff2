"""How much of the machine this process takes: told to the instructor, who sees before it hurts."""

import os
import sys
import time
from pathlib import Path

from kafkalab.web.labs.open_labs import open_labs

STATM = Path("/proc/self/statm")


class Capacity:
    def __init__(self) -> None:
        self._at = time.monotonic()
        self._used_s = time.process_time()

    def told(self) -> dict[str, int | None]:
        """Since it was asked the last time. CPU in percent of one core, memory in MiB; None where nothing tells it."""
        now, used_s = time.monotonic(), time.process_time()
        passed = now - self._at
        cpu = round(100 * (used_s - self._used_s) / passed) if passed > 0 else 0
        self._at, self._used_s = now, used_s
        many = open_labs.many
        labs = list(many.by_name.values()) if many is not None else []
        return {
            "awake": sum(each.gateway is not None for each in labs),
            "labs": len(labs),
            "most_awake": many.bounds.awake if many is not None else 0,
            "most_labs": many.bounds.labs if many is not None else 0,
            "cpu": cpu,
            "cores": os.cpu_count() or 1,
            "memory_mib": memory_mib(),
        }


def memory_mib() -> int | None:
    """Of this process, as it is resident now; the most that it ever was where the system tells only that."""
    if STATM.exists():
        return int(STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 2**20 if sys.platform == "darwin" else most // 2**10
