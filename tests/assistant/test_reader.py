"""The trained reader scores the answering sentence highest; its rows never exceed their limits."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from damage import halve, replace_with_noise
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from assistant.errors import ReaderDamaged
from assistant.reader import layout as limits
from assistant.reader.layout import LayoutError, lay_out, open_tokenizer
from assistant.reader.runtime import MAX_READ_TOKENS, WEIGHTS, OnnxReader, Reading, reader_files
from corpus.document import Kind, Passage
from corpus.loader import parse_document
from corpus.splitter import split


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return open_tokenizer(WEIGHTS / "tokenizer.json")


def passage_of(text: str) -> Passage:
    """The longest passage of a text."""
    return max(split(parse_document("guide.md", text)), key=lambda passage: len(passage.units))


def read(reader: OnnxReader, question: str, passage: Passage, place: int) -> Reading:
    """The reading of one row."""
    [reading] = reader.read([reader.row(question, passage, place)])
    return reading


GARDEN = passage_of(
    "# Garden\n\nThe garden was founded in 1911 by Ada Green. It has 412 trees of many kinds. "
    "Visitors may park their cars behind the old mill. Dogs are not allowed because they dig.\n"
)
PUMP = passage_of("# Pumps\n\nA pump lifts water. It is made of brass and rusts slowly.\n")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When was the garden founded?", "1911"),
        ("How many trees are there?", "412"),
        ("Where can I leave my car?", "old mill"),
        ("Why are dogs forbidden?", "because they dig"),
    ],
)
def test_the_answering_sentence_has_the_highest_logit_of_its_passage(
    reader: OnnxReader, question: str, answer: str
) -> None:
    reading = read(reader, question, GARDEN, 0)
    assert sorted(reading.units) == [0, 1, 2, 3]
    best = max(reading.units, key=lambda place: reading.units[place])
    assert answer in GARDEN.source(GARDEN.units[best])


def test_an_answering_passage_has_a_higher_logit_than_another(reader: OnnxReader) -> None:
    question = "When was the garden founded?"
    right, wrong = read(reader, question, GARDEN, 0), read(reader, question, PUMP, 0)
    assert right.passage > 0 > wrong.passage
    assert max(wrong.units.values()) < 0


def test_the_rows_of_a_table_are_read_without_its_header(reader: OnnxReader) -> None:
    passage = passage_of(
        "# Tools\n\n| Tool | Use |\n|---|---|\n| Spade | turning the soil |\n| Rake | leaves |\n"
    )
    assert [unit.kind for unit in passage.units] == [Kind.HEADER, Kind.ROW, Kind.ROW]
    reading = read(reader, "What is a rake used for?", passage, 1)
    assert sorted(reading.units) == [1, 2]


@pytest.mark.parametrize(
    "sentence",
    [
        "In year {0} the gardeners planted a long row of apple trees behind wall {0}.",
        "Reading {0} was 12.{0}7/45.{0}1-88.{0}9 (x={0}, y={0}.5).",  # many tokens per character
    ],
)
@pytest.mark.parametrize("length", [1, 8])
def test_a_long_passage_is_read_around_the_given_unit(
    reader: OnnxReader, sentence: str, length: int
) -> None:
    passage = passage_of(" ".join(sentence.format(number) for number in range(10, 34)))
    question = "What did the gardeners plant? " * length
    for place in range(len(passage.units)):
        found = sorted(read(reader, question, passage, place).units)
        assert place in found
        assert found == list(range(found[0], found[-1] + 1))
        assert len(found) < len(passage.units)


def test_a_sentence_longer_than_a_row_is_read_truncated(reader: OnnxReader) -> None:
    trees = ", ".join(f"tree {number}" for number in range(200))
    passage = passage_of(f"# Trees\n\nThe gardeners planted {trees}.\n")
    reading = read(reader, "What did the gardeners plant?", passage, 0)
    assert list(reading.units) == [0, 1]


def test_rows_that_are_read_together_have_the_readings_that_they_have_alone(
    reader: OnnxReader,
) -> None:
    asked = [("How many trees are there?", passage, 0) for passage in (GARDEN, PUMP)] * 3
    rows = [reader.row(*each) for each in asked]
    assert reader.read(rows) == [read(reader, *each) for each in asked]
    assert [list(row.markers) for row in rows[:2]] == [[0, 1, 2, 3], [0, 1]]
    assert reader.read([]) == []


def test_threads_get_the_same_readings(reader: OnnxReader) -> None:
    questions = ["When was it founded?", "How many trees?", "Where to park?"] * 6

    def ask(question: str) -> object:
        return read(reader, question, GARDEN, 0)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, questions)) == [ask(question) for question in questions]


def test_a_row_holds_question_title_and_sentences_each_followed_by_sep(
    tokenizer: Tokenizer,
) -> None:
    def ids(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)

    layout = lay_out(tokenizer, "Why dig?", ["It rains.", "Dogs dig."], "Garden")
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    context = [cls, *ids("Why dig?"), sep, *ids("Garden"), sep]
    first, second = ids("It rains."), ids("Dogs dig.")
    assert list(layout.ids) == [*context, *first, sep, *second, sep]
    assert layout.types == (0,) * len(context) + (1,) * (len(first) + len(second) + 2)
    assert layout.markers == (len(context) + len(first), len(layout.ids) - 1)


@pytest.mark.parametrize("title", [None, "", "  "])
def test_without_a_title_the_sentences_follow_the_question(
    tokenizer: Tokenizer, title: str | None
) -> None:
    layout = lay_out(tokenizer, "Why?", ["It rains."], title)
    assert layout.ids.count(tokenizer.token_to_id("[SEP]")) == 2


def test_each_part_is_truncated_to_its_maximum(tokenizer: Tokenizer) -> None:
    long = "garden " * 200
    layout = lay_out(tokenizer, long, [long], long)
    assert layout.types.count(0) == 1 + limits.MAX_QUESTION_TOKENS + 1 + limits.MAX_TITLE_TOKENS + 1
    assert layout.types.count(1) == limits.MAX_SENTENCE_TOKENS + 1


@pytest.mark.parametrize("max_tokens", [20, 60, MAX_READ_TOKENS, limits.MAX_ROW_TOKENS])
def test_a_row_never_exceeds_its_maximum(tokenizer: Tokenizer, max_tokens: int) -> None:
    sentences = ["The garden has many old trees and no dogs at all."] * 60
    layout = lay_out(tokenizer, "Why?", sentences, max_tokens=max_tokens)
    assert max_tokens - limits.MIN_SENTENCE_TOKENS - 1 <= len(layout.ids) <= max_tokens
    assert len(layout.types) == len(layout.ids)
    fitting = sorted(marker for marker in layout.markers if marker >= 0)
    assert layout.markers == (*fitting, *[-1] * (60 - len(fitting)))
    assert all(layout.ids[marker] == tokenizer.token_to_id("[SEP]") for marker in fitting)


def test_the_last_sentence_is_truncated_or_left_out_with_all_later_ones(
    tokenizer: Tokenizer,
) -> None:
    def lengths(*sentences: str, max_tokens: int) -> list[int]:
        layout = lay_out(tokenizer, "Why?", sentences, max_tokens=max_tokens)
        markers = [layout.types.index(1) - 1, *(marker for marker in layout.markers if marker >= 0)]
        return [end - start - 1 for start, end in pairwise(markers)]

    first, second = "garden " * 5, "tree " * 20
    after_first = lay_out(tokenizer, "Why?", [first]).markers[0] + 1
    room = after_first + limits.MIN_SENTENCE_TOKENS
    assert lengths(first, second, max_tokens=room + 1) == [5, limits.MIN_SENTENCE_TOKENS]
    assert lengths(first, second, "tree", max_tokens=room) == [5]
    assert len(lengths("garden " * 9, "tree", max_tokens=after_first + 6)) == 2


def test_without_sentences_there_are_no_markers(tokenizer: Tokenizer) -> None:
    layout = lay_out(tokenizer, "Why?", [])
    assert (layout.markers, set(layout.types)) == ((), {0})


def test_tokens_without_room_for_a_sentence_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(LayoutError, match="10 tokens leave no room"):
        lay_out(tokenizer, "Why does the garden have trees?", ["It rains."], max_tokens=10)


def test_an_unsuitable_tokenizer_is_refused() -> None:
    padding, truncating = (open_tokenizer(WEIGHTS / "tokenizer.json") for _ in range(2))
    padding.enable_padding()
    truncating.enable_truncation(8)
    no_bert = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    reasons = ["pads or truncates", "pads or truncates", r"no \[CLS\]"]
    for unsuitable, reason in zip([padding, truncating, no_bert], reasons, strict=True):
        with pytest.raises(LayoutError, match=reason):
            lay_out(unsuitable, "Why?", ["It rains."])


def test_the_shipped_files_are_those_whose_digests_are_shipped() -> None:
    reader_files().check_digests()


@pytest.mark.parametrize("damage", [Path.unlink, halve, replace_with_noise])
@pytest.mark.parametrize("name", ["reader.onnx", "tokenizer.json", "files.json"])
def test_damaged_file_of_the_reader_is_named(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "weights")
    damage(folder / name)
    with pytest.raises(ReaderDamaged, match=str(folder / name)) as caught:
        OnnxReader(folder)
    assert "install the program again" in caught.value.remedy
