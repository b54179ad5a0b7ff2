"""Rules of the quorum wilfully broken. They show with three controllers only."""

from typing import Any

from kafkalab.engine.controller import quorum as quorum_module
from kafkalab.engine.controller import quorum_state
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.quorum_state import Leader
from kafkalab.engine.controller.replica import MetadataReplica
from tests.simulation.planted.patch import Patch


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
