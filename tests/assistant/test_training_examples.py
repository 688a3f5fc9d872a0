"""Training examples: what is altered no longer answers, what is altered everywhere still does."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from assistant.reader.layout import open_tokenizer
from assistant.reader.runtime import WEIGHTS
from assistant.training.examples import build_training_set, generate_examples, make_example
from assistant.training.facts import make_fact
from assistant.training.near_misses import WordPool, alike_word, collect_words, other_identifier
from assistant.training.rows import Example, Row
from assistant.training.shards import load_shards, make_shard, read_rows, save_shard, write_rows
from assistant.training.swaps import add_condition, swap

ROW = Row(
    source="sections",
    question="Which port does the api.server use in Berlin?",
    title="Servers",
    sentences=("Here are all servers.", "In Berlin the api.server uses port 8080.", "It is fast."),
    answering=frozenset({1}),
    document="owner/docs",
    heading="Ports",
)
OTHER = Row(
    source="sections",
    question="Who repairs the old printer in Lisbon?",
    title="Printers",
    sentences=("The printer team in Lisbon repairs it.",),
    answering=frozenset({0}),
    document="owner/docs",
    heading="Repairs",
)


@pytest.fixture
def pool() -> WordPool:
    return collect_words([ROW.question, OTHER.question, "What is max.size in Rome?"])


def test_a_swap_in_the_answer_leaves_the_question(pool: WordPool) -> None:
    for seed in range(20):
        altered = swap(ROW, pool, Random(seed), both=False)
        assert altered is not None
        assert altered.question == ROW.question
        assert altered.sentences[1] != ROW.sentences[1]
        assert altered.sentences[::2] == ROW.sentences[::2]


def test_a_swap_everywhere_alters_question_and_answer_alike(pool: WordPool) -> None:
    altered = swap(ROW, pool, Random(3), both=True)
    assert altered is not None
    gone = set(ROW.question.split()) - set(altered.question.split())
    assert gone and not any(word.strip("?") in altered.sentences[1] for word in gone)


def test_another_identifier_is_not_one_of_the_context(pool: WordPool) -> None:
    found = {other_identifier("v1.2", "v1.2 and v1.3", pool, Random(seed)) for seed in range(30)}
    assert found - {None} and not found & {"v1.2", "v1.3"}


def test_a_word_near_in_meaning_is_avoided_in_any_form() -> None:
    pool = WordPool((), {}, alike={"price": ("payment", "amount")})
    assert alike_word("Price", "the payments", pool, Random(1)) == "Amount"
    assert alike_word("price", "amounts and payments", pool, Random(1)) is None


def test_a_condition_that_does_not_hold_is_not_in_the_context() -> None:
    asked = add_condition(ROW, ["in Rome", "in Berlin"], Random(2), holds=False)
    assert asked is None or asked.endswith("in Rome?")
    assert add_condition(ROW, [], Random(2), holds=True) is None


def test_a_made_up_fact_answers_only_if_it_is_about_the_thing_asked_for() -> None:
    made = [
        make_fact(("It is a good tool.",), "Alpha", "Omega", None, Random(seed))
        for seed in range(200)
    ]
    for example in filter(None, made):
        for sentence, answers in zip(example.sentences, example.labels, strict=True):
            assert not answers or "Alpha" in sentence
    shares = [any(example.labels) for example in made if example]
    assert 0.4 < sum(shares) / len(shares) < 0.6


def test_an_example_has_a_label_for_each_sentence_and_both_outcomes_occur() -> None:
    training = build_training_set([ROW, OTHER], {}, Random(1))
    made = [make_example(ROW, training, Random(seed)) for seed in range(300)]
    assert all(len(example.labels) == len(example.sentences) > 0 for example in made)
    answered = sum(any(example.labels) for example in made)
    assert 90 < answered < 240


def test_a_section_is_read_under_its_title_and_heading() -> None:
    training = build_training_set([ROW, OTHER], {}, Random(1))
    titles = {make_example(ROW, training, Random(seed)).title for seed in range(100)}
    assert {"Servers", "Servers › Ports"} <= titles


def test_rows_and_shards_are_read_back_as_written(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.xz", [ROW, OTHER], {"port": ["door"]})
    rows, alike = read_rows(tmp_path / "rows.xz")
    assert (rows, alike) == ([ROW, OTHER], {"port": ["door"]})
    stream = generate_examples(build_training_set(rows, {}, Random(1)), lambda _: 2, Random(1))
    tokenizer = open_tokenizer(WEIGHTS / "tokenizer.json")
    shard = make_shard([next(stream) for _ in range(5)], tokenizer)
    save_shard(tmp_path / "0.npz", shard)
    twice = load_shards([tmp_path / "0.npz", tmp_path / "0.npz"])
    assert len(twice.lengths) == 10 and twice.lengths.sum() == len(twice.ids) == len(twice.labels)
    assert np.array_equal(twice.ids[: len(shard.ids)], shard.ids)


def test_a_label_stands_at_the_marker_of_its_sentence() -> None:
    tokenizer = open_tokenizer(WEIGHTS / "tokenizer.json")
    example = Example("Why?", "T", ("One.", "Two."), (False, True))
    shard = make_shard([example], tokenizer)
    places = np.flatnonzero(shard.labels >= 0)
    assert shard.labels[places].tolist() == [0, 1]
    assert (shard.ids[places] == tokenizer.token_to_id("[SEP]")).all()
    assert shard.contexts.tolist() == [6]  # [CLS] why ? [SEP] t [SEP]
