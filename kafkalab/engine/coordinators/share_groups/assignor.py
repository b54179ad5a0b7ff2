"""The simple assignor: every partition is read by someone, and everyone reads something.

Unlike in a consumer group several members may read one partition. Where there are fewer members than
partitions each partition has one; where there are more, partitions have several. Who has a partition
keeps it as far as that is even (org.apache.kafka.coordinator.group.assignor.SimpleAssignor).
"""

from collections.abc import Mapping

from kafkalab.engine.coordinators.modern.member import TopicIdPartition

Wishes = Mapping[str, tuple[TopicIdPartition, ...]]
"""What each member may be given."""


def assign(wishes: Wishes, before: Wishes) -> dict[str, tuple[TopicIdPartition, ...]]:
    partitions = sorted(dict.fromkeys(it for wanted in wishes.values() for it in wanted))
    wanting = [name for name, wanted in wishes.items() if wanted]
    if not wanting:
        return dict.fromkeys(wishes, ())
    sharing = -(-len(wanting) // len(partitions))
    share = -(-len(partitions) * sharing // len(wanting))
    holders = dict.fromkeys(partitions, 0)
    given: dict[str, dict[TopicIdPartition, None]] = {name: {} for name in wishes}

    def give(name: str, partition: TopicIdPartition) -> None:
        given[name][partition] = None
        holders[partition] += 1

    for name in wanting:
        for partition in before.get(name, ()):
            if partition in wishes[name] and holders[partition] < sharing and len(given[name]) < share:
                give(name, partition)
    # First whoever has none, then whatever nobody reads: neither may be left out.
    for name in wanting:
        if not given[name]:
            give(name, min(wishes[name], key=lambda it: (holders[it], it)))
    for partition in partitions:
        if not holders[partition]:
            takers = [name for name in wanting if partition in wishes[name]]
            give(min(takers, key=lambda name: (len(given[name]), name)), partition)
    return {name: tuple(sorted(each)) for name, each in given.items()}
