"""Text without markup has its structure in its shape: what raw web scrapes look like."""

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


def seen(text: str, *kinds: Kind) -> list[str]:
    return [text[b.start : b.end] for b in plain_blocks(text) if not kinds or b.kind in kinds]


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(block.kind, text[block.start : block.end]) for block in plain_blocks(text)]


def test_headings_of_a_scraped_page_are_known_by_their_shape() -> None:
    headings = [
        (PAGE[b.start : b.end], b.level) for b in plain_blocks(PAGE) if b.kind is Kind.HEADING
    ]
    assert headings == [
        ("Indoor vs Outdoor Plants: What Differs Most", 1),
        ("Main Types of Indoor Plants", 2),
        ("What a Plant Brings", 2),
        ("1. Water and Feeding", 3),
        ("FAQs", 2),
    ]


def test_boilerplate_of_a_scraped_page_is_recognised_with_its_reason() -> None:
    found = {PAGE[b.start : b.end]: b.reason for b in plain_blocks(PAGE) if b.reason}
    assert found == {
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


def test_a_run_of_questions_and_answers_becomes_pairs_and_what_follows_belongs_to_none() -> None:
    found = kinds(PAGE)
    at = found.index((Kind.HEADING, "FAQs"))
    assert found[at + 1 :] == [
        (Kind.QUESTION, "How often should a cactus be watered?"),
        (Kind.ANSWER, "Once every three weeks is enough for most of them."),
        (Kind.QUESTION, "What is a perennial plant?"),
        (Kind.ANSWER, "A perennial is a plant that lives for more than two years."),
        (Kind.PARAGRAPH, "Maya Lind has kept a nursery since 1998 and writes about plants."),
    ]


def test_a_question_on_its_own_is_answered_up_to_the_next_heading() -> None:
    found = kinds(PAGE)
    at = found.index((Kind.QUESTION, "Who Keeps Indoor Plants?"))
    assert [kind for kind, _ in found[at + 1 : at + 5]] == [
        Kind.ANSWER,
        Kind.BOILERPLATE,
        Kind.ANSWER,
        Kind.HEADING,
    ]


def test_a_question_with_nothing_below_it_is_a_heading() -> None:
    text = "Guide to plants\n\nWho Keeps Plants?\n\nMain Types\n\nThere are two of them in all.\n"
    assert kinds(text)[1] == (Kind.HEADING, "Who Keeps Plants?")


def test_cells_that_a_scrape_ran_together_are_taken_apart_again() -> None:
    rows = [b for b in plain_blocks(PAGE) if b.kind in (Kind.HEADER, Kind.ROW)]
    assert [block.kind for block in rows] == [Kind.HEADER, Kind.ROW, Kind.ROW, Kind.ROW]
    assert [[PAGE[start:end] for start, end in block.cells] for block in rows] == [
        ["Type", "Role"],
        ["Succulents", "Store water in their leaves and forgive a forgetful owner."],
        ["Ferns & Mosses", "Like moist air and shade, and suit a bathroom."],
        ["Air Plants (Tillandsia)", "Need no soil, only a mist now and then."],
    ]


def test_names_with_a_capital_inside_make_no_table_of_sentences() -> None:
    text = "The shop takes PayPal and nothing else.\nIt sells the iPhone too.\nThe MacBook is sold out.\n"
    assert seen(text, Kind.ROW, Kind.HEADER) == []


def test_tabs_divide_the_cells_of_a_table() -> None:
    text = "Plants\n\nName\tRole\tSince\nAnna\tgrows herbs\t2001\n"
    rows = plain_blocks(text)[1:]
    assert [[text[start:end] for start, end in block.cells] for block in rows] == [
        ["Name", "Role", "Since"],
        ["Anna", "grows herbs", "2001"],
    ]


def test_lines_of_a_title_and_a_dash_are_items_of_a_list() -> None:
    assert seen(PAGE, Kind.ITEM) == [
        "Cleans The Air – Leaves take up dust and some gases.",
        "Calms People – A green corner lowers the pulse.",
        "Marks The Seasons – Flowers show what time of year it is.",
    ]


def test_bullets_and_numbers_make_items_without_their_marks() -> None:
    text = "Steps to take today\n\n• Dig a hole\n• Add some water\n\n1. Plant it\n2) Wait\n"
    assert seen(text, Kind.ITEM) == ["Dig a hole", "Add some water", "Plant it", "Wait"]


def test_lines_below_a_line_with_a_colon_are_its_items() -> None:
    text = "Garden guide\n\nTools you need:\nA spade with a long handle\nA pair of gloves\n\nDig deep.\n"
    assert kinds(text)[1:] == [
        (Kind.PARAGRAPH, "Tools you need:"),
        (Kind.ITEM, "A spade with a long handle"),
        (Kind.ITEM, "A pair of gloves"),
        (Kind.PARAGRAPH, "Dig deep."),
    ]


def test_headings_of_lists_that_a_paragraph_announces_stand_below_its_own_heading() -> None:
    text = (
        "Garden guide\n\nWhat Plants Bring\n\nBelow is what each kind brings to a garden.\n\n"
        "Indoor Plants\n\n- calm\n- air\n\nOutdoor Plants\n\n- bees\n- shade\n\n"
        "Water and Light\n\nMost of them need both.\n"
    )
    headings = [b for b in plain_blocks(text) if b.kind is Kind.HEADING]
    assert [(text[b.start : b.end], b.level) for b in headings] == [
        ("Garden guide", 1),
        ("What Plants Bring", 2),
        ("Indoor Plants", 3),
        ("Outdoor Plants", 3),
        ("Water and Light", 2),
    ]


def test_a_line_that_stands_alone_three_times_is_kept_once() -> None:
    line = "The Best Garden Shop In Town"
    text = f"Guide\n\n{line}\n\nDig deep.\n\n{line}\n\nWater it well.\n\n{line}\n\nWait for rain.\n"
    found = [kind for kind, words in kinds(text) if words == line]
    assert found == [Kind.HEADING, Kind.BOILERPLATE, Kind.BOILERPLATE]


def test_lines_broken_at_a_fixed_width_are_one_paragraph() -> None:
    first = (
        "Paragraphs in older texts are broken at a fixed width, so that a line\n"
        "is only a part of one. A reader joins them again without a thought, and\n"
        "a program must do the same or quote half a sentence."
    )
    second = (
        "The second paragraph goes on in the same manner, with lines that end\n"
        "wherever the width was used up, and not where a sentence or a thought\n"
        "has come to its end."
    )
    assert seen(f"Width of Lines\n\n{first}\n\n{second}\n", Kind.PARAGRAPH) == [first, second]


def test_lines_of_their_own_length_are_paragraphs_of_their_own() -> None:
    text = "Guide to soil\n\nSoil feeds the plant with all it needs.\nSand does not, however fine it is.\n"
    assert len(seen(text, Kind.PARAGRAPH)) == 2


def test_a_heading_that_ran_into_its_sentence_is_taken_out_of_it() -> None:
    sentence = "Without water, a plant has no way to grow and will die within weeks."
    text = f"Garden guide\n\nIt is known. Watering Indoor Plants {sentence} Some need little.\n"
    assert kinds(text)[1:] == [
        (Kind.PARAGRAPH, "It is known."),
        (Kind.HEADING, "Watering Indoor Plants"),
        (Kind.PARAGRAPH, f"{sentence} Some need little."),
    ]


def test_wiki_headings_have_the_level_of_their_marks() -> None:
    text = "Garden history\n\n== Origins ==\n\nIt began long ago.\n\n=== Early years ===\n\nHard ones.\n"
    headings = [b for b in plain_blocks(text) if b.kind is Kind.HEADING]
    assert [(text[b.start : b.end], b.level) for b in headings[1:]] == [
        ("Origins", 2),
        ("Early years", 3),
    ]


def test_lines_of_code_are_code() -> None:
    text = (
        "Garden guide\n\nRun this in the shell of your choice.\n\nimport garden\ngarden.water(3)\n"
    )
    assert seen(text, Kind.CODE) == ["import garden\ngarden.water(3)"]


def test_a_first_line_that_reads_as_text_is_no_title() -> None:
    assert kinds("It rains today.\n\nTake a coat.\n")[0] == (Kind.PARAGRAPH, "It rains today.")


def test_line_breaks_of_windows_change_no_block() -> None:
    windows = PAGE.replace("\n", "\r\n")
    assert kinds(windows) == kinds(PAGE)


LINES = st.sampled_from(
    ["", "", "Type Role", "TypeRole", "EmployeesUse company things.", "Why is it so?", "Dig deep.",
     "Water it: now", "Tools:", "- spade", "1. step", "== Wiki ==", "    code = 1", "import x",
     "Menu", "Home Garden guide to soil", "Garden guide to soil", "Maya|", "a caption", "\tx\ty", "x\ty",
     "Valuing Plants Without plants, nothing would be green at all here.", "\ufeff", "\x0c", "v1.2"]
)  # fmt: skip


@given(st.lists(LINES, max_size=20), st.sampled_from(["\n", "\r\n"]))
def test_nothing_of_any_text_is_lost_but_bullets_and_wiki_marks(
    lines: list[str], line_break: str
) -> None:
    text = line_break.join(lines)
    found = plain_blocks(text)
    assert all(block.start < block.end for block in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    ends = [0, *(at for block in found for at in (block.start, block.end)), len(text)]
    outside = "".join(text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True))
    assert set(outside) <= set(" \t\r\n\x0c\ufeff-=1.")


# --- the raw scrapes that lie beside the checkout --------------------------------------------


@pytest.fixture
def scrape() -> Document:
    if not MATERIAL.is_dir():
        pytest.skip(f"the raw scrapes are not on this machine ({MATERIAL})")
    return load_corpus(MATERIAL).documents[1]


def test_the_five_questions_of_the_scraped_faq_have_their_answers(scrape: Document) -> None:
    faq = [p for p in split(scrape) if p.headings == ("FAQs",) and p.question]
    at = scrape.text.index("\nFAQs\n")
    for passage in faq:
        assert passage.question is not None
        question = scrape.text.index(passage.question + "\n", at)
        answer = scrape.text[question:].split("\n")[1]
        assert (passage.start, passage.text) == (question, f"{passage.question}\n{answer}")
        assert [scrape.text[u.start : u.end] for u in passage.units] == [answer]
    asked = [str(passage.question) for passage in faq]
    assert len(asked) == len(set(asked)) == 5
    assert all(question.startswith("What ") and question.endswith("?") for question in asked)


def test_the_three_tables_of_the_scrape_have_eight_seven_and_five_rows(scrape: Document) -> None:
    tables = [p for p in split(scrape) if p.kind is Kind.ROW]
    rows = [[unit for unit in table.units if unit.kind is Kind.ROW] for table in tables]
    assert [len(table) for table in rows] == [8, 7, 5]
    assert all(len(row.cells) == 2 for table in rows for row in table)
    name, role = rows[0][2].cells
    assert scrape.text[slice(*name)] == "HR Department"
    assert scrape.text[slice(*role)].startswith("Manages employee needs")


def test_boilerplate_of_the_scrape_is_recognised_and_in_no_passage(scrape: Document) -> None:
    left_out = {scrape.text[b.start : b.end]: b.reason for b in scrape.boilerplate()}
    assert left_out["Skip to main content"] == "navigation"
    assert left_out["11 min read"] == "byline"
    assert left_out["Read more:"] == left_out["Related posts:"] == "navigation"
    assert left_out["Payment and Value Exchange"] == "repeated line"
    assert left_out["internal customers"] == left_out["Apple’s customers"] == "caption"
    spans = [(block.start, block.end) for block in scrape.boilerplate()]
    for passage in split(scrape):
        for start, end in spans:
            assert passage.end <= start or end <= passage.start


def test_the_other_scrape_gives_up_the_headings_that_ran_into_its_paragraphs() -> None:
    if not MATERIAL.is_dir():
        pytest.skip(f"the raw scrapes are not on this machine ({MATERIAL})")
    document = load_corpus(MATERIAL).documents[0]
    headings = [document.text[b.start : b.end] for b in document.blocks if b.kind is Kind.HEADING]
    assert "Valuing External Customers" in headings
    assert "Internal Customers and the External Customer Experience" in headings
    repeats = [document.text[b.start : b.end] for b in document.boilerplate()]
    assert repeats == ["External and internal customers"] * 3
