"""What is on a page but not of it is known by its shape; sentences are left alone."""

import pytest

from corpus.boilerplate import boilerplate_reason, fingerprint, is_breadcrumb


@pytest.mark.parametrize(
    "line",
    [
        "Skip to main content",
        "Read more:",
        "Related posts:",
        "Share this on Facebook",
        "Facebook Twitter LinkedIn",
        "Subscribe to our newsletter",
        "Leave a comment",
        "Accept all cookies",
        "© 2024 Garden Co. All rights reserved.",
        "Previous article",
        "12 comments",
        "Sign in",
        "Log in to your account",
        "Read more about roses",
    ],
)
def test_navigation_is_recognised(line: str) -> None:
    assert boilerplate_reason(line) == "navigation"
    assert boilerplate_reason(f"  {line.upper()}  ") == "navigation"


@pytest.mark.parametrize(
    "line", ["Maya|", "June 3, 2024|", "3 June 2024", "2024-06-03", "9 min read", "By Maya Lind",
             "Last updated on Mon, June 3, 2024"]
)  # fmt: skip
def test_bylines_are_recognised(line: str) -> None:
    assert boilerplate_reason(line) == "byline"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Read more books and water your plants.",
        "Home gardens need little water.",
        "Search for slugs in the evening.",
        "By watering early, you save half of it.",
        "Related plants are poisonous too.",
        "In May 2024 the nursery opened.",
        "Log in to your account and open the settings.",
        "Share this form with your manager.",
        "Subscribe to the plan before May.",
        "Learn more about roses before you cut them.",
        "12 comments were about roses, and they were kind.",
        "Print money? No. But a garden saves some. " * 5,
    ],
)
def test_sentences_are_no_boilerplate(line: str) -> None:
    assert boilerplate_reason(line) == ""


def test_a_trail_from_home_to_the_title_is_a_breadcrumb() -> None:
    others = frozenset({fingerprint("Indoor vs Outdoor Plants: What Differs")})
    assert is_breadcrumb("Home Gardening Indoor vs Outdoor Plants: What Differs", others)
    assert is_breadcrumb("Home » Guides » Indoor vs Outdoor Plants: What Differs", others)
    assert not is_breadcrumb("Home Gardening Indoor vs Outdoor Plants: What Agrees", others)
    assert not is_breadcrumb("All about Indoor vs Outdoor Plants: What Differs", others)


def test_lines_that_a_reader_calls_the_same_have_one_fingerprint() -> None:
    assert fingerprint("The Plant’s Pots!") == fingerprint("the plants pot")
    assert fingerprint("The pot") != fingerprint("The pan")
