"""Lines of page navigation are recognised by their wording; sentences are not."""

import pytest

from corpus.boilerplate import boilerplate_reason, fingerprint, is_breadcrumb


@pytest.mark.parametrize(
    "line",
    ["Skip to main content", "Read more:", "Related posts:", "Share this on Facebook",
     "Facebook Twitter LinkedIn", "Subscribe to our newsletter", "Leave a comment",
     "Accept all cookies", "© 2024 Garden Co. All rights reserved.", "Previous article",
     "12 comments", "Sign in", "Log in to your account", "Read more about roses"],
)  # fmt: skip
def test_navigation_is_recognised(line: str) -> None:
    assert boilerplate_reason(line) == "navigation"
    assert boilerplate_reason(f"  {line.upper()}  ") == "navigation"


@pytest.mark.parametrize(
    "line",
    ["Maya|", "June 3, 2024|", "3 June 2024", "2024-06-03", "9 min read", "By Maya Lind",
     "Last updated on Mon, June 3, 2024"],
)  # fmt: skip
def test_bylines_are_recognised(line: str) -> None:
    assert boilerplate_reason(line) == "byline"


@pytest.mark.parametrize(
    "line",
    ["", "Read more books and water your plants.", "Home gardens need little water.",
     "Search for slugs in the evening.", "By watering early, you save half of it.",
     "Related plants are poisonous too.", "In May 2024 the nursery opened.",
     "Log in to your account and open the settings.", "Share this form with your manager.",
     "Subscribe to the plan before May.", "Learn more about roses before you cut them.",
     "12 comments were about roses, and they were kind.",
     "Print money? No. But a garden saves some. " * 5],
)  # fmt: skip
def test_sentences_are_not_boilerplate(line: str) -> None:
    assert boilerplate_reason(line) == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Home Gardening Indoor vs Outdoor Plants: What Differs", True),
        ("Home » Guides » Indoor vs Outdoor Plants: What Differs", True),
        ("Home Gardening Indoor vs Outdoor Plants: What Agrees", False),
        ("All about Indoor vs Outdoor Plants: What Differs", False),
    ],
)
def test_a_path_from_home_to_a_known_title_is_a_breadcrumb(line: str, expected: bool) -> None:
    titles = frozenset({fingerprint("Indoor vs Outdoor Plants: What Differs")})
    assert is_breadcrumb(line, titles) is expected


def test_fingerprints_ignore_case_punctuation_and_plural_s() -> None:
    assert fingerprint("The Plant’s Pots!") == fingerprint("the plants pot")
    assert fingerprint("The pot") != fingerprint("The pan")
