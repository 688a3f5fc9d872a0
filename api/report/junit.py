"""An evaluation as JUnit XML, which CI servers show: a test case for each question."""

from collections.abc import Sequence
from xml.etree import ElementTree

from api.text import printable, truncate
from assistant.evaluation import Outcome, Verdict
from assistant.grading import strip_markers

_MAX_SHOWN = 500  # characters of an answer


def junit_xml(name: str, outcomes: Sequence[Outcome]) -> str:
    """Returns a test suite with this name. A question fails if its answer is wrong, or if it is
    refused or answered wrongly."""
    seconds = [outcome.answer.timings_ms.get("total", 0.0) / 1000 for outcome in outcomes]
    failures = sum(not outcome.verdict.is_good for outcome in outcomes)
    counts = {"tests": str(len(outcomes)), "failures": str(failures), "errors": "0"}
    time = {"time": f"{sum(seconds):.3f}"}
    suites = ElementTree.Element("testsuites", counts | time)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _clean(name)} | counts | time)
    for outcome, taken in zip(outcomes, seconds, strict=True):
        gold = outcome.gold
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {
                "classname": _clean(gold.kind or "question"),
                "name": _clean(f"{gold.id}: {gold.question}"),
                "time": f"{taken:.3f}",
            },
        )
        if not outcome.verdict.is_good:
            message = _message(outcome)
            failure = {"type": outcome.verdict.value, "message": _clean(message)}
            ElementTree.SubElement(case, "failure", failure).text = _clean(_details(outcome))
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _message(outcome: Outcome) -> str:
    """What was expected, and what the answer is instead."""
    given = truncate(strip_markers(outcome.answer.text), _MAX_SHOWN)
    if outcome.verdict is Verdict.ANSWERED:
        return f"expected a refusal, got: {given}"
    expected = truncate(_expected(outcome), _MAX_SHOWN)
    got = "a refusal" if outcome.refused else given
    return f"expected: {expected}; got: {got}"


def _expected(outcome: Outcome) -> str:
    texts = [*outcome.gold.answers, *outcome.gold_texts]
    return texts[0] if texts else "an answer with the keywords of the gold question"


def _details(outcome: Outcome) -> str:
    lines = [f"confidence: {outcome.answer.confidence:.3f}"]
    if outcome.loss:
        lines.append(f"lost by: {outcome.loss}")
    gold = outcome.gold
    lines += [f"gold place: {_place(gold.document or '', *span)}" for span in gold.spans]
    lines += [
        f"cited: {_place(c.document, c.start, c.end)} {truncate(c.quote, _MAX_SHOWN)}"
        for c in outcome.answer.citations
    ]
    return "\n".join(lines)


def _place(document: str, start: int, end: int) -> str:
    return f"{document}, characters {start} to {end}"


def _clean(text: str) -> str:
    """The text without characters that XML does not allow."""
    return printable(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
