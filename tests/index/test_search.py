from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from builders import SmallIndex

from index.onnx_encoder import OnnxEncoder
from index.search import Searcher

FILES = {
    "faq.md": (
        "# Questions\n\n## How often is a cactus watered?\n\nEvery three weeks, but never in winter.\n\n"
        "## Where does the error code XK-4711 come from?\n\nFrom the pump.\n"
    ),
    "guide.md": (
        "# Guide\n\n## Roses\n\nRoses want sun. They are cut in March.\n\n"
        "## Tools\n\n| Tool | Use |\n|---|---|\n| Spade | turning the soil |\n| Rake | leaves |\n\n"
        "## Pests\n\nAgainst snails:\n\n- beer traps\n- copper tape\n"
    ),
    "other.md": "# Other\n\n## Roses again\n\nRoses want sun. They are cut in  March.\n",
}


@pytest.fixture(scope="module")
def searcher(encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    index = SmallIndex(tmp_path_factory.mktemp("search"), encoder)
    index.build(FILES)
    with index.searcher() as searcher:
        yield searcher


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Do desert plants need a drink frequently?", "Every three weeks"),
        ("XK-4711", "From the pump"),
        ("What is used to dig over the earth?", "turning the soil"),
        ("How do I get rid of slugs?", "copper tape"),
        ("When are roses cut?", "cut in March"),
    ],
)
def test_passages_are_found_by_their_meaning_and_by_their_words(
    searcher: Searcher, question: str, answer: str
) -> None:
    assert answer in searcher.search(question, 1).hits[0].passage.text


def test_hits_are_ordered_by_a_score_from_0_to_1(searcher: Searcher) -> None:
    hits = searcher.search("How often are roses and a cactus watered?", 10).hits
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert max(hit.word_score for hit in hits) == 1


def test_every_unit_of_a_hit_has_its_own_score(searcher: Searcher) -> None:
    hit = searcher.search("What is a rake for?", 1).hits[0]
    assert len(hit.unit_scores) == len(hit.passage.units) == 3
    assert hit.unit_scores[2] == max(hit.unit_scores)


def test_only_faq_passages_have_a_question_score(searcher: Searcher) -> None:
    hits = searcher.search("How often is a cactus watered?", 10).hits
    assert hits[0].question_score == pytest.approx(1.0, abs=1e-5)
    assert all(hit.question_score == 0 for hit in hits if not hit.passage.question)


def test_copies_are_found_once(searcher: Searcher) -> None:
    hits = searcher.search("When are roses cut?", 10).hits
    assert sum("cut in" in hit.passage.text for hit in hits) == 1


def test_near_copies_are_found_once_unless_a_number_or_name_differs(
    encoder: OnnxEncoder, tmp_path: Path
) -> None:
    rule = "The brass pump is oiled by the head gardener in the first week of spring with thin oil"
    texts = [f"{rule}.", f"{rule}, too.", f"{rule}, 3 drops.", f"{rule}, says Ada."]
    index = SmallIndex(tmp_path, encoder)
    index.build({f"{n}.md": f"# Pump\n\n{text}\n" for n, text in enumerate(texts)})
    found = index.found("When is the pump oiled?")
    assert len(found) == 3
    assert set(texts[2:]) < set(found)


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("How often is a cactus watered?", "cactus"),
        ("When are roses cut in the garden guide?", "Roses"),
    ],
)
def test_context_decides_an_ambiguous_question(
    searcher: Searcher, context: str, answer: str
) -> None:
    found = searcher.search("And how is that done, then?", 1, context=context)
    assert answer in found.hits[0].passage.text


def test_context_does_not_outweigh_the_question(searcher: Searcher) -> None:
    found = searcher.search("What is a rake for?", 1, context="How often is a cactus watered?")
    assert "Rake" in found.hits[0].passage.text


def test_at_most_k_best_hits_are_returned(searcher: Searcher) -> None:
    all_hits = searcher.search("cactus", 10).hits
    assert len(all_hits) == 5
    assert searcher.search("cactus", 2).hits == all_hits[:2]


def test_given_vector_is_not_encoded_again(searcher: Searcher, encoder: OnnxEncoder) -> None:
    given = encoder.encode_query("pump")
    found = searcher.search("cactus", 10, given)
    assert found.vector is given
    assert found.hits != searcher.search("cactus", 10).hits


@pytest.mark.parametrize(
    "question", ["", "?!", "the of and", '" OR *', "内部客户", "\x00", "x" * 20_000]
)
def test_any_text_is_a_question(searcher: Searcher, question: str) -> None:
    assert len(searcher.search(question, 3).hits) == 3


def test_threads_find_the_same_hits(searcher: Searcher) -> None:
    questions = ["cactus", "roses", "XK-4711", "spade"] * 8
    expected = [searcher.search(question, 5).hits for question in questions]
    with ThreadPoolExecutor(4) as pool:
        assert [f.hits for f in pool.map(lambda q: searcher.search(q, 5), questions)] == expected


def test_only_misspelled_words_are_corrected(searcher: Searcher) -> None:
    corrected = searcher.correct_spelling("How oftne is a cactsu  watered?!")
    assert corrected == "How often is a cactus  watered?!"
    assert searcher.correct_spelling("Are zebras striped?") == "Are zebras striped?"
