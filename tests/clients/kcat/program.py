"""kcat shows what a command line can do: each capability is a few invocations, as a person would type them."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable

from tests.clients.speaking_up import Ground, NotThere, main

KCAT = shutil.which("kcat") or "kcat"


def kcat(ground: Ground, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [KCAT, "-b", ground.bootstrap, *arguments], input=given, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def everything(ground: Ground, form: str, *settings: str) -> list[str]:
    """Every record that is there, in the form of -f."""
    said = kcat(ground, "-C", "-t", ground.topic, "-o", "beginning", "-e", "-q", "-f", form + "\n", *settings)
    return said.splitlines()


def lines(values: range) -> str:
    return "".join(f"{n}\n" for n in values)


def compressed(codec: str) -> Callable[[Ground], str]:
    def produce(ground: Ground) -> str:
        sent = [f"key-{n % 7}:" + f"value {n} " * 20 for n in range(200)]
        kcat(ground, "-P", "-t", ground.topic, "-K", ":", "-z", codec, given="\n".join(sent) + "\n")
        assert sorted(everything(ground, "%k:%s")) == sorted(sent)
        return "200 records came back"

    return produce


def keyed(ground: Ground) -> str:
    kcat(ground, "-P", "-t", ground.topic, "-K", ":", given="".join(f"key-{n % 7}:{n}\n" for n in range(300)))
    by_key: dict[str, list[int]] = {}
    places: dict[str, set[str]] = {}
    for line in everything(ground, "%k %p %s"):
        key, partition, value = line.split()
        by_key.setdefault(key, []).append(int(value))
        places.setdefault(key, set()).add(partition)
    assert by_key == {f"key-{key}": list(range(key, 300, 7)) for key in range(7)}
    assert all(len(partitions) == 1 for partitions in places.values())
    return f"7 keys in {len(set.union(*places.values()))} partitions"


def unkeyed(ground: Ground) -> str:
    kcat(ground, "-P", "-t", ground.topic, given=lines(range(100)))
    assert sorted(everything(ground, "%K %s")) == sorted(f"-1 {n}" for n in range(100))
    return "100 records with null for a key"


def headers(ground: Ground) -> str:
    kcat(ground, "-P", "-t", ground.topic, "-H", "a=1", "-H", "b=", "-H", "a=2", given="x\n")
    assert everything(ground, "%h") == ["a=1,b=,a=2"]
    return "three headers in order"


LONG = " " + "x" * 1000
"""kcat takes its input in blocks: a short line would wait for more."""


def writing(ground: Ground, *settings: str) -> "subprocess.Popen[str]":
    command = [KCAT, "-b", ground.bootstrap, "-P", "-t", ground.topic, "-p", "0", *settings, "-X", "linger.ms=5"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True)


def idempotent(ground: Ground) -> str:
    process = writing(ground, "-X", "enable.idempotence=true")
    assert process.stdin is not None
    process.stdin.writelines(f"{n}{LONG}\n" for n in range(1000))
    process.stdin.flush()
    until(lambda: len(everything(ground, "%o")) > 100)
    ground.crash_leader(0)
    process.stdin.writelines(f"{n}{LONG}\n" for n in range(1000, 2000))
    process.stdin.close()
    assert process.wait(90) == 0
    assert [line.split()[0] for line in everything(ground, "%s")] == [str(n) for n in range(2000)]
    return "2,000 records, each once and in order"


def transactional(ground: Ground) -> str:
    settings = ("-X", f"transactional.id={ground.topic}-id")
    kcat(ground, "-P", "-t", ground.topic, *settings, given=lines(range(10)))
    kcat(ground, "-P", "-t", ground.topic, *settings, given=lines(range(10, 20)))
    committed = everything(ground, "%s", "-X", "isolation.level=read_committed")
    assert sorted(map(int, committed)) == list(range(20))
    return "two runs, each a transaction; aborting and fencing by hand are not in this client"


def read_committed(ground: Ground) -> str:
    process = writing(ground, "-X", f"transactional.id={ground.topic}-id")
    assert process.stdin is not None
    process.stdin.writelines(f"{n}{LONG}\n" for n in range(1000))
    process.stdin.flush()
    until(lambda: len(everything(ground, "%o", "-X", "isolation.level=read_uncommitted")) > 100)
    assert everything(ground, "%o", "-X", "isolation.level=read_committed") == []
    process.stdin.close()
    assert process.wait(60) == 0
    assert len(everything(ground, "%o", "-X", "isolation.level=read_committed")) == 1000
    return "nothing before the commit, 1,000 records after it"


class Member:
    """`kcat -G`, which says on stderr what it is assigned and on stdout what it reads."""

    def __init__(self, ground: Ground, *settings: str) -> None:
        command = [KCAT, "-b", ground.bootstrap, "-G", ground.topic, "-u", "-f", "%s\n", *settings]
        command += ["-X", "auto.offset.reset=earliest", ground.topic]
        self._out, self._process = (
            Tail(),
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1),
        )
        self._err = Tail()
        self._out.follow(self._process.stdout)
        self._err.follow(self._process.stderr)

    @property
    def seen(self) -> set[int]:
        return {int(line) for line in self._out.lines}

    @property
    def share(self) -> int:
        """Of how many partitions it was told last."""
        told = [line for line in self._err.lines if "assigned:" in line or "revoked:" in line]
        return told[-1].count("[") if told and "assigned:" in told[-1] else 0

    @property
    def holds(self) -> set[int]:
        """Its partitions, where it is told only what comes and what goes."""
        held: set[int] = set()
        for line in self._err.lines:
            places = {int(place) for place in re.findall(r"\[(\d+)\]", line)}
            if "incremental assignment" in line:
                held |= places
            elif "incremental revoke" in line:
                held -= places
        return held

    @property
    def revocations(self) -> list[str]:
        return [line for line in self._err.lines if "incremental revoke" in line]

    def leave(self) -> None:
        self._process.terminate()
        self._process.wait(30)


class Tail:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def follow(self, stream: object) -> None:
        import threading

        threading.Thread(target=lambda: self.lines.extend(iter(stream.readline, "")), daemon=True).start()  # type: ignore[attr-defined]


def until(what: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.1)


def group_rebalance(ground: Ground) -> str:
    kcat(ground, "-P", "-t", ground.topic, "-K", ":", given="".join(f"{n}:{n}\n" for n in range(100)))
    first = Member(ground)
    until(lambda: first.share == 3)
    second = Member(ground)
    try:
        until(lambda: sorted((first.share, second.share)) == [1, 2])
        kcat(ground, "-P", "-t", ground.topic, "-K", ":", given="".join(f"{n}:{n}\n" for n in range(100, 200)))
        until(lambda: first.seen | second.seen == set(range(200)))
        first.leave()
        until(lambda: second.share == 3)
        kcat(ground, "-P", "-t", ground.topic, "-K", ":", given="".join(f"{n}:{n}\n" for n in range(200, 300)))
        until(lambda: first.seen | second.seen == set(range(300)))
    finally:
        first.leave()
        second.leave()
    return "shares [1, 2], then 3; 300 records"


def through_a_crash(ground: Ground, crash: Callable[[], None]) -> str:
    kcat(ground, "-P", "-t", ground.topic, "-K", ":", given="".join(f"{n}:{n}\n" for n in range(100)))
    member = Member(ground)
    try:
        until(lambda: member.seen == set(range(100)))
        crash()
        given = "".join(f"{n}:{n}\n" for n in range(100, 200))
        kcat(ground, "-P", "-t", ground.topic, "-K", ":", "-X", "enable.idempotence=true", given=given)
        until(lambda: member.seen == set(range(200)))
    finally:
        member.leave()
    return "200 records"


def group_broker_crash(ground: Ground) -> str:
    return through_a_crash(ground, lambda: ground.crash_leader(0))


def group_coordinator_crash(ground: Ground) -> str:
    return through_a_crash(ground, lambda: ground.crash_coordinator(ground.topic))


def seek(ground: Ground) -> str:
    kcat(ground, "-P", "-t", ground.topic, "-p", "1", given=lines(range(20)))
    form = ("-C", "-t", ground.topic, "-p", "1", "-e", "-q")
    assert kcat(ground, *form, "-o", "15") == lines(range(15, 20))
    assert kcat(ground, *form, "-o", "-2") == lines(range(18, 20))
    assert kcat(ground, *form, "-o", "beginning") == lines(range(20))
    return "from 15, the last two, then from 0"


def time_lookup(ground: Ground) -> str:
    kcat(ground, "-P", "-t", ground.topic, "-p", "0", given="x\n")
    now = int(time.time() * 1000)
    assert "[0] offset 0" in kcat(ground, "-Q", "-t", f"{ground.topic}:0:1000")
    assert "[0] offset -1" in kcat(ground, "-Q", "-t", f"{ground.topic}:0:{now + 3_600_000}")
    return "offset 0, and none"


def admin_topics(ground: Ground) -> str:
    seen = json.loads(kcat(ground, "-L", "-J"))
    topic = next(one for one in seen["topics"] if one["topic"] == ground.topic)
    assert [broker["id"] for broker in seen["brokers"]] == [1, 2, 3]
    assert [len(one["replicas"]) for one in topic["partitions"]] == [3, 3, 3]
    return "listed; creating and deleting are not in this client"


def is_static(ground: Ground) -> str:
    stays, leaves = (Member(ground, "-X", f"group.instance.id=instance-{number}") for number in (1, 2))
    until(lambda: sorted((stays.share, leaves.share)) == [1, 2])
    had = leaves.share
    leaves.leave()
    back = Member(ground, "-X", "group.instance.id=instance-2")
    try:
        until(lambda: back.share == had)
        assert stays.share + had == 3
    finally:
        stays.leave()
        back.leave()
    return f"{had} of 3 partitions again"


def cooperative(ground: Ground) -> str:
    strategy = ("-X", "partition.assignment.strategy=cooperative-sticky")
    first = Member(ground, *strategy)
    until(lambda: first.holds == {0, 1, 2})
    second = Member(ground, *strategy)
    try:
        until(lambda: len(first.holds) == 2 and len(second.holds) == 1)
        assert [line.count("[") for line in first.revocations] == [1], first.revocations
    finally:
        first.leave()
        second.leave()
    return "one of three partitions given up"


def nothing(why: str) -> Callable[[Ground], str]:
    def absent(ground: Ground) -> str:
        raise NotThere(why)

    return absent


if __name__ == "__main__":
    main(
        {
            **{f"produce_{codec}": compressed(codec) for codec in ("none", "gzip", "snappy", "lz4", "zstd")},
            **{
                each.__name__: each
                for each in (
                    *(keyed, unkeyed, headers, idempotent, transactional, read_committed, group_rebalance),
                    *(group_broker_crash, group_coordinator_crash, cooperative, seek, time_lookup, admin_topics),
                )
            },
            "static_member": is_static,
            "kip848": nothing("its librdkafka 2.0.2 is older than the new protocol"),
            **{
                f"admin_{name}": nothing("kcat is no administrator")
                for name in ("configs", "groups", "offsets", "delete_records", "partitions")
            },
        }
    )
