"""The referee: looks at every replica that a step changed, and at every answer that goes out.

Each rule has the letter under which the reports name it. L rules are about logs and replication,
M about metadata, T about idempotent producers, G about groups, X about requests. Rules that can
only be judged when all is quiet are in `final_count`.
"""

from dataclasses import dataclass, field
from uuid import UUID

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.checkpoints import CLEAN_SHUTDOWN
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC
from kafkalab.engine.events import (
    Event,
    GroupAssigned,
    HighWatermarkAdvanced,
    LogCompacted,
    LogTruncated,
    MemberReconciled,
    NodeCrashed,
    NodeStarted,
    OffsetCommitted,
    PartitionsAssigned,
    PositionReset,
    RecordAcked,
    RecordFailed,
    RecordsAppended,
    RecordsDelivered,
    RecordSent,
    ReplicaDeleted,
    RequestRefused,
    SegmentDeleted,
    TopicDeleted,
    TransactionEnded,
)
from kafkalab.engine.node import Request, Response
from kafkalab.engine.simulation.compacted import CompactedLogs, retained
from kafkalab.engine.simulation.metadata_referee import MetadataReferee
from kafkalab.engine.simulation.offsets_referee import OffsetsReferee
from kafkalab.engine.simulation.owners import has_a_successor, shared_out, taken_up
from kafkalab.engine.simulation.quorum_referee import QuorumReferee
from kafkalab.engine.simulation.sight import Broken, ReplicaKey, Sight, TopicNumber
from kafkalab.engine.simulation.stored_batches import epoch_before, new_batches
from kafkalab.engine.simulation.transactional import ACCOUNTS, READ_COMMITTED
from kafkalab.engine.simulation.transactions_referee import TransactionsReferee
from kafkalab.engine.simulation.watching import take_changed, watch
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

OF_NO_CONCERN = frozenset({RecordsAppended, HighWatermarkAdvanced, RecordSent, RequestRefused, TransactionEnded})
"""Most of what is said. The referee looks for itself."""


@dataclass
class Referee:
    cluster: Cluster
    sights: dict[ReplicaKey, Sight] = field(default_factory=dict)
    batch_of: dict[tuple[TopicNumber, int, int, int], tuple[int, int, int]] = field(default_factory=dict)
    """(topic id, partition, leader epoch, base offset) -> (CRC, last offset, epoch of the batch before)."""
    accepting: dict[tuple[TopicNumber, int, int], int] = field(default_factory=dict)
    """(topic id, partition, leader epoch) -> the broker that took writes in it."""
    served: dict[tuple[TopicNumber, int, int], int] = field(default_factory=dict)
    """(topic id, partition, base offset) -> CRC of the batch that a reader was given."""
    visible: dict[tuple[TopicNumber, int], int] = field(default_factory=dict)
    """(topic id, partition) -> the highest high watermark that a leader ever had."""
    generations: dict[str, int] = field(default_factory=dict)
    offsets: OffsetsReferee = field(default_factory=OffsetsReferee)
    acked: dict[tuple[str, int], tuple[str, UUID | None, int, int]] = field(default_factory=dict)
    """(producer, serial) -> (topic, topic id, partition, offset)."""
    refused_for_a_gap: dict[tuple[str, str, int], None] = field(default_factory=dict)
    """(producer, topic, partition) where a record was given up because those before it had not arrived."""
    remade: dict[str, int] = field(default_factory=dict)
    """Topics that were deleted -> how often. Who comes after them may have the same name."""
    delivered: dict[tuple[str, str, int], list[tuple[int, int]]] = field(default_factory=dict)
    """(consumer, topic, partition) -> ranges that it received, as (first, last)."""
    asked: dict[tuple[str, str, int], Request] = field(default_factory=dict)
    """(source, channel, correlation id) -> a request that has no answer yet."""
    compacted: CompactedLogs = field(default_factory=CompactedLogs)
    segments_deleted: int = 0
    lives: dict[str, Broker] = field(default_factory=dict)
    """By node: the process that runs, or the last one that did."""
    checks: int = 0
    transactions: TransactionsReferee = field(init=False)
    metadata: MetadataReferee = field(init=False)
    quorum: QuorumReferee = field(init=False)

    def __post_init__(self) -> None:
        self.metadata = MetadataReferee(self.cluster, self.sights, self.visible)
        self.transactions = TransactionsReferee(self.cluster.world, self.visible)
        self.quorum = QuorumReferee(self.cluster, self.metadata)
        self.listen()

    def listen(self) -> None:
        """To what nodes state and send. The copy of a world has no listeners, until one begins anew."""
        self.cluster.world.on_event.append(self.hear)
        self.cluster.world.on_message.append(self.overhear)

    # -- after every step ------------------------------------------------------------------------

    def look(self) -> None:
        """Judge what the last step changed. Only the node that acted can have changed."""
        world = self.cluster.world
        node = world.nodes.get(world.last_node)
        if isinstance(node, Broker):
            for partition in take_changed(node) if node.replicas.partitions.changed else ():  # type: ignore[attr-defined]
                self._look_at(node, partition)
            replica = node.metadata_follower.replica
            if replica is not None and replica.high_watermark != self.quorum.known.get(node.name, 0):
                self.quorum.look_at(node.name, replica)
        elif isinstance(node, Controller):
            self.quorum.look_at_controller(node)

    def _look_at(self, broker: Broker, partition: Partition) -> None:
        log, isr = partition.log, partition.isr
        key = (partition.topic_id.int, partition.partition, broker.broker_id)
        sight = self.sights.get(key)
        if sight is None:
            where = f"{partition.topic}-{partition.partition} on broker {broker.broker_id}"
            sight = self.sights[key] = Sight(partition.topic, where, log.start_offset, log.start_offset)
        if sight.lost_power:
            sight.lost_power = False
            self.compacted.truncated(key, log.end_offset)
            self.transactions.cut(key)
            sight.cut_at(log.end_offset)
        if (
            sight.log_end == log.end_offset
            and sight.high_watermark == partition.high_watermark
            and sight.leader_epoch == partition.leader_epoch
            and sight.isr == isr
            and sight.log_start == log.start_offset
        ):
            return
        self.checks += 1
        where = sight.where
        named = broker.metadata.topics.get(partition.topic)
        if named is not None and named.topic_id != partition.topic_id:
            raise Broken("M4", f"{where}: a replica of a topic that was deleted, and made again as another")
        if not log.start_offset <= partition.high_watermark <= log.end_offset:
            raise Broken(
                "L3", f"{where}: {log.start_offset} <= {partition.high_watermark} <= {log.end_offset} is false"
            )
        if log.start_offset < sight.log_start:
            raise Broken("L3", f"{where}: log start went back from {sight.log_start} to {log.start_offset}")
        if log.end_offset < sight.log_end:
            raise Broken("L3", f"{where}: the log lost offsets from {log.end_offset} on without a word")
        if partition.leader_epoch < sight.leader_epoch:
            raise Broken("M3", f"{where}: leader epoch went back to {partition.leader_epoch}")
        if log.end_offset > sight.log_end:
            self._appended(broker, partition, sight)
        if partition.is_leader:
            self._leading(broker, partition, sight)
        if partition.topic == ACCOUNTS:
            self.transactions.appended(key, partition)
            if partition.is_leader:
                self.transactions.leading(key, partition)
        sight.log_start = log.start_offset
        sight.log_end = log.end_offset
        sight.high_watermark = partition.high_watermark
        sight.leader_epoch = partition.leader_epoch
        sight.leading = partition.is_leader
        sight.isr = isr
        if partition.is_leader:
            self.metadata.high_watermark_moved(partition.topic, partition.topic_id, partition.partition)

    def _appended(self, broker: Broker, partition: Partition, sight: Sight) -> None:
        """L1 dense offsets and epochs that do not fall, L2 log matching, L5 one writer an epoch."""
        where = sight.where
        expected = max(sight.log_end, partition.log.start_offset)
        if partition.log.config.is_compacted:
            replica = (partition.topic_id.int, partition.partition, broker.broker_id)
            self.compacted.appended(replica, partition, expected)
            if partition.topic == TRANSACTIONS_TOPIC:
                self.transactions.decisions(partition, expected)
            self._took_writes(broker, partition, partition.log.epochs.latest)
            return
        before = epoch_before(partition.log, sight, expected)
        topic = partition.topic_id.int
        for batch in new_batches(partition.log, sight, expected):
            last_offset, epoch = batch.last_offset, batch.partition_leader_epoch
            if batch.base_offset != expected or last_offset < expected:
                raise Broken("L1", f"{where}: a batch at {batch.base_offset}, expected {expected}")
            if epoch < before:
                raise Broken("L1", f"{where}: epoch {epoch} after {before} at {expected}")
            name = (topic, partition.partition, epoch, expected)
            content = (batch.crc, last_offset, before)
            known = self.batch_of.setdefault(name, content)
            # Where a log begins, nobody knows what was before.
            same_before = known[2] == before or -1 in (known[2], before)
            if known[:2] != content[:2] or not same_before:
                raise Broken("L2", f"{where}: two batches at offset {expected} of one leader epoch")
            self.batch_of[name] = max(known, content)
            if partition.is_leader:
                self._took_writes(broker, partition, epoch)
            expected = last_offset + 1
            before = epoch
        sight.seen_up_to(partition.log, before)
        if expected != partition.log.end_offset:
            raise Broken("L1", f"{where}: the log ends at {expected}, it says {partition.log.end_offset}")

    def _took_writes(self, broker: Broker, partition: Partition, epoch: int) -> None:
        if partition.is_leader and epoch == partition.leader_epoch:
            place = (partition.topic_id.int, partition.partition, epoch)
            writer = self.accepting.setdefault(place, broker.broker_id)
            if writer != broker.broker_id:
                where = f"{partition.topic}-{partition.partition} on broker {broker.broker_id}"
                raise Broken("L5", f"{where}: broker {writer} also took writes in epoch {epoch}")

    def _leading(self, broker: Broker, partition: Partition, sight: Sight) -> None:
        """L3 the high watermark of a leader does not fall, L4 all in sync hold what is below it."""
        where, isr = sight.where, partition.isr
        same_epoch = sight.leading and sight.leader_epoch == partition.leader_epoch
        if same_epoch and partition.high_watermark < sight.high_watermark:
            raise Broken("L3", f"{where}: high watermark fell from {sight.high_watermark}")
        if broker.broker_id not in isr:
            raise Broken("L4", f"{where}: leads but is not in its ISR {isr}")
        moved = not same_epoch or partition.high_watermark > sight.high_watermark or isr != sight.isr
        if not moved or partition.topic_id in self.metadata.deleted:
            return
        topic, number = place = (partition.topic_id.int, partition.partition)
        assigned = self.metadata.seen.get((partition.topic_id, number))
        for member in isr:
            if assigned is not None and member not in assigned.replicas:
                # Moved away, and the leader of before has not heard of it yet.
                continue
            other = self.sights.get((topic, number, member))
            end = other.log_end if other is not None else 0
            if member != broker.broker_id and end < partition.high_watermark:
                raise Broken("L4", f"{where}: in-sync {member} ends at {end} < {partition.high_watermark}")
        self.visible[place] = max(self.visible.get(place, 0), partition.high_watermark)

    def power_lost(self, broker_id: int) -> None:
        """What lay on that broker may be less than it was, once."""
        for (_, _, holder), sight in self.sights.items():
            sight.lost_power |= holder == broker_id

    # -- what goes over the network --------------------------------------------------------------

    def overhear(self, sent_us: int, due_us: int, source: str, target: str, message: Request | Response) -> None:
        if isinstance(message, Request):
            if not (message.api_key == ApiKey.PRODUCE and message.body.acks == 0):
                self.asked[(source, message.channel, message.correlation_id)] = message
            if message.api_key == ApiKey.END_TXN:
                self.transactions.asked_to_end(message.body)
            return
        request = self.asked.pop((target, message.channel, message.correlation_id), None)
        if request is None:
            raise Broken("X3", f"{source} answered {target} twice, or unasked: {message}")
        if message.api_key == ApiKey.PRODUCE and request.body.acks == -1:
            self._acked_by_all(source, message)
        if message.api_key == ApiKey.FETCH and request.body.replica_id < 0:
            self._served(source, target, message, request.body.isolation_level)
        if message.api_key in (ApiKey.INIT_PRODUCER_ID, ApiKey.END_TXN):
            self.transactions.answered(request, message.body)

    def _acked_by_all(self, source: str, response: Response) -> None:
        """L7 acks=all succeeds only while enough replicas are in sync."""
        broker = self.cluster.world.nodes.get(source)
        if not isinstance(broker, Broker):
            return
        for topic in response.body.topics:
            for result in topic.partitions:
                partition = broker.partitions.get((topic.name, result.partition))
                if result.error_code != ErrorCode.none or partition is None:
                    continue
                if partition.is_leader and len(partition.maximal_isr) < partition.effective_min_isr:
                    raise Broken("L7", f"{topic.name}-{result.partition}: acked with ISR {partition.maximal_isr}")

    def _served(self, source: str, client: str, response: Response, isolation_level: int) -> None:
        """L8 readers get nothing above the high watermark, and an offset never changes its content."""
        broker = self.cluster.world.nodes.get(source)
        if not isinstance(broker, Broker):
            return
        for topic in response.body.topics:
            name = topic.name or broker.metadata.topic_names.get(topic.topic_id, "")
            for result in topic.partitions:
                partition = broker.partitions.get((name, result.partition))
                if result.error_code == ErrorCode.offset_out_of_range:
                    self.offsets.sent_back[(client, name, result.partition)] = None
                if not result.records or partition is None:
                    continue
                if isolation_level == READ_COMMITTED and name == ACCOUNTS:
                    self.transactions.served(broker, partition, result)
                for batch in batches.headers(result.records):
                    # A follower knows what was committed in an earlier step, if it is right.
                    committed = partition.high_watermark
                    if not partition.is_leader:
                        committed = self.visible.get((partition.topic_id.int, partition.partition), 0)
                    if batch.next_offset > committed:
                        raise Broken("L8", f"{name}-{result.partition}: served {batch.last_offset} above the HW")
                    if (name, result.partition) in self.metadata.gambled:
                        continue
                    if partition.log.config.is_compacted:
                        where = f"{name}-{result.partition}"
                        self.compacted.served((partition.topic_id.int, partition.partition), batch, where)
                        continue
                    place = (partition.topic_id.int, partition.partition, batch.base_offset)
                    if self.served.setdefault(place, batch.crc) != batch.crc:
                        raise Broken("L8", f"{name}-{result.partition}: offset {batch.base_offset} changed")

    # -- facts that nodes state --------------------------------------------------------------------

    def hear(self, now_us: int, node: str, event: Event) -> None:
        if event.__class__ in OF_NO_CONCERN:
            return
        match event:
            case RecordAcked(client, serial, topic, partition, offset):
                producer = self.cluster.world.nodes[client]
                assert isinstance(producer, Producer)
                self.acked[(client, serial)] = (topic, producer.metadata.topics[topic].topic_id, partition, offset)
            case RecordFailed(client, _, topic, partition, "OUT_OF_ORDER_SEQUENCE_NUMBER"):
                self.refused_for_a_gap[client, topic, partition] = None
            case RecordsDelivered(client, topic, partition, first, last):
                self.delivered.setdefault((client, topic, partition), []).append((first, last))
            case LogTruncated(topic, partition, broker, _, after):
                for replica, sight in self.sights.items():
                    if sight.topic == topic and replica[1:] == (partition, broker):
                        self.compacted.truncated(replica, after)
                        self.transactions.cut(replica)
                        sight.cut_at(after)
            case ReplicaDeleted(topic, partition, broker):
                for key in [key for key, sight in self.sights.items() if sight.topic == topic]:
                    if key[1:] == (partition, broker):
                        del self.sights[key]
                        self.compacted.held.pop(key, None)
                        self.transactions.cut(key)
            case NodeCrashed(name) if name.startswith("broker-") and not self._had_put_all_away(name):
                crashed = self.lives.get(name)
                if crashed is not None:
                    self.metadata.crashed[crashed.broker_id] = crashed.lifecycle.incarnation_id
            case LogCompacted():
                compacted = self._replica(node, event)
                replica = (compacted.topic_id.int, event.partition, event.broker)
                self.compacted.compacted(replica, compacted, event, now_us // 1000)
            case SegmentDeleted():
                self.segments_deleted += 1
                retained(self._replica(node, event), event)
            case GroupAssigned(group) | MemberReconciled(group) | OffsetCommitted(group) if has_a_successor(
                self.cluster.world, node, group, self.metadata.seen
            ):
                # Late news, which counted before its successor's.
                return
            case MemberReconciled(group):
                shared_out(self.cluster.world, node, group)
            case GroupAssigned(group, generation):
                self._next_generation(group, generation)
                shared_out(self.cluster.world, node, group)
            case PartitionsAssigned(client, group):
                taken_up(self.cluster.world, client, group)
            case PositionReset(client, topic, partition, offset):
                self.offsets.reset(self.cluster.world.nodes[client], client, topic, partition, offset)
            case OffsetCommitted(group, topic, partition, offset):
                forgotten = topic in self.remade or (topic, partition) in self.metadata.gambled
                self.offsets.hear((group, topic, partition), offset, forgotten=forgotten)
            case TopicDeleted(topic):
                self.remade[topic] = self.remade.get(topic, 0) + 1
                for reader in [reader for reader in self.delivered if reader[1] == topic]:
                    del self.delivered[reader]
            case NodeStarted(name):
                self._started(name)

    def _next_generation(self, group: str, generation: int) -> None:
        if generation <= self.generations.get(group, 0):
            raise Broken("G2", f"{group}: generation {generation} after {self.generations[group]}")
        self.generations[group] = generation

    def _started(self, name: str) -> None:
        self.quorum.started(name)
        node = self.cluster.world.nodes[name]
        if isinstance(node, Broker):
            watch(node)
            self.lives[name] = node
            self.transactions.started(node.broker_id)
        # What a broker knew of leadership died with its memory; its log did not.
        for (_, _, holder), sight in self.sights.items():
            if broker_node(holder) == name:
                sight.leading, sight.leader_epoch, sight.isr = False, -1, ()

    def _replica(self, node: str, event: LogCompacted | SegmentDeleted) -> Partition:
        broker = self.cluster.world.nodes[node]
        assert isinstance(broker, Broker)
        return broker.partitions[event.topic, event.partition]

    def _had_put_all_away(self, node: str) -> bool:
        """Killed after it wrote that it stopped in good order. Asked of the disk behind its faults."""
        return self.cluster.disks[node].disk.exists(CLEAN_SHUTDOWN)
