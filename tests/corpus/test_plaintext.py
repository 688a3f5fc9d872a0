"""Structure of text without markup is found by its shape, as raw web scrapes have it."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document, Kind
from corpus.loader import load_corpus
from corpus.plaintext import plain_blocks
from corpus.splitter import split

MATERIAL = Path(__file__).resolve().parents[3] / "shared" / "material"

PAGE = """Skip to main content
Home Gardening Indoor vs Outdoor Plants: What Differs Most

Indoor vs Outdoor Plants: What Differs Most

Maya|
June 3, 2024|
9 min read

Most people think of a plant as something that grows outside. The ones on a shelf matter too.

Who Keeps Indoor Plants?

Indoor plants live in rooms and depend on the people who water them.

indoor plants

Nobody waters them on holidays, and many die of that.

Main Types of Indoor Plants

TypeRole
SucculentsStore water in their leaves and forgive a forgetful owner.
Ferns & MossesLike moist air and shade, and suit a bathroom.
Air Plants (Tillandsia)Need no soil, only a mist now and then.

Outdoor Plant
Outdoor Plants

Read more:

What a Plant Brings

Cleans The Air – Leaves take up dust and some gases.
Calms People – A green corner lowers the pulse.
Marks The Seasons – Flowers show what time of year it is.

1. Water and Feeding

Indoor plants drink little. Outdoor plants drink what the sky gives.

Water and Feeding

FAQs

How often should a cactus be watered?
Once every three weeks is enough for most of them.

What is a perennial plant?
A perennial is a plant that lives for more than two years.

Maya Lind has kept a nursery since 1998 and writes about plants.
"""


def blocks(text: str, *kinds: Kind) -> list[tuple[Kind, str]]:
    """The blocks of the given kinds, or all, with their text."""
    return [
        (b.kind, text[b.start : b.end]) for b in plain_blocks(text) if b.kind in kinds or not kinds
    ]


def headings(text: str) -> list[tuple[str, int]]:
    return [(text[b.start : b.end], b.level) for b in plain_blocks(text) if b.kind is Kind.HEADING]


def rows(text: str) -> list[list[str]]:
    return [[text[slice(*cell)] for cell in b.cells] for b in plain_blocks(text) if b.cells]


def test_headings_of_a_scraped_page_have_levels() -> None:
    assert headings(PAGE) == [
        ("Indoor vs Outdoor Plants: What Differs Most", 1),
        ("Main Types of Indoor Plants", 2),
        ("What a Plant Brings", 2),
        ("1. Water and Feeding", 3),
        ("FAQs", 2),
    ]


def test_a_question_may_be_broken_over_two_lines() -> None:
    text = "Guide\n\nWhat do I have to do if I move to a flat in\nanother district?\n\nTell us.\n"
    assert blocks(text, Kind.QUESTION, Kind.ANSWER) == [
        (Kind.QUESTION, "What do I have to do if I move to a flat in\nanother district?"),
        (Kind.ANSWER, "Tell us."),
    ]


def test_a_line_that_starts_small_goes_on_with_the_long_line_above() -> None:
    text = "Guide\n\nThe office is open on every day of\nthe week. It is closed at night.\n"
    assert len(blocks(text, Kind.PARAGRAPH)) == 1


def test_items_are_nested_by_their_indentation_whatever_their_marks() -> None:
    text = "Bring:\n- Tent\n  1. poles\n  2. pegs\n     a) spare pegs\n- Stove\n"
    found = [(text[b.start : b.end], b.level, b.number) for b in plain_blocks(text) if b.level]
    assert found == [
        ("Tent", 1, 0),
        ("poles", 2, 1),
        ("pegs", 2, 2),
        ("spare pegs", 3, 0),
        ("Stove", 1, 0),
    ]


def test_a_version_with_its_date_is_a_heading() -> None:
    text = "CHANGES\n\n3.2.0 - 2024-05-02\n- A lamp.\n\n3.1.0 - 2024-03-01\n- A bell.\n"
    assert headings(text)[1:] == [("3.2.0 - 2024-05-02", 2), ("3.1.0 - 2024-03-01", 2)]


def test_boilerplate_of_a_scraped_page_has_a_reason() -> None:
    assert {PAGE[b.start : b.end]: b.reason for b in plain_blocks(PAGE) if b.reason} == {
        "Skip to main content": "navigation",
        "Home Gardening Indoor vs Outdoor Plants: What Differs Most": "navigation",
        "Maya|": "byline",
        "June 3, 2024|": "byline",
        "9 min read": "byline",
        "indoor plants": "caption",
        "Outdoor Plant": "caption",
        "Outdoor Plants": "caption",
        "Read more:": "navigation",
        "Water and Feeding": "repeated line",
    }


def test_a_run_of_questions_and_answers_becomes_pairs_and_later_text_belongs_to_none() -> None:
    found = blocks(PAGE)
    assert found[found.index((Kind.HEADING, "FAQs")) + 1 :] == [
        (Kind.QUESTION, "How often should a cactus be watered?"),
        (Kind.ANSWER, "Once every three weeks is enough for most of them."),
        (Kind.QUESTION, "What is a perennial plant?"),
        (Kind.ANSWER, "A perennial is a plant that lives for more than two years."),
        (Kind.PARAGRAPH, "Maya Lind has kept a nursery since 1998 and writes about plants."),
    ]


def test_a_single_question_is_answered_up_to_the_next_heading() -> None:
    found = blocks(PAGE)
    at = found.index((Kind.QUESTION, "Who Keeps Indoor Plants?"))
    kinds = [kind for kind, _ in found[at + 1 : at + 5]]
    assert kinds == [Kind.ANSWER, Kind.BOILERPLATE, Kind.ANSWER, Kind.HEADING]


def test_cells_that_run_together_are_separated() -> None:
    assert rows(PAGE) == [
        ["Type", "Role"],
        ["Succulents", "Store water in their leaves and forgive a forgetful owner."],
        ["Ferns & Mosses", "Like moist air and shade, and suit a bathroom."],
        ["Air Plants (Tillandsia)", "Need no soil, only a mist now and then."],
    ]
    assert [kind for kind, _ in blocks(PAGE, Kind.HEADER, Kind.ROW)] == [Kind.HEADER] + [
        Kind.ROW
    ] * 3


def test_tabs_separate_cells() -> None:
    text = "Plants\n\nName\tRole\tSince\nAnna\tgrows herbs\t2001\n"
    assert rows(text) == [["Name", "Role", "Since"], ["Anna", "grows herbs", "2001"]]


def test_spaces_separate_cells_that_stand_in_columns() -> None:
    text = "Plans\n\nTeam        Price   Storage\nStarter     4 EUR   10 GB\nBusiness    12 EUR  50 GB\n"
    assert rows(text)[1:] == [["Starter", "4 EUR", "10 GB"], ["Business", "12 EUR", "50 GB"]]


def test_underlined_lines_are_headings_and_rules_are_no_text() -> None:
    text = "Guide\n=====\n\nDig deep.\n\n* * *\n\nWhy?\n----\n\nFor air.\n\n-----\n\nCare\n~~~~\n\nOil it.\n"
    assert [(b.kind, text[b.start : b.end]) for b in plain_blocks(text)] == [
        (Kind.HEADING, "Guide"),
        (Kind.PARAGRAPH, "Dig deep."),
        (Kind.QUESTION, "Why?"),
        (Kind.ANSWER, "For air."),
        (Kind.HEADING, "Care"),
        (Kind.PARAGRAPH, "Oil it."),
    ]


def test_names_with_a_capital_inside_do_not_make_a_table() -> None:
    text = "The shop takes PayPal and nothing else.\nIt sells the iPhone too.\nThe MacBook is sold out.\n"
    assert rows(text) == []


WRAPPED = """Paragraphs in older texts are broken at a fixed width, so that a line
is only a part of one. A person joins them again without a thought, and
a program must do the same or quote half a sentence.

The second paragraph goes on in the same manner, with lines that end
wherever the width was used up, and not where a sentence or a thought
has come to its end."""
SENTENCE = "Without water, a plant has no way to grow and will die within weeks."


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (
            PAGE,
            Kind.ITEM,
            [
                "Cleans The Air – Leaves take up dust and some gases.",
                "Calms People – A green corner lowers the pulse.",
                "Marks The Seasons – Flowers show what time of year it is.",
            ],
        ),
        (
            "Steps to take today\n\n• Dig a hole\n• Add some water\n\n1. Plant it\n2) Wait\n",
            Kind.ITEM,
            ["Dig a hole", "Add some water", "Plant it", "Wait"],
        ),
        (
            "Garden guide\n\nTools you need:\nA spade with a long handle\nA pair of gloves\n\nDig deep.\n",
            Kind.ITEM,
            ["A spade with a long handle", "A pair of gloves"],
        ),
        (
            "Garden guide\n\nRun this in the shell of your choice.\n\nimport garden\ngarden.water(3)\n",
            Kind.CODE,
            ["import garden\ngarden.water(3)"],
        ),
        (f"Width of Lines\n\n{WRAPPED}\n", Kind.PARAGRAPH, WRAPPED.split("\n\n")),
        (
            "Guide to soil\n\nSoil feeds the plant with all it needs.\nSand does not, however fine it is.\n",
            Kind.PARAGRAPH,
            ["Soil feeds the plant with all it needs.", "Sand does not, however fine it is."],
        ),
        (
            f"Garden guide\n\nIt is known. Watering Indoor Plants {SENTENCE} Some need little.\n",
            Kind.PARAGRAPH,
            ["It is known.", f"{SENTENCE} Some need little."],
        ),
        ("It rains today.\n\nTake a coat.\n", Kind.PARAGRAPH, ["It rains today.", "Take a coat."]),
    ],
    ids=["titles with dashes", "bullets and numbers", "lines below a colon", "lines of code",
         "wrapped lines", "lines of any length", "heading run into a sentence", "no title"],
)  # fmt: skip
def test_lines_are_classified_by_their_shape(text: str, kind: Kind, expected: list[str]) -> None:
    assert blocks(text, kind) == [(kind, each) for each in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Garden guide\n\nWhat Plants Bring\n\nBelow is what each kind brings to a garden.\n\n"
            "Indoor Plants\n\n- calm\n- air\n\nOutdoor Plants\n\n- bees\n- shade\n\n"
            "Water and Light\n\nMost of them need both.\n",
            [("Garden guide", 1), ("What Plants Bring", 2), ("Indoor Plants", 3),
             ("Outdoor Plants", 3), ("Water and Light", 2)],
        ),
        (
            f"Garden guide\n\nIt is known. Watering Indoor Plants {SENTENCE} Some need little.\n",
            [("Garden guide", 1), ("Watering Indoor Plants", 4)],
        ),
        (
            "Garden history\n\n== Origins ==\n\nIt began long ago.\n\n=== Early years ===\n\nHard ones.\n",
            [("Garden history", 1), ("Origins", 2), ("Early years", 3)],
        ),
        (
            "Guide to plants\n\nWho Keeps Plants?\n\nMain Types\n\nThere are two of them in all.\n",
            [("Guide to plants", 1), ("Who Keeps Plants?", 2), ("Main Types", 2)],
        ),
    ],
    ids=["announced lists", "run into a sentence", "wiki marks", "question without answer"],
)  # fmt: skip
def test_headings_have_levels(text: str, expected: list[tuple[str, int]]) -> None:
    assert headings(text) == expected


def test_a_line_that_stands_alone_three_times_is_a_heading_only_once() -> None:
    line = "The Best Garden Shop In Town"
    text = f"Guide\n\n{line}\n\nDig deep.\n\n{line}\n\nWater it well.\n\n{line}\n\nWait for rain.\n"
    found = [kind for kind, words in blocks(text) if words == line]
    assert found == [Kind.HEADING, Kind.BOILERPLATE, Kind.BOILERPLATE]


def test_windows_line_breaks_change_no_block() -> None:
    assert blocks(PAGE.replace("\n", "\r\n")) == blocks(PAGE)


LINES = st.sampled_from(
    ["", "", "Type Role", "TypeRole", "EmployeesUse company things.", "Why is it so?", "Dig deep.",
     "Water it: now", "Tools:", "- spade", "1. step", "== Wiki ==", "    code = 1", "import x",
     "Menu", "Home Garden guide to soil", "Garden guide to soil", "Maya|", "a caption", "\tx\ty", "x\ty",
     "Valuing Plants Without plants, nothing would be green at all here.", "\ufeff", "\x0c", "v1.2"]
)  # fmt: skip


@given(st.lists(LINES, max_size=20), st.sampled_from(["\n", "\r\n"]))
def test_only_list_and_heading_marks_are_outside_all_blocks(
    lines: list[str], line_break: str
) -> None:
    text = line_break.join(lines)
    found = plain_blocks(text)
    assert all(block.start < block.end for block in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    ends = [0, *(at for block in found for at in (block.start, block.end)), len(text)]
    outside = "".join(text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True))
    assert set(outside) <= set(" \t\r\n\x0c\ufeff-=1.")


# --- the raw scrapes in the folder next to the checkout -----------------------------------------


@pytest.fixture(scope="module")
def scrapes() -> tuple[Document, ...]:
    if not MATERIAL.is_dir():
        pytest.skip(f"the raw scrapes are not on this machine ({MATERIAL})")
    return load_corpus(MATERIAL).documents


def test_the_five_questions_of_the_scraped_faq_have_their_answers(
    scrapes: tuple[Document, ...],
) -> None:
    scrape = scrapes[1]
    faq = [p for p in split(scrape) if p.headings == ("FAQs",) and p.question]
    for passage in faq:
        start = scrape.text.index(f"{passage.question}\n", scrape.text.index("\nFAQs\n"))
        answer = scrape.text[start:].split("\n")[1]
        assert passage.text.removeprefix("FAQs\n\n") == f"{passage.question}\n{answer}"
        assert [passage.source(unit) for unit in passage.units] == [answer]
    assert len({passage.question for passage in faq}) == len(faq) == 5


def test_the_three_tables_of_the_scrape_have_eight_seven_and_five_rows(
    scrapes: tuple[Document, ...],
) -> None:
    tables = [p for p in split(scrapes[1]) if p.kind is Kind.ROW]
    table_rows = [[unit for unit in table.units if unit.kind is Kind.ROW] for table in tables]
    assert [len(units) for units in table_rows] == [8, 7, 5]
    assert all(len(unit.cells) == 2 for units in table_rows for unit in units)
    name, role = (tables[0].at(*cell) for cell in table_rows[0][2].cells)
    assert (name, role[:23]) == ("HR Department", "Manages employee needs,")


def test_boilerplate_of_the_scrapes_is_in_no_passage(scrapes: tuple[Document, ...]) -> None:
    found = {scrapes[1].text[b.start : b.end]: b.reason for b in scrapes[1].boilerplate()}
    assert found["Skip to main content"] == found["Read more:"] == "navigation"
    assert found["11 min read"] == "byline"
    assert found["Payment and Value Exchange"] == "repeated line"
    assert found["internal customers"] == found["Apple’s customers"] == "caption"
    for scrape in scrapes:
        for passage in split(scrape):
            assert all(
                passage.end <= b.start or b.end <= passage.start for b in scrape.boilerplate()
            )


def test_headings_that_ran_into_paragraphs_of_the_other_scrape_are_found(
    scrapes: tuple[Document, ...],
) -> None:
    text = scrapes[0].text
    found = {text[b.start : b.end] for b in scrapes[0].blocks if b.kind is Kind.HEADING}
    assert {
        "Valuing External Customers",
        "Internal Customers and the External Customer Experience",
    } <= found
    repeats = [text[b.start : b.end] for b in scrapes[0].boilerplate()]
    assert repeats == ["External and internal customers"] * 3
