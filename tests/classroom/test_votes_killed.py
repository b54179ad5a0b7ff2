"""A server that is killed in the middle of a vote: what was asked and said is there again."""

import re
from pathlib import Path

from kafkalab.bench.peers import free_ports, start_lab
from tests.classroom.test_killed import PASSWORD, Browser, data, instructor, killed

__all__ = ["data"]


def test_votes_outlive_a_killed_server(data: Path) -> None:
    assert instructor(data, "grace", PASSWORD)[0] == 0
    port = free_ports(4)
    server = start_lab(str(data), port)
    try:
        teacher, ada, bo = (Browser(server.url) for _ in range(3))
        teacher.post("/rooms/login/", username="grace", password=PASSWORD)
        page = teacher.post("/rooms/", "/rooms/new/", title="Monday", arrangement="own", teams="2")
        [code, *_] = re.findall(r"/rooms/([2-9A-Z]{6})/", page)
        votes, mine = f"/rooms/{code}/votes/", f"/seat/{code}/vote/"
        for browser, name in ((ada, "Ada"), (bo, "Bo")):
            browser.post(f"/join/{code}/", name=name)
        teacher.post(votes, f"{votes}order/", order="ask_own", ask="How many?", kind="number")
        [mark, *_] = re.findall(r'name="vote" value="(\w+)"', ada.get(mine))
        ada.post(mine, f"{mine}cast/", vote=mark, said="3")
        killed(server)
        server = start_lab(str(data), port)
        assert 'You have voted: <strong lang="en">3</strong>' in ada.get(mine)
        bo.post(mine, f"{mine}cast/", vote=mark, said="4")
        teacher.post(votes, f"{votes}order/", order="reveal", vote=mark)
        assert "Round 1: 2 votes" in ada.get(mine)
    finally:
        server.stop()
