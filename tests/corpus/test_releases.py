"""Headings that say when or in which version what stands below them holds."""

import pytest

from corpus.joins import MAX_PASSAGE_CHARS
from corpus.loader import parse_document
from corpus.releases import dates_its_section, is_release
from corpus.splitter import split

CHANGES = "# Changes\n\n## 2.1.0 - 2024-05-02\n\n### Added\n\n- A lamp.\n\n### Removed\n\n- {}\n"


@pytest.mark.parametrize(
    "words",
    ["3.2.0 - 2025-02-11", "v3.2 Bilbao", "Version 2.0: The big one", "Unreleased", "Django 4.2 release notes",
     "Monday, 10 July 2023: Tutorials", "May 2024", "1.2.3 / 2024-01-02", "10.0.0rc1", "March 3rd, 2024"]
)  # fmt: skip
def test_a_version_or_a_date_dates_its_section(words: str) -> None:
    assert dates_its_section(words)


@pytest.mark.parametrize(
    "words",
    ["3.2 Scope", "2023 travel policy", "1. Introduction", "Added", "Room 12", "",
     "What all our members have to know about 3 May 2024"]
)  # fmt: skip
def test_the_number_of_a_section_does_not(words: str) -> None:
    assert not dates_its_section(words)


def test_the_heading_of_a_release_has_a_version_and_a_date() -> None:
    assert is_release("3.2.0 (2025-02-11)")
    assert not is_release("3.2.0")
    assert not is_release("2025-02-11")


def test_a_short_release_is_one_passage_whose_parts_have_the_headings_above_them() -> None:
    [release] = split(parse_document("changes.md", CHANGES.format("The bell.")))
    sources = [release.source(unit) for unit in release.units]
    assert sources == ["2.1.0 - 2024-05-02", "Added", "A lamp.", "Removed", "The bell."]
    above = [[release.at(*span) for span in unit.above] for unit in release.units]
    assert above[0] == []
    assert above[-1] == ["2.1.0 - 2024-05-02", "Removed"]


def test_a_part_of_a_long_release_keeps_the_heading_that_stands_in_another_passage() -> None:
    text = CHANGES.format("Bell. " * (MAX_PASSAGE_CHARS // 6))
    *_, last = split(parse_document("changes.md", text))
    assert last.start > text.index("A lamp.")
    assert [last.at(*span) for span in last.units[-1].above] == ["2.1.0 - 2024-05-02", "Removed"]
