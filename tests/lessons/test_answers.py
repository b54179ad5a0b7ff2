"""What a learner types, as an answer."""

import pytest

from kafkalab.lessons.answers import AnswerRefused, answer_from, in_words


def test_that_none_of_them_is_it_can_be_said_in_both_languages() -> None:
    assert [answer_from(said, "set", {}) for said in ("none", "None", " keine ")] == [[], [], []]
    assert in_words([], {}) == "none"


def test_of_several_things_each_is_told_apart_by_a_comma() -> None:
    assert answer_from("anna, karl;vera", "set", {}) == ["anna", "karl", "vera"]
    with pytest.raises(AnswerRefused, match="Say something first"):
        answer_from(" ", "set", {})
