"""The workload by which the speed of the simulation is measured: nothing goes wrong, and all is judged.

Three brokers, one topic of six partitions on all three, twenty records a second in all, and one
consumer that is a group by itself. Clients have Kafka's defaults, but for `linger.ms`: whoever cares
for throughput lets records wait for company, so that they travel in batches. With Kafka's default
twenty records a second are twenty batches a second, each with a request and a replication of its own.
"""

from kafkalab.engine.clients.admin import Admin, create_topic
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.network import Link, Network
from kafkalab.engine.simulation.referee import Referee
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.world import World

SECOND_US = 1_000_000
EPOCH_US = 1_767_225_600 * SECOND_US
LATENCY_US = 500
BROKERS, PARTITIONS, REPLICAS, RATE_PER_S = 3, 6, 3, 20
LINGER_MS = 500
"""As patient as those who read, whose fetches wait so long for news (fetch.max.wait.ms): batches of ten records."""
DEFAULT_LINGER_MS = ProducerSettings().linger_ms
CONFIGS = {"offsets.topic.num.partitions": "3", "offsets.topic.replication.factor": "3"}


class Steady:
    def __init__(self, seed: int = 1, linger_ms: int = LINGER_MS) -> None:
        self.world = World(seed, EPOCH_US, Network(Link(LATENCY_US, LATENCY_US // 4)))
        spec = ClusterSpec.local(BROKERS, seed=seed, broker_configs=CONFIGS)
        self.cluster = Cluster(spec, self.world, lambda _: MemoryDisk())
        self.referee = Referee(self.cluster)
        self.cluster.start()
        self.advance(5)
        bootstrap = tuple(broker.node for broker in spec.brokers)
        self.world.start(Admin("admin", bootstrap))
        self.world.tell_node(
            "admin", create_topic(0, "orders", PARTITIONS, REPLICAS, {"min.insync.replicas": str(REPLICAS - 1)})
        )
        self.advance(2)
        producing = ProducerSettings(topic="orders", rate_per_s=RATE_PER_S, linger_ms=linger_ms)
        self.world.start(Producer("producer", bootstrap, producing))
        self.world.start(Consumer("consumer", bootstrap, ConsumerSettings(group="readers", topics=("orders",))))
        self.advance(8)

    def advance(self, seconds: int) -> None:
        """Step by step, judging after each."""
        self.world.run_until(self.world.now_us + seconds * SECOND_US, self.referee.look)
