"""Mutated requests against a lab that runs: no crash, no hang, no growth, no harm to others.

    python -m tests.wire.fuzz --requests 1000000 --seed 1

Starts a lab of its own, and a witness who writes and reads all the while (`witness.py`). Requests are valid
ones of every API and version (`seeds.py`) with bits turned, parts cut, doubled or exchanged, counts and
lengths that cannot be (`mutations.py`), sent over lanes of connections (`assault.py`), beside some that send
a byte at a time. After each round what it made (topics, groups) is swept away, as an administrator would,
and the server's memory is read. Ends with what it saw as JSON, and with 1 if something is not as it must be.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from kafkalab.bench.peers import Peer, start_lab
from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.speaking import Closed, Connection, Silent, newest
from tests.wire.fuzz.assault import PATIENCE_S, Harm, Lane, Tally, dribble
from tests.wire.fuzz.seeds import TOPICS, seeds

LANES = 12
LORISES = 6
ROUND = 25_000
SEEDS_OF_EACH = 12
GROWTH_MB = 60.0
"""How much more memory the server may have at the end than when what it keeps of the past was full."""
FULL_AFTER_S = 900
"""It keeps ten minutes, and checkpoints of an hour more: until then it has more in every round."""
MOST_MB = 500.0
"""With all of that."""
PROMPT_MS = 5_000.0
"""What 99 of 100 rounds of the witness stay below, on a machine that is busy; none takes 60 seconds."""
WITNESS_TOPIC = "witness"


class Arena:
    """The lab under fire, and what an administrator does between rounds."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.ports = [int(address.rsplit(":", 1)[1]) for address in peer.bootstrap.split(",")]

    def ask(self, api: ApiKey, fields: dict[str, Any], version: int | None = None, port: int | None = None) -> Any:
        connection = Connection(port or self.ports[0], PATIENCE_S)
        try:
            return connection.ask(api, newest(api) if version is None else version, fields)
        finally:
            connection.close()

    def topics(self) -> dict[str, UUID]:
        told = self.ask(ApiKey.METADATA, {"topics": None, "allow_auto_topic_creation": False})
        return {one["name"]: UUID(one["topic_id"]) for one in told["topics"]}

    def create(self, name: str, **configs: str) -> None:
        wish = {
            "name": name,
            "num_partitions": 3,
            "replication_factor": 3,
            "configs": [{"name": key, "value": value} for key, value in configs.items()],
        }
        told = self.ask(ApiKey.CREATE_TOPICS, {"topics": [wish], "timeout": 30_000})
        assert told["topics"][0]["error_code"] in ("none", "topic_already_exists"), told

    def sweep(self) -> tuple[UUID, ...]:
        """Away with what the round made; the fuzzers' topics anew. Their ids."""
        made = [name for name in self.topics() if name != WITNESS_TOPIC and not name.startswith("__")]
        for first in range(0, len(made), 10):
            names = [{"name": name} for name in made[first : first + 10]]
            self.ask(ApiKey.DELETE_TOPICS, {"topics": names, "timeout": 30_000})
        for port in self.ports:
            groups = [one["group_id"] for one in self.ask(ApiKey.LIST_GROUPS, {}, port=port)["groups"]]
            if groups:
                self.ask(ApiKey.DELETE_GROUPS, {"groups_names": groups}, port=port)
        for topic in TOPICS:
            self.create(topic, **({"cleanup.policy": "compact"} if topic.endswith("compacted") else {}))
        ids = self.topics()
        return tuple(ids[topic] for topic in TOPICS if topic in ids)


async def rounds(arena: Arena, requests: int, seed: int, tally: Tally, memory: list[tuple[float, float]]) -> None:
    """`memory` gets what the server has after each round: seconds, and MB."""
    random = Random(seed)
    over = asyncio.Event()
    lorises: list[asyncio.Task[None]] = []
    began = time.monotonic()
    while tally.sent < requests:
        topic_ids = await asyncio.to_thread(arena.sweep)
        arsenal = list(seeds(random, topic_ids, SEEDS_OF_EACH))
        count = min(ROUND, requests - tally.sent)
        lorises = lorises or [
            asyncio.create_task(dribble(arena.ports[n % 3], random.choice(arsenal).frame, over)) for n in range(LORISES)
        ]
        lanes = [Lane(arena.ports[n % 3], arsenal, Random(random.random()), tally) for n in range(LANES)]
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(lane.send(-(-count // LANES)))
        await asyncio.to_thread(arena.sweep)
        memory.append((round(time.monotonic() - began, 1), round(arena.peer.memory_mb(), 1)))
        if arena.peer.process.poll() is not None:
            raise Harm(f"the server is gone: {arena.peer.process.returncode}")
        print(f"{tally.sent:>9} sent, {memory[-1][1]} MB, {tally.still_waiting} waited on", file=sys.stderr, flush=True)
    over.set()
    await asyncio.gather(*lorises)


def assault(requests: int, seed: int) -> dict[str, Any]:
    """What was seen; "harm" lists what must not be."""
    harm: list[str] = []
    memory: list[tuple[float, float]] = []
    tally = Tally()
    began = time.monotonic()
    with tempfile.NamedTemporaryFile("r", prefix="kafkalab-fuzz-") as log:
        peer = start_lab(log=Path(log.name))
        arena = Arena(peer)
        arena.create(WITNESS_TOPIC)
        witness = subprocess.Popen(
            [sys.executable, "-m", "tests.wire.fuzz.witness", peer.bootstrap, WITNESS_TOPIC],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            asyncio.run(rounds(arena, requests, seed, tally, memory))
        except* (Harm, Closed, Silent, ConnectionError) as harms:
            harm += [repr(one) for one in harms.exceptions]
        finally:
            told, complaint = witness.communicate(timeout=120)
            is_alive = peer.process.poll() is None
            cpu_s = peer.cpu_s()
            peer.stop()
        said = log.read()
    took = sorted(json.loads(told)) if witness.returncode == 0 else []
    if not took:
        harm.append(f"the witness: {complaint[-500:]}")
    elif took[len(took) * 99 // 100] > PROMPT_MS:
        harm.append(f"one of a hundred rounds of the witness took {took[len(took) * 99 // 100]} ms")
    if not is_alive:
        harm.append("the server died")
    if "Traceback" in said:
        harm.append(_first_traceback(said))
    harm += _growth(memory)
    return {
        "requests": tally.sent,
        "seconds": round(time.monotonic() - began, 1),
        "seconds of the server's processor": cpu_s,
        "seed": seed,
        "reached the engine": sum(tally.understood.values()),
        **tally.refused,
        "lengths that lie": tally.length_lies,
        "answers": tally.answered,
        "waited on": tally.still_waiting,
        "connections": tally.connections,
        "witness rounds": len(took),
        "witness ms": {"median": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "most": took[-1]}
        if took
        else {},
        "memory MB": [mb for _, mb in memory],
        "of each API": dict(tally.understood),
        "harm": harm,
    }


def _growth(memory: list[tuple[float, float]]) -> list[str]:
    all_mb = [mb for _, mb in memory]
    when_full = next((mb for after_s, mb in memory if after_s > FULL_AFTER_S), None)
    if when_full is not None and all_mb[-1] - when_full > GROWTH_MB:
        return [f"memory grew from {when_full} MB to {all_mb[-1]} MB"]
    return [f"memory grew to {max(all_mb)} MB"] if all_mb and max(all_mb) > MOST_MB else []


def _first_traceback(said: str) -> str:
    """Whole: what went wrong stands at its end."""
    lines = said[said.index("Traceback") :].splitlines()
    end = next((at for at, line in enumerate(lines) if at and not line.startswith(" ")), len(lines) - 1)
    return "\n".join(lines[: end + 1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen = assault(options.requests, options.seed)
    print(json.dumps(seen, indent=1))
    sys.exit(1 if seen["harm"] else 0)
