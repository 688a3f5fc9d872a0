"""The audit of question-answer pairs: verdicts with their sources, own copies, and overlaps."""

from collections.abc import Callable

import pytest
from builders import GenerationBuilder

from assistant.audit.pairs import FaqPair, pairs_of, unanswered
from assistant.audit.verdicts import Audit, Auditor, Verdict
from assistant.claims import ClaimProof
from assistant.reader.runtime import OnnxReader
from corpus.loader import parse_document
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher

AuditorOpener = Callable[..., Auditor]
RULES = (
    "# House rules\n\nThe laundry room is open from 7:00 to 22:00. Dogs are allowed in the garden.\n\n"
    "The rent is due on 3 May. The caretaker is Wanda Ost.\n"
)


@pytest.fixture(scope="module")
def auditor_over(
    build_generation: GenerationBuilder, encoder: OnnxEncoder, reader: OnnxReader
) -> AuditorOpener:
    def opened(**files: str) -> Auditor:
        named = {f"{name}.md": text for name, text in files.items()}
        return Auditor(
            Searcher(build_generation(named), encoder), encoder, ClaimProof(encoder, reader)
        )

    return opened


def pairs(*each: tuple[str, str]) -> list[FaqPair]:
    text = "# FAQ\n\n" + "".join(f"## {question}\n\n{answer}\n\n" for question, answer in each)
    return list(pairs_of(parse_document("own.md", text)))


def verdicts(audit: Audit) -> list[str]:
    return [each.verdict for each in audit.pairs]


def test_answers_are_supported_contradicted_or_without_a_source(
    auditor_over: AuditorOpener,
) -> None:
    faq = pairs(
        ("When is the laundry room open?", "The laundry room is open from 7:00 to 22:00."),
        ("When is the rent due?", "The rent is due on 5 May."),
        ("Are dogs allowed in the garden?", "No. Dogs are not allowed in the garden."),
        ("Who is the caretaker?", "The caretaker is Wanda Ost. She has two cats and paints."),
        ("Where is the sauna?", "The sauna is in the attic."),
    )
    audit = auditor_over(rules=RULES).audit(faq)
    assert verdicts(audit) == [
        Verdict.SUPPORTED,
        Verdict.CONTRADICTED,
        Verdict.CONTRADICTED,
        Verdict.PARTLY,
        Verdict.NO_SOURCE,
    ]
    rent = audit.pairs[1].sentences[0]
    assert rent.source
    assert rent.source.text == "The rent is due on 3 May."
    assert rent.difference
    assert (rent.difference.said, rent.difference.instead) == ("5 May", "3 May")


def test_pair_is_never_its_own_source(auditor_over: AuditorOpener) -> None:
    faq = pairs(("Where is the sauna?", "The sauna is in the attic."))
    copy = "# Copy\n\n## Where is the sauna?\n\nThe sauna is in the attic.\n"
    prose = "# House\n\nThe sauna is in the attic.\n"
    assert verdicts(auditor_over(rules=RULES, copy=copy).audit(faq)) == [Verdict.NO_SOURCE]
    audited = auditor_over(rules=RULES, other=prose)
    assert verdicts(audited.audit(faq)) == [Verdict.SUPPORTED]
    assert verdicts(audited.audit(faq, ["other.md"])) == [Verdict.NO_SOURCE]


def test_name_of_one_document_and_fact_of_another_prove_nothing_together(
    auditor_over: AuditorOpener,
) -> None:
    faq = pairs(("Who is the caretaker?", "The caretaker is Otto Lind."))
    other = "# Neighbours\n\nOtto Lind lives on the first floor.\n"
    assert verdicts(auditor_over(rules=RULES, other=other).audit(faq)) == [Verdict.CONTRADICTED]


def test_pairs_that_ask_the_same_are_named_with_what_they_contradict_each_other_in(
    auditor_over: AuditorOpener,
) -> None:
    faq = pairs(
        ("When is the rent due?", "The rent is due on 3 May."),
        ("Where are the bins?", "They stand in the yard."),
        ("When is the rent due?", "The rent is due on 9 May."),
        ("When is the rent of flat 2 due?", "Flat 2 pays its rent on 9 May."),
        ("Where are the bins?", "They stand in the yard."),
    )
    overlaps = auditor_over(rules=RULES).audit(faq).overlaps
    found = [(each.one.place, each.other.place, bool(each.difference)) for each in overlaps]
    assert found == [("line 3", "line 11", True), ("line 7", "line 19", False)]


def test_sentence_that_a_document_repeats_is_not_contradicted_by_another(
    auditor_over: AuditorOpener,
) -> None:
    old = "# House rules 2019\n\nThe rent is due on 5 May. Dogs are not allowed in the garden.\n"
    faq = pairs(
        ("When is the rent due?", "The rent is due on 5 May."),
        ("Are dogs allowed in the garden?", "Dogs are not allowed in the garden."),
    )
    audited = auditor_over(rules=RULES, old=old)
    assert Verdict.CONTRADICTED not in verdicts(audited.audit(faq))
    assert verdicts(audited.audit(faq, ["old.md"])) == [Verdict.CONTRADICTED] * 2


def test_answer_that_is_no_sentence_has_no_source(auditor_over: AuditorOpener) -> None:
    faq = pairs(("What is in the log?", f"```\n{'rent due 3 May ' * 300}\n```"))
    assert verdicts(auditor_over(rules=RULES).audit(faq)) == [Verdict.NO_SOURCE]


def test_watch_is_called_after_each_pair(auditor_over: AuditorOpener) -> None:
    calls: list[int] = []
    faq = pairs(("A rent?", "Yes."), ("A dog?", "Yes."))
    auditor_over(rules=RULES).audit(faq, watch=lambda: calls.append(1))
    assert calls == [1, 1]


def test_heading_that_asks_and_has_no_answer_is_named() -> None:
    document = parse_document("a.md", "# FAQ\n\n## Is it open?\n\n## Is it free?\n\nYes, it is.\n")
    assert list(unanswered(document)) == ['line 3: the question "Is it open?" has no answer']
    assert [each.question for each in pairs_of(document)] == ["Is it free?"]
