"""Documents that contradict each other: both are quoted, the newer first, and the answer says so."""

from pathlib import Path

import pytest
from formats import assistant_over

from assistant.disagreement import are_of_same_subject, disagree
from assistant.writer import DISAGREE

OLD, NEW = "Employees have 25 days of leave.", "Employees have 27 days of leave."


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (OLD, NEW, True),
        (OLD, OLD, False),
        (OLD, "All employees have 25 days of leave, up from 24 days.", False),
        ("Yes, up to five days.", "No, it lapses.", True),
        ("Yes, up to five days.", "Yes, all of it.", False),
        ("Leave lapses on 31 March.", "Leave lapses on 30 June.", True),
        ("The kitchen closes at 22:00 at night.", "The kitchen closes at 21:30 at night.", True),
        ("The bins are emptied on Monday.", "The bins are emptied on Tuesday.", True),
        ("A permit costs €20 a year.", "A permit costs €20.00 a year.", False),
        ("A permit costs 20 euros.", "A permit holds 2 years.", False),
        ("The office has 25 rooms.", NEW, False),
    ],
)
def test_texts_disagree_if_they_say_different_values_of_the_same(
    one: str, other: str, expected: bool
) -> None:
    assert disagree(one, other) is disagree(other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["Leave policy 2023", "Days"], ["Leave policy 2025", "Days"], True),
        (["Leave"], ["Staff handbook", "Leave"], True),
        (["Leave (old version, May)"], ["Leave"], True),
        (["Hotel Astoria", "Pool"], ["Hotel Bristol", "Pool"], False),
        (["Leave", "Part-time"], ["Leave"], False),
    ],
)
def test_documents_are_about_the_same_unless_their_headings_name_other_things(
    one: list[str], other: list[str], expected: bool
) -> None:
    assert are_of_same_subject(one, other) is are_of_same_subject(other, one) is expected


def policy(year: int, days: int, carried: str) -> str:
    return (
        f"---\ndate: {year}-01-01\n---\n\n# Leave policy {year}\n\n"
        f"Employees have {days} days of annual leave.\n\n"
        f"## Can I carry over leave?\n\n{carried}\n"
    )


@pytest.mark.parametrize(
    ("question", "newer", "older"),
    [
        ("How many days of annual leave do employees have?", "27 days", "25 days"),
        ("Can I carry over leave?", "Yes, five days", "No, it lapses"),
    ],
)
def test_both_documents_are_quoted_the_newer_first(
    question: str, newer: str, older: str, tmp_path: Path, encoder_data: Path
) -> None:
    files = {
        "a.md": policy(2023, 25, "No, it lapses at the end of the year.").encode(),
        "b.md": policy(2025, 27, "Yes, five days until March of the next year.").encode(),
    }
    with assistant_over(tmp_path, encoder_data, files) as assistant:
        answer = assistant.ask(question)
    assert answer.text.startswith(DISAGREE)
    assert 0 < answer.text.find(newer) < answer.text.find(older)
    dates = {each.quote: each.date for each in answer.citations}
    assert next(date for quote, date in dates.items() if newer in quote) == "2025-01-01"
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end] == sentence.text
