"""The storage format of answers."""

import json

import pytest
from builders import DIGEST, make_answer, make_citation, make_related

from api.store.answers import FormatUnknown, parse, serialize
from assistant.answer import Answer, Status

# A change here needs a new FORMAT.
STORED = {
    "version": 1,
    "answer": {
        "id": "a1",
        "conversation_id": "talk",
        "question": "Who?",
        "standalone_question": "Who?",
        "status": "refused",
        "text": "No answer.",
        "sentences": [{"text": "Ann.", "start": 0, "end": 4, "citations": [1], "decisive": False}],
        "citations": [
            {
                "number": 1,
                "document": "a.md",
                "title": "A",
                "headings": ["A", "B"],
                "sha256": DIGEST,
                "start": 0,
                "end": 3,
                "quote": "Ann",
                "stale": False,
                "place": "page 7",
                "date": "2025-03-02",
                "source": "https://a.example/a",
            }
        ],
        "confidence": 0.75,
        "suggestions": ["What?"],
        "related": [{"document": "b.md", "sha256": DIGEST, "start": 0, "end": 4, "text": "near"}],
        "writer": "extractive",
        "generation": "g1",
        "timings_ms": {"total": 12.5},
        "reason": "no_answer",
        "prompt": "choose-2",
        "notice": "The language model is busy.",
        "tokens": [100, 10],
    },
}


def test_stored_answers_of_this_format_can_be_read() -> None:
    answer = parse(json.dumps(STORED))
    assert answer.status is Status.REFUSED
    about = {"place": "page 7", "date": "2025-03-02", "source": "https://a.example/a"}
    assert answer.citations == (make_citation(quote="Ann", headings=("A", "B"), **about),)
    assert answer.citations[0].page == 7
    assert answer.related == (make_related("b.md"),)
    assert json.loads(serialize(answer)) == STORED


def test_stored_answer_of_an_earlier_version_can_be_read() -> None:
    answer = json.loads(json.dumps(STORED["answer"]))
    for added in ("reason", "prompt", "notice", "tokens"):
        del answer[added]
    del answer["sentences"][0]["decisive"]
    [citation] = answer["citations"]
    del citation["place"], citation["date"], citation["source"]
    citation["page"] = None
    read = parse(json.dumps(STORED | {"answer": answer}))
    assert (read.reason, read.sentences[0].decisive) == (None, False)


@pytest.mark.parametrize(
    "answer", [make_answer(), make_answer(("Ünï 👍🏽.", (1,)), ("B.", (1, 2)))]
)
def test_parse_returns_what_was_serialized(answer: Answer) -> None:
    assert parse(serialize(answer)) == answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (json.dumps({**STORED, "version": 2}), "version: Input should be 1"),
        ('{"id": "a1", "status": "answered"}', "answer: Field required"),
        ("once upon a time", "Invalid JSON"),
    ],
)
def test_unknown_format_is_an_error(text: str, reason: str) -> None:
    with pytest.raises(FormatUnknown, match=f"expected format 1: .*{reason}"):
        parse(text)
