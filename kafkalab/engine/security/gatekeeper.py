"""At a broker's door: lets through of a request what its principal may do, and answers the rest with a no.

What is asked stands in the table of `permissions`. Brokers among themselves are not asked: their requests come
by connections of the cluster's own.
"""

from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.acls import CLUSTER_NAME, Operation, ResourceType
from kafkalab.engine.security.judge import ERRORS, MESSAGES, Judge
from kafkalab.engine.security.permissions import PERMISSIONS, Each, Other, Shown, Whole
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import OffsetFetchPartitionResult
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker
    from kafkalab.engine.broker.fetch_sessions import Wanted

NOT_ASKED = -(2**31)
SEVERAL_COORDINATORS_SINCE = 4
TELLS_MORE = (ApiKey.METADATA,)
"""Has an answer of use even when nothing that was named may be described."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A request of which a part was refused."""

    rest: Request
    field: str
    """Of the answer: where the items are."""
    refused: tuple[Any, ...]
    """Answers in which the refused items are."""
    nothing_left: bool

    def joined(self, body: Any) -> Any:
        """The whole answer; `body` is the one to the rest, or None if there was none."""
        answers = self.refused if body is None else (body, *self.refused)
        items = tuple(item for answer in answers for item in getattr(answer, self.field))
        return replace(answers[0], **{self.field: items})


def examine(broker: "Broker", request: Request, route: ModuleType) -> Trimmed | None:
    """None if all of it is allowed. Raises Refused if nothing is."""
    if _is_of_the_cluster(request):
        return None
    judge = Judge(broker, request)
    permissions = PERMISSIONS.get(request.api_key)
    if permissions is None:
        judge.demand(Operation.CLUSTER_ACTION, ResourceType.CLUSTER, CLUSTER_NAME)
        return None
    for permission in permissions:
        match permission:
            case Whole(operation, resource_type, field, when):
                name = getattr(request.body, field) if field else CLUSTER_NAME
                if name is not None and (when is None or when(request.body)):
                    judge.demand(operation, resource_type, name)
            case Other(ask):
                ask(judge, request.body)
            case Each():
                return _trimmed(judge, route, permission)
    return None


def _trimmed(judge: Judge, route: ModuleType, each: Each) -> Trimmed | None:
    request = judge.request
    items = getattr(request.body, each.field) or ()
    if not items or (each.unless is not None and each.unless(judge)):
        return None
    allowed: list[Any] = []
    denied: dict[ErrorCode, list[Any]] = {}
    for item in items:
        judge.denied = None
        if _allows(judge, each, item):
            allowed.append(item)
        else:
            denied.setdefault(ERRORS[judge.denied or each.resource_type], []).append(item)
    if not denied:
        return None
    refused = []
    for error, refused_items in denied.items():
        refusal = Refused(error, _message(request, error))
        refused.append(route.refuse(_with(request, each.field, refused_items), refusal))
    nothing_left = not allowed and request.api_key not in TELLS_MORE
    return Trimmed(_with(request, each.field, allowed), each.answered_in, tuple(refused), nothing_left)


def _message(request: Request, error: ErrorCode) -> str | None:
    match request.api_key:
        case ApiKey.DESCRIBE_CONFIGS | ApiKey.ALTER_CONFIGS | ApiKey.INCREMENTAL_ALTER_CONFIGS:
            return MESSAGES[error]
        case ApiKey.FIND_COORDINATOR:
            return MESSAGES[error] if request.api_version < SEVERAL_COORDINATORS_SINCE else ""
        case _:
            return None


def _with(request: Request, field: str, items: list[Any]) -> Request:
    return replace(request, body=replace(request.body, **{field: tuple(items)}))


def _allows(judge: Judge, each: Each, item: Any) -> bool:
    if each.ask is not None:
        return each.ask(judge, judge.request.body, item)
    if not each.name:
        name = item
    elif each.resource_type is ResourceType.TOPIC and each.name == "name":
        name = judge.topic_name(item)
        if not name:
            # Nobody knows a topic of that id: it is for whoever handles the request to say so.
            return True
    else:
        name = getattr(item, each.name)
    return judge.may(each.operation, each.resource_type, name)


def check_readable(broker: "Broker", request: Request, wanted: "Wanted") -> None:
    """Whether a consumer may read that topic. Raises Refused."""
    if request.body.replica_id >= 0 or _is_of_the_cluster(request):
        return
    name = wanted.name or broker.metadata.topic_names.get(wanted.topic_id) if wanted.topic_id else wanted.name
    if name:
        Judge(broker, request).demand(Operation.READ, ResourceType.TOPIC, name)


def may_write(broker: "Broker", request: Request, topic: str) -> bool:
    """Whether a client may add the topic to its transaction."""
    return _is_of_the_cluster(request) or Judge(broker, request).may(Operation.WRITE, ResourceType.TOPIC, topic)


def _is_of_the_cluster(request: Request) -> bool:
    return request.source.startswith("broker-")


# -- answers -----------------------------------------------------------------------------------------


def amend(broker: "Broker", request: Request, trimmed: Trimmed | None, body: Any) -> Any:
    """The answer without what may not be described, with what was refused, and with what is allowed."""
    if trimmed is None and (body is None or _is_of_the_cluster(request)):
        return body
    judge = Judge(broker, request)
    if body is not None:
        for permission in PERMISSIONS.get(request.api_key, ()):
            if isinstance(permission, Shown):
                body = _shown(judge, permission, body)
        if request.api_key == ApiKey.OFFSET_FETCH:
            body = _offsets(judge, body)
    if trimmed is not None:
        body = trimmed.joined(body)
    return _with_operations(judge, body)


def _shown(judge: Judge, shown: Shown, body: Any) -> Any:
    if (shown.when is not None and not shown.when(judge.request.body)) or (
        shown.unless is not None and shown.unless(judge)
    ):
        return body
    kept = tuple(
        item
        for item in getattr(body, shown.field)
        if judge.may(Operation.DESCRIBE, shown.resource_type, getattr(item, shown.name) or "", silently=True)
    )
    return replace(body, **{shown.field: kept})


def _offsets(judge: Judge, body: Any) -> Any:
    """Of topics that may not be described no offset is told; who asks for all does not hear of them."""
    asked_for_all = {group.group_id: group.topics is None for group in judge.request.body.groups}
    groups = []
    for group in body.groups:
        topics = []
        for topic in group.topics:
            name = judge.topic_name(topic)
            all_of_them = asked_for_all.get(group.group_id, False)
            if not name or judge.may(Operation.DESCRIBE, ResourceType.TOPIC, name, silently=all_of_them):
                topics.append(topic)
            elif not all_of_them:
                error = ErrorCode.topic_authorization_failed
                parts = tuple(OffsetFetchPartitionResult(it.partition, error_code=error) for it in topic.partitions)
                topics.append(replace(topic, partitions=parts))
        groups.append(replace(group, topics=tuple(topics)))
    return replace(body, groups=tuple(groups))


def _with_operations(judge: Judge, body: Any) -> Any:
    """What the principal may do with each thing that is described, where that was asked for (KIP-430)."""
    match judge.request.api_key:
        case ApiKey.METADATA | ApiKey.DESCRIBE_TOPIC_PARTITIONS:
            told, kind, name = "topic_authorized_operations", ResourceType.TOPIC, "name"
            items = "topics"
        case ApiKey.DESCRIBE_GROUPS | ApiKey.CONSUMER_GROUP_DESCRIBE | ApiKey.SHARE_GROUP_DESCRIBE:
            told, kind, name = "authorized_operations", ResourceType.GROUP, "group_id"
            items = "groups"
        case ApiKey.DESCRIBE_CLUSTER if body.cluster_authorized_operations != NOT_ASKED:
            allowed = judge.operations_on(ResourceType.CLUSTER, CLUSTER_NAME)
            return replace(body, cluster_authorized_operations=type(body.cluster_authorized_operations)(allowed))
        case _:
            return body
    own = tuple(_with_own(judge, item, told, kind, getattr(item, name) or "") for item in getattr(body, items))
    return replace(body, **{items: own})


def _with_own(judge: Judge, item: Any, told: str, kind: ResourceType, name: str) -> Any:
    before = getattr(item, told)
    if before == NOT_ASKED:
        return item
    return replace(item, **{told: type(before)(judge.operations_on(kind, name))})
