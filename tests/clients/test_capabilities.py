"""What every client is asked to do, done by those that a clean clone can have: Python's, and kcat."""

import pytest

from tests.clients.capabilities import CAPABILITIES
from tests.clients.conftest import RunningLab
from tests.clients.programs import CLIENTS, Client
from tests.clients.running import shown
from tests.clients.table import findings

HERE = [client for client in CLIENTS if client.in_ci]
ELSEWHERE = [client for client in CLIENTS if not client.in_ci]


def called(client: Client) -> str:
    return client.folder


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("client", HERE, ids=called)
def test_a_client_can_what_the_table_says(
    request: pytest.FixtureRequest, lab: RunningLab, client: Client, capability: str
) -> None:
    if client.language == "C":
        request.getfixturevalue("kcat")
    if capability in findings(client.folder):
        pytest.skip(f"the README of {client.folder} has a finding about {capability}")
    cell = shown(client.ready(), capability, lab, f"{client.folder}-{capability}")
    if cell.ok is None:
        pytest.skip(cell.why)
    assert cell.ok, cell.why


@pytest.mark.parametrize("client", ELSEWHERE, ids=called)
def test_a_client_of_another_language(client: Client) -> None:
    pytest.skip(f"{client.name} needs a toolchain for {client.language}: `python -m tests.clients.table` runs it")


@pytest.mark.parametrize("client", CLIENTS, ids=called)
def test_findings_are_about_what_is_asked(client: Client) -> None:
    assert findings(client.folder) <= set(CAPABILITIES)
