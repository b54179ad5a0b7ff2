"""Settings of groups: described, changed, listed, and what members are told because of them."""

from collections.abc import Callable

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.cluster import settle_groups
from tests.clients.apache_kafka.scripts.configs import (
    ALTER,
    CHANGE,
    DESCRIBE,
    GROUP,
    REMOVE,
    SET,
    SUBTRACT,
    change,
    describing,
    resource,
    settled,
)
from tests.clients.apache_kafka.scripts.consumer_groups import BEAT, ONE, beating, joining
from tests.clients.apache_kafka.scripts.share import ACCEPT, ACK, FETCH, RENEW, fetching, saying, settle_share
from tests.clients.apache_kafka.scripts.share import BEAT as SHARE_BEAT
from tests.clients.apache_kafka.scripts.share import beating as share_beating
from tests.clients.apache_kafka.scripts.share import leave as leave_share

CONSUMER_SESSION, CONSUMER_HEARTBEAT = "consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"
REFUSED = (
    ("nonsense", "1"),
    (CONSUMER_SESSION, "44999"),
    (CONSUMER_SESSION, "60001"),
    (CONSUMER_SESSION, "0"),
    (CONSUMER_SESSION, "soon"),
    (CONSUMER_SESSION, "99999999999"),
    (CONSUMER_SESSION, ""),
    (CONSUMER_HEARTBEAT, "4999"),
    (CONSUMER_HEARTBEAT, "15001"),
    (CONSUMER_HEARTBEAT, "0"),
    ("consumer.assignment.interval.ms", "15001"),
    ("consumer.assignment.interval.ms", "-1"),
    ("share.session.timeout.ms", "44999"),
    ("share.session.timeout.ms", "60001"),
    ("share.heartbeat.interval.ms", "4999"),
    ("share.heartbeat.interval.ms", "15001"),
    ("share.record.lock.duration.ms", "14999"),
    ("share.record.lock.duration.ms", "60001"),
    ("share.record.lock.duration.ms", "999"),
    ("share.delivery.count.limit", "1"),
    ("share.delivery.count.limit", "11"),
    ("share.partition.max.record.locks", "99"),
    ("share.partition.max.record.locks", "4001"),
    ("share.assignment.interval.ms", "15001"),
    ("share.assignment.interval.ms", "-1"),
    ("share.auto.offset.reset", "none"),
    ("share.auto.offset.reset", "Latest"),
    ("share.auto.offset.reset", "by_duration:"),
    ("share.auto.offset.reset", "by_duration:an hour"),
    ("share.auto.offset.reset", "by_duration:-PT1H"),
    ("share.auto.offset.reset", "by_duration:P1Y"),
    ("share.isolation.level", "serializable"),
    ("share.isolation.level", "READ_COMMITTED"),
    ("share.renew.acknowledge.enable", "yes"),
)
TAKEN = (
    (CONSUMER_SESSION, "45000"),
    (CONSUMER_SESSION, " 50000 "),
    (CONSUMER_HEARTBEAT, "15000"),
    ("consumer.assignment.interval.ms", "0"),
    ("share.session.timeout.ms", "60000"),
    ("share.heartbeat.interval.ms", "6000"),
    ("share.record.lock.duration.ms", "15000"),
    ("share.delivery.count.limit", "10"),
    ("share.partition.max.record.locks", "100"),
    ("share.assignment.interval.ms", "15000"),
    ("share.auto.offset.reset", "earliest"),
    ("share.auto.offset.reset", "by_duration:PT1H30M"),
    ("share.auto.offset.reset", "by_duration:pt0.5s"),
    ("share.auto.offset.reset", "by_duration:P1DT2H"),
    ("share.isolation.level", "read_committed"),
    ("share.renew.acknowledge.enable", "FALSE"),
)


def group_configs(talk: Conversation) -> None:
    talk.ask("nothing is set", DESCRIBE, describing((GROUP, "tuned", None)))
    talk.ask("nothing is set, plainly", DESCRIBE, describing((GROUP, "tuned", None), synonyms=False))
    talk.ask("no group", DESCRIBE, describing((GROUP, "", None)))
    talk.ask("two keys", DESCRIBE, describing((GROUP, "tuned", [CONSUMER_SESSION, "nonsense"])))
    for name, value in REFUSED:
        talk.ask(f"{name}={value}", CHANGE, change((GROUP, "refused", [(name, SET, value)])))
    for name, value in TAKEN:
        talk.ask(f"{name}={value}", CHANGE, change((GROUP, "taken", [(name, SET, value)])))
    told = ("share.auto.offset.reset", "by_duration:P1DT2H")
    settled(talk, "taken", *told, kind=GROUP)
    settled(talk, "taken", "share.renew.acknowledge.enable", "false", kind=GROUP)
    talk.ask("what was taken", DESCRIBE, describing((GROUP, "taken", None)))
    talk.ask("no name", CHANGE, change((GROUP, "", [(CONSUMER_SESSION, SET, "50000")])))
    talk.ask("null", CHANGE, change((GROUP, "tuned", [(CONSUMER_SESSION, SET, None)])))
    talk.ask("taken away from", CHANGE, change((GROUP, "tuned", [(CONSUMER_SESSION, SUBTRACT, "50000")])))
    talk.ask("only asked", CHANGE, change((GROUP, "asked", [(CONSUMER_SESSION, SET, "50000")]), only_asked=True))
    talk.ask("removed without being set", CHANGE, change((GROUP, "asked", [(CONSUMER_SESSION, REMOVE, None)])))
    both = [(CONSUMER_SESSION, SET, "50000"), ("share.session.timeout.ms", SET, "1")]
    talk.ask("one good, one bad", CHANGE, change((GROUP, "tuned", both)))
    talk.ask("replaced", ALTER, {"resources": [resource(GROUP, "old", consumer_session_timeout_ms="50000")]})
    talk.ask("replaced badly", ALTER, {"resources": [resource(GROUP, "old", consumer_session_timeout_ms="5")]})
    settled(talk, "old", CONSUMER_SESSION, "50000", kind=GROUP)
    listed = {"resource_types": [GROUP]}
    talk.ask("listed", ApiKey.LIST_CONFIG_RESOURCES, listed)
    for group in ("taken", "old"):
        talk.quietly(ALTER, {"resources": [resource(GROUP, group)]})
    talk.until(lambda: not talk.quietly(ApiKey.LIST_CONFIG_RESOURCES, listed)["config_resources"])
    talk.ask("listed when nothing is set", ApiKey.LIST_CONFIG_RESOURCES, listed)


def groups_heed_their_configs(talk: Conversation) -> None:
    """An interval told to members shows that the coordinator has read its group's settings."""
    talk.topic("heeded", [1, 2, 3])
    heeds(talk, "tuned", CONSUMER_HEARTBEAT, BEAT, joining("tuned", ONE, ["heeded"]), beating)
    joins = share_beating("tuned-share", ONE, 0, ["heeded"])
    heeds(talk, "tuned-share", "share.heartbeat.interval.ms", SHARE_BEAT, joins, share_beating)


def heeds(
    talk: Conversation, group: str, name: str, api: ApiKey, joins: Fields, beats: Callable[[str, str, int], Fields]
) -> None:
    to = settle_groups(talk, group)
    epoch = talk.quietly(api, joins, to=to)["member_epoch"]

    def told() -> int:
        """Share groups raise their epoch by themselves; whoever is too far behind to be heard joins again."""
        nonlocal epoch
        answer = talk.quietly(api, beats(group, ONE, epoch), to=to)
        epoch = answer["member_epoch"]
        return int(answer["heartbeat_interval"])

    talk.keep(f"{group}: told by default", told())
    for value, how in ((7000, SET), (9000, SET), (5000, REMOVE)):
        talk.quietly(CHANGE, change((GROUP, group, [(name, how, str(value) if how == SET else None)])))
        talk.until(lambda value=value: told() == value)
        talk.keep(f"{group}: told after a change to {value}", told())
    talk.quietly(api, beats(group, ONE, -1), to=to)


def renewals_may_be_forbidden(talk: Conversation) -> None:
    topic = talk.topic("unrenewed", [1, 2, 3])
    group = "unrenewed"
    forbidden = ("share.renew.acknowledge.enable", SET, "false")
    begins = ("share.auto.offset.reset", SET, "earliest")
    talk.quietly(CHANGE, change((GROUP, group, [forbidden, begins])))
    settled(talk, group, "share.renew.acknowledge.enable", "false", kind=GROUP)
    talk.produce("unrenewed", b"a", b"b")
    to, _ = settle_share(talk, "unrenewed", group=group)
    talk.quietly(FETCH, fetching(topic, 0, group=group))
    epoch = 0

    def given() -> bool:
        """From the earliest on, as was set."""
        nonlocal epoch
        epoch += 1
        told = talk.quietly(FETCH, fetching(topic, epoch, group=group, max_wait=500))
        return any(part["acquired_records"] for it in told["responses"] for part in it["partitions"])

    talk.until(given)
    for number, kinds in enumerate(([RENEW], [RENEW, ACCEPT], [ACCEPT, RENEW], [ACCEPT]), start=1):
        said = {**saying(topic, epoch + number, (0, 1, kinds), renews=True), "group_id": group}
        talk.ask(f"said {kinds}", ACK, said)
    talk.quietly(FETCH, fetching(None, -1, group=group))
    leave_share(talk, to, ONE, group=group)
    talk.quietly(ALTER, {"resources": [resource(GROUP, group)]})


SCRIPTS = (group_configs, groups_heed_their_configs, renewals_may_be_forbidden)
