"""The controller: it alone decides what the cluster is, and writes it down before it is so.

Decide, write, replay: a request is turned into records, the records are appended to
`__cluster_metadata` in one batch, and only replaying them changes the image. The active controller replays
at once, so that its next decision sees the last one, and answers when a majority of the controllers has the
records. The others replay what is committed, and any of them can take over: then whatever the one before
had not got committed never was (org.apache.kafka.controller.QuorumController). Brokers fetch the same log
and replay it too.
"""

from collections.abc import Iterable
from typing import Any

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller import brokers, elections, snapshots, voter_requests
from kafkalab.engine.controller.codec import encode
from kafkalab.engine.controller.deciding import decide, not_controller
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.facts import facts
from kafkalab.engine.controller.following import FetchAgain, Following
from kafkalab.engine.controller.metadata import (
    BROKER,
    ConfigRecord,
    FeatureLevelRecord,
    MetadataImage,
    MetadataRecord,
    RegisterBrokerRecord,
)
from kafkalab.engine.controller.metadata_log import MetadataLog
from kafkalab.engine.controller.pending import Pending, PendingDecisions
from kafkalab.engine.controller.quorum import Quorum
from kafkalab.engine.controller.quorum_state import NOBODY
from kafkalab.engine.controller.replica import DIRECTORY, MetadataReplica
from kafkalab.engine.controller.sessions import Sessions
from kafkalab.engine.controller.voters import voter_set
from kafkalab.engine.controller.wakes import CheckFetches, CheckQuorum, CheckSessions, RestoreLeaders, Shutdown
from kafkalab.engine.disk import Disk
from kafkalab.engine.events import ControllerElected, MetadataSnapshotReceived, MetadataSnapshotTaken, VotersChanged
from kafkalab.engine.node import ConnectionLost, Exit, Node, Request, Response, Started
from kafkalab.engine.quotas.mutations import MutationQuotas
from kafkalab.engine.refused import Refused
from kafkalab.engine.spec import ClusterSpec, controller_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchResponse
from kafkalab.wire.records import Record

FEATURES = {
    "metadata.version": 30,
    elections.ELR_FEATURE: 1,
    "transaction.version": 2,
    "group.version": 1,
    "share.version": 1,
}
"""Levels that a new cluster is formatted with: 4.3-IV0. What is not built yet is not finalized."""
BEFORE = "so the controller before it had decided"
SHUTDOWN_WITHOUT_SUCCESSOR_US = 5_000_000


class Controller(Node):
    def __init__(self, cluster: ClusterSpec, controller_id: int, config: BrokerConfig, disk: Disk) -> None:
        super().__init__(controller_node(controller_id))
        self.controller_id = controller_id
        self.cluster_id = cluster.cluster_id
        self.initial_voters = voter_set(cluster.cluster_id, cluster.voters)
        self.limits = cluster.limits
        self._users = cluster.users
        self.static_config = config
        self.config = config
        """With what has been set for all brokers since."""
        self.disk = disk
        self.image = MetadataImage(cluster.cluster_id, controller_id)
        """What is committed; on the active controller with what is not yet, too."""
        self.mutation_quotas = MutationQuotas(config)
        self.sessions = Sessions(config.broker_session_timeout_ms * 1000)
        self.active = False
        """Whether it leads the quorum, and has replayed all that its predecessors wrote."""
        self.running = False
        """From `Started` on; then these are there, too."""
        self.replica: MetadataReplica
        self.quorum: Quorum
        self.following: Following
        self.metadata_log: MetadataLog
        self._pending = PendingDecisions()
        self._correlation_id = 0
        self._woken_us: int | None = None
        self._has_followed = False
        """Another controller's decisions were committed before its eyes."""
        self._checking_sessions = False
        self._not_back: dict[int, None] = {}
        """Brokers that were known when this controller became active, and have not started since."""
        self._may_spread = False
        """Every one of them has: soon leaderships can be where they belong."""

    @property
    def epoch(self) -> int:
        """Of the quorum, as this controller knows it."""
        return self.quorum.epoch

    def handle(self, message: Any) -> None:
        match message:
            case Request():
                self._take(message)
            case Response(source, _, correlation_id, api_key, body):
                if api_key in (ApiKey.FETCH, ApiKey.FETCH_SNAPSHOT):
                    self.following.answered(message)
                else:
                    self.quorum.answered(_number(source), correlation_id, body)
            case CheckQuorum(at_us):
                if at_us == self._woken_us:
                    self._woken_us = None
                    self.quorum.tick()
            case CheckSessions():
                self._check_sessions()
            case CheckFetches():
                self._answer(self.metadata_log.answer_overdue(self.now_us))
            case FetchAgain(number):
                self.following.again(number)
            case ConnectionLost(peer):
                self.metadata_log.forget(peer)
                self._pending.forget(peer)
                if peer.startswith("controller-"):
                    self.following.lost(_number(peer))
            case RestoreLeaders(epoch):
                if self.active and epoch == self.epoch:
                    self._restore_leaders()
            case Started():
                self._start()
            case Shutdown(hands_over):
                self._shut_down(hands_over)
            case _:
                super().handle(message)
        self._wake_for_quorum()

    def _wake_for_quorum(self) -> None:
        due_us = self.quorum.next_due_us()
        if due_us is not None and (self._woken_us is None or due_us < self._woken_us):
            self._woken_us = due_us
            self.wake_in(due_us - self.now_us, CheckQuorum(due_us))

    # -- requests ------------------------------------------------------------------------------

    def _take(self, request: Request) -> None:
        body = request.body
        match request.api_key:
            case ApiKey.FETCH:
                self._take_fetch(request)
            case ApiKey.FETCH_SNAPSHOT:
                self._respond(request, self.metadata_log.fetch_snapshot(body))
            case ApiKey.VOTE:
                self._respond(request, self.quorum.vote(body))
            case ApiKey.BEGIN_QUORUM_EPOCH:
                self._respond(request, self.quorum.begin_epoch(body))
            case ApiKey.END_QUORUM_EPOCH:
                self._respond(request, self.quorum.end_epoch(body))
            case _ if not self.active:
                self._respond(request, not_controller(request))
            case ApiKey.DESCRIBE_QUORUM:
                self._respond(request, voter_requests.describe(self.quorum, self.image, body, self.now_us))
            case ApiKey.ADD_RAFT_VOTER | ApiKey.REMOVE_RAFT_VOTER:
                self._change_voters(request)
            case _:
                self._carry_out(decide(self, request), request)
                self._spread_leaders()
                self._watch_sessions()

    def _take_fetch(self, request: Request) -> None:
        response = self.metadata_log.fetch(request, self.now_us)
        if response is None:
            self.wake_in(request.body.max_wait_ms * 1000, CheckFetches())
        else:
            self._respond(request, response)

    def _change_voters(self, request: Request) -> None:
        try:
            voters = voter_requests.changed_voters(self.quorum, self.cluster_id, request.body, self.now_us)
        except Refused as refused:
            self._respond(request, voter_requests.voters_answered(request.body, refused))
            return
        answer = voter_requests.voters_answered(request.body)
        self._pending.add(Pending(self.image.offset + 2, request, answer, (VotersChanged(voters.ids),)))
        self.image.offset = self.replica.append_control((voters.record(),), self.epoch, self.now_ms)
        self.quorum.voters_changed()
        self._answer(self.metadata_log.answer_waiting())

    def _respond(self, request: Request, body: Any) -> None:
        answer = Response(self.name, request.channel, request.correlation_id, request.api_key, body)
        self.send(request.source, answer)

    def ask_controller(self, controller_id: int, api_key: int, body: Any) -> int:
        """The correlation id of the question."""
        self._correlation_id += 1
        request = Request(self.name, "raft", self._correlation_id, api_key, -1, self.name, body)
        self.send(controller_node(controller_id), request)
        return self._correlation_id

    # -- decide, write, replay -----------------------------------------------------------------

    def _carry_out(self, decision: Decision, request: Request | None = None) -> None:
        if not decision.records and not self._pending.line:
            if request is not None:
                self._respond(request, decision.body)
            return
        told = tuple(facts(self.image, decision.records, decision.reason))
        end_offset = self.image.offset + 1 + len(decision.records)
        self._pending.add(Pending(end_offset, request, decision.body, told))
        if decision.records:
            self._write(decision.records)

    def _write(self, records: tuple[MetadataRecord, ...]) -> None:
        values = [Record(index, self.clock_ms, None, encode(record)) for index, record in enumerate(records)]
        first_offset = self.replica.append(batches.build(values), self.epoch, self.now_ms)
        for index, record in enumerate(records):
            self.image.replay(record, first_offset + index)
            if isinstance(record, RegisterBrokerRecord) and self._not_back.pop(record.broker_id, True) is None:
                self._may_spread = not self._not_back
        self._reconfigure()
        self.quorum.advance()
        self._answer(self.metadata_log.answer_waiting())

    def committed(self) -> None:
        """More of the log is committed than was, or this controller leads and knows now what is."""
        leader = self.quorum.leader
        if self.active:
            self._complete()
        else:
            self._replay_committed(is_new=leader is not None and self._has_followed)
            self._has_followed = self._has_followed or leader is None
            if leader is not None and leader.high_watermark_known:
                self._become_active()
        self._maybe_take_snapshot()

    def _complete(self) -> None:
        done = self._pending.take_committed(self.replica.high_watermark)
        for each in done:
            for fact in each.facts:
                self.tell(fact)
        self._answer(self.metadata_log.answer_waiting())
        for each in done:
            if each.request is not None:
                self._respond(each.request, each.body)

    def _replay_committed(self, *, is_new: bool = False) -> None:
        """Up to the high watermark. What is new nobody has told yet."""
        for batch, records in self.replica.decisions(self.image.offset + 1, self.replica.high_watermark):
            if is_new:
                for fact in facts(self.image, tuple(record for _, record in records), BEFORE):
                    self.tell(fact)
            for offset, record in records:
                self.image.replay(record, offset)
            self.image.offset = batch.last_offset

    def _answer(self, answers: Iterable[tuple[Request, FetchResponse]]) -> None:
        for request, body in answers:
            self._respond(request, body)

    def _maybe_take_snapshot(self) -> None:
        replica, most_bytes = self.replica, self.static_config.metadata_log_max_record_bytes_between_snapshots
        if replica.bytes_since_snapshot > most_bytes and self.image.offset + 1 == replica.high_watermark:
            taken = replica.take_snapshot(self.image, self.now_ms)
            self.tell(MetadataSnapshotTaken(self.name, taken.end_offset))

    def snapshot_received(self) -> None:
        """It stands for everything up to its end; what was replayed here is a part of that."""
        assert self.replica.snapshot is not None
        self.tell(MetadataSnapshotReceived(self.name, self.replica.snapshot.end_offset))
        self._replay_anew()

    def _replay_anew(self) -> None:
        self.image = MetadataImage(self.cluster_id, self.controller_id)
        self.replica.load_snapshot(self.image)
        self._replay_committed()

    # -- coming and going ----------------------------------------------------------------------

    def _start(self) -> None:
        if not self.disk.names(DIRECTORY) and self.controller_id in self.initial_voters:
            snapshots.bootstrap(self.disk, DIRECTORY, self.initial_voters, self.now_ms)
        self.replica = MetadataReplica(self.disk, self.initial_voters, self.now_ms)
        self.quorum = Quorum(self, self.replica)
        self.following = Following(self, self.replica)
        self.metadata_log = MetadataLog(self.replica, self.quorum)
        self.replica.load_snapshot(self.image)
        self.running = True
        self.quorum.start()

    def _become_active(self) -> None:
        self.active = True
        self.tell(ControllerElected(self.controller_id, self.epoch))
        if not self.image.features:
            self._format()
        self._reconfigure()
        self._not_back = dict.fromkeys(self.image.brokers)
        self._may_spread = False
        self.sessions.by_broker.clear()
        for broker in self.image.brokers.values():
            if not broker.fenced:
                self.sessions.touch(broker.broker_id, self.now_us)
        self._watch_sessions()
        self._restore_leaders_later()
        self._answer(self.metadata_log.answer_waiting())

    def leadership_lost(self) -> None:
        """What was decided and not committed has not happened: at least not as far as this controller knows."""
        self.active = False
        for each in self._pending.take_all():
            if each.request is not None:
                self._respond(each.request, not_controller(each.request))
        self._answer(self.metadata_log.answer_waiting())
        if self.image.offset >= self.replica.high_watermark:
            self._replay_anew()

    def _shut_down(self, hands_over: bool) -> None:
        if hands_over and not self.quorum.stopping and self.quorum.leader is not None and self.quorum.others:
            self.quorum.stopping = True
            self.quorum.resign("it is asked to stop")
            self.wake_in(SHUTDOWN_WITHOUT_SUCCESSOR_US, Shutdown())
        else:
            self._exit()

    def leader_learned(self) -> None:
        """The quorum goes on under another: whoever stops may go."""
        if self.quorum.stopping and self.quorum.leader_id not in (NOBODY, self.controller_id):
            self._exit()

    def _exit(self) -> None:
        self.replica.close()
        self.outbox.append(Exit())

    def _format(self) -> None:
        """What a new cluster begins with (kafka-storage.sh format)."""
        levels = tuple(FeatureLevelRecord(name, level) for name, level in FEATURES.items())
        # With ELR the cluster's value is always written down: all brokers must go by the same one.
        min_isr = self.static_config.topic_defaults.get(elections.MIN_ISR, "1")
        self._write((*levels, ConfigRecord(BROKER, "", elections.MIN_ISR, min_isr), *self._users))

    def _reconfigure(self) -> None:
        self.config = self.static_config.with_dynamic(self.image.broker_config(None))

    # -- timers --------------------------------------------------------------------------------

    def _watch_sessions(self) -> None:
        """One wake for all brokers, at the earliest moment at which one can be overdue."""
        expiry_us = self.sessions.next_expiry_us()
        if self.active and expiry_us is not None and not self._checking_sessions:
            self._checking_sessions = True
            self.wake_in(expiry_us - self.now_us, CheckSessions())

    def _check_sessions(self) -> None:
        self._checking_sessions = False
        if not self.active:
            return
        for broker_id in self.sessions.expired(self.now_us):
            self._carry_out(brokers.fence(self.image, self.config, self.sessions, broker_id))
        self._watch_sessions()

    def _restore_leaders(self) -> None:
        if self.config.auto_leader_rebalance_enable:
            self._prefer_leaders()
        unclean = tuple(elections.unclean_elections(self.image, self.config.topic_defaults))
        self._carry_out(Decision(records=unclean, reason="no replica in sync is left, and this one lives"))
        self._restore_leaders_later()

    def _prefer_leaders(self) -> None:
        changes = tuple(elections.preferred_elections(self.image, self.config.topic_defaults))
        self._carry_out(Decision(records=changes, reason="it is the preferred replica"))

    def _spread_leaders(self) -> None:
        """After a restart of everything whoever came first leads. Do not wait five minutes to mend that."""
        if not self._may_spread or not elections.all_in_sync(self.image):
            return
        self._may_spread = False
        if self.config.auto_leader_rebalance_enable:
            self._prefer_leaders()

    def _restore_leaders_later(self) -> None:
        self.wake_in(self.config.leader_imbalance_check_interval_seconds * 1_000_000, RestoreLeaders(self.epoch))


def _number(node: str) -> int:
    return int(node.rpartition("-")[2])
