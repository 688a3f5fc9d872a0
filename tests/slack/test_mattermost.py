"""Mattermost: a slash command and a webhook get the answer that every door gives, whoever shows no
token gets none, and no text of a document or a question is anything but text there."""

import json
import re
import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import SecretStr
from serving import (
    BEANS,
    CHANGED,
    GARDEN,
    ROSES,
    ask,
    client_of,
    expect_problem,
    listening,
    opened,
)

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.errors import DatabaseUnavailable
from api.mattermost.integration import (
    LONGEST_MESSAGE,
    MOST_FIELDS,
    FormInvalid,
    MattermostIntegration,
    answered,
    markdown,
    notice,
    read_form,
    usage,
)
from api.service.rate_limits import RateLimiter
from api.settings import Settings
from api.wire import AnswerBody, CitationBody, SentenceBody

PAGE = "https://faq.example"
TOKEN = "sesame"
COMMAND = {
    "channel_id": "c7ho9oyw8if8z8k3fkcsmcs6eh",
    "channel_name": "town-square",
    "command": "/ask",
    "response_url": "https://chat.example/hooks/commands/1",
    "team_id": "t3ho9oyw8if8z8k3fkcsmcs6eh",
    "token": TOKEN,
    "trigger_id": "bWRxMXh5ZXM6MTY0OjE6TUVZ=",
    "user_id": "u9ho9oyw8if8z8k3fkcsmcs6eh",
}
WEBHOOK = {
    "channel_id": COMMAND["channel_id"],
    "file_ids": "",
    "post_id": "p1ho9oyw8if8z8k3fkcsmcs6eh",
    "team_id": COMMAND["team_id"],
    "timestamp": 1445532266,
    "token": TOKEN,
    "trigger_word": "faq",
    "user_id": COMMAND["user_id"],
}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
JOINER = "\u2060"

Writer = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def settings(folder_of: Writer, data: Path) -> Settings:
    settings = Settings(
        corpus=folder_of(GARDEN),
        data=data,
        page_url=PAGE,
        mattermost_tokens=SecretStr(f"{TOKEN}, rose-bed,third,"),
    )
    build_index(settings)
    return settings


def commanded(client: httpx2.Client, text: str, **more: object) -> str:
    """What a slash command with this text is answered."""
    response = client.post("/mattermost", data={**COMMAND, "text": text, **more})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == JSON
    reply = response.json()
    assert set(reply) == {"response_type", "text"}
    assert reply["response_type"] == "ephemeral"
    return str(reply["text"])


def hooked(client: httpx2.Client, text: str, kind: str = JSON, **more: object) -> str:
    """What a webhook with this text is answered."""
    fields = {**WEBHOOK, "text": text, **more}
    body = json.dumps(fields) if kind == JSON else urlencode(fields)
    response = client.post("/mattermost", content=body, headers={"content-type": kind})
    assert response.status_code == 200, response.text
    reply = response.json()
    assert reply["response_type"] == "comment"
    return str(reply["text"])


# --- how it is read there ------------------------------------------------------------------------


def parsed(text: str) -> list[Token]:
    """As CommonMark, with HTML and with what Mattermost has beyond it."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def words(tokens: list[Token]) -> str:
    """What is to be seen."""
    seen = ""
    for token in tokens:
        seen += words(token.children) if token.children else ""
        seen += token.content if token.type == "text" else ""
        seen += "\n" if token.type in ("softbreak", "hardbreak", "paragraph_close") else ""
    return seen.replace(JOINER, "")


def kinds(tokens: list[Token]) -> set[str]:
    """The kinds of all tokens, and of those within."""
    within = [kind for token in tokens for kind in kinds(token.children or [])]
    return {token.type for token in tokens} | set(within)


def hrefs(tokens: list[Token]) -> list[str]:
    """Where its links lead."""
    within = [href for token in tokens for href in hrefs(token.children or [])]
    return [str(each.attrs["href"]) for each in tokens if each.type == "link_open"] + within


def quotes(text: str) -> list[str]:
    """Its blockquotes as they are seen."""
    tokens = parsed(text)
    opening = [at for at, each in enumerate(tokens) if each.type == "blockquote_open"]
    closing = [at for at, each in enumerate(tokens) if each.type == "blockquote_close"]
    pairs = zip(opening, closing, strict=True)
    return [words(tokens[start:end]).strip() for start, end in pairs]


def solid(text: str) -> str:
    """Without white space and what has no width."""
    return "".join(text.replace(JOINER, "").split())


# What Mattermost's web client makes something of. First it takes these escapes and no others, looks
# for addresses, and then for the rest in what is joined of the text around.
ESCAPED = re.compile(r"\\([`*{}\[\]()#+\-.!_>|~])")
ADDRESS = re.compile(
    r"[A-Za-z][A-Za-z\d.+-]{,40}:(?:/{1,3}|[^\W_])|www\d{,3}[.]"
    r"|(?:[^\W_]|[.-]){1,40}[.][^\W\d_]{2,4}/"
)
CALLING = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"@[a-z0-9.\-_]",
        r"@[^\W_.-]+",
        r"~[a-z0-9.\-_]",
        r"#[^\W\d_]",
        r":[\w+-]+:",
        r"(^|\B)[:;]-?[()\[\]@|$/]",
        r"(^|\B):-?[odpsx](\b|$)",
        r"&lt;/?3",
        r"\$MM_",
    )
]


def expect_only_text(text: str) -> None:
    """Nothing in it is anything to Mattermost."""
    assert kinds(parsed(text)) <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak")
    }
    assert "\\" not in ESCAPED.sub("", text)
    assert not set("<$\u2424") & set(text)
    assert not re.search(r"^[^\S\n]|^=", text, re.MULTILINE)
    assert not ADDRESS.search(text)
    joined = ESCAPED.sub(r"\1", text)
    assert not [each.pattern for each in CALLING if each.search(joined)]


NASTY = st.text(
    st.one_of(
        st.sampled_from(string.punctuation + " \n\t\r\u00a0\u2424\u2028\u202e\x00awdpox3"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)
PLANTED = [
    "@all @here @channel @user.name someone@example.com",
    "~town-square #hashtag ##tag :smile: :+1: :) ;-) :D <3 </3 :@",
    "http://evil.example/x https://evil.example www.evil.example evil.example/x mailto:a javascript:x",
    "[click](http://evil.example) ![image](http://evil.example/x.png) [a]: http://evil.example",
    "<http://evil.example|click> <!channel> <@U123> <script>alert(1)</script> <!-- x -->",
    "# heading\n## heading\nheading\n===\nheading\n---\n- item\n+ item\n* item\n1. item\n1) item",
    "> quote\n```\ncode\n```\n~~~\ncode\n~~~\n    code\n\tcode\n\u00a0\u00a0\u00a0\u00a0code",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\na | b\n--|--\n1 | 2",
    "**bold** __bold__ *em* _em_ ~~gone~~ `code` $x^2$ $$x$$ \\*not\\* \\\\ \\n \\",
    "&lt;b&gt; &#64;all &commat;all &amp; &copy; &#35;tag &colon;smile&colon;",
    "one\u2424# heading\u2424===\u2424> quote\u2424    code",
    "$MM_ATMENTION0$ $MM_EMAIL0$",
]


@given(NASTY)
def test_a_text_is_shown_as_it_is_and_is_nothing_else(text: str) -> None:
    laid_out = markdown(text)
    expect_only_text(laid_out)
    assert len(laid_out) <= 7 * len(text)
    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
    assert solid(words(parsed(laid_out))) == solid(control.sub(" ", text))


@pytest.mark.parametrize("text", PLANTED)
def test_what_is_planted_is_only_text(text: str) -> None:
    laid_out = markdown(text)
    expect_only_text(laid_out)
    assert solid(words(parsed(laid_out))) == solid(text)


# --- the layout ----------------------------------------------------------------------------------


def answer_of(
    *told: tuple[str, str],
    title: str = "The garden",
    headings: tuple[str, ...] = ("Beans",),
    stale: bool = False,
) -> AnswerBody:
    """An answer of these sentences, each with its quote."""
    text, sentences, citations = "", [], []
    for number, (sentence, quote) in enumerate(told, start=1):
        text += " " if text else ""
        start = len(text)
        text += sentence
        sentences.append(
            SentenceBody(text=sentence, start=start, end=len(text), citations=(number,))
        )
        text += f" [{number}]"
        citations.append(
            CitationBody(
                number=number,
                document="garden.md",
                title=title,
                headings=headings,
                page=None,
                sha256="0" * 64,
                start=0,
                end=9,
                quote=quote,
                stale=stale,
                url=f"/#document=garden.md&start={number}",
            )
        )
    return AnswerBody(
        id="a",
        conversation_id="c",
        question="?",
        standalone_question="?",
        status="answered",
        text=text,
        sentences=tuple(sentences),
        citations=tuple(citations),
        confidence=1.0,
        suggestions=(),
        related=(),
        writer="extractive",
        generation="g",
        timings_ms={},
    )


def refusal_of(text: str, *suggestions: str) -> AnswerBody:
    told = {"status": "refused", "text": text, "suggestions": suggestions}
    nothing = {"sentences": (), "citations": ()}
    return answer_of().model_copy(update={**told, **nothing})


def test_an_answer_stands_above_what_proves_it() -> None:
    answer = answer_of(("Beans are sown.", "Beans are sown."), ("In May.", "It is\n\nin May."))
    assert answered(answer, PAGE) == (
        "Beans are sown\\. \\[1\\] In May\\. \\[2\\]\n\n"
        f"**[1]** [The garden › Beans]({PAGE}/#document=garden.md&start=1)\n"
        "> Beans are sown\\.\n\n"
        f"**[2]** [The garden › Beans]({PAGE}/#document=garden.md&start=2)\n"
        "> It is\n>\n> in May\\."
    )


def test_without_a_page_nothing_is_linked() -> None:
    text = answered(answer_of(("Beans are sown.", "Beans are sown."), stale=True), "")
    assert "**[1]** The garden › Beans (the document has changed since)\n> Beans" in text
    assert hrefs(parsed(text)) == []


def test_an_address_that_would_end_its_link_does_not() -> None:
    page = 'https://faq.example/(a)"b\\'
    [href] = hrefs(parsed(answered(answer_of(("Yes.", "Yes.")), page)))
    assert href == "https://faq.example/%28a%29%22b%5C/#document=garden.md&start=1"
    assert hrefs(parsed(answered(answer_of(("Yes.", "Yes.")), f"{PAGE}/{'x' * 3000}"))) == []


def test_a_list_is_cut_between_its_items() -> None:
    answer = answer_of(*(("x" * 5000, "x") for _ in range(4)))
    starts = [sentence.start + 2 * at for at, sentence in enumerate(answer.sentences)]
    listed = answer.text.replace(" xx", "\n- xx")
    sentences = [
        each.model_copy(update={"start": start, "end": start + 5000})
        for each, start in zip(answer.sentences, starts, strict=True)
    ]
    answer = answer.model_copy(update={"text": listed, "sentences": tuple(sentences)})
    above, *_ = answered(answer, "").split("\n\n**[1]**")
    assert above == f"{'x' * 5000} \\[1\\]\n\\- {'x' * 5000} \\[2\\]\n\\- {'x' * 5000} \\[3\\]"


def expect_laid_out(text: str, page: str) -> None:
    """It fits, and has no markup but its own."""
    assert 0 < len(text) <= LONGEST_MESSAGE
    tokens = parsed(text)
    assert kinds(tokens) <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"),
        *("blockquote_open", "blockquote_close", "strong_open", "strong_close"),
        *("link_open", "link_close"),
    }
    assert all(page and href.startswith(page) for href in hrefs(tokens))
    assert "<" not in text
    # Outside of the links' own addresses.
    bare = re.sub(rf"\]\({re.escape(page)}[^)]*\)", "]", text) if page else text
    assert not ADDRESS.search(bare)
    joined = ESCAPED.sub(r"\1", bare)
    assert not [each.pattern for each in CALLING if each.search(joined)]


@given(
    st.lists(st.tuples(NASTY, NASTY, st.integers(1, 700), st.integers(1, 700)), min_size=1),
    NASTY,
    st.lists(NASTY, max_size=3),
    st.sampled_from([PAGE, ""]),
)
def test_an_answer_fits_whatever_it_says(
    told: list[tuple[str, str, int, int]], title: str, headings: list[str], page: str
) -> None:
    pairs = [(text * often, quote * more) for text, quote, often, more in told]
    answer = answer_of(*pairs, title=title, headings=tuple(headings))
    text = answered(answer, page)
    expect_laid_out(text, page)
    # Each citation stands whole below, and none of a sentence that is not there.
    numbers = [int(each) for each in re.findall(r"^\*\*\[(\d+)\]\*\* ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(quotes(text)) <= len(numbers)
    assert ("The answer goes on: " in text) or len(numbers) == len(pairs)


@given(NASTY, st.integers(1, 900), st.lists(st.tuples(NASTY, st.integers(1, 900))))
def test_a_refusal_fits_whatever_it_suggests(
    text: str, often: int, suggested: list[tuple[str, int]]
) -> None:
    suggestions = [each * more for each, more in suggested]
    refused = answered(refusal_of(f"No.{text * often}", *suggestions), PAGE)
    assert len(refused) <= LONGEST_MESSAGE
    own = {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
    plain = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
    assert kinds(parsed(refused)) <= own | plain
    assert len(notice(text * often, "id-1")) <= LONGEST_MESSAGE


def test_a_long_answer_ends_with_a_whole_sentence_and_goes_on_on_the_page() -> None:
    sentence = "The beans of the year are sown in the second week of May"
    pairs = [(f"{sentence} {number}.", f"{sentence} {number}.") for number in range(300)]
    text = answered(answer_of(*pairs), PAGE)
    assert len(text) <= LONGEST_MESSAGE
    above, *blocks = text.split("\n\n")
    shown = len(blocks) - 1
    assert 50 < shown < 300
    assert words(parsed(above)).strip() == " ".join(
        f"{told} [{number}]" for number, (told, _) in enumerate(pairs[:shown], start=1)
    )
    assert blocks[-1] == f"The answer goes on: ask on [the web page]({PAGE}/) to read it whole."
    assert quotes(text) == [quote for _, quote in pairs[:shown]]
    assert "ask for a part of it" in answered(answer_of(*pairs), "")


@pytest.mark.parametrize("filling", ["word ", "x", "&", "$\n", ".a", "\u2424"])
def test_a_sentence_of_40000_characters_is_cut_and_proved(filling: str) -> None:
    long = (filling * 40_000)[:40_000]
    text = answered(answer_of((long, long), ("Short.", "Short.")), PAGE)
    expect_laid_out(text, PAGE)
    assert len(text) > LONGEST_MESSAGE * 2 // 3
    [quote] = quotes(text)
    assert quote.endswith("…")
    assert text.index("…") < text.index("**[1]**")
    assert "The answer goes on" in text


def test_a_sentence_that_much_proves_keeps_room_for_itself() -> None:
    answer = answer_of(*(("&" * 2000, "&" * 9000) for _ in range(9)))
    [first, *_] = answer.sentences
    first = first.model_copy(update={"citations": tuple(range(1, 10))})
    text = answered(answer.model_copy(update={"sentences": (first,)}), PAGE)
    expect_laid_out(text, PAGE)
    assert 1 <= len(quotes(text)) < 9
    assert text.startswith("&amp;" * 1000)


@pytest.mark.parametrize("text", PLANTED)
def test_what_a_document_plants_stays_in_its_place(text: str) -> None:
    answer = answer_of((text, text), title=text, headings=(text, f"[{text}](x)"))
    laid_out = answered(answer, PAGE)
    expect_laid_out(laid_out, PAGE)
    assert len(hrefs(parsed(laid_out))) == len(quotes(laid_out)) == 1
    assert solid(quotes(laid_out)[0]) == solid(text)
    # Mattermost counts brackets in a label with a backslash too.
    [label] = re.findall(r"^\*\*\[1\]\*\* \[(.*)\]\(https", laid_out, re.MULTILINE)
    assert not set("[]") & set(label)
    assert all(line.startswith(">") for line in laid_out.rsplit(")\n", 1)[1].split("\n"))


# --- the forms -----------------------------------------------------------------------------------


def read(**fields: object) -> Any:
    return read_form(json.dumps(fields).encode(), JSON)


def test_a_command_is_told_from_a_webhook() -> None:
    command = read_form(urlencode({**COMMAND, "text": " who? "}).encode(), f"{FORM}; charset=utf-8")
    assert (command.token, command.question, command.called) == (TOKEN, "who?", "/ask")
    assert (command.is_command, command.response_type) == (True, "ephemeral")
    webhook = read(**WEBHOOK, text="faq who?")
    assert (webhook.token, webhook.question, webhook.called) == (TOKEN, "who?", "faq")
    assert (webhook.is_command, webhook.response_type) == (False, "comment")


@pytest.mark.parametrize(
    ("word", "text", "question"),
    [
        ("faq", "faq who?", "who?"),
        ("faq", "  FAQ:  who?", "who?"),
        ("@faq", "@faq, who asks @faq?", "who asks @faq?"),
        ("?", "?who", "who"),
        ("faq", "who reads the faq", "who reads the faq"),
        ("faq", "faq", ""),
        ("", "who?", "who?"),
    ],
)
def test_a_trigger_word_is_no_part_of_the_question(word: str, text: str, question: str) -> None:
    assert read(trigger_word=word, text=text).question == question


def test_a_thread_is_a_conversation() -> None:
    assert read(**COMMAND, text="who?").conversation_id is None
    root = read(**COMMAND, text="who?", root_id="r1").conversation_id
    assert root == f"mattermost:{COMMAND['channel_id']}:r1"
    assert read(channel_id="c", root_id="r" * 500).conversation_id is None
    assert read(channel_id="../c", root_id="r").conversation_id is None


def test_a_message_is_known_again() -> None:
    first = read(**WEBHOOK, text="who?").answer_id
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert read(**{**WEBHOOK, "timestamp": 1}, text="who?").answer_id == first
    others = [
        read(**{**WEBHOOK, "post_id": "p2"}, text="who?"),
        read(**{**WEBHOOK, "team_id": "t2"}, text="who?"),
        read(**WEBHOOK, text="what?"),
        read(**COMMAND, text="who?"),
        read(**{**COMMAND, "trigger_id": WEBHOOK["post_id"]}, text="who?"),
    ]
    assert len({first, *(each.answer_id for each in others)}) == 6
    assert read(text="who?", token=TOKEN).answer_id == ""


def test_what_is_no_text_is_none() -> None:
    asked = read(token=["a"], text=5, channel_id=None, trigger_word={}, command=True)
    assert (asked.token, asked.question, asked.called, asked.is_command) == ("", "", "", False)
    halves = read(token="\ud800", text="who \ud800?", command="/\udc00", trigger_id="\udfff")
    assert (halves.question, halves.called) == ("who ??", "/?")


GARBAGE = [
    (b"\xff\xfe\x00", FORM),
    (b"text=%ff%fe", FORM),
    (b'{"text": "\xff"}', JSON),
    ('{"text": "who?"}'.encode("utf-16"), JSON),
    (b"[]", JSON),
    (b'"who?"', JSON),
    (b"null", JSON),
    (b"", JSON),
    (b'{"text": ', JSON),
    (b"[" * 60_000, JSON),
    (b'{"timestamp": ' + b"9" * 50_000 + b"}", JSON),
    ("&".join(f"a{number}=b" for number in range(10_000)).encode()[:65_000], FORM),
    (json.dumps({f"a{number}": 1 for number in range(5_000)}).encode(), JSON),
    (b"text=who?", "multipart/form-data; boundary=x"),
    (b"text=who?", ""),
]


@pytest.mark.parametrize(("body", "kind"), GARBAGE)
def test_garbage_is_no_form(body: bytes, kind: str) -> None:
    with pytest.raises(FormInvalid):
        read_form(body, kind)


@given(st.binary(max_size=200), st.sampled_from([FORM, JSON]))
def test_any_bytes_are_a_form_or_none(body: bytes, kind: str) -> None:
    try:
        asked = read_form(body, kind)
    except FormInvalid:
        return
    assert not asked.answer_id or len(asked.answer_id) == 32


@given(st.dictionaries(st.sampled_from([*COMMAND, *WEBHOOK, "text", "root_id"]), st.text()))
def test_both_forms_are_read_alike(fields: dict[str, str]) -> None:
    sent = {name: value.encode(errors="replace").decode() for name, value in fields.items()}
    body = urlencode(sent).encode()
    assert read_form(body, FORM) == read_form(json.dumps(sent).encode(), JSON)


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, "rose-bed", "third"])
def test_every_token_counts_in_either_place(client: TestClient, token: str) -> None:
    assert "second week" in commanded(client, BEANS, token=token)
    header = {"authorization": f"Token {token}"}
    fields = {**COMMAND, "text": BEANS, "token": "wrong"}
    assert client.post("/mattermost", data=fields, headers=header).status_code == 200
    fields.pop("token")
    assert client.post("/mattermost", data=fields, headers=header).status_code == 200


@pytest.mark.parametrize(
    "token", ["", "wrong", "sesam", "sesame ", "sesame,", "sesame, rose-bed,third,", ",", "é", "\0"]
)
def test_no_other_token_does(client: TestClient, token: str) -> None:
    response = client.post("/mattermost", data={**COMMAND, "text": BEANS, "token": token})
    expect_problem(response, 401, "ASSISTANT_MATTERMOST_TOKENS")
    assert "sesame" not in response.text


@pytest.mark.parametrize(
    "header", ["", "Token", "Token wrong", f"Bearer {TOKEN}", TOKEN, f"Basic {TOKEN}", "Token é"]
)
def test_nor_does_none(client: TestClient, header: str) -> None:
    fields = {name: value for name, value in COMMAND.items() if name != "token"}
    headers = {b"authorization": header.encode()}
    response = client.post("/mattermost", data={**fields, "text": BEANS}, headers=headers)
    expect_problem(response, 401, "token")


def test_every_token_is_compared_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("hmac.compare_digest", compare)
    door = MattermostIntegration.of("a,b,c", RateLimiter(()), "")
    assert door
    for shown in ("a", "b", "c"):
        compared.clear()
        assert door.admit([shown], "").owner == "mattermost"
        assert compared == [(each, shown.encode()) for each in (b"a", b"b", b"c")]


def test_no_token_is_shown_by_the_door_that_holds_it() -> None:
    assert "sesame" not in repr(MattermostIntegration.of("sesame", RateLimiter(()), ""))
    assert MattermostIntegration.of(" , ,", RateLimiter(()), "") is None


def test_without_tokens_there_is_no_door(settings: Settings) -> None:
    without = settings.model_copy(update={"mattermost_tokens": SecretStr(" ,")})
    with opened(without) as service:
        response = client_of(service).post("/mattermost", data={**COMMAND, "token": ""})
        expect_problem(response, 404, "/docs")


def test_who_shows_no_token_too_often_has_to_wait(settings: Settings) -> None:
    with opened(settings.model_copy(update={"rate_limit": "3/minute"})) as service:
        client = client_of(service)
        wrong = {**COMMAND, "text": BEANS, "token": "wrong"}
        assert client.post("/mattermost", content=b"garbage").status_code == 400
        expect_problem(client.post("/mattermost", data=wrong), 401, "token")
        expect_problem(client.post("/mattermost", data=wrong), 401, "token")
        response = client.post("/mattermost", data=wrong)
        expect_problem(response, 429, "more than")
        assert int(response.headers["retry-after"]) >= 1
        assert client.post("/mattermost", content=b"garbage").status_code == 429
        # That shuts nobody out who does show one; they have a rate of their own.
        for _ in range(3):
            assert "second week" in commanded(client, BEANS)
        assert "wait, then go on" in seen(commanded(client, BEANS))


# --- answering -----------------------------------------------------------------------------------


def seen(text: str) -> str:
    return words(parsed(text))


@pytest.mark.parametrize(
    "question",
    [BEANS, ROSES, "when are beans sown", "Who waters the roses, and when are beans sown?"],
)
@pytest.mark.parametrize("door", [commanded, hooked])
def test_the_answer_is_that_of_every_door(
    client: TestClient, question: str, door: Callable[..., str]
) -> None:
    answer = ask(client, question)
    assert answer["status"] == "answered"
    text = door(client, question)
    above, below = text.split("\n\n**[1]**")
    assert seen(above).strip() == answer["text"]
    citations: Any = answer["citations"]
    assert [solid(quote) for quote in quotes(text)] == [solid(each["quote"]) for each in citations]
    assert hrefs(parsed(text)) == [PAGE + each["url"] for each in citations]
    for each in citations:
        label = " › ".join(dict.fromkeys([each["title"] or each["document"], *each["headings"]]))
        assert f"[{each['number']}] {label}\n" in seen(f"**[1]**{below}")


def test_a_webhook_may_be_a_form_too(client: TestClient) -> None:
    assert hooked(client, f"faq {BEANS}", FORM) == hooked(client, f"FAQ: {BEANS}")


def test_a_refusal_suggests_what_is_answered(client: TestClient) -> None:
    question = "What is the boiling point of tungsten?"
    answer = ask(client, question)
    assert answer["status"] == "refused"
    text = commanded(client, question)
    assert seen(text).startswith(f"{answer['text']}\n")
    suggestions: Any = answer["suggestions"]
    assert [seen(line[2:]).strip() for line in text.split("\n") if line.startswith("- ")] == list(
        suggestions
    )
    assert hrefs(parsed(text)) == []


def test_a_thread_is_followed(client: TestClient, service: Service) -> None:
    commanded(client, ROSES, root_id="r1", trigger_id="1")
    commanded(client, BEANS, root_id="r2", trigger_id="2")
    kept = service.records.turns("mattermost", f"mattermost:{COMMAND['channel_id']}:r1", 9)
    assert [turn.text for turn in kept][:1] == [ROSES]
    assert len(kept) == 2
    # To everybody else it is nothing.
    conversation = f"/v1/conversations/mattermost:{COMMAND['channel_id']}:r1"
    assert client.get(conversation).status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_who_asks_nothing_is_told_how(client: TestClient, text: str) -> None:
    assert "Write a question behind /ask:" in seen(commanded(client, text))
    assert "Write a question behind faq:" in seen(hooked(client, f"faq{text}"))
    assert seen(usage("")).startswith("Write a question: ")


@pytest.mark.parametrize("mark", [{"bot": True}, {"bot": {"i": "x"}}, {"bot_id": "B1"}])
def test_a_bot_is_left_alone(client: TestClient, mark: dict[str, object]) -> None:
    response = client.post("/mattermost", json={**WEBHOOK, "text": BEANS, **mark})
    assert (response.status_code, response.json()) == (200, {})
    assert "second week" in hooked(client, BEANS, bot=False, bot_id="")


def test_a_message_that_is_sent_again_is_answered_once(
    client: TestClient, service: Service, settings: Settings, folder_of: Writer
) -> None:
    before = {door: door(client, BEANS) for door in (commanded, hooked)}
    folder_of(CHANGED)
    build_index(settings)
    for door, text in before.items():
        assert "second week of May" in text
        assert door(client, BEANS) == text
    assert "first week of June" in commanded(client, BEANS, trigger_id="another")
    assert "first week of June" in hooked(client, BEANS, post_id="another")
    # What cannot be known again is asked again.
    assert "first week of June" in hooked(client, BEANS, post_id="")


def test_messages_sent_at_once_are_answered_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    work = service.chat._steps

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        time.sleep(0.3)
        yield from work(*arguments)

    monkeypatch.setattr(service.chat, "_steps", counted)
    with (
        listening(service) as (host, port),
        httpx2.Client(base_url=f"http://{host}:{port}", timeout=60) as client,
        ThreadPoolExecutor(6) as pool,
    ):
        told = [pool.submit(commanded, client, BEANS) for _ in range(6)]
        assert len({each.result() for each in told}) == 1
        assert len(asked) == 1
        assert "second week" in told[0].result()
        assert service.concurrency.admitted == 0


# --- what goes wrong -----------------------------------------------------------------------------


def expect_told(text: str, what: str) -> None:
    """A short notice that names the request."""
    assert what in seen(text)
    assert re.search(r" \(request [0-9a-f]{16}\)\n$", seen(text))
    assert len(text) < 1000
    expect_only_text(text)


@pytest.mark.parametrize("door", [commanded, hooked])
@pytest.mark.parametrize("character", ["a", "é", "@", "\n.", "&"])
def test_a_question_of_40000_characters_is_told_to_be_too_long(
    client: TestClient, door: Callable[..., str], character: str
) -> None:
    text = (character * 40_000)[:40_000] if character.isascii() else character * 9_000
    if door is commanded and not character.isalpha():
        text = text[:20_000]  # each takes three bytes in a form
    expect_told(door(client, f"who?{text}"), "at most 2,000")


def test_a_body_beyond_the_limit_is_refused(client: TestClient) -> None:
    response = client.post("/mattermost", data={**COMMAND, "text": "a" * 70_000})
    expect_problem(response, 413, "send a shorter one")


@pytest.mark.parametrize(("body", "kind"), GARBAGE)
def test_garbage_is_a_problem_that_says_what_to_send(
    client: TestClient, body: bytes, kind: str
) -> None:
    headers = {"content-type": kind, "authorization": f"Token {TOKEN}"}
    response = client.post("/mattermost", content=body, headers=headers)
    expect_problem(response, 400, "send")
    assert "who?" not in response.text


def test_as_many_fields_as_mattermost_may_send_are_read(client: TestClient) -> None:
    mentions = {f"user_mentions{number}": "x" for number in range(MOST_FIELDS - len(COMMAND) - 1)}
    assert "second week" in commanded(client, BEANS, **mentions)


def test_without_an_index_it_is_told_what_is_missing(data: Path, folder_of: Writer) -> None:
    tokens = SecretStr(TOKEN)
    settings = Settings(corpus=folder_of(GARDEN), data=data, mattermost_tokens=tokens)
    with opened(settings) as service:
        expect_told(commanded(client_of(service), BEANS), "run `assistant index`")


def test_a_full_house_is_told(settings: Settings) -> None:
    with opened(settings.model_copy(update={"concurrency": 1})) as service:
        client = client_of(service)
        with service.concurrency.slot():
            expect_told(hooked(client, BEANS), "1 questions are being answered")
        assert "second week" in hooked(client, BEANS)


def test_a_question_that_takes_too_long_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings.model_copy(update={"timeout": 0.2})) as service:
        borrow = service.generations.borrow

        @contextmanager
        def slow(*arguments: Any) -> Iterator[Any]:
            time.sleep(0.5)
            with borrow(*arguments) as assistant:
                yield assistant

        with monkeypatch.context() as patched:
            patched.setattr(service.generations, "borrow", slow)
            expect_told(commanded(client_of(service), BEANS), "too long")
        assert service.concurrency.admitted == 0
        assert service.records.turns("mattermost", "", 9) == []


def test_who_waits_for_the_same_message_waits_no_longer_than_for_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings.model_copy(update={"timeout": 0.5})) as service:
        begun, go_on = threading.Event(), threading.Event()
        work = service.chat._steps

        def held(*arguments: Any) -> Any:
            begun.set()
            assert go_on.wait(20)
            yield from work(*arguments)

        monkeypatch.setattr(service.chat, "_steps", held)
        with (
            listening(service) as (host, port),
            httpx2.Client(base_url=f"http://{host}:{port}", timeout=60) as client,
            ThreadPoolExecutor(1) as pool,
        ):
            first = pool.submit(commanded, client, BEANS)
            assert begun.wait(20)
            expect_told(commanded(client, BEANS), "took too long")
            go_on.set()
            expect_told(first.result(), "took too long")
            assert service.concurrency.admitted == 0


def test_what_is_wrong_with_the_database_is_told(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DatabaseUnavailable("the disk @all is full: **make room**")

    monkeypatch.setattr(service.records, "keep", broken)
    expect_told(commanded(client, BEANS), "the disk @all is full: **make room**")


def test_what_nobody_foresaw_is_told_without_the_inside(
    client: TestClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> AbstractContextManager[object]:
        raise RuntimeError("the secret of the inside")

    monkeypatch.setattr(service.generations, "borrow", broken)
    text = commanded(client, BEANS)
    expect_told(text, "see the log")
    assert "secret" not in text
    assert "RuntimeError" in caplog.text
    assert BEANS not in caplog.text


def test_what_a_request_calls_itself_is_told_as_text(client: TestClient, data: Path) -> None:
    fields = {**COMMAND, "text": "a" * 3000}
    response = client.post("/mattermost", data=fields, headers={"x-request-id": "_a_.b-c"})
    assert seen(response.json()["text"]).endswith("(request _a_.b-c)\n")
    expect_only_text(response.json()["text"])


# --- text is data --------------------------------------------------------------------------------


def test_what_documents_and_questions_plant_is_only_text(folder_of: Writer, data: Path) -> None:
    signs = {
        f"sign{number}.md": f"# Sign {number}\n\n## What does sign {name} say?\n\n"
        f"Sign {name} says {' '.join(planted.split())} in red.\n"
        for number, (name, planted) in enumerate(
            zip(["alpha", "bravo", "charlie"], [PLANTED[0], PLANTED[1], PLANTED[3]], strict=True)
        )
    }
    corpus = folder_of(signs)
    settings = Settings(corpus=corpus, data=data, page_url=PAGE, mattermost_tokens=SecretStr(TOKEN))
    build_index(settings)
    with opened(settings) as service:
        client = client_of(service)
        for number, name in enumerate(["alpha", "bravo", "charlie"]):
            question = f"What does sign {name} say?"
            answer = ask(client, question)
            assert answer["status"] == "answered"
            text = commanded(client, question, trigger_id=name)
            expect_laid_out(text, PAGE)
            citations: Any = answer["citations"]
            assert [solid(each) for each in quotes(text)] == [
                solid(each["quote"]) for each in citations
            ]
            assert citations[0]["document"] == f"sign{number}.md"
        for number, planted in enumerate(PLANTED):
            text = hooked(client, planted, post_id=f"q{number}", trigger_word=planted[:4])
            assert "evil" not in "".join(hrefs(parsed(text)))
            joined = ESCAPED.sub(r"\1", re.sub(r"\]\([^)]*\)", "]", text))
            assert not [each.pattern for each in CALLING if each.search(joined)]
