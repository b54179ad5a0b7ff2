"""The terminal: open producers, running consumers, help, completion, names, and what it asks being seen."""

from typing import Any

import pytest

from kafkalab.lab import Lab
from kafkalab.lab.commands import UpdateConsumer
from kafkalab.lab.terminal.marks import plain
from kafkalab.lab.terminal.shelf import TOOLS
from kafkalab.lab.terminal_commands import RunLine, StopLine, TypeLine
from tests.lab.labs import SECOND_US, carried_out
from tests.lab.terminal.hands import named, started, typed


def test_an_open_producer_takes_lines_until_its_input_ends(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    keyed = "--reader-property parse.key=true --reader-property key.separator=:"
    job = started(lab, f"kafka-console-producer --topic t {keyed}")
    assert lab.terminal.jobs[job].state == "open"
    assert "producer:console-producer" in lab.view()
    for line in ("a:1", "b:2"):
        assert carried_out(lab, TypeLine(job, line)).ok
    assert carried_out(lab, StopLine(job, "end_of_input")).ok
    lab.advance(3 * SECOND_US)
    assert (lab.terminal.jobs[job].state, lab.terminal.jobs[job].exit) == ("ended", 0)
    assert [(it.key, it.value) for it in lab.logs.records("t", 0)] == [("a", "1"), ("b", "2")]
    assert carried_out(lab, TypeLine(job, "c:3")).error == f"Not possible: job {job} does not run."


def test_a_consumer_runs_until_it_is_stopped(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    job = started(lab, "kafka-console-consumer --topic t --from-beginning --group g")
    lab.advance(5 * SECOND_US)
    typed(lab, "echo one | kafka-console-producer --topic t")
    typed(lab, "echo two | kafka-console-producer --topic t")
    lab.advance(SECOND_US)
    running = lab.terminal.jobs[job]
    assert running.exit is None
    assert running.output(1).lines == ["one", "two"]
    described = typed(lab, "kafka-consumer-groups --describe --group g")
    assert described[-1].split()[-1] == "console-consumer"
    assert carried_out(lab, StopLine(job)).ok
    lab.advance(SECOND_US)
    assert (running.exit, running.output(3).lines) == (130, ["Processed a total of 2 messages"])
    after = typed(lab, "kafka-consumer-groups --describe --group g")[-1].split()
    assert after[:6] == ["g", "t", "0", "2", "2", "0"]


def test_a_typed_consumer_can_be_changed_on_the_page(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    started(lab, "kafka-console-consumer --topic t --partition 0 --offset 0")
    assert carried_out(lab, UpdateConsumer("console-consumer", processing_ms=7)).ok
    assert lab.consumers["console-consumer"].settings.processing_ms == 7


def test_only_so_many_lines_are_kept_and_the_rest_is_counted(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    many = "\\n".join(str(number) for number in range(1_500))
    typed(lab, f"printf '{many}\\n' | kafka-console-producer --topic t")
    typed(lab, "kafka-console-consumer --topic t --partition 0 --offset 0 --max-messages 1500")
    job = lab.terminal.newest
    assert job is not None
    said = job.output()
    assert (len(said.lines), said.left_out, said.lines[-2:]) == (
        1_000,
        501,
        ["1499", "Processed a total of 1500 messages"],
    )


def test_a_consumer_takes_no_more_than_it_was_told(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    typed(lab, "printf 'a\\nb\\nc\\n' | kafka-console-producer --topic t")
    line = "kafka-console-consumer --topic t --partition 0 --offset 1 --max-messages 1"
    assert typed(lab, line) == ["b", "Processed a total of 1 messages"]
    assert typed(lab, "kcat -C -t t -o 1 -e -f '%p/%o %s\\n'") == ["0/1 b", "0/2 c"]


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_explains_itself(tool: str, lab: Lab) -> None:
    printed = typed(lab, f"{tool} --help")
    assert printed[0] == TOOLS[tool].about
    assert sum(line.lstrip("- ").startswith(("-", *"abcdefghijklmnopqrstuvwxyz")) for line in printed) >= 3
    assert typed(lab, f"bin/{tool}.sh --help") == printed


def test_what_was_perhaps_meant_is_said(lab: Lab) -> None:
    assert typed(lab, "kafka-topcs --list") == [
        "kafka-topcs: command not found. Did you mean kafka-topics?",
        "[exit 127]",
    ]
    assert typed(lab, "kafka-topics --decribe") == [
        "decribe is not a recognized option",
        "Did you mean --describe?",
        "[exit 1]",
    ]
    assert typed(lab, "ls") == ["ls: command not found. Type `lab help`.", "[exit 127]"]
    assert typed(lab, "lab tiem") == ["lab tiem does not exist. Did you mean lab time?", "[exit 127]"]


def test_the_line_is_completed_with_tools_options_and_names(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic orders")
    typed(lab, "kafka-topics --create --topic offers")
    complete = lab.terminal.complete
    assert complete("kafka-top").text == "kafka-topics "
    assert complete("kafka-c").choices[:2] == ("kafka-client-metrics", "kafka-cluster")
    assert complete("kafka-topics --de").choices == ("--delete", "--describe")
    assert complete("kafka-topics --describe --topic ord").text == "kafka-topics --describe --topic orders "
    assert complete("kafka-topics --describe --topic o").choices == ("offers", "orders")
    assert (
        complete("kafka-leader-election --election-type p").text == "kafka-leader-election --election-type preferred "
    )
    assert complete("kafka-log-dirs --describe --broker-list ").choices == ("1", "2", "3")
    assert complete("echo x | kafka-console-p").text == "echo x | kafka-console-producer "
    assert complete("lab fault slow").text == "lab fault slow_disk "
    assert complete("nonsense --a").choices == ()


def test_names_in_the_output_are_marked_with_what_they_name(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic orders --replica-assignment 2:3")
    assert named(lab, "kafka-topics --describe --topic orders") == [
        ("orders", "topic:orders"),
        ("orders", "topic:orders"),
        ("0", "partition:orders:0"),
        ("2", "broker:2"),
        ("2", "broker:2"),
        ("3", "broker:3"),
        ("2", "broker:2"),
        ("3", "broker:3"),
    ]
    view = lab.view()
    assert {"topic:orders", "partition:orders:0", "broker:2"} <= set(view)


def test_what_others_wrote_marks_nothing(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    typed(lab, "echo 'x\x01topic:t\x02y\x03' | kafka-console-producer --topic t")
    assert named(lab, "kafka-console-consumer --topic t --partition 0 --offset 0 --max-messages 1") == []


def test_the_tools_ask_as_any_client_does(lab: Lab) -> None:
    seen: list[tuple[str, str]] = []
    lab.world.on_message.append(lambda sent, due, source, target, message: seen.append((source, target)))
    typed(lab, "kafka-get-offsets")
    assert any(source == "terminal" and target.startswith("broker-") for source, target in seen)
    entity = lab.view()["terminal:tools"]
    assert (entity["kind"], entity["name"], entity["software_name"]) == ("client", "terminal", "kafka-get-offsets")


def test_a_tool_that_waits_can_be_stopped(lab: Lab) -> None:
    for broker in (1, 2, 3):
        typed(lab, f"kill -9 <pid of broker {broker}>")
    job = started(lab, "kafka-topics --list")
    lab.advance(5 * SECOND_US)
    assert lab.terminal.jobs[job].state == "running"
    assert carried_out(lab, StopLine(job)).ok
    assert lab.terminal.jobs[job].exit == 130
    assert typed(lab, "kafka-topics --list")[-1] == "[exit 1]"


def test_a_tool_finds_nobody_elsewhere(lab: Lab) -> None:
    printed = typed(lab, "kafka-topics --bootstrap-server kafka.example.com:9092 --list")
    assert printed[0].startswith("Connection to node -1 (kafka.example.com:9092) could not be established.")
    assert printed[-1] == "[exit 1]"


def test_the_outcome_says_what_was_printed(lab: Lab) -> None:
    outcome = carried_out(lab, RunLine("kafka-topics --create --topic t"))
    assert outcome.detail == {"job": 1, "state": "ended", "exit": 0, "output": "Created topic t.\n"}


def test_a_fork_has_a_terminal_of_its_own(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t")
    fork = lab.fork()
    assert typed(fork, "kafka-topics --list") == ["t"]
    typed(fork, "kafka-topics --delete --topic t")
    assert (typed(fork, "kafka-topics --list"), typed(lab, "kafka-topics --list")) == ([], ["t"])
    fork.close()


def test_what_runs_goes_on_in_a_fork_and_can_be_stopped_there(lab: Lab) -> None:
    typed(lab, "kafka-topics --create --topic t --partitions 1")
    consumer = started(lab, "kafka-console-consumer --topic t --partition 0 --offset 0")
    producer = started(lab, "kafka-console-producer --topic t")
    carried_out(lab, TypeLine(producer, "for both"))
    lab.advance(3 * SECOND_US)
    fork = lab.fork()
    carried_out(fork, TypeLine(producer, "for the fork"))
    fork.advance(3 * SECOND_US)
    carried_out(fork, StopLine(consumer))
    fork.advance(3 * SECOND_US)
    assert fork.terminal.jobs[consumer].output().lines == ["for the fork", "Processed a total of 2 messages"]
    assert lab.terminal.jobs[consumer].output().lines == ["for both"]
    assert lab.terminal.jobs[consumer].exit is None
    fork.close()


def test_nobody_forks_a_tool_that_waits_for_an_answer(lab: Lab) -> None:
    started(lab, "kafka-topics --list")
    assert lab.orders_under_way
    lab.advance(SECOND_US)
    assert not lab.orders_under_way


def test_lines_about_time_are_on_no_tape(lab: Lab) -> None:
    assert lab.tape is not None
    typed(lab, "kafka-topics --create --topic t")
    typed(lab, "lab time rate 0.1")
    typed(lab, "lab help")
    typed(lab, "lab nonsense")
    assert typed(lab, "lab fork again --at") == [
        "lab fork takes a name, and --at and seconds since 1970; or --remove and a name.",
        "[exit 127]",
    ]
    typed(lab, "lab do roll_segment topic=t")
    assert [one.command for one in lab.tape.commands] == [
        RunLine("kafka-topics --create --topic t"),
        RunLine("lab do roll_segment topic=t"),
    ]
    job = lab.terminal.newest
    assert job is not None
    assert job.number == 2


def test_the_same_lines_make_the_same_history() -> None:
    from kafkalab.lab import LabSettings

    def history() -> list[Any]:
        lab = Lab.open(None, LabSettings(), start_us=1_767_225_600_000_000)
        assert lab.tape is not None
        told: list[Any] = []
        lab.world.on_event.append(lambda now_us, node, event: told.append((now_us, node, event)))
        lab.advance(2 * SECOND_US)
        for line in (
            "kafka-topics --create --topic t",
            "kafka-topics --describe",
            "echo a | kafka-console-producer --topic t",
        ):
            typed(lab, line)
        assert [one.command for one in lab.tape.commands][:1] == [RunLine("kafka-topics --create --topic t")]
        lab.close()
        return told

    assert history() == history()


def test_a_mark_does_not_count_as_width() -> None:
    from kafkalab.lab.terminal import marks

    assert plain(marks.padded(marks.topic("ab"), 4)) == "ab  "
