"""Which quota counts for a client: the most specific one that somebody has set.

A quota belongs to an entity: a user, a client id, both, or an address. In the place of a name None stands
for every name that has no quota of its own (kafka.server.ClientQuotaManager.DefaultQuotaCallback).
"""

from collections.abc import Mapping

from kafkalab.engine.node import Request

USER, CLIENT_ID, IP = "user", "client-id", "ip"

PRODUCER_BYTE_RATE = "producer_byte_rate"
CONSUMER_BYTE_RATE = "consumer_byte_rate"
REQUEST_PERCENTAGE = "request_percentage"
CONTROLLER_MUTATION_RATE = "controller_mutation_rate"
CONNECTION_CREATION_RATE = "connection_creation_rate"
WHOLE_NUMBERS = {PRODUCER_BYTE_RATE: 2**63 - 1, CONSUMER_BYTE_RATE: 2**63 - 1, CONNECTION_CREATION_RATE: 2**31 - 1}
"""Quotas that have no fractions, and the largest that each may be."""
OF_CLIENTS = (PRODUCER_BYTE_RATE, CONSUMER_BYTE_RATE, REQUEST_PERCENTAGE, CONTROLLER_MUTATION_RATE)
OF_ADDRESSES = (CONNECTION_CREATION_RATE,)
MOST_ACCOUNTS = 1_000
"""Whose use is remembered: who gives a new client id each time must not fill the memory."""

Entity = tuple[tuple[str, str | None], ...]
"""(type, name) pairs, the client id before the user."""
Quotas = Mapping[Entity, Mapping[str, float]]
Account = tuple[str, str]
"""(user, client id), either of them "": whose use is counted together."""


def user_of(request: Request) -> str:
    """Who asks: the name alone, as in `kafka-configs.sh --entity-type users --entity-name`."""
    return request.principal.removeprefix("User:")


def of_user(user: str | None) -> Entity:
    """None: every user that has no quota of its own."""
    return ((USER, user),)


def of_client(client_id: str | None) -> Entity:
    return ((CLIENT_ID, client_id),)


def of_both(user: str | None, client_id: str | None) -> Entity:
    return ((CLIENT_ID, client_id), (USER, user))


def limit(quotas: Quotas, key: str, user: str, client_id: str) -> tuple[float, Account] | None:
    """The bound and whose use it bounds; None where nothing is bounded."""
    whole: Account = (user, "")
    levels: tuple[tuple[Entity, Account], ...] = ((of_user(user), whole), (of_user(None), whole))
    if client_id:
        both, anyones = (user, client_id), ("", client_id)
        levels = (
            (of_both(user, client_id), both),
            (of_both(user, None), both),
            (of_user(user), whole),
            (of_both(None, client_id), both),
            (of_both(None, None), both),
            (of_user(None), whole),
            (of_client(client_id), anyones),
            (of_client(None), anyones),
        )
    for name, account in levels:
        bound = quotas[name].get(key) if name in quotas else None
        if bound is not None:
            return bound, account
    return None


def connection_rate(quotas: Quotas, address: str) -> float | None:
    """How many connections a second may come from there."""
    for name in (((IP, address),), ((IP, None),)):
        bound = quotas[name].get(CONNECTION_CREATION_RATE) if name in quotas else None
        if bound is not None:
            return bound
    return None
