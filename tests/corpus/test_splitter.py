"""Passages are FAQ pairs, lists, tables and adjacent paragraphs, each an exact span of the text."""

from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document, Kind, Passage
from corpus.joins import MAX_JOINED_CHARS, MAX_PASSAGE_CHARS
from corpus.loader import parse_document
from corpus.markup import strip_markup
from corpus.splitter import split


def passages(text: str, name: str = "guide.md") -> list[Passage]:
    return split(parse_document(name, text))


def texts(text: str) -> list[str]:
    return [passage.text for passage in passages(text)]


def quotes(passage: Passage) -> list[str]:
    return [passage.source(unit) for unit in passage.units]


def sentence(number: int) -> str:
    return f"Sentence number {number} says a little about how gardens are watered."


def test_a_passage_has_its_span_and_the_headings_above_it() -> None:
    text = "# Guide\n\n## Tools\n\n### Spades\n\nDig.\n\n## Care\n\nOil it.\n"
    dig, oil = passages(text)
    assert (dig.document, dig.title, dig.headings) == ("guide.md", "Guide", ("Tools", "Spades"))
    assert dig.context == "Guide › Tools › Spades"
    assert (dig.start, dig.end, dig.kind) == (2, text.index("Dig.") + 4, "paragraph")
    assert oil.headings == ("Care",)
    assert dig.sha256 == parse_document("guide.md", text).sha256


def test_a_question_and_its_answer_are_one_passage() -> None:
    text = "Intro.\n\n## What is a *rake*?\n\nA tool. It has teeth.\n\nIt is old.\n\n## Care\n\nOil it.\n"
    _, faq, care = passages(text)
    assert faq.text == "What is a *rake*?\n\nA tool. It has teeth.\n\nIt is old."
    assert (faq.question, faq.headings, faq.kind) == ("What is a rake?", (), Kind.ANSWER)
    assert quotes(faq) == ["A tool.", "It has teeth.", "It is old."]
    assert care.question is None


def test_boilerplate_between_a_question_and_its_answer_is_in_no_passage() -> None:
    (faq,) = passages("# Guide\n\n## Why?\n\nMenu\n\nSo.\n")
    assert (faq.question, faq.text) == ("Why?", "So.")


def test_a_list_below_a_question_answers_it() -> None:
    (faq,) = passages("# Guide\n\n## Which tools?\n\n- Spade\n- Rake\n")
    assert (faq.question, faq.kind) == ("Which tools?", Kind.ANSWER)
    assert quotes(faq) == ["Spade", "Rake"]


def test_a_list_includes_the_line_that_introduces_it_as_lead_of_its_items() -> None:
    text = "# Guide\n\nBefore.\n\nTake these tools:\n\n- Spade\n- Rake\n\nAfter.\n"
    before, tools, after = passages(text)
    assert (before.text, after.text) == ("Guide\n\nBefore.", "After.")
    assert tools.text == "Take these tools:\n\n- Spade\n- Rake"
    assert tools.kind is Kind.ITEM
    lead = tools.units[0]
    assert tools.units[1].lead == (lead.start, lead.end)


def test_a_list_is_one_passage_however_long() -> None:
    items = [f"- Tool number {number:03d}, which is of some use" for number in range(100)]
    text = "Take these tools:\n\n" + "\n".join(items)
    assert texts(text) == [text]


def test_a_table_is_one_passage_whose_rows_have_the_header_as_lead() -> None:
    text = "# Guide\n\nIntro.\n\nTools\n\n| Tool | Use |\n|---|---|\n| Spade | dig |\n| Rake | comb |\n\nEnd.\n"
    _, table, _ = passages(text)
    assert table.kind is Kind.ROW
    assert [unit.kind for unit in table.units] == [Kind.HEADER, Kind.ROW, Kind.ROW]
    assert table.units[2].lead == (table.units[0].start, table.units[0].end)
    assert [table.at(*cell) for cell in table.units[1].cells] == ["Spade", "dig"]


def test_only_short_paragraphs_of_a_section_are_joined() -> None:
    short = "# Guide\n\nDig.\n\nWater.\n"
    assert texts(short) == ["Guide\n\nDig.\n\nWater."]
    long = "\n\n".join([" ".join(map(sentence, range(6))), " ".join(map(sentence, range(6, 12)))])
    assert len(long) > MAX_JOINED_CHARS
    assert texts(long + "\n\n- item") == [*long.split("\n\n"), "item"]


def test_a_long_paragraph_is_divided_between_sentences() -> None:
    paragraph = " ".join(map(sentence, range(40)))
    parts = texts(paragraph)
    assert len(parts) > 2
    assert " ".join(parts) == paragraph
    assert all(len(part) <= MAX_PASSAGE_CHARS and part.endswith("watered.") for part in parts)


def test_a_sentence_that_does_not_end_is_cut_at_a_sensible_length() -> None:
    endless = "and on " * 300 + "it goes"
    found = [quote for passage in passages(endless) for quote in quotes(passage)]
    assert " ".join(found) == endless
    assert all(len(quote) <= 600 for quote in found)


def test_code_is_one_unit_of_the_passage_that_explains_it() -> None:
    (passage,) = passages("# Guide\n\nRun this:\n\n```\nwater()\n\nwait()\n```\n")
    assert passage.text.endswith("```\nwater()\n\nwait()")
    assert passage.units[-1].kind is Kind.CODE


def test_the_same_text_elsewhere_in_the_document_has_another_id() -> None:
    first, second = passages("# Guide\n\n## A\n\nDig.\n\n## B\n\nDig.\n")
    assert first.id != second.id
    assert first.id == passages("# Guide\n\n## A\n\nDig.\n\n## B\n\nDig deeper.\n")[0].id


def test_headings_with_no_text_below_are_a_passage_that_can_be_quoted() -> None:
    (passage,) = passages("# Guide\n\n## Closed on Mondays\n\nMenu\n")
    assert quotes(passage) == ["Guide", "Closed on Mondays"]


WORDS = st.sampled_from(["Dig", "the garden", "3.5 times", "e.g. roses", "Why", "“quoted.”", "a \\| b",
                         "**strong**", "`code`", "é", "😀", "内部。"])  # fmt: skip
PROSE = st.lists(WORDS, min_size=1, max_size=40).map(lambda words: " ".join(words) + ".")
BLOCKS = st.one_of(
    PROSE,
    PROSE.map(lambda prose: prose[:-1] + ":"),
    st.tuples(st.integers(1, 4), PROSE).map(lambda pair: f"{'#' * pair[0]} {pair[1][:40]}"),
    st.tuples(st.integers(1, 4), PROSE).map(lambda pair: f"{'#' * pair[0]} {pair[1][:40]}?"),
    st.lists(PROSE, min_size=1, max_size=12).map(lambda items: "\n".join(f"- {i}" for i in items)),
    st.lists(PROSE, min_size=1, max_size=12).map(lambda items: "\n".join(f"1. {i}" for i in items)),
    st.lists(PROSE, min_size=1, max_size=12).map(
        lambda rows: "| A | B |\n|---|---|\n" + "\n".join(f"| {r} | x |" for r in rows)
    ),
    PROSE.map(lambda prose: f"```\n{prose}\n```"),
    PROSE.map(lambda prose: f"> {prose}"),
    st.sampled_from(["Menu", "Read more:", "<div>\nbanner\n</div>", "---"]),
)
MARKDOWN = st.lists(BLOCKS, max_size=12).map("\n\n".join)


@given(MARKDOWN, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["guide.md", "guide.txt"]))
def test_passages_are_exact_disjoint_spans(markdown: str, line_break: str, name: str) -> None:
    text = markdown.replace("\n", line_break)
    before = 0
    for passage in passages(text, name):
        assert before <= passage.start < passage.end
        assert text[passage.start : passage.end] == passage.text
        inside = passage.start
        for unit in passage.units:
            assert inside <= unit.start < unit.end <= passage.end
            inside = unit.end
        before = passage.end


@given(MARKDOWN, st.sampled_from(["guide.md", "guide.txt"]))
def test_every_block_but_boilerplate_is_in_a_passage_and_all_but_headings_in_a_unit(
    markdown: str, name: str
) -> None:
    document = parse_document(name, markdown)
    found = split(document)
    quoted = {at for p in found for unit in p.units for at in range(unit.start, unit.end)}
    contexts = [*(p.context for p in found), *(p.question for p in found if p.question)]
    shown = {at for passage in found for at in range(passage.start, passage.end)}
    for block in document.blocks:
        places = {at for at in range(block.start, block.end) if markdown[at].isalnum()}
        if block.kind is Kind.BOILERPLATE:
            assert not places & shown, block
        elif block.kind in (Kind.HEADING, Kind.QUESTION):
            words = strip_markup(markdown[block.start : block.end])
            assert places <= shown or any(words in context for context in contexts), block
        else:  # a line that is nothing but a tag shows nothing
            is_shown = strip_markup(markdown[block.start : block.end]).strip()
            assert places <= quoted or not is_shown, block


def test_a_title_is_the_first_heading_or_else_the_name_of_the_file() -> None:
    assert parse_document("a/b/garden-guide_two.txt", "It rains.").title == "garden guide two"
    assert parse_document("guide.md", "It rains.\n\n# The **guide**\n").title == "The guide"
    assert Document("x.md", "", ()).title == "x"
