"""The same scripts against Apache Kafka and against the engine: every field of every answer is compared.

What differs and may is in `apache_kafka/differences.py`, each with its reason; a difference that is not
there fails, and so does one that is there and no longer found.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.clients.apache_kafka.clusters import ApacheKafka, OurKafka, jars
from tests.clients.apache_kafka.conversation import Conversation
from tests.clients.apache_kafka.differences import KNOWN
from tests.clients.apache_kafka.normalising import Normaliser, differences
from tests.clients.apache_kafka.scripts import SCRIPTS, Script

FINDINGS = Path(__file__).with_name("FINDINGS.md")


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[ApacheKafka, OurKafka]]:
    found = jars()
    theirs, ours = ApacheKafka(found), OurKafka()
    try:
        yield theirs, ours
    finally:
        theirs.close()
        ours.close()


def heard(cluster: ApacheKafka | OurKafka, script: Script) -> list[tuple[str, object]]:
    talk = Conversation(cluster)
    try:
        script(talk)
    finally:
        talk.hang_up()
    normaliser = Normaliser(talk)
    return [(step.name, normaliser.normal(step)) for step in talk.steps]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_the_engine_answers_as_apache_kafka_does(clusters: tuple[ApacheKafka, OurKafka], script: Script) -> None:
    theirs, ours = (heard(cluster, script) for cluster in clusters)
    assert [name for name, _ in theirs] == [name for name, _ in ours]
    found = [
        (f"{script.__name__}: {name}: {path}", their, our)
        for (name, their_answer), (_, our_answer) in zip(theirs, ours, strict=True)
        for path, their, our in differences(their_answer, our_answer)
    ]
    mine = [known for known in KNOWN if fnmatchcase(script.__name__, known.where.split(":")[0])]
    unexplained = [
        f"{where}\n    Apache Kafka: {their!r}\n    Kafka Lab:    {our!r}"
        for where, their, our in found
        if not any(known.explains(where, their, our) for known in mine)
    ]
    gone = [known.where for known in mine if not any(known.explains(*one) for one in found)]
    assert not unexplained, "\n".join(unexplained)
    assert not gone, f"listed, and no longer different: {gone}"


def test_every_known_difference_is_told_with_its_reason() -> None:
    told = FINDINGS.read_text()
    assert [known.where for known in KNOWN if f"## {known.why}\n" not in told] == []
