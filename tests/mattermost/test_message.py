"""Messages fit into Mattermost, prove what they say, and contain no formatting but their own."""

import re
import string
from dataclasses import replace
from typing import Any

import pytest
from builders import make_answer, make_citation
from hypothesis import given
from hypothesis import strategies as st
from mattermost_markdown import (
    MARKUP,
    expect_formatting,
    expect_nothing_special,
    expect_only_text,
    links,
    quotes,
    visible_text,
    without_blanks,
)

from api.mattermost.message import MAX_MESSAGE, answer_text, escape, notice, usage
from assistant.answer import Answer

PAGE = "https://faq.example"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
texts = st.text(
    st.one_of(
        st.sampled_from(string.punctuation + " \n\t\r\u00a0\u2424\u2028\u202e\x00awdpox3"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)


def answer_of(*pairs: tuple[str, str], mark: str = "", **fields: Any) -> Answer:
    """An answer of these sentences, each with its quote."""
    fields = {"title": "The garden", "headings": ("Beans",), **fields}
    numbered = list(enumerate(pairs, start=1))
    citations = tuple(make_citation(number, quote, **fields) for number, (_, quote) in numbered)
    sentences = ((text, (number,)) for number, (text, _) in numbered)
    return make_answer(*sentences, citations=citations, mark=mark)


def lay_out(answer: Answer, page: str = PAGE) -> str:
    """The message of an answer, which fits and has no formatting but its own."""
    text = answer_text(answer, page)
    assert 0 < len(text) <= MAX_MESSAGE
    expect_formatting(text, "blockquote", "strong", "link")
    assert all(page and link.startswith(page) for link in links(text))
    assert "<" not in text
    expect_nothing_special(text, page)
    return text


@given(texts)
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    escaped = escape(text)
    expect_only_text(escaped)
    assert len(escaped) <= 7 * len(text)
    assert without_blanks(visible_text(escaped)) == without_blanks(CONTROLS.sub(" ", text))


@pytest.mark.parametrize("markup", MARKUP)
def test_markup_is_only_text(markup: str) -> None:
    escaped = escape(markup)
    expect_only_text(escaped)
    assert without_blanks(visible_text(escaped)) == without_blanks(markup)


@pytest.mark.parametrize("markup", MARKUP)
def test_markup_in_a_document_stays_in_its_place(markup: str) -> None:
    answer = answer_of((markup, markup), title=markup, headings=(markup, f"[{markup}](x)"))
    text = lay_out(answer)
    assert len(links(text)) == 1
    [quote] = quotes(text)
    assert without_blanks(quote) == without_blanks(markup)
    # Mattermost counts even escaped brackets in a label.
    [label] = re.findall(r"^\*\*\[1\]\*\* \[(.*)\]\(https", text, re.MULTILINE)
    assert not set("[]") & set(label)
    assert all(line.startswith(">") for line in text.rsplit(")\n", 1)[1].split("\n"))


def test_answer_comes_above_its_citations() -> None:
    answer = answer_of(("Beans are sown.", "Beans are sown."), ("In May.", "It is\n\nin May."))
    first, second = (f"{PAGE}{citation.url}" for citation in answer.citations)
    assert lay_out(answer) == (
        "Beans are sown\\. \\[1\\] In May\\. \\[2\\]\n\n"
        f"**[1]** [The garden › Beans]({first})\n"
        "> Beans are sown\\.\n\n"
        f"**[2]** [The garden › Beans]({second})\n"
        "> It is\n>\n> in May\\."
    )


def test_citations_are_not_linked_without_a_page() -> None:
    text = lay_out(answer_of(("Beans are sown.", "Beans are sown."), stale=True), "")
    assert "**[1]** The garden › Beans (the document has changed since)\n> Beans" in text
    assert links(text) == []


def test_special_characters_of_an_address_do_not_end_its_link() -> None:
    answer = answer_of(("Yes.", "Yes."))
    [link] = links(answer_text(answer, 'https://faq.example/(a)"b\\'))
    assert link == f"https://faq.example/%28a%29%22b%5C{answer.citations[0].url}"
    assert links(lay_out(answer, f"{PAGE}/{'x' * 3000}")) == []


def test_list_is_cut_between_its_items() -> None:
    text = lay_out(answer_of(*[("x" * 5000, "x")] * 4, mark="- "), "")
    items = text.split("\n\n**[1]**")[0].split("\n")
    assert items == [f"\\- {'x' * 5000} \\[{number}\\]" for number in (1, 2, 3)]


@given(
    st.lists(st.tuples(texts, texts, st.integers(1, 700), st.integers(1, 700)), min_size=1),
    texts,
    st.lists(texts, max_size=3).map(tuple),
    st.sampled_from([PAGE, ""]),
)
def test_any_answer_fits_with_its_citations(
    parts: list[tuple[str, str, int, int]], title: str, headings: tuple[str, ...], page: str
) -> None:
    pairs = [(text * times, quote * more) for text, quote, times, more in parts]
    text = lay_out(answer_of(*pairs, title=title, headings=headings), page)
    numbers = [int(each) for each in re.findall(r"^\*\*\[(\d+)\]\*\* ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert ("The answer is longer: " in text) or len(numbers) == len(pairs)


@given(texts, st.integers(1, 900), st.lists(st.tuples(texts, st.integers(1, 900))))
def test_any_refusal_and_notice_fits(
    text: str, times: int, suggestions: list[tuple[str, int]]
) -> None:
    suggested = tuple(each * more for each, more in suggestions)
    refusal = replace(make_answer(), text=f"No.{text * times}", suggestions=suggested)
    message = answer_text(refusal, PAGE)
    assert len(message) <= MAX_MESSAGE
    expect_formatting(message, "bullet_list", "list_item")
    assert len(notice(text * times, "id-1")) <= MAX_MESSAGE


def test_long_answer_is_cut_after_a_sentence_and_says_where_to_read_on() -> None:
    sentence = "The beans of the year are sown in the second week of May"
    pairs = [(f"{sentence} {number}.", f"{sentence} {number}.") for number in range(300)]
    text = lay_out(answer_of(*pairs))
    above, *blocks = text.split("\n\n")
    shown = len(blocks) - 1
    assert 50 < shown < 300
    expected = (f"{each} [{number}]" for number, (each, _) in enumerate(pairs[:shown], start=1))
    assert visible_text(above).strip() == " ".join(expected)
    assert quotes(text) == [quote for _, quote in pairs[:shown]]
    remedy = f"ask on [the web page]({PAGE}/) to read all of it."
    assert blocks[-1] == f"The answer is longer: {remedy}"
    assert "ask about a part of it" in lay_out(answer_of(*pairs), "")


@pytest.mark.parametrize("filling", ["word ", "x", "&", "$\n", ".a", "\u2424"])
def test_too_long_sentence_is_truncated_and_cited(filling: str) -> None:
    long = (filling * 40_000)[:40_000]
    text = lay_out(answer_of((long, long), ("Short.", "Short.")))
    assert len(text) > MAX_MESSAGE * 2 // 3
    [quote] = quotes(text)
    assert quote.endswith("…")
    assert text.index("…") < text.index("**[1]**")
    assert "The answer is longer" in text


def test_sentence_with_many_citations_keeps_room_for_itself() -> None:
    citations = tuple(make_citation(number, "&" * 9000) for number in range(1, 10))
    answer = make_answer(("&" * 2000, tuple(range(1, 10))), citations=citations)
    text = lay_out(answer)
    assert 1 <= len(quotes(text)) < 9
    assert text.startswith("&amp;" * 1000)


def test_usage_without_a_trigger_names_none() -> None:
    assert visible_text(usage("")).startswith("Write a question. ")


def test_answer_says_why_the_language_model_was_not_used() -> None:
    answer = replace(answer_of(("Beans are sown.", "Beans")), notice="The language model is busy.")
    assert "The language model is busy" in answer_text(answer, PAGE).splitlines()[-1]
