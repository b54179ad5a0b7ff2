"""Sinks that run in a lab: what gets into its store, whoever crashes, forks or comes back."""

from pathlib import Path

from kafkalab.archive.archiver import WHENS
from kafkalab.archive.names import Archive
from kafkalab.archive.reading import compared
from kafkalab.archive.store import Objects
from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.archive_commands import CrashArchive, StartArchive, StopArchive
from kafkalab.lab.commands import (
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    RemoveConsumer,
    SendRecord,
    UpdateConsumer,
)
from kafkalab.wire.records import Record
from tests.lab.labs import QUICK, SECOND_US, carried_out, opened


def archive_of(lab: Lab) -> dict[str, object]:
    entity: dict[str, object] = lab.snapshot()["entities"]["archive:orders.jsonl"]
    return entity


def written(lab: Lab) -> list[dict[str, object]]:
    objects: list[dict[str, object]] = lab.snapshot()["entities"]["archive_objects:orders.jsonl"]["written"]
    return objects


def stored_values(lab: Lab) -> list[str]:
    """Read back from the store, object after object."""
    bucket = lab.archives.bucket
    assert bucket is not None
    return [
        (record.value or b"").decode()
        for archive, chains in bucket.chains.items()
        for _, chain in sorted(chains.items())
        for each in chain.objects
        for record in lab.archives.read(archive, each)
    ]


def piped(lab: Lab, **more: int) -> None:
    assert carried_out(lab, CreateTopic("orders", 1, 3)).ok
    assert carried_out(lab, StartArchive("orders", name="pipe", buffer_mib=1, **({"buffer_s": 5} | more))).ok
    lab.advance(5 * SECOND_US)


def test_at_a_low_rate_a_record_is_in_the_store_when_the_buffer_time_is_over() -> None:
    lab = opened()
    piped(lab)
    carried_out(lab, SendRecord("orders", "a"))
    lab.advance(4 * SECOND_US)
    assert (archive_of(lab)["records"], archive_of(lab)["held"]) == (0, 1)
    consumer = lab.snapshot()["entities"]["consumer:pipe"]
    assert (consumer["delivered"], consumer["positions"][0]["position"]) == (1, 0)
    lab.advance(2 * SECOND_US)
    assert (archive_of(lab)["records"], archive_of(lab)["held"], archive_of(lab)["newest_age_s"]) == (1, 0, 6)
    assert stored_values(lab) == ["a"]
    lab.advance(5 * SECOND_US)
    group = lab.snapshot()["entities"]["group:archive-orders.jsonl"]
    assert [each["committed"] for each in group["offsets"]] == [1]
    lab.close()


def test_at_a_high_rate_objects_have_the_size_of_the_buffer() -> None:
    lab = opened()
    piped(lab, buffer_s=900)
    carried_out(lab, CreateProducer("orders", rate=30, value_size=50_000, limit=60, key_pattern="none"))
    lab.advance(20 * SECOND_US)
    (partition,) = archive_of(lab)["partitions"]  # type: ignore[attr-defined]
    # 21 values of 50,000 bytes are the first to be a MiB.
    assert [(each["first"], each["records"], each["because"]) for each in written(lab)] == [
        (0, 21, "size"),
        (21, 21, "size"),
    ]
    assert (partition["next"], partition["held"], partition["held_size"]) == (42, 18, 900_000)
    lab.close()


def test_a_sink_that_is_killed_at_any_moment_leaves_each_record_in_the_store_once() -> None:
    for when in WHENS:
        lab = opened()
        piped(lab)
        carried_out(lab, CreateProducer("orders", name="shop", rate=10, limit=200))
        lab.advance(3 * SECOND_US)
        assert carried_out(lab, CrashArchive("pipe", when)).ok
        lab.advance(10 * SECOND_US)
        assert archive_of(lab)["sink"] is None
        assert archive_of(lab)["records"] == 0 if when != "after a write" else archive_of(lab)["records"] > 0  # type: ignore[operator]
        carried_out(lab, StartArchive("orders", name="pipe", buffer_mib=1, buffer_s=5))
        lab.advance(30 * SECOND_US)
        log = [line.value for line in lab.logs.records("orders", 0, 0, 500)]
        assert len(log) == 200
        assert stored_values(lab) == log
        assert (archive_of(lab)["records"], archive_of(lab)["doubles"]) == (200, 0)
        lab.close()


def test_a_sink_that_is_stopped_writes_what_it_holds() -> None:
    lab = opened()
    piped(lab, buffer_s=900)
    carried_out(lab, SendRecord("orders", "a"))
    lab.advance(SECOND_US)
    assert carried_out(lab, StopArchive("pipe")).ok
    lab.advance(2 * SECOND_US)
    assert stored_values(lab) == ["a"]
    assert "consumer:pipe" not in lab.snapshot()["entities"]
    assert carried_out(lab, StopArchive("pipe")).error == "Not possible: name pipe is no sink of this lab."
    lab.close()


def test_a_sink_that_cannot_go_on_says_why_and_can_be_started_again() -> None:
    lab = opened()
    piped(lab)
    carried_out(lab, SendRecord("orders", "a"))
    lab.consumers["pipe"].fail("the log has lost what was archived")
    lab.advance(9 * SECOND_US)
    assert (archive_of(lab)["state"], archive_of(lab)["records"]) == ("failed", 0)
    carried_out(lab, StopArchive("pipe"))
    lab.advance(SECOND_US)
    carried_out(lab, StartArchive("orders", name="pipe", buffer_s=5))
    lab.advance(9 * SECOND_US)
    assert (archive_of(lab)["state"], archive_of(lab)["records"]) == ("running", 1)
    lab.close()


def test_records_that_retention_took_before_they_were_archived_are_passed_over() -> None:
    lab = opened()
    carried_out(lab, CreateTopic("orders", 1, 3))
    for value in ("gone", "gone too", "kept"):
        carried_out(lab, SendRecord("orders", value))
    assert carried_out(lab, DeleteRecords("orders", 0, 2)).ok
    carried_out(lab, StartArchive("orders", name="pipe", buffer_s=5))
    lab.advance(12 * SECOND_US)
    assert stored_values(lab) == ["kept"]
    assert archive_of(lab)["doubles"] == 0
    lab.close()


def test_two_sinks_of_one_archive_share_its_partitions_and_another_format_reads_all_of_them() -> None:
    lab = opened()
    assert carried_out(lab, CreateTopic("orders", 4, 3)).ok
    for name, form in (("one", "jsonl"), ("two", "jsonl"), ("three", "parquet")):
        assert carried_out(lab, StartArchive("orders", 1, 2, form, name)).ok
    lab.advance(20 * SECOND_US)
    carried_out(lab, CreateProducer("orders", rate=50, limit=200))
    lab.advance(3 * SECOND_US)
    entities = lab.snapshot()["entities"]
    assert entities["archive:orders.jsonl"]["held"] > 0
    lab.advance(20 * SECOND_US)
    entities = lab.snapshot()["entities"]
    assert [len(entities[f"consumer:{name}"]["assignment"]) for name in ("one", "two", "three")] == [2, 2, 4]
    assert [
        (entities[f"archive:orders.{form}"]["records"], entities[f"archive:orders.{form}"]["doubles"])
        for form in ("jsonl", "parquet")
    ] == [(200, 0), (200, 0)]
    assert entities["archive:orders.jsonl"]["sink"] == "one"
    lab.close()


def test_a_sink_is_a_consumer_that_can_be_killed_and_removed_but_not_changed() -> None:
    lab = opened()
    piped(lab, buffer_s=900)
    carried_out(lab, SendRecord("orders", "a"))
    lab.advance(SECOND_US)
    refused = carried_out(lab, UpdateConsumer("pipe", processing_ms=5))
    assert refused.error == "Not possible: name pipe is the sink of an archive: stop it, and start another."
    assert carried_out(lab, CrashConsumer("pipe")).ok
    assert carried_out(lab, StartArchive("orders", name="pipe", buffer_s=900)).ok
    lab.advance(10 * SECOND_US)
    assert carried_out(lab, RemoveConsumer("pipe")).ok
    lab.advance(2 * SECOND_US)
    assert stored_values(lab) == ["a"]
    lab.close()


def test_what_was_aborted_is_not_archived_and_not_missed() -> None:
    lab = opened()
    piped(lab)
    carried_out(
        lab,
        CreateProducer(
            "orders", name="shop", rate=20, limit=60, transactional_id="t", records_per_transaction=6, abort_every=2
        ),
    )
    lab.advance(30 * SECOND_US)
    assert lab.archives.bucket is not None
    (archive,) = lab.archives.bucket.chains
    found = lab.archives.compared(archive, 0)
    assert (found.records, found.once, found.is_whole, found.not_in_log, found.not_yet) == (30, 30, True, 0, 0)
    lab.close()


def test_a_topic_made_anew_is_another_archive() -> None:
    lab = opened()
    piped(lab)
    carried_out(lab, SendRecord("orders", "a"))
    lab.advance(8 * SECOND_US)
    carried_out(lab, StopArchive("pipe"))
    carried_out(lab, DeleteTopic("orders"))
    lab.advance(60 * SECOND_US)
    piped(lab)
    carried_out(lab, SendRecord("orders", "b"))
    lab.advance(8 * SECOND_US)
    assert stored_values(lab) == ["a", "b"]
    bucket = lab.archives.bucket
    assert bucket is not None
    assert [
        [each.first for each in chain.objects] for chains in bucket.chains.values() for chain in chains.values()
    ] == [
        [0],
        [0],
    ]
    lab.close()


def test_a_fork_has_a_store_of_its_own_and_writes_nothing_into_the_directory(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path, LabSettings(broker_configs=QUICK))
    lab.advance(2 * SECOND_US)
    piped(lab)
    carried_out(lab, SendRecord("orders", "a"))
    lab.advance(7 * SECOND_US)
    fork = lab.fork()
    carried_out(fork, SendRecord("orders", "in the fork"))
    fork.advance(7 * SECOND_US)
    assert stored_values(fork) == ["a", "in the fork"]
    assert len(Objects.at(tmp_path / "archive").listed("")) == 1
    carried_out(lab, SendRecord("orders", "b"))
    lab.advance(7 * SECOND_US)
    assert stored_values(lab) == ["a", "b"]
    assert len(Objects.at(tmp_path / "archive").listed("")) == 2
    lab.close()


def test_a_lab_that_is_opened_again_goes_on_from_what_its_directory_holds(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path, LabSettings(broker_configs=QUICK))
    lab.advance(2 * SECOND_US)
    piped(lab)
    for value in ("a", "b"):
        carried_out(lab, SendRecord("orders", value))
        lab.advance(7 * SECOND_US)
    carried_out(lab, SendRecord("orders", "held, and not written"))
    lab.advance(SECOND_US)
    lab.close()
    again = Lab.open(tmp_path, LabSettings(broker_configs=QUICK))
    again.advance(20 * SECOND_US)
    assert stored_values(again) == ["a", "b", "held, and not written"]
    assert [(each["first"], each["next"], each["records"]) for each in written(again)] == [
        (0, 1, None),
        (1, 2, None),
        (2, 3, 1),
    ]
    again.close()


def test_an_object_that_the_directory_does_not_take_holds_up_those_behind_it(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path, LabSettings(broker_configs=QUICK))
    lab.advance(2 * SECOND_US)
    piped(lab)
    bucket = lab.archives.bucket
    assert bucket is not None
    in_the_way = tmp_path / "archive" / "orders"
    in_the_way.write_text("no directory")
    carried_out(lab, SendRecord("orders", "a"))
    lab.advance(7 * SECOND_US)
    assert "cannot be written" in str(archive_of(lab)["problem"])
    in_the_way.unlink()
    carried_out(lab, SendRecord("orders", "b"))
    lab.advance(7 * SECOND_US)
    assert archive_of(lab)["problem"] == ""
    (archive,) = bucket.chains
    assert isinstance(archive, Archive)
    log = [
        Record(line.offset, line.timestamp_ms, None, (line.value or "").encode())
        for line in lab.logs.records("orders", 0, 0, 9)
    ]
    kept = [record for each in bucket.chains[archive][0].objects for record in lab.archives.read(archive, each)]
    assert compared(kept, log).once == 2
    assert len(Objects.at(tmp_path / "archive").listed("")) == 2
    lab.close()
