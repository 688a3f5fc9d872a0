"""Whatever a language model writes becomes ids that exist, and text without markup."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.language_model.exhibits import Exhibit
from assistant.language_model.reply import (
    Written,
    chosen_parts,
    plain,
    says_none,
    written_sentence,
)

EXHIBITS = [Exhibit("Leave", ("25 days.", "Five carry over.")), Exhibit("Travel", ("By train.",))]


@pytest.mark.parametrize(
    ("reply", "parts"),
    [
        ("1.2 2.1", [(0, 1), (1, 0)]),
        ("1", [(0, 0), (0, 1)]),
        ('{"ids": ["2.1", "1.1"]}', [(1, 0), (0, 0)]),
        ("[2.1], [2.1]", [(1, 0)]),
        ("The parts are 1.1 and 3.1.", [(0, 0)]),
        ("9.9 0.1 1.3 12", []),
        ("NONE", []),
        ("None. 1.1 is about another thing", []),
        ("version 1.1.2", []),
        ("1.1 " + "It is a long story. " * 40, []),
    ],
)
def test_only_ids_that_exist_are_chosen(reply: str, parts: list[tuple[int, int]]) -> None:
    assert chosen_parts(reply, EXHIBITS) == parts


def test_sentence_is_what_stands_before_its_ids() -> None:
    line = "- You have **25 days** of leave. [1.1][1.2]"
    assert written_sentence(line, EXHIBITS) == Written(
        "You have 25 days of leave.", ((0, 0), (0, 1))
    )


@pytest.mark.parametrize("line", ["You have 25 days.", "You have 25 days. [7.1]", "[1.1]", "NONE"])
def test_line_without_an_id_that_exists_is_no_sentence(line: str) -> None:
    assert written_sentence(line, EXHIBITS) is None


def test_none_is_recognised_at_the_start_only() -> None:
    assert says_none(" none.")
    assert not says_none("There is none. [1.1]")


@given(st.text(max_size=200))
@example("<")
def test_any_reply_gives_existing_parts_and_visible_text(reply: str) -> None:
    parts = chosen_parts(reply, EXHIBITS)
    assert all(part < len(EXHIBITS[number].parts) for number, part in parts)
    text = plain(reply)
    assert text == " ".join(text.split())
    assert not set(text) & set("*_`#<>\u202e\u200b\x1b\n")
