"""Rules of the quorum wilfully broken, one at a time, in histories with three controllers: each must be found."""

from collections.abc import Callable
from typing import Any

import pytest

from kafkalab.engine.controller import quorum as quorum_module
from kafkalab.engine.controller import quorum_state
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.quorum_state import Leader
from kafkalab.engine.controller.replica import MetadataReplica
from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.sight import Broken

SEEDS_AT_MOST = 12
Patch = Callable[[Any, str, Any], None]


def whatever_the_leader_has_is_committed(patch: Patch) -> None:
    """No majority is waited for."""
    patch(Leader, "majority_offset", lambda leader, voters, me, log_end: log_end)


def anybody_is_voted_for(patch: Patch) -> None:
    """However far the candidate's log is behind."""
    grants = quorum_state.grants

    def generous(state: Any, leader_id: int, voted_id: int, asked: Any, mine: tuple[int, int]) -> bool:
        return grants(state, leader_id, voted_id, asked, (-1, -1))

    patch(quorum_module, "grants", generous)
    patch(MetadataReplica, "truncate", _truncate_whatever_is_committed)


def _truncate_whatever_is_committed(replica: MetadataReplica, leader_end: Any) -> int:
    before = replica.log.end_offset
    replica.log.truncate_to(min(leader_end.end_offset, before))
    replica.voter_history.truncate(replica.log.end_offset)
    return before - replica.log.end_offset


def a_deposed_controller_keeps_what_it_had_decided(patch: Patch) -> None:
    """Its image is not taken back to what is committed."""
    lose = Controller.leadership_lost

    def keep(controller: Controller) -> None:
        image = controller.image
        lose(controller)
        controller.image = image

    patch(Controller, "leadership_lost", keep)


PLANTED = [
    (whatever_the_leader_has_is_committed, {"M2"}),
    (anybody_is_voted_for, {"M2"}),
    (a_deposed_controller_keeps_what_it_had_decided, {"M2"}),
]


@pytest.mark.parametrize(("plant", "expected"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_broken_rule_of_the_quorum_is_found(
    plant: Callable[[Patch], None], expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch.setattr)
    found = set()
    for seed in range(1, SEEDS_AT_MOST + 1):
        try:
            History(seed, controllers=3).run()
        except Broken as broken:
            found.add(broken.invariant)
            break
    assert found
    assert found <= expected
