"""What a cluster is made of, and what is said of it."""

from dataclasses import replace

from kafkalab.engine.spec import ClusterSpec, Endpoint, SecurityProtocol


def test_a_wrong_address_is_told_by_each_listener_of_that_broker_and_by_no_other() -> None:
    spec = ClusterSpec.local(2, host="10.0.0.1", racks=(), seed=1)
    tls = Endpoint("SSL", "10.0.0.1", 9192, SecurityProtocol.SSL)
    spec = replace(spec, brokers=tuple(replace(each, more_endpoints=(tls,)) for each in spec.brokers))
    first, second = spec.advertising(1, "broker-1.internal", 9999).brokers
    assert (first.host, first.port, first.more_endpoints) == (
        "broker-1.internal",
        9999,
        (replace(tls, host="broker-1.internal"),),
    )
    assert second == spec.brokers[1]
