"""The terminal prints what Kafka's own tools print. What those printed is recorded, and can be recorded anew."""

from pathlib import Path

import pytest

from kafkalab.bench.peers import start_lab
from tests.clients.apache_kafka.clusters import jars
from tests.lab.labs import SECOND_US
from tests.lab.terminal import real_tools
from tests.lab.terminal.comparing import TRANSCRIPTS, comparable, read
from tests.lab.terminal.hands import opened, typed

names = [path.stem for path in TRANSCRIPTS]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=names)
def test_the_terminal_prints_what_the_tools_print(transcript: Path) -> None:
    lab = opened()
    different = {}
    for said in read(transcript):
        if said.line.startswith("sleep "):
            lab.advance(int(said.line.split()[1]) * SECOND_US)
            continue
        printed = comparable(typed(lab, said.line))
        if printed != said.printed:
            different[said.line] = (printed, said.printed)
    lab.close()
    assert different == {}


@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=names)
def test_the_tools_still_print_what_is_recorded(transcript: Path, tmp_path: Path) -> None:
    where = jars()
    data, tools = tmp_path / "data", tmp_path / "tools"
    tools.mkdir()
    peer = start_lab(str(data))
    try:
        real_tools.lay_out(tools, where, peer.bootstrap)
        different = {}
        for said in read(transcript):
            printed = comparable(real_tools.printed(tools, said.line, data / "home"))
            if printed != said.printed:
                different[said.line] = (printed, said.printed)
    finally:
        peer.stop()
    assert different == {}


def test_there_are_many() -> None:
    assert sum(len(read(transcript)) for transcript in TRANSCRIPTS) > 100
