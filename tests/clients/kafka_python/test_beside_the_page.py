"""kafka-python in one group with a consumer of the page; what it does alone is in `program.py`."""

import threading

from kafka import KafkaConsumer

from tests.clients.conftest import RunningLab


def consumer(lab: RunningLab, topic: str, group: str) -> KafkaConsumer:
    return KafkaConsumer(
        topic, bootstrap_servers=lab.bootstrap, group_id=group, auto_offset_reset="earliest", heartbeat_interval_ms=500
    )


def test_two_readers_and_one_of_the_page_share_a_group(lab: RunningLab) -> None:
    topic = lab.create_topic("kp-shared", partitions=6)
    answer = lab.do("add_consumer", name="page-reader", group="shared", topics=[topic], assignor="range")
    assert answer["ok"], answer
    stop = threading.Event()
    owned: dict[int, set[int]] = {}

    def read(number: int) -> None:
        reader = consumer(lab, topic, "shared")
        while not stop.is_set():
            reader.poll(200)
            owned[number] = {one.partition for one in reader.assignment()}
        reader.close()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()

    def shared_out() -> bool:
        groups = [one for one in lab.entities("group") if one["group"] == "shared"]
        return bool(groups) and groups[0]["state"] == "Stable" and len(groups[0]["members"]) == 3

    try:
        lab.wait_for(shared_out, 60)
        group = next(one for one in lab.entities("group") if one["group"] == "shared")
        assigned = [partition for member in group["members"] for _, partition in member["assignment"]]
        assert sorted(assigned) == list(range(6))
        assert [len(member["assignment"]) for member in group["members"]] == [2, 2, 2]
        lab.wait_for(lambda: sorted(map(len, owned.values())) == [2, 2])
        assert owned[0].isdisjoint(owned[1])
    finally:
        stop.set()
        for reader in readers:
            reader.join(20)
        lab.do("remove_consumer", name="page-reader")
