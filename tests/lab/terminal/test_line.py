"""A typed line is taken apart as a shell would, and what only a shell can do is refused in one sentence."""

import pytest

from kafkalab.lab.terminal.line import Line, NotUnderstood, taken_apart


def test_quotes_keep_words_together() -> None:
    line = taken_apart("""kafka-topics --create --topic 'two words' --config "a=b c" plain""")
    assert line == Line(("kafka-topics", "--create", "--topic", "two words", "--config", "a=b c", "plain"))


def test_a_pipe_hands_over_what_echo_prints() -> None:
    assert taken_apart('echo "k:v" | kafka-console-producer --topic t') == Line(
        ("kafka-console-producer", "--topic", "t"), ("k:v",)
    )
    assert taken_apart(r"printf 'a\nb\n' | kcat -P -t t").typed == ("a", "b")
    assert taken_apart(r"printf '%s\n' one two | kcat -P -t t").typed == ("one", "two")


def test_a_pipe_in_quotes_is_no_pipe() -> None:
    assert taken_apart("kafka-console-consumer --include 'a|b'").words[-1] == "a|b"
    assert taken_apart("kcat -C -t t -K '|'").words[-1] == "|"


def test_text_behind_three_brackets_is_typed() -> None:
    assert taken_apart("kcat -P -t t <<< 'a b'") == Line(("kcat", "-P", "-t", "t"), ("a b",))
    assert taken_apart("kcat -P -t t -Z <<< ''").typed == ("",)


def test_a_process_in_the_place_of_a_file_becomes_a_file() -> None:
    line = taken_apart("""kafka-delete-records --offset-json-file <(echo '{"a": [1, 2]}') --help""")
    assert line.words == ("kafka-delete-records", "--offset-json-file", "/dev/fd/63", "--help")
    assert line.files == {"/dev/fd/63": '{"a": [1, 2]}'}


def test_what_follows_a_hash_is_for_people() -> None:
    line = taken_apart("kafka-topics --list # all of them")
    assert (line.words, line.comment) == (("kafka-topics", "--list"), "all of them")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kafka-topics --list > file", "Nothing can be written to files here"),
        ("kafka-topics --list; reboot", "One command at a time"),
        ("kafka-topics --list && reboot", "One command at a time"),
        ("kafka-topics --list | grep a", "Only echo and printf can stand before a pipe"),
        ("cat file | kcat -P -t t", "Only echo and printf can stand before a pipe"),
        ("kcat -P -t t < file", "There are no files here"),
        ("kafka-topics --topic 'open", "A quote is opened and not closed."),
        ("kafka-topics $(reboot)", "Brackets mean something to a shell"),
        ("kafka-x --file <(echo a", "the closing bracket is missing"),
        ("kcat <<<", "the text is missing"),
    ],
)
def test_what_needs_a_shell_is_refused(text: str, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says.replace("(", r"\(").replace(")", r"\)")):
        taken_apart(text)
