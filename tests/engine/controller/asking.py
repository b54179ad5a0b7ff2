"""A real cluster on a quiet network, and someone who asks its brokers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from kio.schema.create_topics.v7.request import CreatableTopic, CreateTopicsRequest
from kio.schema.metadata.v13.request import MetadataRequest, MetadataRequestTopic
from kio.schema.metadata.v13.response import MetadataResponse

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.node import Node, Request, Response, Started
from kafkalab.engine.spec import ClusterSpec, broker_node
from kafkalab.engine.world import World
from kafkalab.wire.api import ApiKey, newest


class Client(Node):
    """Asks one broker, and keeps the answers."""

    def __init__(self) -> None:
        super().__init__("client-1")
        self.answers: dict[int, Any] = {}

    def handle(self, message: Any) -> None:
        match message:
            case (broker_id, request):
                self.send(broker_node(broker_id), request)
            case Response():
                self.answers[message.correlation_id] = message.body
            case Started():
                pass


class Lab:
    """Three real brokers on a quiet network, and someone who asks them."""

    def __init__(self, **settings: str) -> None:
        configs = {name.replace("_", "."): value for name, value in settings.items()}
        self.world = World(seed=3)
        self.spec = ClusterSpec.local(3, racks=("a", "b"), broker_configs=configs)
        self.cluster = Cluster(self.spec, self.world, lambda _: MemoryDisk())
        self.cluster.start()
        self.client = Client()
        self.world.start(self.client)
        self.pass_seconds(1)

    def pass_seconds(self, seconds: float) -> None:
        self.world.run_until(self.world.now_us + int(seconds * 1_000_000))

    def ask(self, api_key: int, body: Any, *, broker_id: int = 1, api_version: int | None = None) -> Any:
        number = len(self.client.answers) + 1
        version = newest(api_key) if api_version is None else api_version
        request = Request("client-1", "wire", number, api_key, version, "test", body)
        self.world.tell_node("client-1", (broker_id, request))
        self.pass_seconds(0.1)
        return self.client.answers[number]

    def create(self, *topics: CreatableTopic) -> Any:
        return self.ask(ApiKey.CREATE_TOPICS, CreateTopicsRequest(topics=topics, timeout=timedelta(seconds=9)))

    def metadata(self, *names: str, create: bool = False, api_version: int | None = None) -> MetadataResponse:
        topics = tuple(MetadataRequestTopic(topic_id=None, name=name) for name in names)
        body = MetadataRequest(
            topics=topics or None, allow_auto_topic_creation=create, include_topic_authorized_operations=False
        )
        answer: MetadataResponse = self.ask(ApiKey.METADATA, body, api_version=api_version)
        return answer

    def topic_id(self, name: str) -> UUID:
        return self.cluster.controller.image.topics[name].topic_id
