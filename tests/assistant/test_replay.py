from dataclasses import replace

import pytest
from builders import make_answer, make_citation

from assistant.answer import Answer
from assistant.replay import (
    Difference,
    differences_of,
    document_changes,
)
from index.manifest import IndexedDocument

ANSWER = make_answer(("Beans are sown in May.", (1,)))


@pytest.mark.parametrize(
    ("after", "differences"),
    [
        (replace(ANSWER, id="b", confidence=0.1, generation="g2"), ()),
        (replace(ANSWER, citations=(replace(make_citation(), start=9, number=2),)), ()),
        (replace(ANSWER, text="Beans are sown in May. [2]"), ()),
        (make_answer(("Beans are sown in June.", (1,))), (Difference.TEXT,)),
        (
            make_answer(("Beans are sown in May.", (1,)), citations=(make_citation(quote="x"),)),
            (Difference.CITATIONS,),
        ),
        (make_answer(), (Difference.NEWLY_REFUSED,)),
    ],
)
def test_difference_is_what_a_user_sees(after: Answer, differences: tuple[Difference, ...]) -> None:
    assert differences_of(ANSWER, after) == differences


def test_answer_in_place_of_a_refusal_is_newly_answered() -> None:
    assert differences_of(make_answer(), ANSWER) == (Difference.NEWLY_ANSWERED,)


def test_documents_are_compared_by_path_and_digest() -> None:
    def document(path: str, sha256: str = "0") -> IndexedDocument:
        return IndexedDocument(path, "", sha256, 0, 0, 0)

    changes = document_changes(
        [document("a"), document("b"), document("c")],
        [document("b", "1"), document("c"), document("d")],
    )
    assert (changes.added, changes.changed, changes.removed) == (("d",), ("b",), ("a",))
