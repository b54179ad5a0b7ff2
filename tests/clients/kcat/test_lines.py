"""kcat, as Debian ships it, with an old librdkafka: a judge of how well old versions are served."""

import subprocess

from tests.clients.conftest import RunningLab


def run(kcat: str, lab: RunningLab, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [kcat, "-b", lab.bootstrap, *arguments], input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_kcat_pipes_lines_in_and_out(kcat: str, lab: RunningLab) -> None:
    lab.create_topic("kcat-pipe", partitions=1)
    run(kcat, lab, "-P", "-t", "kcat-pipe", "-K", ":", given="a:one\nb:two\nc:three\n")
    out = run(kcat, lab, "-C", "-t", "kcat-pipe", "-o", "beginning", "-e", "-q", "-f", "%k %o %s\n")
    assert out == "a 0 one\nb 1 two\nc 2 three\n"


def test_a_pipe_from_topic_to_topic_loses_nothing(kcat: str, lab: RunningLab) -> None:
    lab.create_topic("kcat-from")
    lab.create_topic("kcat-to")
    run(kcat, lab, "-P", "-t", "kcat-from", "-K", ":", given="".join(f"{n % 9}:{n}\n" for n in range(500)))
    reading = ("-C", "-t", "kcat-from", "-o", "beginning", "-e", "-q", "-K", ":")
    with subprocess.Popen([kcat, "-b", lab.bootstrap, *reading], stdout=subprocess.PIPE) as source:
        writing = [kcat, "-b", lab.bootstrap, "-P", "-t", "kcat-to", "-K", ":", "-X", "enable.idempotence=true"]
        subprocess.run(writing, stdin=source.stdout, timeout=60, check=True)
    assert source.returncode == 0
    there = run(kcat, lab, "-C", "-t", "kcat-to", "-o", "beginning", "-e", "-q", "-K", ":").splitlines()
    assert sorted(there) == sorted(f"{n % 9}:{n}" for n in range(500))


def test_a_topic_that_nobody_made_is_made_by_writing_to_it(kcat: str, lab: RunningLab) -> None:
    run(kcat, lab, "-P", "-t", "kcat-unheard-of", given="first\n")
    assert run(kcat, lab, "-C", "-t", "kcat-unheard-of", "-o", "beginning", "-e", "-q") == "first\n"
    topic = next(one for one in lab.entities("topic") if one["topic"] == "kcat-unheard-of")
    assert (topic["partitions"], topic["replication_factor"]) == (1, 1)
