"""A lesson's Markdown on its way to the page: tags and texts, and what looks like HTML is text."""

from kafkalab.web.course.sitting_texts import drawn, line, with_programs
from kafkalab.web.course.sitting_words import WORDS


def tag(name: str, *children: object) -> dict[str, object]:
    return {"tag": name, "props": {}, "children": [*children]}


def test_markdown_becomes_a_tree() -> None:
    assert drawn("Set `acks=all` for **all**\nof them.\n\n- one\n- *two*") == [
        tag("p", "Set ", tag("code", "acks=all"), " for ", tag("strong", "all"), " ", "of them."),
        tag("ul", tag("li", tag("p", "one")), tag("li", tag("p", tag("em", "two")))),
    ]


def test_html_stays_text() -> None:
    assert drawn("<b onclick=x>Hello</b> <script>y</script>") == [
        tag("p", "<b onclick=x>Hello</b> <script>y</script>"),
    ]


def test_a_line_has_no_paragraph() -> None:
    assert line("It is *acked*.") == ["It is ", tag("em", "acked"), "."]


def test_what_a_pane_says_ends_where_it_should() -> None:
    """Whatever stands in braces is a name that the script knows how to fill in."""
    assert all(str(word).count("{") == str(word).count("}") for word in WORDS.values())


def test_programs_stand_where_a_lesson_asks_for_them() -> None:
    first, *programs, last = with_programs("Run one.\n\n{{ programs orders }}\n\nWatch.", "127.0.0.1:1234")
    assert (first, last) == (tag("p", "Run one."), tag("p", "Watch."))
    titles = [program["children"][0]["children"][0] for program in programs]
    assert titles[0] == "Python, confluent-kafka"
    assert "kcat" in titles
    code = str(programs[0]["children"])
    assert "127.0.0.1:1234" in code
    assert "orders" in code


def test_where_no_client_can_come_in_there_are_no_programs() -> None:
    assert with_programs("{{ programs orders }}", "") == [
        tag("p", "The labs of lessons have no ports for clients on this server."),
    ]
