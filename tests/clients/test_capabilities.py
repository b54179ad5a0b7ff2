"""What every client is asked to do, done by those that a clean clone can have: Python's, and kcat."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.clients.capabilities import CAPABILITIES
from tests.clients.programs import CLIENTS, Client
from tests.clients.table import Row, findings, row

HERE = [client for client in CLIENTS if client.in_ci]
ELSEWHERE = [client for client in CLIENTS if not client.in_ci]


def called(client: Client) -> str:
    return client.folder


@pytest.fixture(scope="module")
def rows() -> Iterator[dict[str, Future[Row]]]:
    """Every client at the same time, each at a lab of its own: most of it is waiting."""
    with ThreadPoolExecutor(len(HERE)) as pool:
        yield {client.folder: pool.submit(row, client) for client in HERE}


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("client", HERE, ids=called)
def test_a_client_can_what_the_table_says(
    request: pytest.FixtureRequest, rows: dict[str, Future[Row]], client: Client, capability: str
) -> None:
    if client.language == "C":
        request.getfixturevalue("kcat")
    if capability in findings(client.folder):
        pytest.skip(f"the README of {client.folder} has a finding about {capability}")
    cell = rows[client.folder].result().cells[capability]
    if cell.ok is None:
        pytest.skip(cell.why)
    assert cell.ok, cell.why


@pytest.mark.parametrize("client", ELSEWHERE, ids=called)
def test_a_client_of_another_language(client: Client) -> None:
    pytest.skip(f"{client.name} needs a toolchain for {client.language}: `python -m tests.clients.table` runs it")


@pytest.mark.parametrize("client", CLIENTS, ids=called)
def test_findings_are_about_what_is_asked(client: Client) -> None:
    assert findings(client.folder) <= set(CAPABILITIES)
