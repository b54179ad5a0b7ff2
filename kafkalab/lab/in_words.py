"""Steps and facts in words: who handled what, and which things on the stage a fact is about."""

from kafkalab.engine.due import ConnectionGone, Unblock
from kafkalab.engine.events import Event
from kafkalab.engine.node import Started
from kafkalab.lab.causes import Way
from kafkalab.lab.parsing import snake_case
from kafkalab.lab.witness import EDGES
from kafkalab.wire.api import name_of

PROCESSES = ("broker-", "controller-")


def node_in_words(node: str) -> str:
    """broker-1 is "broker 1"; clients have the names that they were given."""
    return node.replace("-", " ", 1) if node.startswith(PROCESSES) else node


def way_in_words(way: Way) -> str:
    """What was handled, and by whom, as the end of "it was told when ..."."""
    source, target = node_in_words(way.source), node_in_words(way.target)
    if way.kind == "request":
        outside = way.source.startswith(EDGES)
        return f"{name_of(way.what)} to {target}" if outside else f"{target} got {name_of(way.what)} from {source}"
    if way.kind == "answer":
        return f"{target} got the answer of {source} to {name_of(way.what)}"
    if way.what is ConnectionGone:
        return f"the connection of {target} with {source} was gone"
    if way.what is Unblock:
        return f"{target} was done with its disk"
    if way.what is Started:
        return f"{target} began"
    return f"a timer of {target} rang ({snake_case(way.what.__name__).replace('_', ' ')})"


def about_whom(node: str, event: Event) -> list[str]:
    """The ids of the entities that a fact is about, the most telling first."""
    found: list[str] = []
    topic, partition = getattr(event, "topic", None), getattr(event, "partition", None)
    broker = getattr(event, "broker", None)
    if topic is not None and partition is not None:
        found += [f"partition:{topic}:{partition}"]
        if broker is not None:
            found += [f"replica:{topic}:{partition}:{broker}"]
        found += [f"replica:{topic}:{partition}:{each}" for each in _others(event)]
    elif topic is not None:
        found += [f"topic:{topic}"]
    for name, kind in (("transactional_id", "transaction"), ("group", "group"), ("controller", "controller")):
        if getattr(event, name, None) is not None:
            found += [f"{kind}:{getattr(event, name)}"]
    if broker is not None and topic is None:
        found += [f"broker:{broker}"]
    for whom in (getattr(event, "client", None), getattr(event, "node", None)):
        if whom is not None:
            found += _of_node(whom)
    resource = getattr(event, "resource", None)
    if resource is not None:
        what, _, whose = resource.partition(" ")
        found += [f"{what.lower()}:{whose}"]
    return found or _of_node(node)


def _of_node(node: str) -> list[str]:
    if node.startswith(PROCESSES):
        return [node.replace("-", ":", 1)]
    return [f"producer:{node}", f"consumer:{node}"]


def _others(event: Event) -> list[int]:
    """Brokers that a fact about a partition names besides."""
    before, after = getattr(event, "before", ()), getattr(event, "after", ())
    if isinstance(before, tuple) and isinstance(after, tuple):
        changed = [each for each in (*before, *after) if (each in before) != (each in after)]
        return list(dict.fromkeys(changed))
    leaders = (getattr(event, "leader", None), getattr(event, "previous", None))
    return [each for each in leaders if type(each) is int and each >= 0]
