"""Nothing of a document is lost between its text and its passages, and no mark is left in a quote."""

from itertools import count
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Kind
from corpus.loader import parse_document
from corpus.markup import strip_markup
from corpus.splitter import split

SHAPES = st.sampled_from(
    ["# {}", "## {}?", "{}\n===", "{}.", "{}:", "**{}** and *{}*.", "[{}](x.md) `{}`", "![](x.png)\n\n{}",
     "- {}\n  - {}\n- [ ] {}", "1. {}\n\n   ```\n   {}\n   ```\n2. {}", "* {}?\n\n  {}.", "{}\n: {}",
     "| {} | {} |\n|---|---|\n| {} | {} |", "> {}", "> [!NOTE]\n> {}", '!!! note "{}"\n    {}',
     ":::tip {}\n{}\n:::", '=== "{}"\n\n    {}', "<p>{}</p>", "<ul>\n<li>{}</li>\n<li>{}</li>\n</ul>",
     "<details><summary>{}</summary>\n\n{}\n\n</details>", "<kbd>{}</kbd> {}<br>{}", "<div>\n\n{}\n\n</div>",
     "<table>\n<tr><th>{}</th><td>{}</td></tr>\n</table>", "Q: {}?\nA: {}.", "**Q: {}?**\n\nA: {}.",
     "**{}?**\n\n{}.", "```sh\n{}\n```", "~~~ {} ~~~", "    {}", "{}[^1]\n\n[^1]: {} {}", "{} &amp; {}",
     "pip install {}\n# {}\nrun {}", "{{% raw %}}\n{}", "---", "[x]: https://example.com", "<!-- x -->"]
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A document of some blocks, and its words, each of which occurs once."""
    numbers = count()
    words = []
    blocks = []
    for shape in draw(st.lists(SHAPES, min_size=1, max_size=12)):
        new = [f"word{ascii_lowercase[n // 26 % 26]}{ascii_lowercase[n % 26]}x" for _, n in
               zip(range(shape.count("{}")), numbers, strict=False)]  # fmt: skip
        blocks.append(shape.format(*new))
        words.extend(new)
    return "\n\n".join(["# Guide", *blocks]), words


@given(documents(), st.sampled_from(["\n", "\r\n"]))
def test_every_word_lies_in_a_passage_and_no_mark_in_a_quote(
    drawn: tuple[str, list[str]], line_break: str
) -> None:
    text, words = drawn
    passages = split(parse_document("guide.md", text.replace("\n", line_break)))
    found = " ".join(f"{p.text} {p.context} {p.question or ''}" for p in passages)
    assert [word for word in words if word not in found] == []
    quotes = [(u, strip_markup(p.source(u))) for p in passages for u in p.units]
    for unit, quote in quotes:
        marks = ["**", "](", "[!", ":::", "!!!", "[^", "&amp;", "<", "{%", "](", "![", '"']
        assert not any(mark in quote for mark in marks), quote
        assert unit.kind is Kind.CODE or not quote.startswith(("#", "- ", "> ", "Q:", "A:", "|"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[Contents](#a)\n\n- [One](#one)\n- [Two](#two)\n- [Three](#three)\n", False),
        ("## See also\n\n- [One](one.md)\n- [Two](two.md)\n- [Three](https://three.example)\n", False),
        ("In this article:\n\n- [One](#one)\n- [Two](#two)\n", False),
        ('Text.\n\n- <a href="#1">One</a>\n- <a href="#2">Two</a>\n- <a href="#3">Three</a>.\n', False),
        ("It is sold by:\n\n- [One](https://one.example)\n- [Two](two.md)\n- [Three](three.md)\n", True),
        ("## Sellers\n\n- [One](https://one.example)\n- [Two](two.md)\n- [Three](three.md)\n", True),
        ("## Pages\n\n- [One](one.md) - the first\n- [Two](two.md) - more\n- [Three](three.md)\n", True),
    ],
    ids=["anchors", "further reading", "in this article", "anchors in HTML", "announced", "leads out", "described"],
)  # fmt: skip
def test_a_list_of_links_is_navigation_unless_it_says_something(
    source: str, expected: bool
) -> None:
    found = " ".join(passage.text for passage in split(parse_document("guide.md", source)))
    assert ("Two" in found) is expected


def test_lines_of_a_narrow_column_are_joined_and_its_contents_are_navigation() -> None:
    text = (
        "Contents\nIntroduction ........ 3\nMethods . . . . . . . 12\n\nIntroduction\n"
        "The two-column layout of this paper breaks its\nlines at about forty-nine characters, so that no\n"
        "line is a sentence. Readers join them without a\nthought, as Smith et al. have shown.\nMethods\n"
        "We have measured the width of all the lines that\nare not the last ones of their paragraphs.\n"
    )
    blocks = parse_document("paper.txt", text).blocks
    assert [text[b.start : b.end] for b in blocks if b.kind is Kind.HEADING] == [
        "Introduction",
        "Methods",
    ]
    assert [b.reason for b in blocks if b.reason] == ["navigation", "contents", "contents"]
    assert sum(b.kind is Kind.PARAGRAPH for b in blocks) == 2


@pytest.mark.parametrize("name", ["guide.md", "guide.txt"])
def test_a_comment_in_code_without_a_fence_is_no_heading(name: str) -> None:
    text = "Run this:\n\nimport garden\n# water it\ngarden.water()\n\nIt takes a minute or two.\n"
    [code] = [b for b in parse_document(name, text).blocks if b.kind is Kind.CODE]
    assert text[code.start : code.end] == "import garden\n# water it\ngarden.water()"


def test_plain_text_below_front_matter_is_read_by_its_shape() -> None:
    text = "---\ntitle: Library\n---\nOpening hours\n\nIt opens at nine.\n\nWho may come in?\n\nEverybody.\n"
    kinds = [b.kind for b in parse_document("page.md", text).blocks]
    assert kinds == [Kind.HEADING, Kind.HEADING, Kind.PARAGRAPH, Kind.QUESTION, Kind.ANSWER]


def test_a_cell_that_spans_rows_or_columns_keeps_the_others_in_their_columns() -> None:
    text = (
        "<table><tr><th>Owner</th><th>Event</th><th>When</th></tr>\n"
        '<tr><td rowspan="2">site</td><td>reset</td><td>early</td></tr>\n'
        "<tr><td>read</td><td>late</td></tr><tr><td colspan=2>page</td><td>last</td></tr></table>\n"
    )
    rows = [b for b in parse_document("page.md", text).blocks if b.kind is Kind.ROW]
    assert [[text[a:b] for a, b in row.cells] for row in rows] == [
        ["site", "reset", "early"],
        ["site", "read", "late"],
        ["page", "", "last"],
    ]
