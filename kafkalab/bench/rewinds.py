"""How long it takes to show a lab as it was at a moment of its last ten minutes, and whether that is what was shown."""

import json
import random
import time
from hashlib import sha256

from kafkalab.bench.forks import SECOND_US, ordered
from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import AddConsumer, CrashBroker, CreateProducer, CreateTopic, StartBroker

SHOWN_S = 600
FRAMES_PER_S = 20
RATE_PER_S = 100
CRASHED_AT_S, STARTED_AT_S = 200, 300
REWINDS = 200


def measured() -> dict[str, float]:
    """Ten minutes of the lab's time at 100 records a second, with a broker that dies and comes back."""
    lab = Lab.open(None, LabSettings(name="rewinds"))
    lab.advance(5 * SECOND_US)
    for command in (
        CreateTopic("orders", 3, 3),
        AddConsumer(("orders",), group="billing"),
        CreateProducer("orders", rate=RATE_PER_S),
    ):
        ordered(lab, command)
    shown: dict[int, str] = {}
    for number in range(SHOWN_S * FRAMES_PER_S):
        if number == CRASHED_AT_S * FRAMES_PER_S:
            lab.do(CrashBroker(2), lambda outcome: None)
        if number == STARTED_AT_S * FRAMES_PER_S:
            lab.do(StartBroker(2), lambda outcome: None)
        lab.advance(SECOND_US // FRAMES_PER_S)
        snapshot = lab.snapshot()
        if number % FRAMES_PER_S == 0:
            shown[snapshot["at_us"]] = _print(snapshot)
    first_us = lab.recording.first_us
    assert first_us is not None
    held = [at_us for at_us in shown if at_us >= first_us]
    times, alike = [], 0
    for at_us in random.Random(1).sample(held, min(REWINDS, len(held))):
        began = time.perf_counter()
        text = json.dumps(lab.recording.at(at_us))
        times.append((time.perf_counter() - began) * 1_000)
        alike += _print(json.loads(text)) == shown[at_us]
    figures = {
        "rewind within ten minutes, median ms": sorted(times)[len(times) // 2],
        "rewind within ten minutes, longest ms": max(times),
        "rewound pictures that equal the one shown then, share": alike / len(times),
        "of ten minutes at 100 records/s are held, s": (held[-1] - held[0]) / SECOND_US,
    }
    lab.close()
    return figures


def _print(snapshot: object) -> str:
    return sha256(json.dumps(snapshot, sort_keys=True).encode()).hexdigest()
