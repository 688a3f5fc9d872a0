"""Raw web scrapes serve as a corpus: their own questions get their own answers, in place."""

from pathlib import Path

import pytest
from builders import link_encoders

from api.assembly.assistant import ensure_index, open_assistant, open_texts
from api.settings import Settings
from assistant.answer import Status
from assistant.pipeline import Assistant

SCRAPES = Path(__file__).resolve().parents[3] / "shared" / "material"
needs_scrapes = pytest.mark.skipif(
    not SCRAPES.is_dir(), reason="the raw scrapes are not beside this checkout"
)


@pytest.fixture(scope="module")
def settings(encoder_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("scrapes")
    link_encoders(folder, encoder_data)
    settings = Settings(corpus=SCRAPES, data=folder)
    ensure_index(settings)
    return settings


@pytest.fixture(scope="module")
def scrapes(settings: Settings) -> Assistant:
    return open_assistant(settings)


@needs_scrapes
@pytest.mark.parametrize("number", range(5))
def test_the_faq_of_a_scrape_is_answered_with_its_own_answer_at_its_place(
    scrapes: Assistant, settings: Settings, number: int
) -> None:
    asked = [entry.passage for entry in scrapes.generation.passages.faq_passages()]
    questions = [passage.question for passage in asked if passage.headings == ("FAQs",)]
    assert len(questions) == 5
    question = str(questions[number])
    answer = scrapes.ask(question)
    assert answer.status is Status.ANSWERED
    (citation,) = answer.citations
    text = open_texts(settings).read(citation.sha256)
    expected = text.split(f"\n{question}\n")[1].split("\n")[0]
    assert citation.quote == expected == text[citation.start : citation.end]
    assert text[: citation.start].endswith(f"\n{question}\n")


@needs_scrapes
@pytest.mark.parametrize(
    ("question", "start", "count"),
    [
        ("What does the HR department do?", "HR Department: Manages employee needs", 1),
        ("What are the main types of external customers?", "End Consumers: Purchase", 7),
        ("What are the similarities of internal and external customers?", "Need for Satisf", 5),
    ],
)
def test_tables_whose_cells_have_run_together_are_told_cell_by_cell(
    scrapes: Assistant, question: str, start: str, count: int
) -> None:
    answer = scrapes.ask(question)
    assert answer.sentences[0].text.startswith(start)
    assert len(answer.sentences) == count


@needs_scrapes
def test_what_a_scrape_sounds_like_but_does_not_say_is_refused(scrapes: Assistant) -> None:
    answer = scrapes.ask("In which year did Apple open its first shop?")
    assert (answer.status, answer.citations) == (Status.REFUSED, ())
