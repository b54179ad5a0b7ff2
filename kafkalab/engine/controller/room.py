"""How many topics and partitions a cluster may still have: the machine that it runs on has other guests.

Kafka leaves such limits to the operator, as a CreateTopicPolicy (KIP-108), and has the same error for it.
What is internal counts and is never refused: where strangers have filled the cluster, groups shall still
get their coordinators.
"""

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.refused import Refused
from kafkalab.engine.spec import HostLimits
from kafkalab.wire.errors import ErrorCode

UNLIMITED = HostLimits(topics=2**31, partitions=2**31)


class Room:
    def __init__(self, image: MetadataImage, limits: HostLimits) -> None:
        self._limits = limits
        self.topics = len(image.topics)
        self.partitions = sum(len(topic.partitions) for topic in image.topics.values())

    def check(self, topics: int, partitions: int) -> None:
        """Refuses so many more."""
        _check("topics", self.topics + topics, self._limits.topics)
        _check("partitions", self.partitions + partitions, self._limits.partitions)

    def take(self, topics: int, partitions: int) -> None:
        self.topics += topics
        self.partitions += partitions


def _check(what: str, would_be: int, most: int) -> None:
    if would_be > most:
        words = f"This cluster would have {would_be} {what}, where at most {most} are allowed."
        raise Refused(ErrorCode.policy_violation, words)
