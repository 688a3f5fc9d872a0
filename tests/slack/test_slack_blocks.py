"""Whatever an answer holds, what Slack is sent of it is shown, proves what it says, and is inert."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slack_stand_in.limits import (
    check_markdown,
    check_message_blocks,
    check_prompts,
    check_update_text,
    check_view,
)

from api.slack.blocks import (
    LONGEST_MESSAGE,
    LONGEST_STREAMED,
    Block,
    Form,
    Message,
    Room,
    answered,
    home,
    notice,
    prompts,
    proof,
    streamed,
    without_blocks,
    working,
)
from api.text import inert
from api.wire import AnswerBody, CitationBody, DocumentsBody, ListedBody, RelatedBody, SentenceBody
from assistant.answer import Citation

PAGE = "https://assistant.example.org"
DIGEST = "0" * 64
ID = "a" * 32

# What a document may well say, and Slack must not obey.
MARKS = [
    "<!channel>", "<!here|here>", "<@U123>", "<#C123|x>", "<https://x.org|x>", "<<!everyone>",
    "&<>", "&lt;!channel&gt;", "*b* _i_ `c`", ":+1:", "👍🏽", "語" * 9, "é", "\n", "\n\n", "- ", " ",
    "\t", "\x00", "\x1b[2J", "\r\n", "\u202e", "\u2028", "\u2060", "[1]", "[99]", "…", "word ",
    "Beans are sown in May. ",
]  # fmt: skip
pieces = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(MARKS)


def told_texts(most: int) -> st.SearchStrategy[str]:
    """Texts of any length up to this: pieces said again and again, without the entropy that so
    many characters would take one by one."""
    parts = st.lists(pieces, min_size=1, max_size=3).map("".join)
    lengths = st.integers(1, 40) | st.integers(1, most)
    return st.builds(lambda part, length: ((part or "x") * length)[:length], parts, lengths)


def citation_of(
    number: int,
    quote: str = "a quote",
    document: str = "a.md",
    title: str = "A",
    headings: tuple[str, ...] = (),
    page: int | None = None,
    stale: bool = False,
) -> CitationBody:
    cited = Citation(
        number, document, title, headings, DIGEST, 0, len(quote), quote, page=page, stale=stale
    )
    return CitationBody.model_validate(cited, from_attributes=True)


def answer_of(
    told: list[tuple[str, tuple[int, ...]]],
    citations: list[CitationBody],
    listed: bool = False,
    question: str = "When are beans sown?",
) -> AnswerBody:
    """An answer of these sentences, each with the numbers that prove it, worded as the writer
    words it."""
    text = ""
    sentences = []
    for sentence, numbers in told:
        text += ("\n- " if text else "- ") if listed else (" " if text else "")
        start = len(text)
        text += sentence
        sentences.append(SentenceBody(text=sentence, start=start, end=len(text), citations=numbers))
        text += "".join(f" [{number}]" for number in numbers)
    return AnswerBody(
        id=ID,
        conversation_id="talk",
        question=question,
        standalone_question=question,
        status="answered",
        text=text,
        sentences=tuple(sentences),
        citations=tuple(citations),
        confidence=0.9,
        suggestions=(),
        related=(),
        writer="extractive",
        generation="g1",
        timings_ms={},
    )


def refusal_of(
    suggestions: tuple[str, ...] = (), documents: tuple[str, ...] = (), text: str = "No answer."
) -> AnswerBody:
    related = tuple(
        RelatedBody(document=document, sha256=DIGEST, start=0, end=4, text="near")
        for document in documents
    )
    told = answer_of([], [])
    update = {"status": "refused", "text": text, "suggestions": suggestions, "related": related}
    return told.model_copy(update=update)


@st.composite
def answers(draw: st.DrawFn) -> AnswerBody:
    """Answers of up to 80 sentences, each proved by up to 12 of up to 60 citations."""
    quotes = draw(st.lists(told_texts(4_000), min_size=1, max_size=3))
    names = draw(st.lists(told_texts(600), min_size=1, max_size=3))
    count = draw(st.integers(1, 60))
    number = st.integers(0, count - 1)
    one = st.builds(
        citation_of,
        number=st.just(0),
        quote=st.sampled_from(quotes),
        document=st.sampled_from(names),
        title=st.sampled_from(["", *names]),
        headings=st.lists(st.sampled_from(names), max_size=4).map(tuple),
        page=st.none() | st.integers(1, 9_999),
        stale=st.booleans(),
    )
    several = draw(st.lists(one, min_size=1, max_size=4))
    cited = [
        several[at % len(several)].model_copy(update={"number": at + 1}) for at in range(count)
    ]
    texts = st.sampled_from([60, 900, 9_000]).flatmap(told_texts)
    numbers = st.sets(number, min_size=1, max_size=12)
    pattern = draw(st.lists(st.tuples(texts, numbers), min_size=1, max_size=5))
    told = []
    for at in range(draw(st.integers(0, 80))):
        text, proofs = pattern[at % len(pattern)]
        told.append((text, tuple(sorted({(each + at) % count + 1 for each in proofs}))))
    return answer_of(told, cited, listed=draw(st.booleans()), question=draw(told_texts(2_000)))


forms = st.builds(
    Form,
    page=st.sampled_from(["", PAGE, f"{PAGE}/", "http://localhost:8000", f"{PAGE}/{'x' * 200}"]),
    asked=st.just("") | told_texts(2_000),
    shareable=st.booleans(),
)


def strings(node: Any) -> Iterator[str]:
    """All that is shown. A button's value is shown to nobody: it comes back when it is pressed."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name != "value":
                yield from strings(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def found(node: Any, kind: str) -> Iterator[Block]:
    """Everything of this type in blocks, in the order in which it stands."""
    if isinstance(node, dict):
        if node.get("type") == kind:
            yield node
        for value in node.values():
            yield from found(value, kind)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from found(value, kind)


def read(block: Any) -> str:
    """The words of a block that are to be read."""
    if isinstance(block, dict):
        own = block.get("text")
        rest = (read(value) for name, value in block.items() if name != "text")
        return (own if isinstance(own, str) else read(own)) + "".join(rest)
    return "".join(map(read, block)) if isinstance(block, (list, tuple)) else ""


def expect_shown(message: Message) -> None:
    """Slack takes it, in a new message and in place of another, and obeys nothing in it."""
    blocks = list(message.blocks)
    check_message_blocks(blocks)
    assert len(read(blocks)) <= LONGEST_MESSAGE
    check_update_text(message.text)
    assert "<" not in message.text
    for text in strings(blocks):
        assert not re.search("<[!@#]", text)


def cited(blocks: Any) -> list[int]:
    """The numbers of the citations that stand in a message, each with its quote."""
    proofs = [block for block in blocks if list(found(block, "rich_text_quote"))]
    return [
        int(re.match(r"\[(\d+)\]( |$)", block["elements"][0]["elements"][0]["text"])[1])
        for block in proofs
    ]


def paragraphs(message: Message, form: Form) -> str:
    """The text of an answer, without what is asked above it and what stands below it."""
    told = itertools.takewhile(
        lambda block: block["type"] == "rich_text" and not list(found(block, "rich_text_quote")),
        message.blocks[1 if form.asked else 0 :],
    )
    return "".join(read(block) for block in told)


def squeezed(text: str) -> str:
    return "".join(text.split())


def begins(answer: AnswerBody, count: int) -> str:
    """The text of its first sentences, with what proves them, without blanks."""
    rest = answer.sentences[count:]
    text = answer.text[: rest[0].start].removesuffix("- ") if rest else answer.text
    return squeezed(inert(text))


def goes_on(blocks: Any) -> bool:
    return any("The answer goes on: ask" in read(note) for note in found(blocks, "context"))


# --- the exact look ---------------------------------------------------------------------------------

FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "verdict",
            "positive_button": {
                "text": {"type": "plain_text", "text": "Good answer", "emoji": False},
                "value": f"up:{ID}",
            },
            "negative_button": {
                "text": {"type": "plain_text", "text": "Bad answer", "emoji": False},
                "value": f"down:{ID}",
            },
        }
    ],
}
SOWN = answer_of(
    [("Beans are sown in May.", (1,)), ("Peas & <b>others</b> earlier.", (2,))],
    [
        citation_of(1, "Beans are sown\nin May.", "garden/beans.md", "Beans", ("Beans", "Sowing")),
        citation_of(2, "Peas & <b>others</b>", "peas.pdf", "", page=3, stale=True),
    ],
)


def section(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def words(text: str, **more: Any) -> Block:
    return {"type": "text", "text": text, **more}


def quote(text: str) -> Block:
    return {"type": "rich_text_quote", "elements": [words(text)]}


def button(label: str, action: str, value: str) -> Block:
    text = {"type": "plain_text", "text": label, "emoji": False}
    return {"type": "button", "text": text, "action_id": action, "value": value}


BOLD = {"style": {"bold": True}}


def test_an_answer_is_its_text_and_then_each_passage_that_proves_it() -> None:
    text = "Beans are sown in May. [1] Peas & <b>others</b> earlier. [2]"
    assert answered(SOWN, Form()) == Message(
        text="Beans are sown in May. [1] Peas &amp; &lt;b&gt;others&lt;/b&gt; earlier. [2]",
        blocks=(
            rich(section(words(text))),
            rich(
                section(words("[1] "), words("Beans › Sowing (garden/beans.md)", **BOLD)),
                quote("Beans are sown\nin May."),
            ),
            rich(
                section(
                    words("[2] "),
                    words("peas.pdf, page 3 (peas.pdf)", **BOLD),
                    words(" (the document has changed since)"),
                ),
                quote("Peas & <b>others</b>"),
            ),
            FEEDBACK,
        ),
    )


def test_with_a_page_each_passage_is_a_link_to_its_place() -> None:
    shown = answered(SOWN, Form(page=f"{PAGE}/", asked="When?", shareable=True)).blocks
    assert shown[0] == rich(section(words("When?", **BOLD)))
    link = {
        "type": "link",
        "url": f"{PAGE}/#document=garden%2Fbeans.md&sha256={DIGEST}&start=0&end=22",
        "text": "Beans › Sowing (garden/beans.md)",
    }
    assert shown[2] == rich(section(words("[1] "), link), quote("Beans are sown\nin May."))
    assert shown[-2] == {
        "type": "actions",
        "elements": [button("Show it to everybody here", "share", ID)],
    }
    assert shown[-1] == FEEDBACK


def test_a_refusal_says_what_the_documents_do_answer_and_what_is_near() -> None:
    refusal = refusal_of(("When are beans sown?", "Who <@U1>?"), ("a b.md", "<!here>.md"))
    near = f"sha256={DIGEST}&start=0&end=4"
    assert answered(refusal, Form(page=PAGE)) == Message(
        text="No answer.\nThe documents do answer:\nWhen are beans sown?\nWho &lt;@U1&gt;?",
        blocks=(
            rich(section(words("No answer."))),
            rich(section(words("The documents do answer:"))),
            {
                "type": "actions",
                "elements": [
                    button("When are beans sown?", "ask.0", "When are beans sown?"),
                    button("Who <\u2060@U1>?", "ask.1", "Who <@U1>?"),
                ],
            },
            rich(
                section(
                    words("Near it, but no answer: "),
                    {"type": "link", "url": f"{PAGE}/#document=a%20b.md&{near}", "text": "a b.md"},
                    words(", "),
                    {
                        "type": "link",
                        "url": f"{PAGE}/#document=%3C%21here%3E.md&{near}",
                        "text": "<\u2060!here>.md",
                    },
                )
            ),
            FEEDBACK,
        ),
    )


def test_a_refusal_without_a_page_links_nowhere() -> None:
    shown = answered(refusal_of(documents=("a.md",)), Form()).blocks
    assert shown == (rich(section(words("No answer."))), FEEDBACK)


def test_a_sentence_that_is_streamed_has_its_numbers_behind_it() -> None:
    first, second = SOWN.told()
    assert streamed(first) == "Beans are sown in May. [1]\n"
    assert streamed(second) == "Peas &amp; &lt;b&gt;others&lt;/b&gt; earlier. [2]\n"


def test_a_notice_is_small_and_names_the_request() -> None:
    told = "Ask <!here> & there (request r1)"
    assert notice("Ask <!here> & there", "r1") == Message(
        "Ask &lt;\u2060!here&gt; &amp; there (request r1)",
        (
            {
                "type": "context",
                "elements": [
                    {
                        "type": "plain_text",
                        "text": told.replace("<!", "<\u2060!"),
                        "emoji": False,
                    }
                ],
            },
        ),
    )
    expect_shown(working())


def test_the_text_alone_is_left_where_no_blocks_are_taken() -> None:
    assert without_blocks(answered(SOWN, Form())) == Message(
        "Beans are sown in May. [1] Peas &amp; &lt;b&gt;others&lt;/b&gt; earlier. [2]"
    )


# --- any answer -----------------------------------------------------------------------------------


@given(answers(), forms)
@settings(max_examples=150)
def test_any_answer_is_shown_with_all_that_proves_it(answer: AnswerBody, form: Form) -> None:
    message = answered(answer, form)
    expect_shown(message)
    shown = squeezed(paragraphs(message, form))
    counts = range(1, len(answer.sentences) + 1)
    whole = [count for count in counts if shown == begins(answer, count)]
    if not answer.sentences:
        assert shown == ""
        assert cited(message.blocks) == []
        return
    if whole:
        assert goes_on(message.blocks) == (whole[0] < len(answer.sentences))
    else:
        # Only the first sentence may be cut, and something of it is always there.
        assert len(shown) > 1
        assert shown.endswith("…")
        assert begins(answer, 1).startswith(shown[:-1])
        assert goes_on(message.blocks)
    proved = {number for each in answer.sentences[: (whole or [1])[0]] for number in each.citations}
    assert cited(message.blocks) == sorted(proved)


@given(answers(), forms)
@settings(max_examples=80)
def test_what_proves_a_streamed_answer_is_shown_below_it(answer: AnswerBody, form: Form) -> None:
    room = Room(form.page)
    short = itertools.takewhile(
        lambda told: len(told.text) <= LONGEST_STREAMED, answer.sentence_events()
    )
    sentences = list(itertools.takewhile(room.takes, short))
    text = ""
    for told in sentences:
        line = check_markdown(streamed(told))
        assert line.endswith("".join(f" [{each.number}]" for each in told.citations) + "\n")
        text += line
    assert not re.search("[<>]", text)
    blocks = proof(answer, form, len(sentences))
    expect_shown(Message("", blocks))
    assert goes_on(blocks) == (len(sentences) < len(answer.sentences))
    assert cited(blocks) == sorted({each.number for told in sentences for each in told.citations})


@given(
    st.lists(told_texts(4_000) | st.just(""), max_size=8).map(tuple),
    st.lists(told_texts(900), max_size=3).map(tuple),
    told_texts(9_000),
    forms,
)
@example(("x" * 2_001,), (), "No answer.", Form())
@example(("x" * 2_000,), (), "No answer.", Form())
@example(("",), (), "", Form(page=PAGE, asked="q", shareable=True))
@example(("語" * 1_999,) * 8, ("語" * 900,) * 3, "語" * 9_000, Form(PAGE, "語" * 2_000, True))
@settings(max_examples=150)
def test_any_refusal_is_shown(
    suggestions: tuple[str, ...], documents: tuple[str, ...], text: str, form: Form
) -> None:
    message = answered(refusal_of(suggestions, documents, text), form)
    expect_shown(message)
    asking = [each for each in found(message.blocks, "button") if each["action_id"] != "share"]
    assert [each["value"] for each in asking] == [
        question for question in suggestions if 0 < len(question) <= 2_000
    ]
    named = [each["text"] for each in found(message.blocks, "link")]
    assert len(named) == (len(set(documents)) if form.page else 0)


@given(told_texts(9_000) | st.just(""), st.sampled_from(["", "r" * 16]))
@settings(max_examples=80)
def test_any_notice_is_shown(text: str, request: str) -> None:
    message = notice(text, request)
    expect_shown(message)
    if request:
        assert read(message.blocks).endswith(f" (request {request})")


def listed(path: str, title: str) -> ListedBody:
    return ListedBody(
        path=path, title=title, sha256=DIGEST, characters=9, passages=1, boilerplate=0
    )


@given(
    st.lists(st.builds(listed, told_texts(600), told_texts(600) | st.just("")), max_size=30),
    st.lists(told_texts(3_000) | st.just(""), max_size=8).map(tuple),
    st.sampled_from(["", PAGE]),
)
@example([], ("x" * 2_001,), "")
@example([listed("a.md", "x" * 400)] * 25, (), "")
@settings(max_examples=80)
def test_the_home_view_is_shown_whatever_the_documents_are(
    documents: list[ListedBody], examples: tuple[str, ...], page: str
) -> None:
    body = DocumentsBody(generation="g1", documents=tuple(documents), examples=examples)
    view = home(body, page)
    check_view(view)
    assert not any(re.search("<[!@#]", text) for text in strings(view))
    assert [each["value"] for each in found(view, "button")] == [
        question for question in examples[:5] if 0 < len(question) <= 2_000
    ]
    assert [link["url"] for link in found(view, "link")] == ([page] if page else [])
    told = read(view)
    assert f"{len(documents)} documents are answered from:" in told
    names = [each["elements"] for each in found(view, "rich_text_list")]
    assert sum(map(len, names)) == min(20, len(documents))
    more = len(documents) - 20
    assert (f"and {more} more" in told) == (more > 0)
    for document in documents[:20]:
        assert inert(document.title or document.path)[:100].rstrip() in told


@given(st.lists(told_texts(3_000), min_size=1, max_size=6))
@settings(max_examples=80)
def test_the_questions_to_begin_with_are_whole(examples: list[str]) -> None:
    offered = prompts(examples)
    check_prompts(offered)
    assert [each["message"] for each in offered] == [inert(each) for each in examples[:4]]
    assert all(len(each["title"]) <= 75 for each in offered)


# --- at the edges ---------------------------------------------------------------------------------


def test_nothing_is_linked_without_a_page() -> None:
    assert not list(found(answered(SOWN, Form()).blocks, "link"))
    assert len(list(found(answered(SOWN, Form(page=PAGE)).blocks, "link"))) == 2


def test_an_address_that_is_too_long_is_no_link_and_the_passage_is_still_named() -> None:
    long = answer_of([("Yes.", (1,))], [citation_of(1, document="語" * 300)])
    shown = answered(long, Form(page=PAGE)).blocks
    assert not list(found(shown, "link"))
    assert cited(shown) == [1]
    assert "語語語" in read(shown[1])


@pytest.mark.parametrize("page", ["", PAGE])
def test_an_answer_of_one_sentence_that_is_too_long_says_that_it_goes_on(page: str) -> None:
    long = answer_of([("word " * 5_000, (1,))], [citation_of(1)])
    message = answered(long, Form(page=page))
    expect_shown(message)
    assert len(paragraphs(message, Form())) > 9_000
    assert goes_on(message.blocks)
    told = f"ask on {PAGE} to read it whole." if page else "ask for a part of it to read that."
    assert f"The answer goes on: {told}" in read(message.blocks)


def test_an_answer_that_fits_does_not_say_that_it_goes_on() -> None:
    assert not goes_on(answered(SOWN, Form(page=PAGE)).blocks)


def test_a_quote_that_is_too_long_is_cut_and_still_there() -> None:
    long = answer_of([("Yes.", (1,))], [citation_of(1, "word " * 1_000)])
    [quoted] = found(answered(long, Form()).blocks, "rich_text_quote")
    assert 1_400 < len(read(quoted)) <= 1_500
    assert read(quoted).endswith("word…")


@pytest.mark.parametrize("count", [2, 3, 5, 6, 12, 30])
@pytest.mark.parametrize("length", [5, 20_000])
def test_a_first_sentence_that_much_proves_is_shown_with_all_of_it(count: int, length: int) -> None:
    citations = [
        citation_of(each, "語" * 3_000, f"{'語' * 180}{each}", "語" * 300, stale=True)
        for each in range(1, count + 1)
    ]
    answer = answer_of([("x" * length, tuple(range(1, count + 1))), ("And so.", (1,))], citations)
    form = Form(page=PAGE, asked="q" * 2_000, shareable=True)
    message = answered(answer, form)
    expect_shown(message)
    assert cited(message.blocks) == list(range(1, count + 1))
    assert paragraphs(message, form).startswith("x" * min(length, 900))


def test_as_many_short_sentences_are_shown_as_there_is_room_for() -> None:
    citations = [citation_of(number, "q" * 150, stale=True) for number in range(1, 81)]
    answer = answer_of([("x" * 60, (number,)) for number in range(1, 81)], citations)
    form = Form(page=f"{PAGE}/{'x' * 200}", asked="q" * 2_000, shareable=True)
    message = answered(answer, form)
    expect_shown(message)
    assert len(cited(answered(answer, Form()).blocks)) > 25
    assert goes_on(message.blocks)


def test_long_words_that_take_many_blocks_leave_room_for_what_proves_them() -> None:
    told = [("x" * 1_600 if number < 6 else "y", (number,)) for number in range(1, 81)]
    answer = answer_of(told, [citation_of(number, "q") for number in range(1, 81)])
    message = answered(answer, Form(asked="q", shareable=True))
    expect_shown(message)
    assert len(cited(message.blocks)) > 30


def test_a_passage_without_a_word_is_shown_as_one() -> None:
    message = answered(answer_of([("", (1,))], [citation_of(1, "", "", "")]), Form())
    expect_shown(message)
    assert cited(message.blocks) == [1]


def test_a_citation_takes_its_room_once() -> None:
    answer = answer_of([("Short.", (1,))] * 40, [citation_of(1, "q" * 1_400)])
    message = answered(answer, Form())
    assert squeezed(paragraphs(message, Form())) == begins(answer, 40)
    assert not goes_on(message.blocks)


def test_a_heading_is_told_once_for_the_passages_that_follow_under_it() -> None:
    told = answer_of(
        [("Beans are sown.", (1,)), ("They are watered.", (2,)), ("Peas too.", (3,))],
        [
            citation_of(1, "Beans are sown", "beans.md", "Beans", ()),
            citation_of(2, "They are watered", "beans.md", "Beans", ()),
            citation_of(3, "Peas too", "peas.md", "Peas", ()),
        ],
    )
    _, first, again, other, _ = answered(told, Form()).blocks
    assert read(first).startswith("[1] Beans (beans.md)")
    assert read(again) == "[2]They are watered"
    assert read(other).startswith("[3] Peas (peas.md)")
    _, _, linked, _, _ = answered(told, Form(page=PAGE)).blocks
    assert linked["elements"][0]["elements"][0]["url"].startswith(PAGE)


def test_a_citation_that_proves_several_sentences_stands_once() -> None:
    answer = answer_of([("One.", (1,)), ("Two.", (1, 2)), ("Three.", (2,))], [
        citation_of(1), citation_of(2)
    ])  # fmt: skip
    assert cited(answered(answer, Form()).blocks) == [1, 2]


def test_a_list_that_is_cut_ends_with_an_item_and_no_mark() -> None:
    answer = answer_of(
        [("First.", (1,)), ("x" * 9_990, (2,))], [citation_of(1), citation_of(2)], listed=True
    )
    message = answered(answer, Form())
    assert paragraphs(message, Form()) == "- First. [1]"
    assert goes_on(message.blocks)


def test_a_text_of_many_bytes_is_taken_by_an_update_too() -> None:
    answer = answer_of([("語" * 3_000, (1,))], [citation_of(1)])
    text = answered(answer, Form()).text
    assert check_update_text(text).startswith("語" * 1_000)


def test_room_is_given_in_order_and_what_was_refused_takes_none() -> None:
    citations = [citation_of(1), citation_of(2), citation_of(3)]
    told = answer_of([("a", (1,)), ("b" * 9_990, (2,)), ("c", (3,))], citations).told()
    room = Room("")
    first, long, last = told
    assert room.takes(first)
    left = room.longest
    assert not room.takes(long)
    assert room.longest == left
    assert room.takes(last)
