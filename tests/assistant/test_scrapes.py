"""Raw web scrapes work as a corpus: their questions get their own answers, with exact citations."""

from pathlib import Path

import pytest
from builders import link_encoders

from api.assembly.assistant import ensure_index, open_assistant
from api.settings import Settings
from assistant.answer import Status
from assistant.pipeline import Assistant

SCRAPES = Path(__file__).resolve().parents[3] / "shared" / "material"


@pytest.fixture(scope="module")
def scrapes(encoder_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    if not SCRAPES.is_dir():
        pytest.skip(f"the raw scrapes are not on this machine ({SCRAPES})")
    data = tmp_path_factory.mktemp("scrapes")
    link_encoders(data, encoder_data)
    settings = Settings(corpus=SCRAPES, data=data)
    ensure_index(settings)
    return open_assistant(settings)


def test_the_faq_of_a_scrape_is_answered_with_its_own_answers(scrapes: Assistant) -> None:
    passages = [entry.passage for entry in scrapes.generation.passages.faq_passages()]
    questions = [str(p.question) for p in passages if p.headings == ("FAQs",)]
    assert len(questions) == 5
    for question in questions:
        answer = scrapes.ask(question)
        assert answer.status is Status.ANSWERED
        (citation,) = answer.citations
        text = (SCRAPES / citation.document).read_text("utf-8")
        expected = text.split(f"\n{question}\n")[1].split("\n")[0]
        assert citation.quote == expected == text[citation.start : citation.end]
        assert text[: citation.start].endswith(f"\n{question}\n")


@pytest.mark.parametrize(
    ("question", "start", "count"),
    [
        ("What does the HR department do?", "HR Department, Role: Manages employee needs", 1),
        ("What are the main types of external customers?", "End Consumers, Role: Purchase", 7),
        ("What are the similarities of internal and external customers?", "Need for Satisf", 5),
    ],
)
def test_tables_whose_cells_have_run_together_are_answered_cell_by_cell(
    scrapes: Assistant, question: str, start: str, count: int
) -> None:
    answer = scrapes.ask(question)
    rows = [sentence.text for sentence in answer.sentences if len(sentence.citations) > 1]
    assert rows[0].startswith(start)
    assert len(rows) == count


def test_a_question_that_only_resembles_the_scrapes_is_refused(scrapes: Assistant) -> None:
    answer = scrapes.ask("In which year did Apple open its first shop?")
    assert (answer.status, answer.citations) == (Status.REFUSED, ())
