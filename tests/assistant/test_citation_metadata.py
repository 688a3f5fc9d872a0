"""Citations say where in its file a passage stands, and what the document says of itself."""

import json
from pathlib import Path

import pytest
from formats import assistant_over

from api.cli.terminal import render
from assistant.answer import Citation

LEAVE = """---
title: Leave
lastmod: 2025-03-02
url: https://intranet.example/leave
---

Employees have 27 days of annual leave.
"""
PAGE = (
    "<html><meta name=date content='2024-01-31'><link rel=canonical href='https://a.example/noise'>"
    "<h1>Noise</h1><p>Drilling is forbidden on Sundays."
)
ARTICLE = {
    "title": "Boiler",
    "body": "<p>The boiler is restarted with the green button below the display.</p>",
    "html_url": "https://help.example/boiler",
    "updated_at": "2025-01-31T09:00:00Z",
}
NOTION = "0123456789abcdef0123456789abcdef"
PRICES = "Product,Price in euros\nHammer,19\nSaw,24\n"


@pytest.fixture(scope="module")
def cited(
    tmp_path_factory: pytest.TempPathFactory, encoder_data: Path
) -> dict[str, tuple[Citation, str]]:
    """The first citation of an answer from each file, and the answer as the terminal shows it."""
    files = {
        "leave.md": LEAVE,
        "noise.html": PAGE,
        "prices.csv": PRICES,
        "docs.example.org/fees/index.html": "<h1>Fees</h1><p>A library card costs 12 euros.",
        "export.json": json.dumps({"articles": [ARTICLE]}),
        f"notion/Parking {NOTION}.md": "# Parking\n\nVisitors park on deck three.\n",
    }
    questions = {
        "leave.md": "How many days of annual leave do employees have?",
        "noise.html": "When is drilling forbidden?",
        "prices.csv": "What is the price of a saw?",
        "docs.example.org/fees/index.html": "How much does a library card cost?",
        "export.json": "How is the boiler restarted?",
        f"notion/Parking {NOTION}.md": "Where do visitors park?",
    }
    raw = {name: text.encode() for name, text in files.items()}
    found = {}
    with assistant_over(tmp_path_factory.mktemp("cited"), encoder_data, raw) as assistant:
        for name, question in questions.items():
            answer = assistant.ask(question)
            shown = render(answer, Path("documents"), assistant._texts.read)
            found[name] = (answer.citations[0], shown)
    return found


@pytest.mark.parametrize(
    ("name", "place", "date", "url"),
    [
        ("leave.md", "", "2025-03-02", "https://intranet.example/leave"),
        ("noise.html", "", "2024-01-31", "https://a.example/noise"),
        ("prices.csv", "row 3", "", "/#document=prices.csv"),
        ("docs.example.org/fees/index.html", "", "", "https://docs.example.org/fees/"),
        ("export.json", "", "2025-01-31", "https://help.example/boiler"),
        (f"notion/Parking {NOTION}.md", "", "", f"https://www.notion.so/{NOTION}"),
    ],
)
def test_citation_has_place_date_and_original(
    cited: dict[str, tuple[Citation, str]], name: str, place: str, date: str, url: str
) -> None:
    citation, _ = cited[name]
    assert (citation.document, citation.place, citation.date) == (name, place, date)
    assert citation.url.partition("&")[0] == url


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "leave.md",
            "Leave, 2025-03-02  (documents/leave.md:7)\n    https://intranet.example/leave",
        ),
        ("noise.html", "Noise, 2024-01-31  (documents/noise.html)\n    https://a.example/noise"),
        ("prices.csv", "prices  (documents/prices.csv, row 3)"),
    ],
)
def test_terminal_shows_them(cited: dict[str, tuple[Citation, str]], name: str, shown: str) -> None:
    assert f"[1] {shown}\n" in cited[name][1]
