"""Text is split into sentences at exact offsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Peters said so.",
        "Ask Dr. Lee and Prof. Kim first.",
        "Some (e.g. Apple) and others, i.e. Nike, agree.",
        "It is sold by Tesla Inc. and others.",
        "See Fig. 3 and No. 7 of the list.",
        "The U.S. Postal Service delivers.",
        "It was J. K. Rowling who wrote it.",
        "It takes 3.5 hours and costs $1.20 on example.com today.",
        "They met at 5 p.m. on Monday.",
        "Wait ... there is more.",
        "“Who comes first?” asked Tom.",
        "It was built c. 1400 by monks.",
        "Smith et al. Found little of it.",
        "It opens on Dec. 24 at noon.",
        "Call ext. 9 or No. 5 for help.",
        "The U.S. Army keeps it.",
        "Version v1.2. beta is out.",
        "Files that start with `.` are `a. B` and hidden.",
        "Read [the guide. Part two](x.md) first.",
    ],
)
def test_abbreviations_numbers_and_lower_case_do_not_end_a_sentence(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It grew by 3.5. It fell by 2.", ["It grew by 3.5.", "It fell by 2."]),
        ("we ship daily. returns are free.", ["we ship daily.", "returns are free."]),
        ("We shipped v1.2. It is out.", ["We shipped v1.2.", "It is out."]),
        ("It shuts at 5 p.m. The bar stays open.", ["It shuts at 5 p.m.", "The bar stays open."]),
        ("**Dig.** Then wait.", ["**Dig.**", "Then wait."]),
        ("Run `make.` Then wait.", ["Run `make.`", "Then wait."]),
        ("[Read on.](x.md) Then wait.", ["[Read on.](x.md)", "Then wait."]),
        ("Is it? 5 say so.", ["Is it?", "5 say so."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("It ended… Then it began.", ["It ended…", "Then it began."]),
        ("The answer is no. We refuse.", ["The answer is no.", "We refuse."]),
        ("First line.\n\n  Second line.", ["First line.", "Second line."]),
        (
            "He said “Employees come first.” She agreed.",
            ["He said “Employees come first.”", "She agreed."],
        ),
        ('(So do I.) "Why?" Nobody knows.', ["(So do I.)", '"Why?"', "Nobody knows."]),
        (
            "内部客户是员工。外部客户买！「谁先？」没有人",
            ["内部客户是员工。", "外部客户买！", "「谁先？」", "没有人"],
        ),
        (" \n\t ", []),
        ("", []),
    ],
)
def test_terminal_punctuation_ends_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize("word", ["word", "word,", "word;", "wo\nrd"])
def test_a_line_without_sentence_ends_is_cut_at_a_sensible_length(word: str) -> None:
    text = f"{word} " * 6_000
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(200 < len(each) <= 600 and not each.startswith((",", ";")) for each in found[:-1])


def test_offsets_of_a_part_count_in_the_whole_text() -> None:
    assert list(sentence_spans("Before. One. Two. After.", 8, 17)) == [(8, 12), (13, 17)]


PIECES = st.sampled_from(
    ["Mr.", "no.", "A.", "e.g.", "3.5", "word", "Word", "?!", "。", "…", '."', ".)", " ", "\n", "\r\n",
     "\u00a0", "“", "é", "😀", "U.S."]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_sentences_cover_everything_but_white_space_in_order(text: str) -> None:
    covered = []
    before = 0
    for start, end in sentence_spans(text):
        assert before <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        covered.append(text[start:end])
        assert not text[before:start].strip()
        before = end
    assert not text[before:].strip()
    assert "".join("".join(covered).split()) == "".join(text.split())
