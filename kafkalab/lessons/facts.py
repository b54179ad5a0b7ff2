"""What goals and answers may ask about a lab: its entities, under names that a sentence each explains.

The same numbers that the stage shows, so that whatever is graded can be seen.
"""

from typing import Any

from kafkalab.lessons.bills import bills_known

Facts = dict[str, Any]

ROOTS = {
    "brokers": 'Each broker by its id: brokers["1"].',
    "controllers": 'Each controller by its id: controllers["3000"].',
    "topics": 'Each topic by its name: topics["orders"]; internal ones too.',
    "partitions": 'Each partition by topic and number: partitions["orders-0"].',
    "replicas": 'Each replica by partition and broker: replicas["orders-0@2"].',
    "keys": 'The partitions in which a key lies: keys["orders"]["anna"], of the last 16 records of each.',
    "groups": 'Each consumer group by its id: groups["billing"].',
    "share_groups": "Each share group by its id.",
    "producers": 'Each of the lab\'s own producers by its name; what single records are sent with is "you".',
    "consumers": "Each of the lab's own consumers by its name.",
    "clients": 'Each client from outside, also one that has left, by its client.id: clients["my-app"].',
    "transactions": "Each transactional id by its name.",
    "faults": "Each fault that is on, by its number.",
    "archives": 'Each archive by topic and format: archives["orders.jsonl"].',
    "bills": 'What a month costs at the shipped prices: bills["7 days in 1 zone"].cheapest, .own.',
    "ledger": "What became of the records, over all topics.",
    "signs": "The vital signs.",
    "time_s": "Seconds since the lab began.",
    "drawn": "What the seed of a drill has chosen, by its name.",
}
"""By the names with which an expression begins, after `now.`, `before.` or `after.`."""

CELL = ("offset", "key", "glyph", "bytes", "epoch", "kind")
"""The names of what a replica's tail tells of a record. Data is not said to be data there; here it is."""
_BY_KIND = {
    "broker": ("brokers", "broker"),
    "controller": ("controllers", "id"),
    "topic": ("topics", "topic"),
    "group": ("groups", "group"),
    "share_group": ("share_groups", "group"),
    "producer": ("producers", "name"),
    "consumer": ("consumers", "name"),
    "share_consumer": ("consumers", "name"),
    "client": ("clients", "client_id"),
    "fault": ("faults", "fault"),
    "transaction": ("transactions", "transactional_id"),
    "archive": ("archives", "archive"),
}


def facts_of(entities: dict[str, dict[str, Any]], passed_us: int) -> Facts:
    """From the entities of a snapshot, and the time since the lab began."""
    facts: Facts = {name: {} for name in ROOTS} | {"time_s": passed_us / 1_000_000, "bills": bills_known()}
    for whole in entities.values():
        # As `_or_none` does; a call for each field of each entity is a fifth of the time that a look takes.
        entity = {name: -1 if value is None else value for name, value in whole.items()}
        kind = entity["kind"]
        if kind in _BY_KIND:
            root, by = _BY_KIND[kind]
            facts[root][str(entity[by])] = entity | (_of_group(entity) if kind == "group" else {})
        elif kind == "partition":
            facts["partitions"][f"{entity['topic']}-{entity['partition']}"] = entity
        elif kind == "replica":
            facts["replicas"][f"{entity['topic']}-{entity['partition']}@{entity['broker']}"] = entity
            if entity["role"] == "leader":
                _note_keys(facts["keys"].setdefault(entity["topic"], {}), entity)
        elif kind == "former_client":
            facts["clients"].setdefault(str(entity["client_id"]), entity)
        elif kind == "archive_objects":
            facts["archives"][entity["archive"]]["written"] = entity["written"]
        elif kind in ("ledger", "signs"):
            facts[kind] = entity
    for replica in facts["replicas"].values():
        replica["tail"] = [dict(zip(CELL, [*cell, "data"], strict=False)) for cell in replica["tail"]]
    for name, partition in facts["partitions"].items():
        partition.update(_of_leader(facts["replicas"].get(f"{name}@{partition['leader']}")))
    return facts


def _note_keys(keys: dict[str, list[int]], replica: dict[str, Any]) -> None:
    """As the stage shows the end of a log. Partitions in the order of their numbers."""
    for key in dict.fromkeys(key for _, key, *_ in replica["tail"] if key is not None):
        keys[key] = sorted([*keys.get(key, ()), replica["partition"]])


def _of_leader(replica: dict[str, Any] | None) -> dict[str, Any]:
    """What lies in the log, as its leader has it: who that is differs from seed to seed."""
    return {name: replica[name] if replica is not None else [] for name in ("segments", "tail")}


def _of_group(entity: dict[str, Any]) -> dict[str, Any]:
    """Committed offsets and lags by partition: what most lessons ask a group about. -1: nothing is committed."""
    return {
        name: {f"{each['topic']}-{each['partition']}": _or_none(each[field]) for each in entity["offsets"]}
        for name, field in (("committed", "committed"), ("lags", "lag"))
    }


def _or_none(value: Any) -> Any:
    """-1 where there is nothing: CEL would not compare null with a number."""
    return -1 if value is None else value
