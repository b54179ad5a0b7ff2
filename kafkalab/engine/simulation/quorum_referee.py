"""The referee for the quorum: one leader an epoch, and one metadata log that is never taken back.

M1 no epoch has two leaders, and no node goes back to an older epoch; M2 what any node holds to be committed
is the same everywhere and for ever, and only the active controller's image is ahead of it. What is committed
is replayed here decision by decision, for `metadata_referee` to judge.
"""

from dataclasses import dataclass, field

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller import snapshots
from kafkalab.engine.controller.codec import records_in
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.controller.replica import DIRECTORY, MetadataReplica
from kafkalab.engine.simulation.metadata_referee import MetadataReferee
from kafkalab.engine.simulation.sight import Broken


@dataclass
class QuorumReferee:
    cluster: Cluster
    metadata: MetadataReferee
    image: MetadataImage = field(init=False)
    """What is committed, replayed here."""
    leaders: dict[int, int] = field(default_factory=dict)
    """By epoch."""
    committed: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """By base offset: CRC, leader epoch and last offset of a batch."""
    end_offset: int = 0
    """Of what is committed."""
    unseen: list[range] = field(default_factory=list)
    """Offsets that a snapshot had replaced before anybody looked."""
    epochs: dict[str, int] = field(default_factory=dict)
    """By node: the quorum's, as it knew last."""
    known: dict[str, int] = field(default_factory=dict)
    """By node: how far what it holds to be committed has been compared."""

    def __post_init__(self) -> None:
        self.image = MetadataImage(self.cluster.spec.cluster_id, self.cluster.spec.controllers[0])

    def started(self, node: str) -> None:
        """What it held to be committed died with its memory."""
        self.known.pop(node, None)

    def look_at_controller(self, controller: Controller) -> None:
        if not controller.running:
            return
        quorum, name = controller.quorum, controller.name
        if quorum.epoch < self.epochs.get(name, 0):
            raise Broken("M1", f"{name} went back from epoch {self.epochs[name]} to {quorum.epoch}")
        self.epochs[name] = quorum.epoch
        if quorum.leader is not None:
            leader = self.leaders.setdefault(quorum.epoch, controller.controller_id)
            if leader != controller.controller_id:
                raise Broken("M1", f"{leader} and {controller.controller_id} lead epoch {quorum.epoch}")
        if not controller.active and controller.image.offset >= quorum.replica.high_watermark:
            raise Broken("M2", f"{name} acts on {controller.image.offset}, committed is {quorum.replica}")
        self.look_at(name, quorum.replica)

    def look_at(self, name: str, replica: MetadataReplica) -> None:
        """What a controller or a broker holds to be committed."""
        known, high_watermark = self.known.get(name, 0), replica.high_watermark
        if high_watermark == known:
            return
        if high_watermark < known or replica.end_offset < high_watermark:
            raise Broken("M2", f"{name} took back what was committed: {known}, {high_watermark}, {replica.log}")
        self.known[name] = high_watermark
        for stored in replica.log.headers(max(known, replica.log.start_offset), high_watermark):
            batch = stored.batch
            content = (batch.crc, batch.partition_leader_epoch, batch.last_offset)
            if batch.base_offset >= self.end_offset:
                self._commit(name, replica, batch.base_offset, content)
            elif self.committed.get(batch.base_offset) != content and not self._is_unseen(batch.base_offset):
                raise Broken("M2", f"{name} has another batch at {batch.base_offset} than was committed")

    def _is_unseen(self, offset: int) -> bool:
        return any(offset in gap for gap in self.unseen)

    def _commit(self, name: str, replica: MetadataReplica, offset: int, content: tuple[int, int, int]) -> None:
        if offset > self.end_offset and offset in [each.end_offset for each in replica.snapshots[:1]]:
            # It was written, committed and replaced by a snapshot all within one step.
            self.unseen.append(range(self.end_offset, offset))
            self.image = MetadataImage(self.image.cluster_id, self.image.controller_id)
            snapshots.load(replica.disk, DIRECTORY, replica.snapshots[0], self.image)
        elif offset != self.end_offset:
            raise Broken("M2", f"{name} commits {offset} where {self.end_offset} is next")
        self.committed[offset] = content
        self.end_offset = content[2] + 1
        batch = next(replica.batches(offset, self.end_offset))
        for record_offset, record in records_in(bytes(batch.view)):
            self.image.replay(record, record_offset)
        self.image.offset = content[2]
        self.metadata.look(self.image, self.cluster.config.with_dynamic(self.image.broker_config(None)))


def controllers_agree(cluster: Cluster) -> None:
    """When all is quiet: one leader, and the same log and image everywhere."""
    active = cluster.controller
    for other in cluster.controllers.values():
        if other is active:
            continue
        if other.quorum.leader_id != active.controller_id or other.epoch != active.epoch:
            raise Broken("M1", f"{other.name} follows {other.quorum.hint}, active is {active.name}")
        if (other.image.topics, other.image.brokers) != (active.image.topics, active.image.brokers):
            raise Broken("M2", f"{other.name} has another image than {active.name}")
        start = max(active.replica.log.start_offset, other.replica.log.start_offset)
        logs = [
            [bytes(batch.view) for batch in each.replica.batches(start, each.replica.end_offset)]
            for each in (active, other)
        ]
        if logs[0] != logs[1]:
            raise Broken("M2", f"the logs of {active.name} and {other.name} differ")
