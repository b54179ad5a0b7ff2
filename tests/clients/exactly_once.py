"""Exactly once under fire: a job that consumes, transforms and produces, and everything it stands on crashes.

`python -m tests.clients.exactly_once --runs 100` is the long form of `test_exactly_once.py`. A run feeds
numbered inputs; two workers, processes of their own, write one output for each, with the offsets of their
group in the same transaction. Meanwhile brokers, coordinators and workers are killed and come back. In the
end a read_committed reader must find the output of every input once.
"""

import argparse
import faulthandler
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from kafkalab.bench.peers import start_lab
from tests.clients.conftest import RunningLab

INPUTS = 600
PARTITIONS = 3
AT_ONCE = 15
"""Inputs of one transaction, at most."""
PAUSE_S = 0.1
"""After each transaction: there must be something left to be hit."""
FAULTS = 5
DONE_WITHIN_S = 120
CALL_S = 15
"""What a call of the job may take by what it is told."""
STUCK_S = 25
"""What it may take in truth. A supervisor ends a job that does not go on: `send_offsets_to_transaction` of librdkafka
does not look at its timeout, and waits for ever for a coordinator that is not among the brokers any more (its issues
5456 and 5511, FINDINGS.md)."""
LOUD = "KAFKALAB_EXACTLY_ONCE_LOUD"
"""What librdkafka shall tell of its work (`eos,cgrp`), if it is set in the environment."""
LAST_WORDS = 12_000
"""Bytes of what a worker said that are shown of a run that went wrong."""
WORKERS = ("left", "right")
TARGETS = ("worker", "transaction coordinator", "group coordinator", "leader of the output", "any broker")


# -- the job -------------------------------------------------------------------------------------------


class Worker:
    """One of the job's processes. It ends itself on what cannot be mended, and is started again."""

    def __init__(self, bootstrap: str, run: str, name: str) -> None:
        self.sink = f"out-{run}"
        common: dict[str, Any] = {"bootstrap.servers": bootstrap}
        if LOUD in os.environ:
            common["debug"] = os.environ[LOUD]
        self.consumer = Consumer(
            {
                **common,
                "group.id": f"job-{run}",
                "group.instance.id": name,
                "session.timeout.ms": 6_000,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        self.consumer.subscribe([f"in-{run}"])
        self.producer = Producer(
            {
                **common,
                "transactional.id": f"job-{run}-{name}",
                "transaction.timeout.ms": 10_000,
                "linger.ms": 5,
            }
        )
        self.producer.init_transactions(60)
        self._going_on_at = time.monotonic()
        threading.Thread(target=self._supervise, daemon=True).start()

    def _supervise(self) -> None:
        while time.monotonic() - self._going_on_at < STUCK_S:
            time.sleep(1)
        print(f"{time.strftime('%H:%M:%S')} does not go on", file=sys.stderr, flush=True)
        faulthandler.dump_traceback(sys.stderr)
        os._exit(1)

    def _go_on(self) -> None:
        self._going_on_at = time.monotonic()

    def work(self) -> None:
        while True:
            self._go_on()
            messages = self.consumer.consume(AT_ONCE, 0.5)
            for error in [each.error() for each in messages if each.error() is not None]:
                print(f"{time.strftime('%H:%M:%S')} consumer: {error}", file=sys.stderr, flush=True)
                # A message tells of the code alone: fatal() is False here, and the consumer gets nothing any more.
                if error.fatal() or error.code() == KafkaError._FATAL:
                    raise KafkaException(error)
            messages = [each for each in messages if each.error() is None]
            if messages:
                self._transform(messages)
                time.sleep(PAUSE_S)

    def _transform(self, messages: list[Message]) -> None:
        self.producer.begin_transaction()
        try:
            for message in messages:
                self.producer.produce(self.sink, b"made of " + message.value(), message.key())
            # Not consumer.position(): where it was sought back to, that still says where it had been.
            read = {(it.topic(), it.partition()): it.offset() + 1 for it in messages}
            offsets = [TopicPartition(*partition, offset) for partition, offset in read.items()]
            self.producer.send_offsets_to_transaction(offsets, self.consumer.consumer_group_metadata(), CALL_S)
            self._finish(self.producer.commit_transaction)
        except KafkaException as failure:
            print(f"{time.strftime('%H:%M:%S')} transaction: {failure}", file=sys.stderr, flush=True)
            if not failure.args[0].txn_requires_abort():
                raise
            self._finish(self.producer.abort_transaction)
            self._go_back()

    def _finish(self, finish: Callable[[float], None]) -> None:
        while True:
            self._go_on()
            try:
                finish(CALL_S)
                return
            except KafkaException as failure:
                if not failure.args[0].retriable():
                    raise

    def _go_back(self) -> None:
        """To what was committed: the records of the aborted transaction are read again."""
        self._go_on()
        for each in self.consumer.committed(self.consumer.assignment(), CALL_S):
            offset = each.offset if each.offset >= 0 else OFFSET_BEGINNING
            self.consumer.seek(TopicPartition(each.topic, each.partition, offset))


# -- what is done to it --------------------------------------------------------------------------------


@dataclass
class Fire:
    """One run: the workers, and the faults that come over them."""

    lab: RunningLab
    run: str
    chance: random.Random
    said_in: Path
    """The directory where what the workers say is kept, for a run that goes wrong."""
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def start(self, name: str) -> None:
        command = (sys.executable, "-m", "tests.clients.exactly_once", "--work", self.lab.bootstrap, self.run, name)
        with (self.said_in / name).open("ab") as said:
            self.workers[name] = subprocess.Popen(command, stderr=said)

    def keep_running(self) -> None:
        for name, process in self.workers.items():
            if process.poll() is not None:
                self.start(name)

    def last_words(self) -> list[str]:
        """What each worker said at last, and in which call it is."""
        for process in self.workers.values():
            process.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        said = {name: (self.said_in / name).read_bytes()[-LAST_WORDS:] for name in self.workers}
        return [f"\n-- {name} said at last:\n{words.decode(errors='replace')}" for name, words in said.items()]

    def stop(self) -> None:
        for process in self.workers.values():
            process.kill()
            process.wait()

    def strike(self) -> None:
        target = self.chance.choice(TARGETS)
        if target == "worker":
            name = self.chance.choice(WORKERS)
            self.done.append(f"worker {name} killed")
            self.workers[name].kill()
            self.workers[name].wait()
            time.sleep(self.chance.uniform(0, 1))
            self.keep_running()
            return
        broker = self._broker(target)
        self.done.append(f"{target} (broker {broker}) crashed")
        assert self.lab.do("crash_broker", broker=broker)["ok"]
        self._go_on_for(self.chance.uniform(0.3, 4))
        assert self.lab.do("start_broker", broker=broker)["ok"]
        self.lab.wait_for(self.lab.all_brokers_running, 60)

    def _broker(self, target: str) -> int:
        found = -1
        if target == "leader of the output":
            found = self.lab.leader(f"out-{self.run}", self.chance.randrange(PARTITIONS))
        elif target == "transaction coordinator":
            wanted = f"job-{self.run}-{self.chance.choice(WORKERS)}"
            ids = self.lab.entities("transaction")
            found = next((one["coordinator"] for one in ids if one["transactional_id"] == wanted), -1)
        elif target == "group coordinator":
            groups = self.lab.entities("group")
            found = next((one["coordinator"] for one in groups if one["group"] == f"job-{self.run}"), -1)
        return found if found > 0 else self.chance.choice((1, 2, 3))

    def _go_on_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.keep_running()
            time.sleep(0.1)


def feed(lab: RunningLab, topic: str) -> None:
    producer = Producer({"bootstrap.servers": lab.bootstrap, "enable.idempotence": True})
    for number in range(INPUTS):
        producer.produce(topic, b"%d" % number, b"%d" % number)
    assert producer.flush(60) == 0


def count(lab: RunningLab, topic: str, fire: Fire) -> Counter[bytes]:
    """How often a read_committed reader finds each output, once all are there and nothing more comes."""
    reader = Consumer(
        {
            "bootstrap.servers": lab.bootstrap,
            "group.id": f"reader-of-{topic}",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
    found: Counter[bytes] = Counter()
    quiet_since = time.monotonic()
    deadline = time.monotonic() + DONE_WITHIN_S
    while time.monotonic() < deadline and (len(found) < INPUTS or time.monotonic() - quiet_since < 2):
        fire.keep_running()
        for message in reader.consume(500, 0.2):
            if message.error() is None:
                found[message.value()] += 1
                quiet_since = time.monotonic()
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
    reader.close()
    return found


def how_it_stands(lab: RunningLab, run: str) -> list[str]:
    """Where it got stuck, if it did."""
    ids = [one for one in lab.entities("transaction") if f"job-{run}-" in one["transactional_id"]]
    groups = [one for one in lab.entities("group") if one["group"] == f"job-{run}"]
    return [
        *(f"{one['transactional_id']}: {one['state']} {one['partitions']} {one['steps'][-4:]}" for one in ids),
        *(f"group {one['state']} {[each['client_id'] for each in one['members']]} {one['offsets']}" for one in groups),
        *(f"{one['topic']}-{one['partition']} led by {one['leader']}" for one in lab.entities("partition")),
    ]


def one_run(lab: RunningLab, seed: int) -> tuple[Counter[bytes], list[str]]:
    """Every output with how often it was found, and what was done meanwhile."""
    run = f"{seed}-{time.time_ns()}"
    for topic in (f"in-{run}", f"out-{run}"):
        lab.create_topic(topic, PARTITIONS, 3, **{"min.insync.replicas": "2"})
    feed(lab, f"in-{run}")
    with tempfile.TemporaryDirectory() as said_in:
        found, done = _under_fire(Fire(lab, run, random.Random(seed), Path(said_in)))
    for topic in (f"in-{run}", f"out-{run}"):
        lab.do("delete_topic", name=topic)
    return found, done


def _under_fire(fire: Fire) -> tuple[Counter[bytes], list[str]]:
    lab, run = fire.lab, fire.run
    try:
        for name in WORKERS:
            fire.start(name)
        for _ in range(FAULTS):
            fire._go_on_for(fire.chance.uniform(0.2, 1.5))
            fire.strike()
        found = count(lab, f"out-{run}", fire)
        if found != EXPECTED:
            fire.done += how_it_stands(lab, run) + fire.last_words()
    finally:
        fire.stop()
    return found, fire.done


EXPECTED = Counter({b"made of %d" % number: 1 for number in range(INPUTS)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--work", nargs=3, metavar=("BOOTSTRAP", "RUN", "NAME"))
    asked = parser.parse_args()
    if asked.work:
        faulthandler.register(signal.SIGUSR1)
        try:
            Worker(*asked.work).work()
        finally:
            # It ends at once: librdkafka's destructors have been seen to hang for a minute and more after a fatal
            # error, and then nobody starts another one.
            traceback.print_exc()
            os._exit(1)
    peer = start_lab()
    wrong = 0
    try:
        for seed in range(asked.first_seed, asked.first_seed + asked.runs):
            began = time.monotonic()
            found, done = one_run(RunningLab(peer), seed)
            lost = EXPECTED - found
            doubled = found - EXPECTED
            wrong += bool(lost or doubled)
            said = "every input counted once" if found == EXPECTED else f"LOST {len(lost)}, TWICE {len(doubled)}"
            print(f"run {seed}: {said} in {time.monotonic() - began:.0f} s; {', '.join(done)}", flush=True)
    finally:
        peer.stop()
    print(f"{asked.runs - wrong} of {asked.runs} runs counted every input once")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
