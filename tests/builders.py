"""Builds the values that several test files need."""

from collections.abc import Callable, Mapping
from pathlib import Path

from assistant.answer import Answer, Citation, Related, Sentence, Status
from assistant.pipeline import Assistant
from index.generation import Generation
from index.layout import Layout

GenerationBuilder = Callable[[Mapping[str, str]], Generation]
AssistantOpener = Callable[..., Assistant]
DIGEST = "0" * 64


def make_citation(
    number: int = 1,
    quote: str = "a quote",
    document: str = "a.md",
    title: str = "A",
    headings: tuple[str, ...] = (),
    page: int | None = None,
    stale: bool = False,
) -> Citation:
    """A citation of the beginning of a document."""
    return Citation(
        number, document, title, headings, DIGEST, 0, len(quote), quote, page=page, stale=stale
    )


def make_answer(
    *sentences: tuple[str, tuple[int, ...]],
    citations: tuple[Citation, ...] | None = None,
    listed: bool = False,
    question: str = "When are beans sown?",
) -> Answer:
    """An answer of these sentences, each with the numbers of its citations, in the form in which
    the writer joins them. Without `citations`, there is one for every number."""
    text = ""
    placed = []
    for sentence, numbers in sentences:
        text += ("\n- " if text else "- ") if listed else (" " if text else "")
        placed.append(Sentence(sentence, len(text), len(text) + len(sentence), numbers))
        text += sentence + "".join(f" [{number}]" for number in numbers)
    if citations is None:
        numbers = tuple(sorted({number for _, each in sentences for number in each}))
        citations = tuple(make_citation(number) for number in numbers)
    return Answer(
        id="a" * 32,
        conversation_id="talk",
        question=question,
        standalone_question=question,
        status=Status.ANSWERED if sentences else Status.REFUSED,
        text=text if sentences else "No answer.",
        sentences=tuple(placed),
        citations=citations,
        confidence=0.9,
        suggestions=(),
        related=(),
        writer="extractive",
        generation="g1",
    )


def make_related(document: str) -> Related:
    """A passage at the beginning of a document."""
    return Related(document, DIGEST, 0, 4, "near")


def link_encoders(data: Path, source: Path) -> None:
    """Makes the exported encoders of one data folder available in another."""
    encoders = Layout(data).encoders
    encoders.parent.mkdir(parents=True, exist_ok=True)
    encoders.symlink_to(Layout(source).encoders.resolve(), target_is_directory=True)
