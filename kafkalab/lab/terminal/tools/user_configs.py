"""The part of kafka-configs that is about people: quotas of users, clients and addresses, and passwords."""

from kio.schema.alter_client_quotas.v1.request import AlterClientQuotasRequest, EntityData, EntryData, OpData
from kio.schema.alter_user_scram_credentials.v0.request import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from kio.schema.describe_client_quotas.v1.request import ComponentData, DescribeClientQuotasRequest
from kio.schema.describe_client_quotas.v1.response import EntryData as Described
from kio.schema.describe_user_scram_credentials.v0.request import DescribeUserScramCredentialsRequest, UserName
from kio.static.primitive import f64, i8, i32

from kafkalab.engine.quotas.limits import CLIENT_ID, IP, USER
from kafkalab.engine.security.scram import MIN_ITERATIONS, ScramMechanism, salted_password
from kafkalab.lab.terminal import asking
from kafkalab.lab.terminal.errors import exception
from kafkalab.lab.terminal.options import Failed, properties
from kafkalab.lab.terminal.tool import Ask, Io, Steps
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

QUOTA_KINDS = {"clients": CLIENT_ID, "users": USER, "ips": IP}
SPOKEN = {CLIENT_ID: "client-id", USER: "user-principal", IP: "ip"}
EXACT, DEFAULT, ANY = 0, 1, 2
USUAL_ITERATIONS = 4096
Entities = tuple[tuple[str, str | None], ...]


def describe_quotas(entities: Entities, io: Io) -> Steps[None]:
    components = []
    for kind, name in entities:
        how = ANY if name is None else EXACT if name else DEFAULT
        components.append(ComponentData(entity_type=QUOTA_KINDS[kind], match_type=i8(how), match=name or None))
    body = DescribeClientQuotasRequest(components=tuple(components), strict=True)
    answer = asking.first((yield Ask(ApiKey.DESCRIBE_CLIENT_QUOTAS, body)))
    for entry in answer.entries or ():
        values = ", ".join(f"{it.key}={_number(float(it.value))}" for it in sorted(entry.values, key=lambda it: it.key))
        io.say(f"Quota configs for {_whose(entry)} are {values}")


def _whose(entry: Described) -> str:
    order = (USER, CLIENT_ID, IP)
    entities = sorted(entry.entity, key=lambda it: order.index(it.entity_type))
    return ", ".join(
        f"the default {SPOKEN[it.entity_type]}"
        if it.entity_name is None
        else f"{SPOKEN[it.entity_type]} '{it.entity_name}'"
        for it in entities
    )


def _number(value: float) -> str:
    """As Java writes a double."""
    if value < 1e7:
        return repr(value)
    digits, _, exponent = f"{value:.17g}".partition("e")
    power = int(exponent) if exponent else len(digits.partition(".")[0]) - 1
    mantissa = repr(value / 10**power)
    return f"{mantissa}E{power}"


def alter_quotas(entities: Entities, changes: dict[str, str | None]) -> Steps[None]:
    ops = []
    for name, value in changes.items():
        try:
            limit = float(value) if value is not None else 0.0
        except ValueError:
            raise Failed(f"Cannot parse quota configuration value for {name}: {value}") from None
        ops.append(OpData(key=name, value=f64(limit), remove=value is None))
    entity = tuple(EntityData(entity_type=QUOTA_KINDS[kind], entity_name=name or None) for kind, name in entities)
    entry = EntryData(entity=entity, ops=tuple(ops))
    outcome = yield Ask(ApiKey.ALTER_CLIENT_QUOTAS, AlterClientQuotasRequest(entries=(entry,), validate_only=False))
    if not outcome.ok:
        raise Failed(exception(outcome.error, outcome.message))


# -- passwords --------------------------------------------------------------------------------------------


def is_mechanism(name: str) -> bool:
    return name in [mechanism.sasl_name for mechanism in ScramMechanism]


def describe_users(name: str | None, io: Io) -> Steps[None]:
    users = None if name is None else (UserName(name=name),)
    body = DescribeUserScramCredentialsRequest(users=users)
    outcome = yield Ask(ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, body)
    for answer in outcome.answers:
        for it in answer.results:
            if it.error_code == ErrorCode.none:
                known = ", ".join(
                    f"{ScramMechanism(one.mechanism).sasl_name}=iterations={one.iterations}"
                    for one in it.credential_infos
                )
                io.say(f"SCRAM credential configs for user-principal '{it.user}' are {known}")


def alter_users(name: str, changes: dict[str, str | None], io: Io) -> Steps[None]:
    upsertions, deletions = [], []
    for mechanism_name, value in changes.items():
        mechanism = ScramMechanism[mechanism_name.replace("-", "_")]
        if value is None:
            deletions.append(ScramCredentialDeletion(name=name, mechanism=i8(mechanism)))
            continue
        said = properties(value.split(","))
        iterations = int(said.get("iterations", str(USUAL_ITERATIONS)))
        if "password" not in said:
            raise Failed(f"No 'password=' value defined for SCRAM mechanism {mechanism_name}")
        if iterations < MIN_ITERATIONS:
            raise Failed(f"iterations={iterations} for SCRAM mechanism {mechanism_name} is too small")
        salt = io.salt()
        upsertions.append(
            ScramCredentialUpsertion(
                name=name,
                mechanism=i8(mechanism),
                iterations=i32(iterations),
                salt=salt,
                salted_password=salted_password(mechanism, said["password"], salt, iterations),
            )
        )
    body = AlterUserScramCredentialsRequest(deletions=tuple(deletions), upsertions=tuple(upsertions))
    outcome = yield Ask(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, body)
    if not outcome.ok:
        raise Failed(exception(outcome.error, outcome.message))
