"""What can be changed about a lab's past: a setting of a client or a topic, or a fault that is left out.

Whatever is offered can be played: it is made from the orders that were recorded and from the settings
as they are. A client that was there before the past begins can be changed as far as a running one can.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from kafkalab.engine.controller.elections import UNCLEAN_ENABLE
from kafkalab.lab import commands as order
from kafkalab.lab import controller_commands as controllers
from kafkalab.lab import fault_commands as fault
from kafkalab.lab.client_commands import CrashProducer
from kafkalab.lab.lab_time import clock_words
from kafkalab.lab.parsing import snake_case
from kafkalab.lab.past import LeftOut, TimedOrder
from kafkalab.lab.twins.names import created

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab
    from kafkalab.lab.past import Script

MIN_INSYNC = "min.insync.replicas"
ASSIGNORS = ("range", "roundrobin", "sticky", "cooperative-sticky")
LEFT_OUT_OFFERED = 20
BREAKING = (
    fault.FaultCommand
    | order.CrashBroker
    | order.StopBroker
    | order.FreezeBroker
    | order.IsolateBroker
    | order.CrashConsumer
    | CrashProducer
    | controllers.CrashController
    | controllers.FreezeController
    | controllers.IsolateController
)
NUMBERED = (
    fault.FaultCommand
    | order.FreezeBroker
    | order.IsolateBroker
    | controllers.FreezeController
    | controllers.IsolateController
)
"""Those that get a number, by which they can be undone."""

Orders = tuple[TimedOrder, ...]
Apply = Callable[["Script"], Orders]


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    """By which it is asked for."""
    about: str
    """What it changes, for a list."""
    was: str
    """How it was, in few words: `acks=1`."""
    now: str
    since_us: int
    """From when on the two histories can differ."""
    apply: Apply


def changes(lab: "Lab") -> list[Change]:
    """In the order in which a person would look for them. What real clients did cannot be played again, so nothing
    is offered that would have to begin before they were gone."""
    if lab.past is None or lab.faults.secret:
        return []
    script = lab.past.script(lab.past.first_us)
    found = [
        *_of_producers(lab, script),
        *_by_hand(script),
        *_of_topics(lab, script),
        *_of_consumers(script),
        *_left_out(script),
    ]
    return [each for each in found if lab.past.tells_all_since(each.since_us)]


def _instead(of: object, given: order.Command | LeftOut) -> Apply:
    """Another order in the place of this one."""

    def apply(script: "Script") -> Orders:
        return tuple(replace(each, command=given) if each.command is of else each for each in script.orders)

    return apply


def _with(concerns: Callable[[Any], bool], **settings: Any) -> Apply:
    """Other settings in all these orders."""

    def apply(script: "Script") -> Orders:
        return tuple(
            replace(each, command=replace(each.command, **settings)) if concerns(each.command) else each
            for each in script.orders
        )

    return apply


def _at_once(script: "Script", command: order.Command) -> TimedOrder:
    return TimedOrder(script.from_us, script.checkpoint.world.steps, command)


# -- producers -----------------------------------------------------------------------------------------


def _of_producers(lab: "Lab", script: "Script") -> Iterator[Change]:
    made = created(script)
    for each, name in made:
        command = each.command
        if isinstance(command, order.CreateProducer) and command.transactional_id is None:
            yield from _of_new_producer(each, command, name)
    new = dict.fromkeys(name for _, name in made)
    for name, producer in lab.producers.items():
        settings = producer.settings
        running = name in script.checkpoint.producers and name not in new and settings.topic is not None
        if not running or settings.idempotence or settings.transactional_id is not None:
            continue
        was = "all" if settings.acks == -1 else str(settings.acks)
        for acks in order.ACKS:
            if acks != was:
                yield _acks_of_running(name, was, acks, script.from_us)


def _of_new_producer(each: TimedOrder, command: order.CreateProducer, name: str) -> Iterator[Change]:
    for acks in order.ACKS:
        if acks == command.acks:
            continue
        # KafkaProducer refuses enable.idempotence=true with fewer acks than all.
        changed = replace(command, acks=acks, idempotence=command.idempotence and acks == "all")
        also = ", without idempotence" if command.idempotence and not changed.idempotence else ""
        now = f"acks={acks}{also}"
        apply = _keeping_acks(name, _instead(command, changed))
        yield Change(f"acks {name} {acks}", f"acks of {name}", f"acks={command.acks}", now, each.at_us, apply)
    if command.acks == "all":
        changed = replace(command, idempotence=not command.idempotence)
        yield Change(
            f"idempotence {name}",
            f"idempotence of {name}",
            f"enable.idempotence={str(command.idempotence).lower()}",
            f"enable.idempotence={str(changed.idempotence).lower()}",
            each.at_us,
            _instead(command, changed),
        )


def _acks_of_running(name: str, was: str, acks: str, from_us: int) -> Change:
    def apply(script: "Script") -> Orders:
        return (_at_once(script, order.UpdateProducer(name, acks=acks)), *script.orders)

    about, now = f"acks of {name}", f"acks={acks}"
    return Change(f"acks {name} {acks}", about, f"acks={was}", now, from_us, _keeping_acks(name, apply))


def _keeping_acks(name: str, apply: Apply) -> Apply:
    """Whatever was changed about that producer later, its acks stay."""

    def keeping(script: "Script") -> Orders:
        later = _with(lambda one: isinstance(one, order.UpdateProducer) and one.name == name, acks=None)
        return apply(replace(script, orders=later(script)))

    return keeping


def _by_hand(script: "Script") -> Iterator[Change]:
    sent = [(each, each.command.acks) for each in script.orders if isinstance(each.command, order.SendRecord)]
    used = dict.fromkeys(acks for _, acks in sent)
    for acks in order.ACKS if sent else ():
        if list(used) != [acks]:
            about, was = "acks of what was sent by hand", f"acks={' and '.join(used)}"
            apply = _with(lambda one: isinstance(one, order.SendRecord), acks=acks)
            yield Change(f"acks you {acks}", about, was, f"acks={acks}", sent[0][0].at_us, apply)


# -- topics --------------------------------------------------------------------------------------------


def _of_topics(lab: "Lab", script: "Script") -> Iterator[Change]:
    for topic in lab.image.topics.values():
        if topic.name.startswith("__"):
            continue
        replicas = len(next(iter(topic.partitions.values())).replicas)
        configs = lab.cluster.config.log_config(lab.image.topic_config(topic.name))
        now = {
            MIN_INSYNC: str(configs.min_insync_replicas),
            UNCLEAN_ENABLE: str(configs.unclean_leader_election).lower(),
        }
        choices = {MIN_INSYNC: [str(number + 1) for number in range(replicas)], UNCLEAN_ENABLE: ["true", "false"]}
        for setting, was in now.items():
            for value in choices[setting]:
                if value != was:
                    yield _of_topic(script, topic.name, setting, was, value)


def _of_topic(script: "Script", topic: str, setting: str, was: str, value: str) -> Change:
    made = [
        each for each in script.orders if isinstance(each.command, order.CreateTopic) and each.command.name == topic
    ]

    def apply(script: "Script") -> Orders:
        kept = [
            each
            for each in script.orders
            if not (
                isinstance(each.command, order.AlterTopicConfig)
                and (each.command.topic, each.command.name) == (topic, setting)
            )
        ]
        if not made:
            return (_at_once(script, order.AlterTopicConfig(topic, setting, value)), *kept)
        return tuple(
            replace(each, command=replace(each.command, configs=each.command.configs | {setting: value}))
            if isinstance(each.command, order.CreateTopic) and each.command.name == topic
            else each
            for each in kept
        )

    since_us = made[0].at_us if made else script.from_us
    return Change(
        f"{setting} {topic} {value}", f"{setting} of {topic}", f"{setting}={was}", f"{setting}={value}", since_us, apply
    )


# -- consumers -----------------------------------------------------------------------------------------


def _of_consumers(script: "Script") -> Iterator[Change]:
    added = [
        (each, name, each.command) for each, name in created(script) if isinstance(each.command, order.AddConsumer)
    ]
    groups: dict[str, tuple[TimedOrder, str]] = {}
    for each, _, command in added:
        if command.group and command.group_protocol == "classic":
            groups.setdefault(command.group, (each, command.assignor))
    for group, (first, was) in groups.items():
        for assignor in ASSIGNORS:
            if assignor != was:
                yield _of_group(group, was, assignor, first.at_us)
    for each, name, command in added:
        other = next(level for level in order.ISOLATION_LEVELS if level != command.isolation_level)
        yield Change(
            f"isolation.level {name}",
            f"isolation.level of {name}",
            f"isolation.level={command.isolation_level}",
            f"isolation.level={other}",
            each.at_us,
            _instead(command, replace(command, isolation_level=other)),
        )


def _of_group(group: str, was: str, assignor: str, since_us: int) -> Change:
    # All members together: a group needs one that all of them know.
    apply = _with(lambda one: isinstance(one, order.AddConsumer) and one.group == group, assignor=assignor)
    about = f"assignor of group {group}"
    return Change(f"assignor {group} {assignor}", about, f"assignor={was}", f"assignor={assignor}", since_us, apply)


# -- faults --------------------------------------------------------------------------------------------


def _left_out(script: "Script") -> Iterator[Change]:
    broken = [(each, each.command) for each in script.orders if isinstance(each.command, BREAKING)]
    for each, command in broken[-LEFT_OUT_OFFERED:]:
        if isinstance(command, fault.UndoFault):
            continue
        said = f"“{in_words(command)}” at {clock_words(each.at_us)[:8]}"
        apply = _instead(command, LeftOut(isinstance(command, NUMBERED)))
        yield Change(f"without {each.at_us} {each.step}", said, f"with {said}", "without it", each.at_us, apply)


def in_words(command: order.Command) -> str:
    """crash broker 2; its other settings where they say anything."""
    values = [getattr(command, spec.name) for spec in fields(command)]
    said = snake_case(type(command).__name__).replace("_", " ")
    return " ".join([said, *(str(value) for value in values if value not in (None, "", ()))])
