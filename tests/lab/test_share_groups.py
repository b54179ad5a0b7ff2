"""Share groups in a lab: their consumers run, show what they hold, and come back changed."""

from kafkalab.lab.commands import CrashConsumer, CreateTopic, RemoveConsumer, SendRecord
from kafkalab.lab.share_commands import AddShareConsumer, AlterShareGroupOffset, UpdateShareConsumer
from tests.lab.labs import SECOND_US, carried_out, opened


def test_a_share_group_shows_who_holds_which_record() -> None:
    lab = opened()
    carried_out(lab, CreateTopic("jobs", 1, 3))
    added = carried_out(lab, AddShareConsumer(("jobs",), "workers", processing_ms=5_000))
    assert (added.ok, added.detail) == (True, {"name": "share-consumer-1"})
    lab.advance(10 * SECOND_US)
    for value in ("a", "b", "c"):
        assert carried_out(lab, SendRecord("jobs", value)).ok
    lab.advance(SECOND_US)
    entities = lab.snapshot()["entities"]
    share = entities["share_partition:workers:jobs:0"]
    assert (share["start_offset"], share["lag"]) == (0, 3)
    assert share["runs"][0] == {
        "first": 0, "last": 0, "state": "acquired", "deliveries": 1, "member": "share-consumer-1", "changing": False
    }  # fmt: skip
    group = entities["group:workers"]
    assert (group["type"], group["state"], group["lag"]) == ("share", "Stable", 3)
    assert [(member["ours"], member["assignment"]) for member in group["members"]] == [
        ("share-consumer-1", [["jobs", 0]])
    ]
    lab.advance(30 * SECOND_US)
    assert lab.snapshot()["entities"]["group:workers"]["lag"] == 0
    lab.close()


def test_a_killed_consumer_leaves_its_records_to_another() -> None:
    lab = opened()
    carried_out(lab, CreateTopic("jobs", 1, 3))
    carried_out(lab, AddShareConsumer(("jobs",), "workers", processing_ms=600_000))
    lab.advance(10 * SECOND_US)
    carried_out(lab, SendRecord("jobs", "a"))
    lab.advance(SECOND_US)
    carried_out(lab, CrashConsumer("share-consumer-1"))
    carried_out(lab, AddShareConsumer(("jobs",), "workers"))
    lab.advance(20 * SECOND_US)
    consumer = lab.snapshot()["entities"]["consumer:share-consumer-1"]
    assert (consumer["delivered"], consumer["accepted"]) == (1, 1)
    lab.close()


def test_a_share_consumer_is_changed_and_refused_what_makes_no_sense() -> None:
    lab = opened()
    carried_out(lab, CreateTopic("jobs", 1, 3))
    refused = carried_out(lab, AddShareConsumer(("jobs",), "workers", released_percent=5))
    assert refused.fields == {"released_percent": "needs acknowledgement explicit: implicitly all records are accepted"}
    carried_out(lab, AddShareConsumer(("jobs",), "workers", acknowledgement="explicit"))
    assert carried_out(lab, UpdateShareConsumer("share-consumer-1", rejected_percent=100)).ok
    lab.advance(10 * SECOND_US)
    carried_out(lab, SendRecord("jobs", "a"))
    lab.advance(2 * SECOND_US)
    assert lab.snapshot()["entities"]["consumer:share-consumer-1"]["rejected"] == 1
    assert not carried_out(lab, AlterShareGroupOffset("workers", "jobs", 0, 0)).ok
    carried_out(lab, RemoveConsumer("share-consumer-1"))
    lab.advance(2 * SECOND_US)
    assert carried_out(lab, AlterShareGroupOffset("workers", "jobs", 0, 0)).ok
    lab.close()
