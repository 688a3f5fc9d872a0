"""One handbook in every format: a test writes it with a real writer of its format, and compares
the answers with those over the Markdown original.

    def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
        writer = HtmlHandbook()                    # has the methods of `Handbook`
        write_handbook(writer)
        ask_handbook("handbook.html", writer.content(), places={HOLIDAYS: "page 2"})

`ask_handbook` builds an index of the file, asks `QUESTIONS`, and asserts that each answer has the
words of the original's, that each quote is the stored text at its offsets, and that the citation
of each question in `places` says this place. A format without steps or lists leaves out questions:
`without={BADGE}`; one that cannot hold the words as they are (a transcript) tests its own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from builders import link_encoders

from api.assembly.assistant import build_index, open_assistant
from api.settings import Settings
from assistant.answer import Answer
from assistant.pipeline import Assistant
from corpus.places import place_at
from index.texts import TextStore

TABLE = (
    ("Office", "Opens", "Closes", "Parking spaces"),
    ("Oslo", "07:30", "18:00", "42"),
    ("Bergen", "08:15", "16:45", "17"),
    ("Tromsø", "09:00", "15:30", "6"),
)
STEPS = (
    "Open the staff portal and choose Badges.",
    "Upload a photo of at least 600 pixels.",
    "Collect the badge at the reception within 14 days.",
)
ITEMS = (
    "A laptop with three years of warranty.",
    "A headset, on request.",
    "A voucher of 250 euros for a chair.",
)
LEAVE = "How many days of annual leave do employees have?"
HOLIDAYS = "Can unused leave be carried over?"
SICK = "When is a doctor's note needed?"
BADGE = "How do I order a badge?"
BERGEN = "When does the Bergen office close?"
PARKING = "How many parking spaces are there in Tromsø?"
EQUIPMENT = "What equipment do new colleagues receive?"
# The question, and what its answer must say.
QUESTIONS = {
    LEAVE: "27 days",
    HOLIDAYS: "31 March",
    SICK: "fourth day",
    BADGE: "14 days",
    BERGEN: "16:45",
    PARKING: "6",
    EQUIPMENT: "250 euros",
}


class Handbook(Protocol):
    """A writer of one format."""

    def heading(self, level: int, text: str) -> None: ...
    def paragraph(self, text: str) -> None: ...
    def items(self, items: Sequence[str]) -> None: ...
    def steps(self, steps: Sequence[str]) -> None: ...
    def table(self, rows: Sequence[Sequence[str]]) -> None: ...
    def question(self, question: str, answer: str) -> None: ...
    def content(self) -> bytes: ...


def write_handbook(book: Handbook) -> None:
    """Writes the whole handbook, in reading order."""
    book.heading(1, "Staff handbook")
    book.paragraph("This handbook holds for all employees of Nordlys Lighting.")
    book.heading(2, "Leave")
    book.paragraph("Employees have 27 days of annual leave. It is requested in the portal.")
    book.heading(2, "Offices")
    book.paragraph("The offices are open from Monday to Friday at these times.")
    book.table(TABLE)
    book.heading(2, "Order a badge")
    book.paragraph("To order a badge:")
    book.steps(STEPS)
    book.heading(2, "Equipment")
    book.paragraph("New colleagues receive this equipment:")
    book.items(ITEMS)
    book.heading(2, "Questions and answers")
    book.question(HOLIDAYS, "Yes, up to five days, until 31 March of the following year.")
    book.question(SICK, "A doctor's note is needed from the fourth day of an illness.")


class MarkdownHandbook:
    """The original."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def heading(self, level: int, text: str) -> None:
        self._parts.append(f"{'#' * level} {text}")

    def paragraph(self, text: str) -> None:
        self._parts.append(text)

    def items(self, items: Sequence[str]) -> None:
        self._parts.append("\n".join(f"- {item}" for item in items))

    def steps(self, steps: Sequence[str]) -> None:
        self._parts.append("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        lines = [f"| {' | '.join(row)} |" for row in rows]
        self._parts.append("\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]))

    def question(self, question: str, answer: str) -> None:
        self._parts.append(f"### {question}\n\n{answer}")

    def content(self) -> bytes:
        return "\n\n".join(self._parts).encode()


@contextmanager
def assistant_over(folder: Path, encoders: Path, files: Mapping[str, bytes]) -> Iterator[Assistant]:
    """An assistant over these files, below the folder, which must be empty or absent."""
    documents, data = folder / "documents", folder / "data"
    for name, raw in files.items():
        (documents / name).parent.mkdir(parents=True, exist_ok=True)
        (documents / name).write_bytes(raw)
    data.mkdir()
    link_encoders(data, encoders)
    settings = Settings(corpus=documents, data=data)
    build_index(settings)
    assistant = open_assistant(settings)
    with closing(assistant.generation):
        yield assistant


class AskHandbook:
    """Compares the answers over a file with those over the original, asked once for all tests."""

    def __init__(self, folder: Path, encoders: Path) -> None:
        self._folder = folder
        self._encoders = encoders
        original = MarkdownHandbook()
        write_handbook(original)
        self._answers = self._ask("handbook.md", original.content(), QUESTIONS)
        for question, words in QUESTIONS.items():
            assert words in self._answers[question].text, question

    def __call__(
        self,
        name: str,
        raw: bytes,
        *,
        places: Mapping[str, str] | None = None,
        without: Collection[str] = (),
    ) -> None:
        asked = [question for question in QUESTIONS if question not in without]
        answers = self._ask(name, raw, asked, places or {})
        texts = {question: answer.text for question, answer in answers.items()}
        assert texts == {question: self._answers[question].text for question in asked}

    def _ask(
        self,
        name: str,
        raw: bytes,
        questions: Collection[str],
        places: Mapping[str, str] | None = None,
    ) -> dict[str, Answer]:
        folder = self._folder / f"{len(list(self._folder.iterdir()))}"
        with assistant_over(folder, self._encoders, {name: raw}) as assistant:
            answers = {question: assistant.ask(question) for question in questions}
        texts = TextStore(folder / "data" / "texts")
        for question, answer in answers.items():
            for cited in answer.citations:
                text = texts.read(cited.sha256)
                assert text[cited.start : cited.end] == cited.quote
            if place := (places or {}).get(question):
                cited = answer.citations[0]
                assert place_at(cited.document, text, cited.start) == place, question
        return answers


@pytest.fixture(scope="session")
def ask_handbook(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> AskHandbook:
    """Asks the questions of the handbook over a file of another format."""
    return AskHandbook(tmp_path_factory.mktemp("handbooks"), encoder_data)
