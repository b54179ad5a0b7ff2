"""kcat, as Debian ships it, with an old librdkafka: a judge of how well old versions are served."""

import json
import subprocess

from tests.clients.conftest import RunningLab


def run(kcat: str, lab: RunningLab, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [kcat, "-b", lab.bootstrap, *arguments], input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_kcat_lists_the_cluster(kcat: str, lab: RunningLab) -> None:
    lab.create_topic("kcat-listed", partitions=2)
    seen = json.loads(run(kcat, lab, "-L", "-J"))
    topic = next(one for one in seen["topics"] if one["topic"] == "kcat-listed")
    assert [broker["id"] for broker in seen["brokers"]] == [1, 2, 3]
    assert [len(one["replicas"]) for one in topic["partitions"]] == [3, 3]


def test_kcat_pipes_lines_in_and_out(kcat: str, lab: RunningLab) -> None:
    lab.create_topic("kcat-pipe", partitions=1)
    run(kcat, lab, "-P", "-t", "kcat-pipe", "-K", ":", given="a:one\nb:two\nc:three\n")
    out = run(kcat, lab, "-C", "-t", "kcat-pipe", "-o", "beginning", "-e", "-q", "-f", "%k %o %s\n")
    assert out == "a 0 one\nb 1 two\nc 2 three\n"


def test_kcat_joins_a_group(kcat: str, lab: RunningLab) -> None:
    lab.create_topic("kcat-group", partitions=2)
    run(kcat, lab, "-P", "-t", "kcat-group", given="x\ny\nz\n")
    out = run(kcat, lab, "-G", "kcat-readers", "-q", "-c", "3", "-X", "auto.offset.reset=earliest", "kcat-group")
    assert sorted(out.split()) == ["x", "y", "z"]


def test_kcat_finds_an_offset_by_time(kcat: str, lab: RunningLab) -> None:
    lab.create_topic("kcat-time", partitions=1)
    run(kcat, lab, "-P", "-t", "kcat-time", given="x\n")
    assert "[0] offset 0" in run(kcat, lab, "-Q", "-t", "kcat-time:0:1000")


def test_a_topic_that_nobody_made_is_made_by_writing_to_it(kcat: str, lab: RunningLab) -> None:
    run(kcat, lab, "-P", "-t", "kcat-unheard-of", given="first\n")
    assert run(kcat, lab, "-C", "-t", "kcat-unheard-of", "-o", "beginning", "-e", "-q") == "first\n"
    topic = next(one for one in lab.entities("topic") if one["topic"] == "kcat-unheard-of")
    assert (topic["partitions"], topic["replication_factor"]) == (1, 1)
