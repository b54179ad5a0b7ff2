"""Three controllers and three brokers on memory disks, and what the controllers say to each other, written down."""

from typing import Any

from kio.schema.vote.v2.request import PartitionData, TopicData, VoteRequest

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.quorum_messages import asked, told
from kafkalab.engine.node import Request, Response
from kafkalab.engine.spec import ClusterSpec, controller_node
from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import SECOND_US, Room, Say

ELECTIONS = (ApiKey.VOTE, ApiKey.BEGIN_QUORUM_EPOCH, ApiKey.END_QUORUM_EPOCH)


class Trio(Room):
    """A room with three controllers; `said` has their elections, line by line."""

    def __init__(
        self, brokers: int = 3, controllers: int = 3, *, combined: bool = False, configs: dict[str, str] | None = None
    ) -> None:
        self.said: list[str] = []
        spec = ClusterSpec.local(brokers, controllers=controllers, combined=combined, broker_configs=configs or {})
        super().__init__(latency_us=1_000, spec=spec)
        self.world.on_message.append(self._overhear)
        self.run(8)

    def _overhear(self, _sent_us: int, _due_us: int, source: str, target: str, message: Request | Response) -> None:
        if message.api_key not in ELECTIONS:
            return
        way = f"{source.removeprefix('controller-')} -> {target.removeprefix('controller-')} {name_of(message.api_key)}"
        if isinstance(message, Request):
            partition = asked(message.body)
            if message.api_key == ApiKey.VOTE:
                kind = "would you" if partition.pre_vote else "do you"
                self.said.append(f"{way}: {kind}, in epoch {partition.replica_epoch}?")
            else:
                self.said.append(f"{way}: {partition.leader_id} leads epoch {partition.leader_epoch}")
        else:
            answer = told(message.body)
            if message.api_key == ApiKey.VOTE:
                self.said.append(f"{way}: {'yes' if answer.vote_granted else 'no'}")
            elif answer.error_code is not ErrorCode.none:
                self.said.append(f"{way}: {answer.error_code.name}")

    def take_said(self) -> list[str]:
        said, self.said = self.said, []
        return said

    @property
    def active(self) -> Controller:
        return self.cluster.controller

    @property
    def standby(self) -> list[Controller]:
        return [each for each in self.cluster.controllers.values() if each is not self.active]

    def until_active(self, seconds: float = 10) -> float:
        """Let time pass until a controller is active; how many seconds that took."""
        began_us = self.world.now_us
        while self.cluster.active_controller is None:
            assert self.world.now_us < began_us + seconds * SECOND_US
            self.world.step()
        return (self.world.now_us - began_us) / SECOND_US

    def ask_for_vote(
        self, voter: int, candidate: int, epoch: int, *, pre_vote: bool = False, end: tuple[int, int] = (99, 999)
    ) -> tuple[ErrorCode, bool]:
        """As a candidate whose log ends with (epoch, offset) would."""
        partition = PartitionData(
            partition_index=0,
            replica_epoch=epoch,
            replica_id=candidate,
            replica_directory_id=None,
            voter_directory_id=None,
            last_offset_epoch=end[0],
            last_offset=end[1],
            pre_vote=pre_vote,
        )
        body = VoteRequest(
            cluster_id=self.cluster.spec.cluster_id,
            voter_id=voter,
            topics=(TopicData(topic_name="__cluster_metadata", partitions=(partition,)),),
        )
        answer = told(self.ask_controller(voter, ApiKey.VOTE, body))
        return answer.error_code, answer.vote_granted

    def ask_controller(self, controller_id: int, api_key: int, body: Any) -> Any:
        self._correlation_id += 1
        number, node = self._correlation_id, controller_node(controller_id)
        self.world.tell_node("client", Say(node, Request("client", "raft", number, api_key, -1, "test", body)))
        self.run(0.01)
        return self.client.answers.pop(number)


def images_of(cluster: Cluster) -> list[Any]:
    """What each controller and each broker knows: offset, brokers, topics."""
    images = [each.image for each in cluster.controllers.values()]
    images += [each.metadata for each in cluster.brokers.values()]
    return [(image.offset, image.brokers, image.topics, image.configs) for image in images]
