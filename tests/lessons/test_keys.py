"""What lessons may ask of a lab."""

from kafkalab.lab.commands import CreateTopic, SendRecord
from kafkalab.lessons.facts import facts_of
from tests.lab.labs import carried_out, opened


def test_keys_are_known_by_the_partitions_they_lie_in() -> None:
    lab = opened()
    carried_out(lab, CreateTopic("users", 3, 3))
    for key, partition in (("anna", 2), ("anna", 0), ("zoe", 1), ("zoe", 1), (None, 1)):
        assert carried_out(lab, SendRecord("users", "v", key=key, partition=partition)).ok
    lab.advance(1_000_000)
    assert facts_of(lab.view(), 0)["keys"]["users"] == {"anna": [0, 2], "zoe": [1]}
    lab.close()
