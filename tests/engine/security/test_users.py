"""Users and their passwords: asked for by anybody's admin client, kept as keys, in the log and in snapshots."""

from dataclasses import replace
from uuid import UUID

from kio.schema.alter_user_scram_credentials.v0.request import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from kio.schema.describe_cluster.v2.request import DescribeClusterRequest
from kio.schema.describe_user_scram_credentials.v0.request import DescribeUserScramCredentialsRequest, UserName

from kafkalab.engine.controller.codec import decode, encode
from kafkalab.engine.controller.metadata import MetadataImage, MetadataRecord, RegisterBrokerRecord
from kafkalab.engine.controller.snapshots import records_of
from kafkalab.engine.events import UserGivenPassword, UserLostPassword
from kafkalab.engine.node import Request
from kafkalab.engine.security.acls import AccessControlEntryRecord
from kafkalab.engine.security.scram import ScramMechanism, credential, password_fits, salted_password
from kafkalab.engine.spec import ClusterSpec, Endpoint, SecurityProtocol
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, Say

SHA_256, SHA_512 = ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512


def upsertion(user: str, password: str, mechanism: ScramMechanism = SHA_256) -> ScramCredentialUpsertion:
    salted = salted_password(mechanism, password, b"salt", 4096)
    return ScramCredentialUpsertion(
        name=user, mechanism=mechanism, iterations=4096, salt=b"salt", salted_password=salted
    )


def test_a_password_is_given_told_of_and_taken_away() -> None:
    room = Room(2)
    given = AlterUserScramCredentialsRequest(deletions=(), upsertions=(upsertion("alice", "secret"),))
    answer = room.ask(1, ApiKey.ALTER_USER_SCRAM_CREDENTIALS, given)
    assert [(each.user, each.error_code) for each in answer.results] == [("alice", ErrorCode.none)]
    room.run(1)
    known = room.broker(2).metadata.scram["alice", SHA_256]
    assert (password_fits(known, "secret"), password_fits(known, "guess")) == (True, False)
    asked = DescribeUserScramCredentialsRequest(users=(UserName(name="alice"), UserName(name="bob")))
    told = room.ask(2, ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, asked)
    assert [(each.user, each.error_code, len(each.credential_infos)) for each in told.results] == [
        ("alice", ErrorCode.none, 1),
        ("bob", ErrorCode.resource_not_found, 0),
    ]
    taken = AlterUserScramCredentialsRequest(
        deletions=(ScramCredentialDeletion(name="alice", mechanism=SHA_256),), upsertions=()
    )
    room.ask(2, ApiKey.ALTER_USER_SCRAM_CREDENTIALS, taken)
    room.run(1)
    assert room.broker(1).metadata.scram == {}
    assert [type(fact) for fact in room.take_facts(UserGivenPassword, UserLostPassword)] == [
        UserGivenPassword,
        UserLostPassword,
    ]


def test_a_cluster_can_be_formatted_with_users() -> None:
    salted = salted_password(SHA_512, "secret", b"salt", 4096)
    alice = credential("alice", SHA_512, salted, b"salt", 4096)
    room = Room(spec=replace(ClusterSpec.local(1), users=(alice,)))
    assert room.broker(1).metadata.scram == {("alice", SHA_512): alice}


def test_what_is_in_the_image_is_in_its_snapshot_and_bears_being_written() -> None:
    known = credential("alice", SHA_256, salted_password(SHA_256, "x", b"\x00\xff", 4096), b"\x00\xff", 4096)
    endpoints = (Endpoint("SASL_SSL", "10.0.0.1", 9094, SecurityProtocol.SASL_SSL),)
    records: tuple[MetadataRecord, ...] = (
        RegisterBrokerRecord(1, 5, UUID(int=7), "10.0.0.1", 9092, None, False, endpoints),
        known,
        AccessControlEntryRecord(UUID(int=9), 2, "orders", 3, "User:alice", "*", 3, 3),
    )
    image = MetadataImage("cluster", 3000)
    for record in records:
        image.replay(decode(encode(record)), 0)
    again = MetadataImage("cluster", 3000)
    for record in records_of(image):
        again.replay(decode(encode(record)), 0)
    assert again == image
    assert tuple(records_of(image)) == records
    assert again.brokers[1].reached_by("SASL_SSL") == ("10.0.0.1", 9094)
    assert again.brokers[1].reached_by("PLAINTEXT") == ("10.0.0.1", 9092)


def test_whoever_comes_in_by_a_listener_is_sent_to_that_listener() -> None:
    spec = ClusterSpec.local(2)
    brokers = tuple(
        replace(each, more_endpoints=(Endpoint("SSL", "outside", 7000 + each.id, SecurityProtocol.SSL),))
        for each in spec.brokers
    )
    room = Room(spec=replace(spec, brokers=brokers))
    body = DescribeClusterRequest(
        include_cluster_authorized_operations=False, endpoint_type=1, include_fenced_brokers=False
    )
    told = []
    for number, listener in enumerate(("", "SSL")):
        request = Request("client", "wire", 900 + number, ApiKey.DESCRIBE_CLUSTER, 2, "test", body, listener=listener)
        room.world.tell_node("client", Say("broker-1", request))
        room.run(0.1)
        told.append([(each.host, each.port) for each in room.client.answers[900 + number].brokers])
    assert told == [[("127.0.0.1", 9092), ("127.0.0.1", 9093)], [("outside", 7001), ("outside", 7002)]]
