"""The folders of `tests/measure/folders`: their gold questions fit their documents."""

from pathlib import Path

import pytest

from corpus.gold import GoldQuestion, read_gold

FOLDERS = Path(__file__).parent.parent / "measure" / "folders"
NAMES = ("rowing-club", "sound-editor-manual", "staff-handbook")

pytestmark = pytest.mark.parametrize("name", NAMES)


def places(folder: Path, question: GoldQuestion) -> list[str]:
    """The text of each span, of `also` too; fails if a span is outside its document."""
    texts = []
    for document, (start, end) in (
        *((question.document, s) for s in question.spans),
        *question.also,
    ):
        assert document
        text = (folder / "documents" / document).read_text(encoding="utf-8")
        assert end <= len(text), f"{question.id}: [{start}, {end}) is outside {document}"
        texts.append(text[start:end])
    return texts


def test_every_answer_has_its_keywords_in_its_spans(name: str) -> None:
    for question in read_gold(FOLDERS / name / "questions.jsonl"):
        held = "\n".join(places(FOLDERS / name, question)).casefold()
        assert bool(held.strip()) == bool(question.keywords) == question.answerable, question.id
        for group in question.keywords:
            assert any(word.casefold() in held for word in group), (question.id, group)


def test_a_folder_has_40_questions_of_which_12_have_no_answer(name: str) -> None:
    questions = read_gold(FOLDERS / name / "questions.jsonl")
    unanswerable = [question for question in questions if not question.answerable]
    assert (len(questions), len({question.id for question in questions})) == (40, 40)
    assert len(unanswerable) == 12
    assert all(question.kind.startswith("no answer: ") for question in unanswerable)
    assert sum(question.kind == "ambiguous" for question in questions) == 2
