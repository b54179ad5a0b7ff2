"""The metadata quorum: controllers elect one of them, who alone writes `__cluster_metadata` (KRaft, KIP-595).

    Unattached -> Prospective    no leader was heard of for the election timeout
    Follower -> Prospective      the leader did not answer for the fetch timeout
    Prospective -> Candidate     a majority would vote for it (pre-vote, KIP-996): it begins an epoch
    Candidate -> Leader          a majority has
    Leader -> Resigned           it stops, or no majority has fetched for one and a half fetch timeouts
    any -> Follower, Unattached  a higher epoch, or the leader of this one, is heard of

Nobody votes twice in an epoch, nor for a log that is behind its own: so two leaders never share an epoch, and
each has everything that is committed (org.apache.kafka.raft.KafkaRaftClient, QuorumState, LeaderState). Time
is counted in deadlines; `tick` acts on those that have passed. Copying the log is `following`'s.
"""

from typing import TYPE_CHECKING, Any

from kio.schema.types import BrokerId

from kafkalab.engine.controller import quorum_messages as messages
from kafkalab.engine.controller import quorum_state
from kafkalab.engine.controller.quorum_state import (
    NOBODY,
    Candidate,
    ElectionState,
    Follower,
    Leader,
    Prospective,
    Resigned,
    State,
    Unattached,
    grants,
)
from kafkalab.engine.controller.replica import MetadataReplica
from kafkalab.engine.controller.voters import Voter, VoterSet, directory_id, first_records
from kafkalab.engine.events import ControllerResigned, ControllerStoodForElection
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import LeaderHint
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.controller.controller import Controller

SUCCESSOR_BACKOFF_US = 100_000


class Quorum:
    def __init__(self, controller: "Controller", replica: MetadataReplica) -> None:
        self.controller = controller
        self.replica = replica
        self.me = Voter(controller.controller_id, directory_id(controller.cluster_id, controller.controller_id))
        self.epoch = 0
        self.leader_id = NOBODY
        """Of this epoch."""
        self.voted_id = NOBODY
        """In this epoch."""
        self.state: State = Unattached(0)
        self.stopping = False
        self._asked: dict[int, bool] = {}
        """Correlation ids of questions of this epoch, and whether it was a pre-vote."""

    # -- who is who ----------------------------------------------------------------------------

    @property
    def voters(self) -> VoterSet:
        return self.replica.voters

    @property
    def is_voter(self) -> bool:
        return self.me.id in self.voters

    @property
    def others(self) -> tuple[Voter, ...]:
        """Who votes besides this one."""
        return tuple(voter for voter in self.voters.voters if voter.id != self.me.id)

    @property
    def leader(self) -> Leader | None:
        """What this controller knows as the leader; None when it is none."""
        return self.state if isinstance(self.state, Leader) else None

    @property
    def hint(self) -> LeaderHint:
        """What others are told: a leader that has resigned names nobody."""
        return LeaderHint(NOBODY if isinstance(self.state, Resigned) else self.leader_id, self.epoch)

    # -- the beginning -------------------------------------------------------------------------

    def start(self) -> None:
        kept = quorum_state.read(self.replica.disk) or ElectionState()
        if kept.epoch < self.replica.end_epoch:
            kept = ElectionState(self.replica.end_epoch)
        self.epoch, self.leader_id, self.voted_id = kept.epoch, kept.leader_id, kept.voted_id
        if not self.is_voter:
            self._enter(self.epoch, NOBODY, self.voted_id, Unattached(self._election_deadline()))
        elif not self.others:
            # It need not ask anybody, nor wait.
            self._stand()
        elif self.leader_id == self.me.id:
            # It may have lost what it had not brought to the platter, and must not lead that epoch again.
            self.state = Resigned(self._election_deadline())
        elif self.voted_id == self.me.id:
            self.state = Candidate(self._election_deadline(), {self.me.id: None})
            self._ask_for_votes(pre_vote=False)
        elif self.leader_id != NOBODY:
            self._follow(self.leader_id, self.epoch)
        else:
            self._enter(self.epoch, NOBODY, self.voted_id, Unattached(self._election_deadline()))

    # -- time ----------------------------------------------------------------------------------

    def next_due_us(self) -> int | None:
        match self.state:
            case Leader():
                due = (self.state.check_quorum_us, self.state.begin_epoch_us)
                return min((each for each in due if each is not None), default=None)
            case state:
                return state.deadline_us

    def tick(self) -> None:
        """Act on the deadline that has passed."""
        now_us = self.controller.now_us
        due_us = self.next_due_us()
        if due_us is None or now_us < due_us:
            return
        match self.state:
            case Unattached():
                self._sound_out()
            case Follower() | Candidate():
                self._sound_out()
            case Prospective():
                self._give_up_sounding(at_once=True)
            case Resigned():
                # Having led this epoch it can follow nobody in it: the next try is in a new one.
                self._detach(self.epoch + 1, self._election_deadline())
            case Leader() as leader:
                if leader.check_quorum_us is not None and now_us >= leader.check_quorum_us:
                    self.resign("no majority of the controllers has fetched from it for a while")
                elif leader.begin_epoch_us is not None and now_us >= leader.begin_epoch_us:
                    self._tell_of_epoch(leader)

    def _election_deadline(self) -> int:
        if not self.is_voter:
            # It stands for nothing, and asks around again.
            return self.controller.now_us + self.fetch_timeout_us
        timeout_us = self.controller.static_config.controller_quorum_election_timeout_ms * 1000
        return self.controller.now_us + timeout_us + self.controller.random.randrange(timeout_us)

    @property
    def fetch_timeout_us(self) -> int:
        return self.controller.static_config.controller_quorum_fetch_timeout_ms * 1000

    # -- from state to state -------------------------------------------------------------------

    def _enter(self, epoch: int, leader_id: int, voted_id: int, state: State) -> None:
        led = self.leader is not None
        before = (self.epoch, self.leader_id, self.voted_id)
        self.epoch, self.leader_id, self.voted_id, self.state = epoch, leader_id, voted_id, state
        if before != (epoch, leader_id, voted_id):
            quorum_state.write(self.replica.disk, ElectionState(epoch, leader_id, voted_id))
        self._asked.clear()
        if led:
            self.controller.leadership_lost()
        self.controller.following.turn()
        self.controller.leader_learned()

    def learn(self, leader_id: int, epoch: int) -> None:
        """Somebody names an epoch, and perhaps its leader."""
        if epoch > self.epoch and leader_id != NOBODY:
            self._follow(leader_id, epoch)
        elif epoch > self.epoch:
            self._detach(epoch, self._kept_deadline())
        elif epoch == self.epoch and self.leader_id == NOBODY and leader_id not in (NOBODY, self.me.id):
            self._follow(leader_id, epoch)

    def _kept_deadline(self) -> int:
        """Who was about to try for an election still is; who followed or led waits anew."""
        match self.state:
            case Unattached(deadline_us) | Prospective(deadline_us) | Candidate(deadline_us) | Resigned(deadline_us):
                return deadline_us if deadline_us is not None and self.is_voter else self._election_deadline()
        return self._election_deadline()

    def _detach(self, epoch: int, deadline_us: int) -> None:
        if self.leader is not None:
            reason = f"controllers have begun epoch {epoch}"
            self.controller.tell(ControllerResigned(self.me.id, self.epoch, reason))
        self._enter(epoch, NOBODY, self.voted_id if epoch == self.epoch else NOBODY, Unattached(deadline_us))

    def _follow(self, leader_id: int, epoch: int) -> None:
        if self.leader is not None:
            reason = f"controller {leader_id} leads epoch {epoch}"
            self.controller.tell(ControllerResigned(self.me.id, self.epoch, reason))
        voted_id = self.voted_id if epoch == self.epoch else NOBODY
        # Machines never tick in step, and where they would, two would always stand against each other.
        patience_us = self.fetch_timeout_us + self.controller.random.randrange(self.fetch_timeout_us // 20)
        follower = Follower(leader_id, self.controller.now_us + patience_us, patience_us)
        self._enter(epoch, leader_id, voted_id, follower)

    def _sound_out(self) -> None:
        """Become prospective: ask whether an election would be won, in the epoch that is."""
        if not self.is_voter:
            self._enter(self.epoch, NOBODY, self.voted_id, Unattached(self._election_deadline()))
            return
        came_from = self.leader_id if isinstance(self.state, Follower) else NOBODY
        state = Prospective(self._election_deadline(), {self.me.id: None}, may_come_back_to=came_from)
        self._enter(self.epoch, came_from, self.voted_id, state)
        self._ask_for_votes(pre_vote=True)
        self._count(state)

    def _give_up_sounding(self, *, at_once: bool) -> None:
        """Nobody would elect it: it goes back to its leader, or waits. `at_once`: it has waited already."""
        assert isinstance(self.state, Prospective)
        if self.state.may_come_back_to != NOBODY:
            self._follow(self.state.may_come_back_to, self.epoch)
        elif at_once:
            self._sound_out()
        else:
            self._detach(self.epoch, self._election_deadline())

    def _stand(self) -> None:
        """Become a candidate, in a new epoch."""
        alone = not self.others
        deadline_us = self.controller.now_us if alone else self._election_deadline()
        state = Candidate(deadline_us, {self.me.id: None})
        self._enter(self.epoch + 1, NOBODY, self.me.id, state)
        if not alone:
            self.controller.tell(ControllerStoodForElection(self.me.id, self.epoch))
        self._ask_for_votes(pre_vote=False)
        self._count(state)

    def _count(self, state: Prospective | Candidate) -> None:
        if state is not self.state:
            return
        voters = self.voters
        granted = sum(voter in state.granted for voter in voters.ids)
        rejected = sum(voter in state.rejected for voter in voters.ids)
        lost = rejected > len(voters.ids) - voters.majority
        match state:
            case Prospective() if granted >= voters.majority:
                self._stand()
            case Prospective() if lost:
                self._give_up_sounding(at_once=False)
            case Candidate() if granted >= voters.majority:
                self._lead(tuple(state.granted))
            case Candidate(backing_off=False) if lost:
                most_us = self.controller.static_config.controller_quorum_election_backoff_max_ms * 1000
                state.deadline_us = self.controller.now_us + 1 + self.controller.random.randrange(most_us)
                state.backing_off = True

    def _ask_for_votes(self, *, pre_vote: bool) -> None:
        replica = self.replica
        for voter in self.others:
            body = messages.vote(
                self.controller.cluster_id,
                voter,
                self.me,
                self.epoch,
                replica.end_epoch,
                replica.end_offset,
                pre_vote=pre_vote,
            )
            self._asked[self.controller.ask_controller(voter.id, ApiKey.VOTE, body)] = pre_vote

    # -- leading -------------------------------------------------------------------------------

    def _lead(self, granting: tuple[int, ...]) -> None:
        now_us, alone = self.controller.now_us, not self.others
        leader = Leader(
            granting=granting,
            epoch_start_offset=self.replica.end_offset,
            check_quorum_us=None if alone else now_us + self.fetch_timeout_us * 3 // 2,
            begin_epoch_us=None if alone else now_us,
        )
        self._enter(self.epoch, self.me.id, self.voted_id, leader)
        self.replica.append_control(
            first_records(self.me.id, granting, self.replica.voter_history), self.epoch, self.controller.now_ms
        )
        if not alone:
            self._tell_of_epoch(leader)
        self.advance()

    def _tell_of_epoch(self, leader: Leader) -> None:
        """To voters that have not fetched of late; the others know."""
        interval_us = self.fetch_timeout_us // 2
        now_us = self.controller.now_us
        leader.begin_epoch_us = now_us + interval_us
        for voter in self.others:
            known = leader.progress.get(voter.id)
            if known is None or known.last_fetch_us < now_us - interval_us:
                body = messages.begin_epoch(self.controller.cluster_id, voter, self.me.id, self.epoch)
                self._asked[self.controller.ask_controller(voter.id, ApiKey.BEGIN_QUORUM_EPOCH, body)] = False

    def fetched(self, replica_id: int, offset: int) -> None:
        """A replica that goes by this leader's epoch has everything before `offset`."""
        leader, now_us = self.leader, self.controller.now_us
        assert leader is not None
        leader.fetched(replica_id, offset, now_us, self.replica.end_offset)
        if replica_id in self.voters:
            leader.heard[replica_id] = None
            if leader.check_quorum_us is not None and leader.has_heard_a_majority(self.voters.ids, self.me.id):
                leader.heard.clear()
                leader.check_quorum_us = now_us + self.fetch_timeout_us * 3 // 2
            self.advance()

    def advance(self) -> None:
        """What a majority has is committed, once that covers something of this epoch: only then no other
        log can win an election without it."""
        leader = self.leader
        if leader is None:
            return
        offset = leader.majority_offset(self.voters.ids, self.me.id, self.replica.end_offset)
        if offset <= leader.epoch_start_offset:
            return
        is_first = not leader.high_watermark_known
        leader.high_watermark_known = True
        if self.replica.commit(offset) or is_first:
            self.controller.committed()
            self._leave_if_removed()

    def _leave_if_removed(self) -> None:
        is_committed = self.replica.voter_history.latest_offset < self.replica.high_watermark
        if self.leader is not None and not self.is_voter and is_committed:
            self.resign("it votes no more")

    def voters_changed(self) -> None:
        """The leader has appended another voter set: it counts from now on."""
        leader = self.leader
        assert leader is not None
        now_us = self.controller.now_us
        if not self.others:
            leader.check_quorum_us = leader.begin_epoch_us = None
        elif leader.check_quorum_us is None:
            leader.check_quorum_us = now_us + self.fetch_timeout_us * 3 // 2
            leader.begin_epoch_us = now_us
        self.advance()

    def resign(self, reason: str) -> None:
        """Lead no more, and tell the others, whoever has the longest log first."""
        leader = self.leader
        assert leader is not None
        ends = {each: known.end_offset for each, known in leader.progress.items()}
        successors = tuple(sorted(self.others, key=lambda voter: -ends.get(voter.id, -1)))
        self.controller.tell(ControllerResigned(self.me.id, self.epoch, reason))
        self._enter(
            self.epoch, self.me.id, self.voted_id, Resigned(None if self.stopping else self._election_deadline())
        )
        for voter in self.others:
            body = messages.end_epoch(self.controller.cluster_id, self.me.id, self.epoch, successors)
            self._asked[self.controller.ask_controller(voter.id, ApiKey.END_QUORUM_EPOCH, body)] = False

    # -- what other controllers say ------------------------------------------------------------

    def vote(self, body: Any) -> Any:
        asked = messages.asked(body)
        if asked.replica_epoch < self.epoch:
            return messages.voted(ErrorCode.fenced_leader_epoch, self.hint.leader_id, self.epoch, False)
        if asked.replica_epoch > self.epoch:
            self._detach(asked.replica_epoch, self._kept_deadline())
        mine = (max(self.replica.end_epoch, 0), self.replica.end_offset)
        granted = grants(self.state, self.leader_id, self.voted_id, asked, mine)
        if granted and not asked.pre_vote and self.voted_id != asked.replica_id:
            # Whoever votes waits for what comes of it.
            state = Unattached(self._election_deadline()) if isinstance(self.state, Unattached) else self.state
            self._enter(self.epoch, self.leader_id, asked.replica_id, state)
        return messages.voted(ErrorCode.none, self.hint.leader_id, self.epoch, granted)

    def begin_epoch(self, body: Any) -> Any:
        asked = messages.asked(body)
        error = ErrorCode.none
        if asked.leader_epoch < self.epoch:
            error = ErrorCode.fenced_leader_epoch
        else:
            self.learn(asked.leader_id, asked.leader_epoch)
        return messages.begun(error, self.hint.leader_id, self.epoch)

    def end_epoch(self, body: Any) -> Any:
        asked = messages.asked(body)
        if asked.leader_epoch < self.epoch:
            return messages.ended(ErrorCode.fenced_leader_epoch, self.hint.leader_id, self.epoch)
        self.learn(asked.leader_id, asked.leader_epoch)
        successors = [each.candidate_id for each in asked.preferred_candidates]
        if isinstance(self.state, Follower) and self.leader_id == asked.leader_id and self.me.id in successors:
            place = successors.index(BrokerId(self.me.id))
            backoff_us = SUCCESSOR_BACKOFF_US << place if place else 0
            self.state.deadline_us = self.controller.now_us + min(backoff_us, self.fetch_timeout_us)
        return messages.ended(ErrorCode.none, self.hint.leader_id, self.epoch)

    def answered(self, peer_id: int, correlation_id: int, body: Any) -> None:
        told = messages.told(body)
        pre_vote = self._asked.pop(correlation_id, None)
        # An answer that is late may still name a newer epoch.
        self.learn(told.leader_id, told.epoch)
        if pre_vote is None or told.epoch != self.epoch:
            return
        match self.state:
            case Prospective() if pre_vote:
                (self.state.granted if told.vote_granted else self.state.rejected)[peer_id] = None
                self._count(self.state)
            case Candidate() if not pre_vote:
                (self.state.granted if told.vote_granted else self.state.rejected)[peer_id] = None
                self._count(self.state)
