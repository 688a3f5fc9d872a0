"""What a model's choice says follows from its exam."""

from pathlib import Path

import pytest

from assistant.language_model.exam import TrustStore, exam_questions
from assistant.language_model.prompt import Mode
from assistant.language_model.trust import Trust

PERFECT = Trust(right=18, declined=9)
RANDOM = Trust(right=2, wrong=16, invented=9)


def test_choice_of_a_model_that_passed_decides_nearly_alone() -> None:
    assert PERFECT.chosen(10) > 5
    assert PERFECT.passed_over(10) < -2
    assert PERFECT.declined_all() < -3


def test_choice_at_random_says_nothing() -> None:
    assert abs(RANDOM.chosen(10)) < 0.6
    assert abs(RANDOM.passed_over(10)) < 0.6


def test_model_that_always_declines_says_nothing_by_that() -> None:
    assert abs(Trust(missed=18, declined=9).declined_all()) < 0.1


def test_choice_does_not_count_before_the_exam() -> None:
    assert Trust().chosen(10) == Trust().passed_over(10) == Trust().declined_all() == 0


def test_result_counts_for_one_model_and_mode(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "data" / "exams.json")
    store.write("openai:one", Mode.CHOOSE, PERFECT)
    store.write("openai:two", Mode.CHOOSE, RANDOM)
    assert store.read("openai:one", Mode.CHOOSE) == PERFECT
    assert store.read("openai:one", Mode.COMPOSE) is None


@pytest.mark.parametrize("content", ["", "[]", '{"choose-1 m": {"right": 1, "new": 2}}'])
def test_file_that_cannot_be_read_counts_as_no_exam(tmp_path: Path, content: str) -> None:
    (tmp_path / "exams.json").write_text(content)
    store = TrustStore(tmp_path / "exams.json")
    assert store.read("m", Mode.CHOOSE) is None
    store.write("m", Mode.CHOOSE, PERFECT)
    assert store.read("m", Mode.CHOOSE) == PERFECT


def test_exam_has_questions_with_and_without_an_answer() -> None:
    answerable = [each for each in exam_questions() if each.right]
    assert len(answerable) >= 12
    assert len(exam_questions()) - len(answerable) >= 6
    for each in answerable:
        assert all(part < len(each.exhibits[number].parts) for number, part in each.right)
