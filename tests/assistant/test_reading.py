"""Reading: the trained reader tells the sentence that answers from those beside it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from assistant.reader.layout import (
    LIMIT,
    QUESTION_TOKENS,
    SENTENCE_TOKENS,
    SHORTEST_CUT,
    TITLE_TOKENS,
    LayoutError,
    lay_out,
    open_tokenizer,
)
from assistant.reader.runtime import ROW_TOKENS, WEIGHTS, OnnxReader
from corpus.document import Kind, Passage
from corpus.loader import parse_document
from corpus.splitter import split

GARDEN = (
    "# Garden\n\nThe garden was founded in 1911 by Ada Green. It has 412 trees of many kinds. "
    "Visitors may park their cars behind the old mill. Dogs are not allowed because they dig.\n"
)


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return open_tokenizer(WEIGHTS / "tokenizer.json")


def passage_of(text: str) -> Passage:
    (passage,) = split(parse_document("guide.md", text))
    return passage


def quote(passage: Passage, place: int) -> str:
    unit = passage.units[place]
    return passage.text[unit.start - passage.start : unit.end - passage.start]


def long_passage() -> Passage:
    """More sentences than a row of the reader holds."""
    sentences = [
        f"In year {year} the gardeners planted a long row of apple trees behind wall {year}."
        for year in range(24)
    ]
    return max(split(parse_document("a.md", " ".join(sentences))), key=lambda p: len(p.units))


# --- the reader ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When was the garden founded?", "1911"),
        ("How many trees are there?", "412"),
        ("Where can I leave my car?", "old mill"),
        ("Why are dogs forbidden?", "because they dig"),
    ],
)
def test_the_sentence_that_answers_has_the_highest_logit_of_its_passage(
    reader: OnnxReader, question: str, answer: str
) -> None:
    passage = passage_of(GARDEN)
    (reading,) = reader.read(question, [(passage, 0)])
    assert sorted(reading.units) == [0, 1, 2, 3]
    assert answer in quote(passage, max(reading.units, key=lambda place: reading.units[place]))


def test_a_passage_that_answers_has_a_higher_logit_than_one_that_does_not(
    reader: OnnxReader,
) -> None:
    other = passage_of("# Pumps\n\nA pump lifts water. It is made of brass and rusts slowly.\n")
    right, wrong = reader.read(
        "When was the garden founded?", [(passage_of(GARDEN), 0), (other, 0)]
    )
    assert right.passage > 0 > wrong.passage
    assert max(wrong.units.values()) < 0


def test_the_rows_of_a_table_are_read_and_its_header_is_not(reader: OnnxReader) -> None:
    passage = passage_of(
        "# Tools\n\n| Tool | Use |\n|---|---|\n| Spade | turning the soil |\n| Rake | leaves |\n"
    )
    assert [unit.kind for unit in passage.units] == [Kind.HEADER, Kind.ROW, Kind.ROW]
    (reading,) = reader.read("What is a rake used for?", [(passage, 1)])
    assert sorted(reading.units) == [1, 2]


@pytest.mark.parametrize("place", [0, 3, 6, -1])
def test_a_long_passage_is_read_around_the_unit_asked_for(reader: OnnxReader, place: int) -> None:
    passage = long_passage()
    place %= len(passage.units)
    (reading,) = reader.read("What did the gardeners plant?", [(passage, place)])
    read = sorted(reading.units)
    assert place in read
    assert read == list(range(read[0], read[-1] + 1))
    assert 1 < len(read) < len(passage.units)


def test_a_sentence_longer_than_a_row_is_read_as_far_as_it_fits(reader: OnnxReader) -> None:
    long = "The gardeners planted " + ", ".join(f"tree {n}" for n in range(200)) + "."
    passage = passage_of(f"# Trees\n\n{long}\n")
    (reading,) = reader.read("What did the gardeners plant?", [(passage, 0)])
    assert list(reading.units) == [0]


def test_there_is_a_reading_for_each_passage_in_the_order_given(reader: OnnxReader) -> None:
    garden, pump = passage_of(GARDEN), passage_of("# Pumps\n\nA pump lifts water.\n")
    question = "How many trees are there?"
    both = reader.read(question, [(garden, 1), (pump, 0)])
    assert [sorted(reading.units) for reading in both] == [[0, 1, 2, 3], [0]]
    assert both[::-1] == reader.read(question, [(pump, 0), (garden, 1)])
    assert reader.read(question, []) == []


def test_the_same_is_read_the_same_from_many_threads(reader: OnnxReader) -> None:
    questions = ["When was it founded?", "How many trees?", "Where to park?"] * 6
    passage = passage_of(GARDEN)

    def read(question: str) -> object:
        return reader.read(question, [(passage, 0)])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, questions)) == [read(question) for question in questions]


# --- the layout ----------------------------------------------------------------------------------


def ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def between_markers(tokenizer: Tokenizer, sentences: Sequence[str], limit: int) -> list[list[int]]:
    """The tokens of every sentence that was laid out behind the question "Why?"."""
    layout = lay_out(tokenizer, "Why?", sentences, limit=limit)
    opening = layout.types.index(1)
    parts = []
    for marker in layout.markers:
        if marker >= 0:
            parts.append(list(layout.ids[opening:marker]))
            opening = marker + 1
    return parts


def test_question_title_and_sentences_lie_in_a_row_each_closed_by_a_marker(
    tokenizer: Tokenizer,
) -> None:
    layout = lay_out(tokenizer, "Why dig?", ["It rains.", "Dogs dig."], "Garden")
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    context = [cls, *ids(tokenizer, "Why dig?"), sep, *ids(tokenizer, "Garden"), sep]
    first, second = ids(tokenizer, "It rains."), ids(tokenizer, "Dogs dig.")
    assert list(layout.ids) == [*context, *first, sep, *second, sep]
    assert layout.types == (0,) * len(context) + (1,) * (len(first) + len(second) + 2)
    assert layout.markers == (len(context) + len(first), len(layout.ids) - 1)


@pytest.mark.parametrize("title", [None, "", "  "])
def test_without_a_title_the_sentences_follow_the_question(
    tokenizer: Tokenizer, title: str | None
) -> None:
    layout = lay_out(tokenizer, "Why?", ["It rains."], title)
    assert layout.ids.count(tokenizer.token_to_id("[SEP]")) == 2


def test_each_part_is_cut_to_its_share(tokenizer: Tokenizer) -> None:
    long = "garden " * 200
    layout = lay_out(tokenizer, long, [long], long)
    assert layout.types.count(0) == 1 + QUESTION_TOKENS + 1 + TITLE_TOKENS + 1
    assert layout.types.count(1) == SENTENCE_TOKENS + 1


@pytest.mark.parametrize("limit", [20, 60, ROW_TOKENS, LIMIT])
def test_a_row_is_never_longer_than_its_limit(tokenizer: Tokenizer, limit: int) -> None:
    sentences = ["The garden has many old trees and no dogs at all."] * 60
    layout = lay_out(tokenizer, "Why?", sentences, limit=limit)
    assert limit - SHORTEST_CUT - 1 <= len(layout.ids) <= limit
    assert len(layout.types) == len(layout.ids)
    assert len(layout.markers) == 60
    fitting = [marker for marker in layout.markers if marker >= 0]
    assert fitting == sorted(fitting)
    assert layout.markers == (*fitting, *[-1] * (60 - len(fitting)))
    assert all(layout.ids[marker] == tokenizer.token_to_id("[SEP]") for marker in fitting)


def test_the_last_sentence_is_cut_to_the_room_that_is_left_or_left_out(
    tokenizer: Tokenizer,
) -> None:
    first, second = "garden " * 5, "tree " * 20
    context = lay_out(tokenizer, "Why?", [first]).types.count(0)
    behind_first = context + 5 + 1
    cut = between_markers(tokenizer, [first, second], behind_first + SHORTEST_CUT + 1)
    assert [len(part) for part in cut] == [5, SHORTEST_CUT]
    assert len(between_markers(tokenizer, [first, second], behind_first + SHORTEST_CUT)) == 1
    assert len(between_markers(tokenizer, ["garden " * 9, "tree"], behind_first + 6)) == 2


def test_what_follows_a_sentence_that_does_not_fit_is_left_out_too(tokenizer: Tokenizer) -> None:
    layout = lay_out(tokenizer, "Why?", ["garden " * 10, "tree " * 20, "tree"], limit=20)
    assert layout.markers[0] > 0
    assert layout.markers[1:] == (-1, -1)


def test_no_sentences_make_a_row_without_markers(tokenizer: Tokenizer) -> None:
    layout = lay_out(tokenizer, "Why?", [])
    assert layout.markers == ()
    assert set(layout.types) == {0}


def test_a_limit_without_room_for_a_sentence_is_named(tokenizer: Tokenizer) -> None:
    with pytest.raises(LayoutError, match="limit 10 leaves no room"):
        lay_out(tokenizer, "Why does the garden have trees?", ["It rains."], limit=10)


def test_a_tokenizer_that_pads_or_truncates_is_refused() -> None:
    padding, truncating = (open_tokenizer(WEIGHTS / "tokenizer.json") for _ in range(2))
    padding.enable_padding()
    truncating.enable_truncation(8)
    for tokenizer in (padding, truncating):
        with pytest.raises(LayoutError, match="pads or truncates"):
            lay_out(tokenizer, "Why?", ["It rains."])


def test_a_tokenizer_without_the_marks_is_refused() -> None:
    foreign = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    with pytest.raises(LayoutError, match=r"no \[CLS\]"):
        lay_out(foreign, "Why?", ["It rains."])


@pytest.mark.parametrize("place", [0, 5, 7, -1])
def test_behind_a_long_question_the_unit_asked_for_is_still_read(
    reader: OnnxReader, place: int
) -> None:
    passage = long_passage()
    place %= len(passage.units)
    question = (
        "What did the gardeners plant " + "and what did visitors of the garden see " * 8 + "?"
    )
    (reading,) = reader.read(question, [(passage, place)])
    assert place in reading.units


def test_dense_text_is_read_around_the_unit_asked_for_too(reader: OnnxReader) -> None:
    text = " ".join(
        f"Reading {n} was 12.{n}7/45.{n}1-88.{n}9 (x={n}, y={n}.5)." for n in range(10, 30)
    )
    passage = max(split(parse_document("a.md", text)), key=lambda p: len(p.units))
    for place in range(len(passage.units)):
        assert place in reader.read("What?", [(passage, place)])[0].units
