"""Whether gold questions fit the documents; those that do not would be measured wrongly."""

from collections.abc import Callable, Iterator, Mapping

from assistant.english.question import validate_message
from assistant.errors import QuestionInvalid
from corpus.gold import GoldProblem, GoldQuestion
from index.terms import content_words, stems

ReadText = Callable[[str], str | None]


def check_questions(
    questions: Mapping[int, GoldQuestion],
    read_text: ReadText,
    watch: Callable[[], None] = lambda: None,
) -> tuple[list[GoldQuestion], list[GoldProblem]]:
    """Returns the questions that can be measured, and the first problem of each of the others.

    `questions` are by line number. `read_text` returns the indexed text of a document by its path,
    None if there is no such document. Of questions with the same id, the first is kept. `watch` is
    called after each question.
    """
    good = []
    problems = []
    lines: dict[str, int] = {}
    for line, gold in questions.items():
        problem = next(_problems(gold, lines, read_text), None)
        lines.setdefault(gold.id, line)
        if problem:
            problems.append(GoldProblem(line, *problem))
        else:
            good.append(gold)
        watch()
    return good, problems


def _problems(
    gold: GoldQuestion, lines: Mapping[str, int], read_text: ReadText
) -> Iterator[tuple[str, str]]:
    """The name of each wrong field, and what is wrong with it. `lines` has the earlier ids."""
    if gold.id in lines:
        yield "id", f"{gold.id!r} is the id of line {lines[gold.id]} too"
    try:
        validate_message(gold.question)
    except QuestionInvalid as invalid:
        yield "question", str(invalid)
    if gold.answerable and not (gold.answers or gold.spans or gold.keywords):
        yield "answers", "an answerable question needs an answer, or a document with spans"
    if gold.spans and not gold.document:
        yield "document", "the spans need the name of their document"
    if gold.document:
        yield from _place_problems(gold, read_text(gold.document))
    for document, (_, end) in gold.also:
        text = read_text(document)
        if text is None or end > len(text):
            yield "also", f"{document!r} is not a document of the index, or ends before {end}"


def _place_problems(gold: GoldQuestion, text: str | None) -> Iterator[tuple[str, str]]:
    if text is None:
        yield "document", f"{gold.document!r} is not a document of the index"
        return
    for start, end in gold.spans:
        if end > len(text):
            yield "spans", f"[{start}, {end}] is outside the document, which ends at {len(text)}"
    if gold.spans and gold.answers and not _matches(gold, text):
        start, end = gold.spans[0]
        quote = text[start:end][:60]
        yield "spans", f"no span has a word of the answers; [{start}, {end}] is {quote!r}"


def _matches(gold: GoldQuestion, text: str) -> bool:
    """Whether the spans have a word of an answer. More cannot be asked for: an answer may be in
    other words."""
    wanted = {stem for answer in gold.answers for stem in stems(" ".join(content_words(answer)))}
    return any(not wanted.isdisjoint(stems(text[start:end])) for start, end in gold.spans)
