"""Messages keep to Slack's limits, prove what they say, and contain no markup, whatever an answer
holds."""

import itertools
import re
from dataclasses import replace
from typing import Any

import pytest
from builders import DIGEST, make_answer, make_citation, make_related
from hypothesis import example, given
from hypothesis import strategies as st
from slack_messages import find, text_of, texts_of
from slack_stand_in.limits import (
    check_markdown,
    check_message_blocks,
    check_prompts,
    check_update_text,
    check_view,
)

from api.service.chat import CorpusOverview
from api.slack.blocks import (
    MAX_MESSAGE,
    MAX_STREAMED,
    Layout,
    Message,
    Room,
    answer_message,
    below_answer,
    home_view,
    notice,
    placeholder,
    prompts,
    streamed_sentence,
)
from api.text import inert
from assistant.answer import Answer, Reason
from index.manifest import IndexedDocument

PAGE = "https://assistant.example.org"
ID = "a" * 32
PLAIN = Layout()
FULL = Layout(page=PAGE, question="q" * 2_000, shareable=True)

# Text that documents may contain and that Slack must not interpret.
MARKUP = [
    "<!channel>", "<!here|here>", "<@U123>", "<#C123|x>", "<https://x.org|x>", "<<!everyone>",
    "&<>", "&lt;!channel&gt;", "*b* _i_ `c`", ":+1:", "👍🏽", "語" * 9, "é", "\n", "\n\n", "- ", " ",
    "\t", "\x00", "\x1b[2J", "\r\n", "\u202e", "\u2028", "\u2060", "[1]", "[99]", "…", "word ",
    "Beans are sown in May. ",
]  # fmt: skip
pieces = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(MARKUP)


def texts(max_length: int) -> st.SearchStrategy[str]:
    """Long texts of a few repeated pieces, which are cheap to generate."""
    parts = st.lists(pieces, min_size=1, max_size=3).map("".join)
    lengths = st.integers(1, 40) | st.integers(1, max_length)
    return st.builds(lambda part, length: ((part or "x") * length)[:length], parts, lengths)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Answers of up to 80 sentences, each with up to 12 of up to 60 citations."""
    names = st.sampled_from(draw(st.lists(texts(600), min_size=1, max_size=3)))
    citation = st.builds(
        make_citation,
        quote=texts(4_000),
        document=names,
        title=st.just("") | names,
        headings=st.lists(names, max_size=4).map(tuple),
        place=st.just("") | st.builds("page {}".format, st.integers(1, 9_999)),
        stale=st.booleans(),
    )
    several = draw(st.lists(citation, min_size=1, max_size=4))
    count = draw(st.integers(1, 60))
    citations = tuple(
        replace(several[number % len(several)], number=number) for number in range(1, count + 1)
    )
    numbers = st.sets(st.integers(0, count - 1), min_size=1, max_size=12)
    lengths = st.sampled_from([60, 900, 9_000])
    pattern = draw(st.lists(st.tuples(lengths.flatmap(texts), numbers), min_size=1, max_size=5))
    sentences = []
    for at in range(draw(st.integers(1, 80))):
        text, cited = pattern[at % len(pattern)]
        sentences.append((text, tuple(sorted((each + at) % count + 1 for each in cited))))
    mark, question = draw(st.sampled_from(["", "- ", "1. "])), draw(texts(2_000))
    return make_answer(*sentences, citations=citations, mark=mark, question=question)


layouts = st.builds(
    Layout,
    page=st.sampled_from(["", PAGE, f"{PAGE}/", "http://localhost:8000", f"{PAGE}/{'x' * 200}"]),
    question=st.just("") | texts(2_000),
    shareable=st.booleans(),
)


def lay_out(answer: Answer, layout: Layout = PLAIN) -> Message:
    """The message of an answer, which Slack accepts and in which it finds no markup."""
    message = answer_message(answer, layout)
    check(message)
    return message


def check(message: Message) -> None:
    blocks = list(message.blocks)
    check_message_blocks(blocks)
    assert len(text_of(blocks)) <= MAX_MESSAGE
    check_update_text(message.text)
    assert "<" not in message.text
    assert not any(re.search("<[!@#]", text) for text in texts_of(blocks))


def cited(blocks: Any) -> list[int]:
    """The numbers of the citations in a message."""
    quoted = [block for block in blocks if list(find(block, "rich_text_quote"))]
    heads = [block["elements"][0]["elements"][0]["text"] for block in quoted]
    return [int(re.match(r"\[(\d+)\]( |$)", head)[1]) for head in heads]


def answer_part(message: Message, layout: Layout = PLAIN) -> str:
    """The text of the answer, without the question above and the citations below it."""
    blocks = message.blocks[1 if layout.question else 0 :]
    parts = itertools.takewhile(
        lambda each: each["type"] == "rich_text" and not list(find(each, "rich_text_quote")), blocks
    )
    return "".join(map(text_of, parts))


def without_blanks(text: str) -> str:
    return "".join(text.split())


def beginning(answer: Answer, count: int) -> str:
    """The text of the first sentences with their markers, without blanks."""
    rest = answer.sentences[count:]
    text = re.sub(r"(- |1\. )\Z", "", answer.text[: rest[0].start]) if rest else answer.text
    return without_blanks(inert(text))


def says_longer(blocks: Any) -> bool:
    return any("The answer is longer: ask" in text_of(note) for note in find(blocks, "context"))


def test_answer_comes_first_then_each_citation_then_feedback() -> None:
    answer = make_answer(
        ("Beans are sown in May.", (1,)),
        ("Peas & <b>others</b> earlier.", (2,)),
        citations=(
            make_citation(
                1, "Beans are sown\nin May.", "garden/beans.md", "Beans", ("Beans", "Sowing")
            ),
            make_citation(
                2, "Peas & <b>others</b>", "peas.pdf", "", place="page 3", stale=True, date="2025"
            ),
        ),
    )
    message = lay_out(answer)
    assert message.text == (
        "Beans are sown in May. [1] Peas &amp; &lt;b&gt;others&lt;/b&gt; earlier. [2]"
    )
    text, *citations, closing = message.blocks
    assert text_of(text) == "Beans are sown in May. [1] Peas & <b>others</b> earlier. [2]"
    assert [list(texts_of(each)) for each in citations] == [
        ["[1] ", "Beans › Sowing (garden/beans.md)", "Beans are sown\nin May."],
        [
            *("[2] ", "peas.pdf, page 3, 2025 (peas.pdf)", " (the document has changed since)"),
            "Peas & <b>others</b>",
        ],
    ]
    assert list(map(text_of, find(citations, "rich_text_quote"))) == [
        "Beans are sown\nin May.",
        "Peas & <b>others</b>",
    ]
    assert list(map(streamed_sentence, answer.proved_sentences())) == [
        "Beans are sown in May. [1]\n",
        "Peas &amp; &lt;b&gt;others&lt;/b&gt; earlier. [2]\n",
    ]
    [feedback] = find(closing, "feedback_buttons")
    assert feedback["action_id"] == "verdict"
    assert feedback["positive_button"]["value"] == f"up:{ID}"
    assert feedback["negative_button"]["value"] == f"down:{ID}"


def test_layout_adds_links_question_and_share_button() -> None:
    citation = make_citation(1, "Beans", "garden/beans.md", "Beans", ("Beans", "Sowing"))
    answer = make_answer(("Beans are sown.", (1,)), citations=(citation,))
    blocks = lay_out(answer, Layout(page=f"{PAGE}/", question="When?", shareable=True)).blocks
    assert text_of(blocks[0]) == "When?"
    [link] = find(blocks, "link")
    assert link["text"] == "Beans › Sowing (garden/beans.md)"
    assert link["url"] == f"{PAGE}/#document=garden%2Fbeans.md&sha256={DIGEST}&start=0&end=5"
    [share] = find(blocks[-2], "button")
    assert (text_of(share), share["value"]) == ("Show to everyone here", ID)
    assert share["action_id"] == "share"


def test_refusal_offers_suggestions_and_related_documents() -> None:
    refusal = replace(
        make_answer(),
        suggestions=("When are beans sown?", "Who <@U1>?"),
        related=(make_related("a b.md"), make_related("<!here>.md"), make_related("a b.md")),
    )
    message = lay_out(refusal, Layout(page=PAGE))
    assert message.text == (
        "No answer.\nThe documents do answer:\nWhen are beans sown?\nWho &lt;@U1&gt;?"
    )
    answer, heading, _, related, _ = message.blocks
    assert (text_of(answer), text_of(heading)) == ("No answer.", "The documents do answer:")
    assert text_of(related) == "Related, but not an answer: a b.md, <\u2060!here>.md"
    assert [
        (each["action_id"], text_of(each), each["value"]) for each in find(message.blocks, "button")
    ] == [
        ("ask.0", "When are beans sown?", "When are beans sown?"),
        ("ask.1", "Who <\u2060@U1>?", "Who <@U1>?"),
    ]
    assert [each["url"] for each in find(related, "link")] == [
        f"{PAGE}/#document={name}&sha256={DIGEST}&start=0&end=4"
        for name in ("a%20b.md", "%3C%21here%3E.md")
    ]
    without_page = lay_out(replace(refusal, suggestions=())).blocks
    assert text_of(without_page) == "No answer.Good answerBad answer"


@pytest.mark.parametrize(("suggestions", "shown"), [((), "Hello!"), (("Who?",), "Hello!Questions")])
def test_reply_to_small_talk_has_no_buttons_to_vote(
    suggestions: tuple[str, ...], shown: str
) -> None:
    reply = replace(make_answer(), text="Hello!", reason=Reason.GREETING, suggestions=suggestions)
    blocks = lay_out(reply, Layout(page=PAGE)).blocks
    assert text_of(blocks).startswith(shown)
    assert not list(find(blocks, "feedback_buttons"))


def test_answer_says_why_the_language_model_was_not_used() -> None:
    answer = replace(make_answer(("Beans.", (1,))), notice="The language model is busy.")
    assert "The language model is busy." in texts_of(answer_message(answer, PLAIN).blocks)


def test_notice_names_the_request() -> None:
    message = notice("Ask <!here> & there", "r1")
    assert message.text == "Ask &lt;\u2060!here&gt; &amp; there (request r1)"
    [context] = message.blocks
    assert (context["type"], text_of(context)) == (
        "context",
        "Ask <\u2060!here> & there (request r1)",
    )
    check(placeholder())


@given(answers(), layouts)
@example(make_answer(("", (1,)), citations=(make_citation(1, "", "", ""),)), PLAIN)
def test_any_answer_is_shown_with_all_its_citations(answer: Answer, layout: Layout) -> None:
    message = lay_out(answer, layout)
    shown = without_blanks(answer_part(message, layout))
    counts = range(1, len(answer.sentences) + 1)
    count = next((each for each in counts if shown == beginning(answer, each)), 0)
    if count:
        assert says_longer(message.blocks) == (count < len(answer.sentences))
    else:  # only the first sentence may be truncated
        assert len(shown) > 1 and shown.endswith("…")
        assert beginning(answer, 1).startswith(shown[:-1])
        assert says_longer(message.blocks)
    numbers = {number for each in answer.sentences[: count or 1] for number in each.citations}
    assert cited(message.blocks) == sorted(numbers)


@given(answers(), layouts)
def test_any_streamed_answer_is_followed_by_its_citations(answer: Answer, layout: Layout) -> None:
    room = Room(layout.page)
    short = itertools.takewhile(
        lambda each: len(each.text) <= MAX_STREAMED, answer.proved_sentences()
    )
    sentences = list(itertools.takewhile(room.takes, short))
    for sentence in sentences:
        line = check_markdown(streamed_sentence(sentence))
        assert line.endswith("".join(f" [{each.number}]" for each in sentence.citations) + "\n")
        assert not re.search("[<>]", line)
    blocks = below_answer(answer, layout, len(sentences))
    check(Message("", blocks))
    assert says_longer(blocks) == (len(sentences) < len(answer.sentences))
    assert cited(blocks) == sorted({each.number for one in sentences for each in one.citations})


@given(
    st.lists(texts(4_000) | st.just(""), max_size=8).map(tuple),
    st.lists(texts(900), max_size=3),
    texts(9_000),
    layouts,
)
@example(("x" * 2_001, "x" * 2_000, ""), [], "", FULL)
@example(("語" * 1_999,) * 8, ["語" * 900] * 3, "語" * 9_000, Layout(PAGE, "語" * 2_000, True))
def test_any_refusal_is_shown(
    suggestions: tuple[str, ...], documents: list[str], text: str, layout: Layout
) -> None:
    related = tuple(map(make_related, documents))
    refusal = replace(make_answer(), text=text, suggestions=suggestions, related=related)
    message = lay_out(refusal, layout)
    asks = [each for each in find(message.blocks, "button") if each["action_id"] != "share"]
    assert [each["value"] for each in asks] == [
        question for question in suggestions if 0 < len(question) <= 2_000
    ]
    links = list(find(message.blocks, "link"))
    assert len(links) == (len(set(documents)) if layout.page else 0)


@given(texts(9_000) | st.just(""), st.sampled_from(["", "r" * 16]))
def test_any_notice_is_shown(text: str, request: str) -> None:
    message = notice(text, request)
    check(message)
    if request:
        assert text_of(message.blocks).endswith(f" (request {request})")


@given(
    st.lists(st.tuples(texts(600), texts(600) | st.just("")), max_size=30),
    st.lists(texts(3_000) | st.just(""), max_size=8).map(tuple),
    st.sampled_from(["", PAGE]),
)
@example([], ("x" * 2_001,), "")
@example([("a.md", "x" * 400)] * 25, (), "")
def test_any_home_view_is_shown(
    names: list[tuple[str, str]], examples: tuple[str, ...], page: str
) -> None:
    sizes = {"characters": 9, "passages": 1, "boilerplate": 0}
    documents = tuple(
        IndexedDocument(path=path, title=title, sha256=DIGEST, **sizes) for path, title in names
    )
    body = CorpusOverview(generation="g1", documents=documents, examples=examples)
    view = home_view(body, page)
    check_view(view)
    assert not any(re.search("<[!@#]", text) for text in texts_of(view))
    assert [each["value"] for each in find(view, "button")] == [
        question for question in examples[:5] if 0 < len(question) <= 2_000
    ]
    assert [each["url"] for each in find(view, "link")] == ([page] if page else [])
    count = len(documents)
    text = text_of(view)
    assert ("1 document:" if count == 1 else f"{count} documents:") in text
    assert sum(len(each["elements"]) for each in find(view, "rich_text_list")) == min(20, count)
    assert (f"and {count - 20} more" in text) == (count > 20)
    for document in documents[:20]:
        assert inert(document.title or document.path)[:100].rstrip() in text


@given(st.lists(texts(3_000), min_size=1, max_size=6))
def test_any_suggested_prompts_are_asked_whole(examples: list[str]) -> None:
    suggested = prompts(examples)
    check_prompts(suggested)
    assert [each["message"] for each in suggested] == [inert(each) for each in examples[:4]]
    assert all(len(each["title"]) <= 75 for each in suggested)


def test_too_long_address_is_not_linked_but_named() -> None:
    answer = make_answer(("Yes.", (1,)), citations=(make_citation(1, document="語" * 300),))
    shown = lay_out(answer, Layout(page=PAGE)).blocks
    assert not list(find(shown, "link"))
    assert cited(shown) == [1]
    assert "語語語" in text_of(shown[1])


@pytest.mark.parametrize(
    ("page", "remedy"),
    [("", "ask about a part of it."), (PAGE, f"ask on {PAGE} to read all of it.")],
)
def test_too_long_sentence_is_truncated_and_says_where_to_read_on(page: str, remedy: str) -> None:
    message = lay_out(make_answer(("word " * 5_000, (1,))), Layout(page=page))
    assert len(answer_part(message)) > 9_000
    assert f"The answer is longer: {remedy}" in text_of(message.blocks)


def test_too_long_quote_is_truncated_between_words() -> None:
    answer = make_answer(("Yes.", (1,)), citations=(make_citation(1, "word " * 1_000),))
    [quoted] = find(lay_out(answer).blocks, "rich_text_quote")
    assert 1_400 < len(text_of(quoted)) <= 1_500
    assert text_of(quoted).endswith("word…")


@pytest.mark.parametrize("count", [2, 6, 30])
@pytest.mark.parametrize("length", [5, 20_000])
def test_first_sentence_is_shown_with_all_its_citations(count: int, length: int) -> None:
    citations = tuple(
        make_citation(each, "語" * 3_000, f"{'語' * 180}{each}", "語" * 300, stale=True)
        for each in range(1, count + 1)
    )
    sentence = ("x" * length, tuple(range(1, count + 1)))
    message = lay_out(make_answer(sentence, ("And so.", (1,)), citations=citations), FULL)
    assert cited(message.blocks) == list(range(1, count + 1))
    assert answer_part(message, FULL).startswith("x" * min(length, 900))


def test_as_many_sentences_are_shown_as_fit_with_their_citations() -> None:
    numbers = range(1, 81)
    citations = tuple(make_citation(number, "q" * 150, stale=True) for number in numbers)
    short = make_answer(*(("x" * 60, (number,)) for number in numbers), citations=citations)
    assert len(cited(lay_out(short).blocks)) > 25
    assert says_longer(lay_out(short, FULL).blocks)
    long = make_answer(*(("x" * 1_600 if each < 6 else "y", (each,)) for each in numbers))
    assert len(cited(lay_out(long, Layout(question="q", shareable=True)).blocks)) > 30


def test_citation_of_several_sentences_is_shown_and_counted_once() -> None:
    citation = make_citation(1, "q" * 1_400)
    answer = make_answer(*[("Short.", (1,))] * 40, citations=(citation,))
    message = lay_out(answer)
    assert without_blanks(answer_part(message)) == beginning(answer, 40)
    assert cited(message.blocks) == [1]
    assert not says_longer(message.blocks)


def test_heading_is_not_repeated() -> None:
    citations = (
        make_citation(1, "Beans are sown", "beans.md", "Beans"),
        make_citation(2, "They are watered", "beans.md", "Beans"),
        make_citation(3, "Peas too", "peas.md", "Peas"),
    )
    answer = make_answer(("Beans.", (1,)), ("Water.", (2,)), ("Peas.", (3,)), citations=citations)
    _, first, again, other, _ = lay_out(answer).blocks
    assert text_of(first).startswith("[1] Beans (beans.md)")
    assert text_of(again) == "[2]They are watered"
    assert text_of(other).startswith("[3] Peas (peas.md)")
    _, _, linked, _, _ = lay_out(answer, Layout(page=PAGE)).blocks
    assert linked["elements"][0]["elements"][0]["url"].startswith(PAGE)


def test_list_is_cut_after_an_item_without_the_next_marker() -> None:
    message = lay_out(make_answer(("First.", (1,)), ("x" * 9_990, (2,)), mark="- "))
    assert answer_part(message) == "- First. [1]"
    assert says_longer(message.blocks)


def test_fallback_text_of_many_bytes_is_accepted_by_an_update() -> None:
    text = lay_out(make_answer(("語" * 3_000, (1,)))).text
    assert check_update_text(text).startswith("語" * 1_000)


def test_sentence_that_does_not_fit_takes_no_room() -> None:
    answer = make_answer(("a", (1,)), ("b" * 9_990, (2,)), ("c", (3,)))
    room = Room("")
    first, long, last = answer.proved_sentences()
    assert room.takes(first)
    left = room.max_text
    assert not room.takes(long)
    assert room.max_text == left
    assert room.takes(last)
