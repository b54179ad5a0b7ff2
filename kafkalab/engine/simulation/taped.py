"""A schedule as entries that a person can read and change, and back.

One object for what everything runs on, then one for each topic, producer and consumer (they are made
when the cluster has settled, before anything goes wrong) and for each fault, with its time in seconds:

    {"seed": 7, "brokers": 3, "latency_us": 500, "chaos_s": 60.0, "end_s": 120.0, ...}
    {"topic": "topic-0", "partitions": 1, "replication_factor": 3, ...}
    {"producer": "producer-0", "topic": "topic-0", "rate_per_s": 3, ...}
    {"consumer": "consumer-0-0", "group": "group-0", "topics": ["topic-0"], ...}
    {"fault": "kill", "node": "broker-1", "at_s": 12.5, "until_s": 14.0}

The order of the faults is part of it: the dice are thrown for one after the other.
"""

from dataclasses import MISSING, fields, replace
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.config import BrokerConfig, InvalidConfig
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.refused import Refused
from kafkalab.engine.simulation.plans import (
    CONTROLLER_KINDS,
    KINDS,
    MACHINE_KINDS,
    MISHAP_KINDS,
    MOVER_KINDS,
    REMAKE,
    TRANSACTION_KINDS,
    ConsumerPlan,
    Fault,
    MoverPlan,
    ProducerPlan,
    Schedule,
    TopicPlan,
)

Plan = Fault | MoverPlan | ConsumerPlan | ProducerPlan | TopicPlan
Entry = dict[str, Any]

PLANS: dict[str, type[Plan]] = {
    "fault": Fault,
    "mover": MoverPlan,
    "consumer": ConsumerPlan,
    "producer": ProducerPlan,
    "topic": TopicPlan,
}
"""By the key that an entry is known by. A producer names a topic too, so topics come last."""
LISTS = {
    Fault: "faults",
    MoverPlan: "movers",
    ConsumerPlan: "consumers",
    ProducerPlan: "producers",
    TopicPlan: "topics",
}
EVERY_KIND = (*KINDS, *MACHINE_KINDS, *MISHAP_KINDS, *CONTROLLER_KINDS, *TRANSACTION_KINDS, *MOVER_KINDS, REMAKE)
MOMENTS = ("at_us", "until_us", "chaos_us", "end_us")
"""Said in seconds."""


def entries(plan: Schedule) -> list[Entry]:
    """The world first, then who is in it, then what goes wrong."""
    everyone: list[Plan] = [*plan.topics, *plan.producers, *plan.consumers, *plan.movers, *plan.faults]
    return [_entry(plan, tuple(LISTS.values())), *(_entry(one, ()) for one in everyone)]


def plan_of(said: Entry) -> Plan:
    """One part of a schedule. Raises ValueError with words for the person who wrote it."""
    known_by = next((key for key in PLANS if key in said), None)
    if known_by is None:
        raise ValueError(f"an entry is one of {', '.join(PLANS)}")
    plan: Plan = _read(PLANS[known_by], said, {})
    if isinstance(plan, Fault) and plan.kind not in EVERY_KIND:
        raise ValueError(f"{plan.kind!r} is no fault: there are {', '.join(EVERY_KIND)}")
    return plan


def world_of(said: Entry) -> Schedule:
    """A schedule in which nothing happens yet. Raises ValueError."""
    plan: Schedule = _read(Schedule, said, dict.fromkeys(LISTS.values(), ()))
    if not 1 <= plan.brokers <= 99:
        raise ValueError("brokers must be from 1 to 99")
    if plan.controllers not in (1, 3):
        raise ValueError("controllers must be 1 or 3")
    try:
        BrokerConfig.parse(dict(plan.broker_configs))
    except InvalidConfig as invalid:
        raise ValueError(f"broker_configs: {invalid}") from None
    return plan


def with_parts(plan: Schedule, parts: list[Plan]) -> Schedule:
    return replace(
        plan,
        topics=tuple(one for one in parts if isinstance(one, TopicPlan)),
        producers=tuple(one for one in parts if isinstance(one, ProducerPlan)),
        consumers=tuple(one for one in parts if isinstance(one, ConsumerPlan)),
        movers=tuple(one for one in parts if isinstance(one, MoverPlan)),
        faults=tuple(one for one in parts if isinstance(one, Fault)),
    )


def problem(plan: Schedule, one: Plan) -> str:
    """What is wrong with a part beside the others; empty: nothing."""
    topics = [topic.name for topic in plan.topics]
    match one:
        case TopicPlan() if not 1 <= one.replication_factor <= plan.brokers:
            return f"replication_factor must be from 1 to the number of brokers, {plan.brokers}"
        case TopicPlan() if not 1 <= one.partitions <= 1_000:
            return "partitions must be from 1 to 1000"
        case TopicPlan():
            try:
                LogConfig.of(dict(one.configs))
            except Refused as refused:
                return str(refused)
        case ProducerPlan() if one.topic not in topics:
            return f"{one.topic} is no topic of this tape"
        case ProducerPlan():
            return _first(ProducerSettings(acks=one.acks, idempotence=one.idempotence).problems())
        case ConsumerPlan() if not one.topics or any(topic not in topics for topic in one.topics):
            return f"topics must be some of {', '.join(topics)}"
        case ConsumerPlan():
            return _first(ConsumerSettings(topics=one.topics, assignor=one.assignor, commit=one.commit).problems())
        case MoverPlan() if one.source not in topics or one.sink not in topics:
            return f"source and sink must be some of {', '.join(topics)}"
        case Fault():
            clients = [*(it.name for it in plan.producers), *(it.name for it in plan.consumers)]
            clients += [it.name for it in plan.movers]
            known = [*(f"broker-{number + 1}" for number in range(plan.brokers)), *topics, *clients]
            for node in filter(None, (one.node, one.other)):
                if node not in known and not node.startswith("controller-"):
                    return f"{node} is no node of this tape"
            if one.until_us < one.at_us:
                return "until_s is before at_s"
    return ""


def _first(problems: dict[str, str]) -> str:
    return next((f"{name} {why}" for name, why in problems.items()), "")


def _entry(plan: Plan | Schedule, left_out: tuple[str, ...]) -> Entry:
    entry: Entry = {}
    for spec in fields(plan):
        value = getattr(plan, spec.name)
        if spec.name in left_out or (spec.default is not MISSING and value == spec.default):
            continue
        if spec.name in MOMENTS:
            value = value / 1_000_000
        elif _is_pairs(get_type_hints(type(plan))[spec.name]):
            value = dict(value)
        entry[_key(type(plan), spec.name)] = value
    first = _known_by(type(plan))
    return {first: entry.pop(first), **entry} if first else entry


def _known_by(cls: type) -> str:
    return next((key for key, plan in PLANS.items() if plan is cls), "")


def _key(cls: type, field: str) -> str:
    """Under which a field stands in an entry."""
    if field == ("kind" if cls is Fault else "name") and cls in LISTS:
        return _known_by(cls)
    return field.removesuffix("_us") + "_s" if field in MOMENTS else field


def _read(cls: type, said: Entry, given: dict[str, Any]) -> Any:
    hints = get_type_hints(cls)
    keys = {_key(cls, spec.name): spec for spec in fields(cls) if spec.name not in given}
    for key in said:
        if key not in keys:
            raise ValueError(f"{str(key)[:60]} is not known here: there are {', '.join(keys)}")
    values = dict(given)
    for key, spec in keys.items():
        if key in said:
            values[spec.name] = _value(key, float if spec.name in MOMENTS else hints[spec.name], said[key])
            if spec.name in MOMENTS:
                values[spec.name] = round(values[spec.name] * 1_000_000)
        elif spec.default is MISSING:
            raise ValueError(f"{key} is missing")
    return cls(**values)


def _is_pairs(hint: Any) -> bool:
    return get_origin(hint) is tuple and get_origin(get_args(hint)[0]) is tuple


def _value(key: str, hint: Any, said: Any) -> Any:
    if said is None and NoneType in get_args(hint):
        return None
    if _is_pairs(hint):
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            raise ValueError(f"{key} must be an object of texts")
        return tuple(said.items())
    if get_origin(hint) is tuple:
        if not isinstance(said, list):
            raise ValueError(f"{key} must be a list")
        return tuple(_value(key, get_args(hint)[0], one) for one in said)
    if hint is float and isinstance(said, int) and not isinstance(said, bool):
        return said
    if isinstance(hint, type) and (not isinstance(said, hint) or (hint is not bool and isinstance(said, bool))):
        raise ValueError(f"{key} must be {NAMES[hint]}")
    return said


NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
