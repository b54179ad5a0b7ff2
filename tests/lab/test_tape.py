"""What is on a tape, what it plays, and what is said of one that cannot be played."""

import asyncio
import json
from pathlib import Path

import pytest

from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.events import Event
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.lab import HistoryTape, Lab, LabSettings, Tape, TapeRefused, load_tape, replay
from kafkalab.lab.commands import (
    AddConsumer,
    Command,
    CrashBroker,
    CreateProducer,
    CreateTopic,
    IsolateBroker,
    SendRecord,
    StartBroker,
)
from kafkalab.lab.fault_commands import UndoFault
from kafkalab.lab.tape import Taped
from kafkalab.lab.tempo_commands import PauseTime, PlayTime, SetRate, StepTime
from tests.lab.labs import QUICK, SECOND_US

pytestmark = pytest.mark.clock

START_US = 1_767_225_600 * SECOND_US
Told = tuple[int, str, Event]

SCENE: tuple[tuple[int, Command], ...] = (
    (1_000_000, CreateTopic("orders", 3, 3, {"min.insync.replicas": "2"})),
    (500_017, CreateProducer("orders", rate=20, key_pattern="cycle:ä,b")),
    (0, AddConsumer(("orders",), group="billing")),
    (3_000_000, SendRecord("orders", "by hand", headers=(("trace", "1"), ("flag", None)))),
    (100, CrashBroker(2)),
    (2_000_000, IsolateBroker(1)),
    (2_000_000, UndoFault(1)),
    (4_000_000, StartBroker(2)),
)


def taped(told: list[Told]) -> tuple[Lab, Tape]:
    lab = Lab.open(None, LabSettings(seed=11, broker_configs=QUICK), start_us=START_US)
    lab.world.on_event.append(lambda at_us, node, event: told.append((at_us - START_US, node, event)))
    for wait_us, command in SCENE:
        lab.advance(wait_us)
        lab.do(command, lambda outcome: None)
    lab.advance(5 * SECOND_US)
    assert lab.tape is not None
    return lab, lab.tape


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tapes" / "scene.jsonl"


def test_a_tape_plays_the_same_history_again(path: Path) -> None:
    told: list[Told] = []
    lab, tape = taped(told)
    tape.save(path, lab.world.now_us)
    again: list[Told] = []
    verdict = replay(load_tape(path), lambda *heard: again.append(heard))
    # The first life of each node begins before anybody can listen.
    assert len(told) > 500
    assert again == told
    assert (verdict.at_us, verdict.steps, verdict.broken) == (17_500_117, lab.world.steps, None)


def test_a_tape_is_lines_that_a_person_can_read(path: Path) -> None:
    lab, tape = taped([])
    tape.save(path, lab.world.now_us)
    head, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {name: head[name] for name in ("tape", "version", "plays", "seed", "brokers", "end_s")} == {
        "tape": "Kafka Lab", "version": 1, "plays": "lab", "seed": 11, "brokers": 3, "end_s": 17.500117
    }  # fmt: skip
    for line in lines:
        del line["step"]
    assert lines[1] == {
        "at_s": 1.500017, "command": "create_producer", "topic": "orders", "rate": 20, "key_pattern": "cycle:ä,b"
    }  # fmt: skip
    assert lines[4] == {"at_s": 4.500117, "command": "crash_broker", "broker": 2}


def test_steps_may_be_left_out_and_lines_may_be_remarks(path: Path) -> None:
    lab, tape = taped([])
    tape.commands = [Taped(one.at_us, None, one.command) for one in tape.commands]
    tape.save(path, lab.world.now_us)
    path.write_text("# what I saw on Monday\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert replay(load_tape(path), lambda *_: None).steps == lab.world.steps


def test_what_comes_in_the_middle_of_a_moment_comes_there_again(path: Path) -> None:
    """A command that is given while more is due at the same time is not put off to the end of the moment."""
    told: list[Told] = []
    lab, tape = taped(told)
    while (due_us := lab.world.next_due_us()) is not None and due_us > lab.world.now_us:
        lab.world.step()
    lab.do(SendRecord("orders", "in between"), lambda outcome: None)
    lab.advance(SECOND_US)
    tape.save(path, lab.world.now_us)
    again: list[Told] = []
    replay(load_tape(path), lambda *heard: again.append(heard))
    assert again == told


def test_what_a_person_did_while_time_went_by_is_played_again(path: Path) -> None:
    """Commands come when they come, at ten times the speed, with a pause and steps between."""
    told: list[Told] = []
    lab = Lab.open(None, LabSettings(seed=12, broker_configs=QUICK), start_us=START_US)
    lab.world.on_event.append(lambda at_us, node, event: told.append((at_us - START_US, node, event)))

    async def acted() -> None:
        lab.play()
        lab.do(SetRate("10"), lambda outcome: None)
        await asyncio.sleep(0.1)
        for command in (*(command for _, command in SCENE), PauseTime(), StepTime(), CrashBroker(3), PlayTime()):
            lab.do(command, lambda outcome: None)
            await asyncio.sleep(0.037)
        lab.conductor.stop()

    asyncio.run(acted())
    assert lab.tape is not None
    lab.tape.save(path, lab.world.now_us)
    again: list[Told] = []
    verdict = replay(load_tape(path), lambda *heard: again.append(heard))
    assert len(told) > 100
    assert again == told
    assert verdict.steps == lab.world.steps


def test_what_is_done_to_time_is_not_on_tape() -> None:
    lab, tape = taped([])
    lab.do(PauseTime(), lambda outcome: None)
    assert [one.command for one in tape.commands] == [command for _, command in SCENE]
    assert lab.fork().tape is None


def test_a_history_survives_the_way_to_a_tape_and_back(path: Path) -> None:
    for seed in range(1, 41):
        tape = HistoryTape(schedule(seed), "L4")
        tape.save(path)
        assert load_tape(path) == tape


LAB = '{"tape": "Kafka Lab", "version": 1, "plays": "lab", "start_us": 0, "seed": 1, "brokers": 3}\n'
HISTORY = (
    '{"tape": "Kafka Lab", "version": 1, "plays": "history", "seed": 1, "brokers": 2, "racks": [],'
    ' "broker_configs": {}, "latency_us": 0, "chaos_s": 60, "end_s": 120}\n'
    '{"topic": "t", "partitions": 1, "replication_factor": 2, "min_insync_replicas": 1, "segment_bytes": 2000}\n'
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", " is no tape: it is empty."),
        ("{", ", line 1: this is no JSON: Expecting property name enclosed in double quotes at column 2."),
        ("[]", ", line 1: a line is a JSON object."),
        ('{"seed": 1}', ', line 1: a tape begins with {"tape": "Kafka Lab", ...}.'),
        (
            LAB.replace('"version": 1', '"version": 9'),
            ", line 1: the tape is of version 9, and this Kafka Lab plays version 1.",
        ),
        (LAB.replace('"lab"', '"film"'), ', line 1: "plays" must be "lab" or "history", not "film".'),
        (LAB.replace('"brokers": 3', '"brokers": "3"'), ", line 1: brokers must be a whole number."),
        (LAB.replace('"brokers": 3', '"brokers": 0'), ", line 1: brokers must be from 1 to 99."),
        (LAB.replace(', "brokers": 3', ""), ", line 1: brokers is missing."),
        (LAB.replace("}", ', "broker_configs": 7}'), ", line 1: broker_configs must be an object of texts."),
        (LAB.replace("}", ', "colour": 1}'), ", line 1: colour is not known here."),
        (LAB + "nonsense\n", ", line 2: this is no JSON: Expecting value at column 1."),
        (LAB + '\n# a remark\n{"command": "crash_broker"}', ", line 4: at_s must be a number of seconds."),
        (LAB + '{"at_s": 1, "command": "crash_broker"}', ", line 2: crash_broker: broker is missing."),
        (
            LAB + '{"at_s": 1, "command": "heal_network", "x": 1}',
            ", line 2: heal_network: x is no field of heal_network.",
        ),
        (
            LAB + '{"at_s": 2, "command": "heal_network"}\n{"at_s": 1, "command": "heal_network"}',
            ", line 3: it is before the line before.",
        ),
        (HISTORY + '{"fault": "kill", "at_s": 1, "node": "broker-1"}', ", line 3: until_s is missing."),
        (
            HISTORY + '{"fault": "kill", "at_s": 1, "until_s": 2, "node": "broker-7"}',
            ", line 3: broker-7 is no node of this tape.",
        ),
        (
            HISTORY + '{"fault": "kill", "at_s": "1", "until_s": 2, "node": "broker-1"}',
            ", line 3: at_s must be a number.",
        ),
        (
            LAB.replace('"brokers": 3', '"brokers": 3, "broker_configs": {"num.partitions": "few"}'),
            ", line 1: broker_configs: Invalid value few for configuration num.partitions: Not a number of type INT.",
        ),
        (
            HISTORY.replace('"segment_bytes": 2000', '"segment_bytes": 2000, "configs": {"retention.ms": "x"}'),
            ", line 2: Invalid value x for configuration retention.ms: Not a number of type LONG.",
        ),
        (
            HISTORY + '{"consumer": "c", "group": "g", "topics": ["u"], "assignor": "range", "commit": "auto",'
            ' "processing_ms": 0}',
            ", line 3: topics must be some of t.",
        ),
        (
            HISTORY + '{"consumer": "c", "group": "g", "topics": ["t"], "assignor": "x", "commit": "auto",'
            ' "processing_ms": 0}',
            ", line 3: assignor must be one of range, roundrobin, sticky, cooperative-sticky.",
        ),
        (HISTORY + '{"drum": 1}', ", line 3: an entry is one of fault, mover, consumer, producer, topic."),
        (
            HISTORY.replace('"replication_factor": 2', '"replication_factor": 3'),
            ", line 2: replication_factor must be from 1 to the number of brokers, 2.",
        ),
    ],
)
def test_a_bad_tape_is_refused_in_one_sentence(text: str, said: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(TapeRefused) as refused:
        load_tape(path)
    assert str(refused.value) == f"{path}{said}"


def test_an_unknown_command_or_fault_is_named_with_those_there_are(path: Path) -> None:
    path.parent.mkdir()
    for text, said in (
        (LAB + '{"at_s": 1, "command": "explode"}', ", line 2: There is no such command: explode"),
        (HISTORY + '{"fault": "fire", "at_s": 1, "until_s": 2, "node": "broker-1"}', ", line 3: 'fire' is no fault: "),
    ):
        path.write_text(text)
        with pytest.raises(TapeRefused) as refused:
            load_tape(path)
        assert str(refused.value).startswith(f"{path}{said}")


def test_a_file_that_is_not_there_or_no_text_is_said_in_one_sentence(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(TapeRefused, match=r"scene\.jsonl cannot be read: No such file or directory\.$"):
        load_tape(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TapeRefused, match="it is not text"):
        load_tape(path)


def test_a_tape_in_which_time_stands_still_comes_to_an_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A producer that cannot leave it: rule X4."""
    lab, tape = taped([])
    tape.save(path, lab.world.now_us)
    heard = Producer.handle

    def restless(producer: Producer, message: object) -> None:
        heard(producer, message)
        if producer.now_us > START_US + 6 * SECOND_US:
            producer.wake_in(0, message)

    monkeypatch.setattr(Producer, "handle", restless)
    verdict = replay(load_tape(path), lambda *_: None)
    assert verdict.broken is not None
    assert verdict.broken.invariant == "X4"
    assert 6 * SECOND_US < verdict.at_us < 8 * SECOND_US
