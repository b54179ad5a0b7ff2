"""Which rule decides which request: the active controller's table, as `engine/api` is a broker's."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kio.schema.envelope.v0.response import EnvelopeResponse

from kafkalab.engine.controller import (
    acls,
    altering_configs,
    brokers,
    elect_leaders,
    isr,
    producer_ids,
    reassignments,
    topics,
    users,
)
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.node import Request
from kafkalab.engine.quotas.altering import alter_client_quotas
from kafkalab.engine.quotas.mutations import STRICT_SINCE, UNBOUNDED, Mutations
from kafkalab.engine.refused import Refused
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.controller.controller import Controller

_REFUSALS = {
    ApiKey.BROKER_REGISTRATION: brokers.registration_refused,
    ApiKey.BROKER_HEARTBEAT: brokers.heartbeat_refused,
    ApiKey.ALTER_PARTITION: isr.alter_partition_refused,
    ApiKey.ALLOCATE_PRODUCER_IDS: producer_ids.allocation_refused,
    ApiKey.ELECT_LEADERS: elect_leaders.election_refused,
    ApiKey.UNREGISTER_BROKER: brokers.unregistration_refused,
}
"""How the requests that are refused as a whole say so; the others refuse item by item."""


def decide(controller: "Controller", request: Request) -> Decision:
    mutations = UNBOUNDED
    if request.api_key in STRICT_SINCE and controller.image.client_quotas:
        mutations = controller.mutation_quotas.of(controller.image.client_quotas, request, controller.now_ms)
    try:
        decision = _decide(controller, request, mutations)
        return replace(decision, body=mutations.told_in(decision.body)) if mutations.throttle_ms else decision
    except Refused as refused:
        return Decision(_REFUSALS[ApiKey(request.api_key)](refused))


def not_controller(request: Request) -> Any:
    """Ask another. What a broker has passed on it hears of in the envelope that it came in (KIP-590)."""
    refusal = _REFUSALS.get(ApiKey(request.api_key))
    if refusal is None:
        return EnvelopeResponse(response_data=None, error_code=ErrorCode.not_controller)
    return refusal(Refused(ErrorCode.not_controller))


def _decide(controller: "Controller", request: Request, mutations: Mutations) -> Decision:
    limits = controller.limits
    image, config, sessions, body = controller.image, controller.config, controller.sessions, request.body
    match request.api_key:
        case ApiKey.BROKER_HEARTBEAT:
            return brokers.heartbeat(image, config, sessions, body, controller.now_us)
        case ApiKey.ALTER_PARTITION:
            return isr.alter_partition(image, config, body)
        case ApiKey.BROKER_REGISTRATION:
            return brokers.register(image, config, sessions, body, controller.now_us)
        case ApiKey.ALLOCATE_PRODUCER_IDS:
            return producer_ids.allocate(image, body)
        case ApiKey.CREATE_TOPICS:
            static = controller.static_config
            return topics.create_topics(image, config, body, controller.random, static, mutations, limits)
        case ApiKey.DELETE_TOPICS:
            return topics.delete_topics(image, config, body, mutations)
        case ApiKey.CREATE_PARTITIONS:
            return topics.create_partitions(image, body, controller.random, mutations, limits)
        case ApiKey.ELECT_LEADERS:
            return elect_leaders.elect_leaders(image, config, body)
        case ApiKey.ALTER_PARTITION_REASSIGNMENTS:
            return reassignments.alter_reassignments(image, config, body)
        case ApiKey.LIST_PARTITION_REASSIGNMENTS:
            return reassignments.list_reassignments(image, body)
        case ApiKey.ALTER_CONFIGS:
            return altering_configs.replace_configs(image, config, body)
        case ApiKey.INCREMENTAL_ALTER_CONFIGS:
            return altering_configs.alter_configs(image, config, body)
        case ApiKey.ALTER_CLIENT_QUOTAS:
            return alter_client_quotas(image, body)
        case ApiKey.CREATE_ACLS:
            return acls.create(image, body, controller.random)
        case ApiKey.DELETE_ACLS:
            return acls.delete(image, body)
        case ApiKey.ALTER_USER_SCRAM_CREDENTIALS:
            return users.alter(image, body)
        case ApiKey.UNREGISTER_BROKER:
            return brokers.unregister(image, config, sessions, body.broker_id)
        case api_key:
            raise AssertionError(f"no broker asks a controller for API {api_key}")
