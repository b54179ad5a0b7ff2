"""Share groups under faults, judged by G8; and planted bugs, each of which the referee must find."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from kafkalab.engine.share.shard import StateShard
from kafkalab.engine.share.state import RecordState
from kafkalab.engine.share.window import InFlightRecord, Window
from kafkalab.engine.simulation.share_referee import ShareReferee
from kafkalab.engine.simulation.sight import Broken
from kafkalab.wire.api import ApiKey
from tests.engine.broker.room import produce_request
from tests.engine.share.test_share_groups import Groups

LIMIT = 5


def history(seed: int) -> ShareReferee:
    """A minute of producing and sharing, while brokers and consumers crash."""
    dice = Random(f"share groups {seed}")
    room = Groups()
    referee = ShareReferee(LIMIT)
    room.world.on_event.append(referee.hear)
    for number in range(3):
        percent = dice.choice((0, 10, 60))
        room.consumer(
            f"c{number}",
            processing_ms=dice.choice((0, 20, 500)),
            acknowledgement="explicit",
            released_percent=percent,
            rejected_percent=dice.choice((0, 5)),
            max_poll_records=dice.choice((1, 5, 500)),
        )
    room.run(8)
    down: int | None = None
    for _ in range(25):
        image = room.cluster.image.partition("orders", 0)
        assert image is not None
        if image.leader in room.cluster.brokers:
            room.say(image.leader, *_records(room, dice))
        room.run(dice.choice((0.05, 0.5, 3)))
        if dice.random() < 0.25:
            if down is None:
                down = dice.choice((1, 2, 3))
                room.cluster.crash(down)
            else:
                room.cluster.start_broker(down)
                down = None
            room.run(dice.choice((1, 12)))
    if down is not None:
        room.cluster.start_broker(down)
    room.run(60)
    return referee


def _records(room: Groups, dice: Random) -> tuple[int, object]:
    values = [f"v{number}" for number in range(dice.randint(1, 6))]
    return ApiKey.PRODUCE, produce_request(*values, acks=-1, partition=0, timeout_ms=5000, now_ms=room.now_ms)


@pytest.mark.parametrize("seed", range(6))
def test_no_record_is_held_twice_whatever_crashes(seed: int) -> None:
    assert history(seed).acquired > 20


def _gives_what_is_held(self: Window, offset: int) -> InFlightRecord | None:
    while offset >= self.end_offset:
        self.records.append(InFlightRecord(RecordState.AVAILABLE))
    record = self.records[offset - self.start_offset]
    # Once more only: else a quick consumer would be given it for ever, without any time passing.
    is_free = record.state is RecordState.AVAILABLE and record.becoming is None
    return record if is_free or (record.state is RecordState.ACQUIRED and record.delivery_count < 2) else None


def _never_gives_up(self: Window, record: InFlightRecord) -> RecordState:
    return RecordState.AVAILABLE


def _forgets_what_is_done(self: StateShard, key: object, leader_epoch: int) -> object:
    state, fence = _READ(self, key, leader_epoch)  # type: ignore[arg-type]
    return replace(state, batches=()), fence


_READ = StateShard.read

PLANTED: dict[str, tuple[type, str, Callable[..., object]]] = {
    "a record that is held is given out": (Window, "_record_to_give", _gives_what_is_held),
    "no delivery is the last": (Window, "_freed", _never_gives_up),
    "a new leader hears nothing of what is done": (StateShard, "read", _forgets_what_is_done),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, wrong = PLANTED[bug]
    monkeypatch.setattr(owner, name, wrong)
    found: list[str] = []
    for seed in range(12):
        try:
            history(seed)
        except Broken as broken:
            found.append(str(broken))
            break
    assert found
    assert "G8" in found[0]
