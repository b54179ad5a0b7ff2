import pytest

from tests.engine.controller.scripted import Cluster


@pytest.fixture
def cluster() -> Cluster:
    """A controller with three scripted brokers, none registered yet."""
    return Cluster()


@pytest.fixture
def three_brokers(cluster: Cluster) -> Cluster:
    """The same with all three registered and unfenced."""
    cluster.bring_up(1, 2, 3)
    cluster.take_facts()
    return cluster
