"""Synonyms: passages are found by words that mean the same."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from builders import SmallIndex, write_documents

from corpus.loader import load_corpus
from index.build import build
from index.onnx_encoder import OnnxEncoder
from index.synonyms import Synonyms, abbreviations

SLA = ("SLA", "Service Level Agreement")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A Service Level Agreement (SLA) is signed.", [SLA]),
        ("The SLA (Service Level Agreement) is signed.", [SLA]),
        ("Key performance indicators (KPIs)", [("KPI", "Key performance indicators")]),
        ("the Chief Officer of Data (COD)", [("COD", "Chief Officer of Data")]),
        ("It is open (MON) and we care (See below), as agreed (USA).", []),
        ("", []),
    ],
)
def test_abbreviations_that_a_text_explains(text: str, found: list[tuple[str, str]]) -> None:
    assert list(abbreviations(text)) == found


def test_phrases_are_alternatives_of_each_other() -> None:
    synonyms = Synonyms([("vacation", "annual leave"), ("boss", "head")])
    assert synonyms.alternatives("How many vacations?") == {
        "vacat": (frozenset({"annual", "leav"}),)
    }
    both = synonyms.alternatives("annual leave")
    assert both == dict.fromkeys(("annual", "leav"), (frozenset({"vacat"}),))
    assert synonyms.alternatives("When do I leave?") == {}


def test_abbreviations_are_found_in_linear_time() -> None:
    started = time.perf_counter()
    for piece in ("(AB) ", "AB (", "Ab cd (AC) ", "A (a a a a a a"):
        list(abbreviations(piece * (40_000 // len(piece))))
    assert time.perf_counter() - started < 2


FILES = {
    "a.md": "# Rules\n\n## One\n\nThe Duty Planning Board (DPB) meets on Mondays.\n",
    "b.md": "# More\n\n## Two\n\nMinutes of the duty planning board are kept for a year.\n",
    "c.md": "# Rest\n\n## Three\n\nThe snack corner opens at noon.\n",
}


def test_passage_is_found_by_an_abbreviation_explained_elsewhere(
    encoder: OnnxEncoder, tmp_path: Path
) -> None:
    index = SmallIndex(tmp_path, encoder)
    index.build(FILES)
    with index.searcher() as searcher:
        store = searcher.generation.passages
        alternatives = store.synonyms.alternatives("DPB minutes")
        assert set(alternatives["dpb"]) == {frozenset({"duti", "plan", "board"})}
        assert len(store.search(["dpb"], 5, alternatives=alternatives)) == 2
        assert len(store.search(["dpb"], 5)) == 1
        # The explanation is unknown where it cannot be seen.
        assert store.within(["b.md"]).synonyms.alternatives("DPB") == {}


def test_change_of_the_file_makes_another_index(encoder: OnnxEncoder, tmp_path: Path) -> None:
    index = SmallIndex(tmp_path, encoder)
    index.build(FILES)
    corpus = load_corpus(write_documents(index.documents, FILES))
    with_group = replace(corpus, synonyms=(("canteen", "snack corner"),))
    assert build(with_group, encoder, "test", index.data, {}).changed
    assert not build(with_group, encoder, "test", index.data, {}).changed
    with index.searcher() as searcher:
        alternatives = searcher.generation.passages.synonyms.alternatives("canteen")
    assert alternatives == {"canteen": (frozenset({"snack", "corner"}),)}
