"""Markdown becomes blocks, each of them a span of the unchanged source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Block, Kind
from corpus.markdown import has_block_marks, markdown_blocks, metadata_of
from corpus.metadata import Metadata


def blocks(text: str) -> list[tuple[Kind, str]]:
    return [(block.kind, text[block.start : block.end]) for block in markdown_blocks(text)]


def levels(text: str) -> list[tuple[str, int]]:
    return [(text[b.start : b.end], b.level) for b in markdown_blocks(text)]


def cells(text: str, block: Block) -> list[str]:
    return [text[start:end] for start, end in block.cells]


def test_headings_have_levels_and_no_marks() -> None:
    text = "# Garden guide\n\nTools\n-----\n\n### *Spades* ###\n\nDig.\n"
    assert levels(text) == [("Garden guide", 1), ("Tools", 2), ("*Spades*", 3), ("Dig.", 0)]


def test_an_empty_heading_is_skipped() -> None:
    assert blocks("#\n\nDig.\n\n## \n") == [(Kind.PARAGRAPH, "Dig.")]


def test_items_of_nested_lists_have_depths_and_no_marks() -> None:
    text = "- Spade\n  1. Handle\n  2. Blade\n     of steel\n- Rake\n\n  It has teeth.\n"
    assert levels(text) == [
        ("Spade", 1),
        ("Handle", 2),
        ("Blade\n     of steel", 2),
        ("Rake", 1),
        ("It has teeth.", 1),
    ]
    assert {block.kind for block in markdown_blocks(text)} == {Kind.ITEM}


def test_lines_that_name_properties_are_items() -> None:
    text = "# Audit\n\nStatus: Open\nAssignee: Ada\nDue date: 1 May\n\nScope: all.\nLater: more.\n"
    assert blocks(text)[1:] == [
        (Kind.ITEM, "Status: Open"),
        (Kind.ITEM, "Assignee: Ada"),
        (Kind.ITEM, "Due date: 1 May"),
        (Kind.PARAGRAPH, "Scope: all.\nLater: more."),
    ]
    assert [kind for kind, _ in blocks("Note: One.\nNote: Two.\nNote: Three.\n")] == [
        Kind.PARAGRAPH
    ]


def test_a_table_has_a_header_and_rows_with_the_spans_of_their_cells() -> None:
    text = (
        "| Tool | Use |\n|:-----|----:|\n| Spade | dig |\n| `a \\| b` | |\nHoe | weed\n|| rest |\n"
    )
    found = markdown_blocks(text)
    assert [block.kind for block in found] == [Kind.HEADER, Kind.ROW, Kind.ROW, Kind.ROW, Kind.ROW]
    assert all(b.start <= a <= z <= b.end for b in found for a, z in b.cells[1:])
    assert [cells(text, block) for block in found] == [
        ["Tool", "Use"],
        ["Spade", "dig"],
        ["`a \\| b`", ""],
        ["Hoe", "weed"],
        ["Hoe", "rest"],
    ]


def test_paragraphs_below_a_question_are_its_answer_up_to_the_next_heading() -> None:
    text = "# Tools\n\nIntro.\n\n## **What is a rake?**\n\nA tool.\n\nWith teeth.\n\n## Care\n\nOil it.\n"
    assert blocks(text) == [
        (Kind.HEADING, "Tools"),
        (Kind.PARAGRAPH, "Intro."),
        (Kind.QUESTION, "**What is a rake?**"),
        (Kind.ANSWER, "A tool."),
        (Kind.ANSWER, "With teeth."),
        (Kind.HEADING, "Care"),
        (Kind.PARAGRAPH, "Oil it."),
    ]


def test_marks_inside_a_fence_are_code_and_a_fence_that_never_closes_is_text() -> None:
    text = "Run this:\n\n```sh\n# not a heading\n- not an item\n```\n\nDone.\n\n```\nunclosed\n\n# more"
    assert blocks(text) == [
        (Kind.PARAGRAPH, "Run this:"),
        (Kind.CODE, "# not a heading\n- not an item"),
        (Kind.PARAGRAPH, "Done."),
        (Kind.PARAGRAPH, "unclosed"),
        (Kind.HEADING, "more"),
    ]


def test_front_matter_gives_its_title_description_and_questions() -> None:
    text = (
        "---\ntitle: Guide\n# comment\ntags: [dig, a lot of soil]\ndescription: 'How a garden is kept.'\nfaq:\n"
        "  - question: Why dig?\n    answer: |\n      For air.\n---\nOne.\n\n---\n\nTwo.\n"
    )
    assert blocks(text) == [
        (Kind.HEADING, "Guide"),
        (Kind.PARAGRAPH, "How a garden is kept."),
        (Kind.QUESTION, "Why dig?"),
        (Kind.ANSWER, "For air."),
        (Kind.PARAGRAPH, "One."),
        (Kind.PARAGRAPH, "Two."),
    ]


def test_front_matter_without_text_is_boilerplate() -> None:
    text = "---\nlayout: page\n# comment\n---\nOne.\n"
    assert blocks(text) == [
        (Kind.BOILERPLATE, "---\nlayout: page\n# comment\n---"),
        (Kind.PARAGRAPH, "One."),
    ]


def test_html_is_text_and_scripts_and_navigation_are_boilerplate_with_a_reason() -> None:
    text = "# Guide\n\nSkip to main content\n\n<div>\nbanner\n</div>\n\n<script>\nx\n</script>\n\nDig.\n"
    found = markdown_blocks(text)
    assert [(block.kind, block.reason) for block in found] == [
        (Kind.HEADING, ""),
        (Kind.BOILERPLATE, "navigation"),
        (Kind.PARAGRAPH, ""),
        (Kind.BOILERPLATE, "HTML"),
        (Kind.PARAGRAPH, ""),
    ]


def test_marks_of_a_block_quote_are_not_part_of_blocks() -> None:
    text = "# Guide\n\n> Dig deep.\n\n> | Tool | Use |\n> |---|---|\n> | Spade | dig |\n"
    found = markdown_blocks(text)
    assert blocks(text)[1] == (Kind.PARAGRAPH, "Dig deep.")
    assert [cells(text, block) for block in found[2:]] == [["Tool", "Use"], ["Spade", "dig"]]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_break_gives_the_same_blocks(line_break: str) -> None:
    text = (
        "---\na: b\n---\n# Guide\n\nDig\ndeep.\n\n- Spade\n  - Blade\n\n"
        "| A | B |\n|---|---|\n| 1 | 2 |\n\n## Why?\n\nSo.\n"
    )
    expected = [
        (Kind.BOILERPLATE, "---\na: b\n---"),
        (Kind.HEADING, "Guide"),
        (Kind.PARAGRAPH, "Dig\ndeep."),
        (Kind.ITEM, "Spade"),
        (Kind.ITEM, "Blade"),
        (Kind.HEADER, "A | B"),
        (Kind.ROW, "1 | 2"),
        (Kind.QUESTION, "Why?"),
        (Kind.ANSWER, "So."),
    ]
    found = blocks(text.replace("\n", line_break))
    assert found == [(kind, source.replace("\n", line_break)) for kind, source in expected]


def test_a_byte_order_mark_hides_neither_a_heading_nor_front_matter() -> None:
    assert blocks("\ufeff# Guide\n\nDig.\n")[0] == (Kind.HEADING, "Guide")
    assert blocks("\ufeff---\na: b\n---\nDig.\n")[0] == (Kind.BOILERPLATE, "---\na: b\n---")


def test_unicode_line_separators_do_not_shift_offsets() -> None:
    text = "# Guide\u2028still\n\nDig\x0c deep.\x85\n\n- Spade\n"
    assert blocks(text)[0][1] == "Guide\u2028still"
    assert blocks(text)[-1] == (Kind.ITEM, "Spade")


@pytest.mark.parametrize("text", ["# Guide", "- Spade", "| A |\n|---|", "```\ncode\n```"])
def test_block_marks_are_detected(text: str) -> None:
    assert has_block_marks(text)
    assert has_block_marks("\ufeff" + text)


def test_a_text_of_paragraphs_has_no_block_marks() -> None:
    assert not has_block_marks("Garden guide\n\nDig *deep*. Is it 3 - 2?\n\n---\n\n#hashtag\n")


def test_directives_of_myst_are_text_and_their_options_and_targets_are_not() -> None:
    text = (
        "(target)=\n# Guide\n\n```{note} Title\n:class: tip\n\nDig.\n\n- Deep\n```\n\n% comment\n\n"
        "```{toctree}\nother\n```\n\n:::{toctree}\nmore\n:::\n\n```{code-block} sh\n:name: x\n\ndig\n```\n"
    )
    assert blocks(text) == [
        (Kind.HEADING, "Guide"),
        (Kind.PARAGRAPH, "Title"),
        (Kind.PARAGRAPH, "Dig."),
        (Kind.ITEM, "Deep"),
        (Kind.CODE, "dig"),
    ]


def test_template_tags_over_several_lines_and_components_are_no_text() -> None:
    text = '{% include a.html\n  b="c"\n%}\n\n<Map />\n\n{{ info | markdownify }}\n\n--8<-- "x.md"\n\nDig.\n'
    assert blocks(f"# Guide\n\n{text}")[1:] == [(Kind.PARAGRAPH, "Dig.")]


def test_a_label_in_bold_is_a_heading_of_what_stands_below_it() -> None:
    text = "# Guide\n\n**Tools**\n\n- Spade\n\n**Take these:**\n\n- Rake\n\n**Dig.** Then rest.\n"
    assert [block[1] for block in blocks(text) if block[0] is Kind.HEADING] == ["Guide", "Tools"]


def test_an_item_that_is_indented_too_far_is_still_an_item() -> None:
    text = "- Spade\n        - Blade\n        - Handle\n- Rake\n"
    assert levels(text) == [("Spade", 1), ("Blade", 2), ("Handle", 2), ("Rake", 1)]


def test_rows_without_a_header_are_a_table() -> None:
    text = "1. Take one:\n\n   |Spade|dig|\n   |Rake|comb|\n2. Go.\n"
    rows = [block for block in markdown_blocks(text) if block.kind is Kind.ROW]
    assert [cells(text, row) for row in rows] == [["Spade", "dig"], ["Rake", "comb"]]


def test_a_fence_in_an_item_may_close_with_less_indentation() -> None:
    text = "1. Dig:\n\n   ```\n   dig\n  ```\n2. Rest:\n\n   ```\n   rest\n   ```\n"
    assert [source for kind, source in blocks(text) if kind is Kind.CODE] == ["dig", "rest"]


PIECES = st.sampled_from(
    ["# ", "## ", "- ", "1. ", "> ", "```", "|", "---", "===", "\n", "\n\n", "\r\n", "\r", "\t", "  ",
     "    ", "Dig", "Why?", "\\|", "| a | b |\n|---|---|\n", "<div>", "<!--", "-->", "[a]: b", "\u2028",
     "\x0b", "\ufeff", "Menu"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_blocks_of_any_text_are_ordered_disjoint_and_contain_their_cells(text: str) -> None:
    before = 0
    for block in markdown_blocks(text):
        assert before <= block.start < block.end <= len(text)
        for start, end in block.cells:  # the first may be that of a row above
            assert start <= end <= block.end
        before = block.end


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("date: 2024-05-01\nupdated: 2025-03", Metadata(date="2025-03")),
        ("last_update:\n  date: 2025-03-02T10:00\n  author: Ann", Metadata(date="2025-03-02")),
        ("author: [Ann, Ben]\nlang: en-GB", Metadata(author="Ann", language="en-GB")),
        ("authors:\n- name: Ann Lee\n  url: x", Metadata(author="Ann Lee")),
        ("title: A\nurl: https://a.example/b", Metadata(title="A", url="https://a.example/b")),
        ("url: javascript:alert(1)\nlang: '<b>'\ndate: soon", Metadata()),
        ("date: [2025-01-01", Metadata()),
    ],
)
def test_front_matter_says_what_the_document_is(front: str, expected: Metadata) -> None:
    assert metadata_of(f"---\n{front}\n---\n\n# Guide\n") == expected
    assert metadata_of(f"# Guide\n\n---\n{front}\n---\n") == Metadata()
