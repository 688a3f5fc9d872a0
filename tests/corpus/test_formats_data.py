"""JSON, JSON Lines and YAML: FAQs in their common forms, articles, other data, hostile data."""

import json
from typing import Any

import pytest
import yaml
from canonical import entries, headings, items, one, rows
from formats import HOLIDAYS, QUESTIONS, SICK, AskHandbook

from corpus.formats import data
from corpus.formats.extracted import NotExtracted

LEAVE = ("How long is leave?", ["25 days."])
LONG = "<p>" + "Press the red button. " * 5 + "</p>"


def load(value: Any) -> list[tuple[str, list[str]]]:
    return entries(one(data.load(json.dumps(value).encode())).text)


@pytest.mark.parametrize(
    "value",
    [
        [{"question": "How long is leave?", "answer": "25 days."}],
        {"faq": [{"q": "How long is leave?", "a": "25 days."}]},
        {"How long is leave?": "25 days."},
        {"Staff": {"How long is leave?": ["25 days."]}},
        {"sections": [{"title": "Staff", "questions": [{"question": "How long is leave?", "answer": "25 days."}]}]},
        {"items": [{"title": "How long is leave?", "answer": "25 days."}]},
        {"intents": [{"tag": "leave", "patterns": ["How long is leave?"], "responses": ["25 days."]}]},
        {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "How long is leave?"}, {"role": "assistant", "content": "25 days."}]},
        {"@graph": [{"@type": "FAQPage", "mainEntity": [{"@type": "Question", "name": "How long is leave?", "acceptedAnswer": {"@type": "Answer", "text": "<p>25 days.</p>"}}]}]},
    ],
)  # fmt: skip
def test_an_faq_is_read_in_each_of_its_common_forms(value: Any) -> None:
    assert load(value) == [LEAVE]
    assert entries(one(data.load(yaml.safe_dump(value).encode())).text) == [LEAVE]


def test_each_wording_has_the_answer() -> None:
    record = {"question": "How long is leave?", "alternatives": ["Days off?"], "answer": "25 days."}
    assert load([record]) == [LEAVE, ("Days off?", ["25 days."])]


def test_json_lines_are_entries_with_places() -> None:
    raw = (
        b'{"prompt": "Who?", "completion": "Me."}\n\n{"prompt": "Where?", "completion": "Here."}\n'
    )
    text = one(data.load(raw)).text
    assert entries(text) == [("Who?", ["Me."]), ("Where?", ["Here."])]
    assert text.index("<!-- entry 2 -->") > text.index("Me.")


def test_yaml_values_are_the_texts_that_are_written() -> None:
    raw = b"- question: Is it free?\n  answer: no\n- question: Which version?\n  answer: 1.10\n"
    assert entries(one(data.load(raw)).text) == [
        ("Is it free?", ["no"]),
        ("Which version?", ["1.10"]),
    ]


def test_other_data_has_headings_lists_and_tables() -> None:
    value = {
        "office": {"name": "Oslo", "opening_hours": [{"day": "Monday", "hours": "9-5"}, {"day": "Friday", "hours": "9-3"}]},
        "rules": ["Lock the door.", "Switch off the light."],
    }  # fmt: skip
    text = one(data.load(json.dumps(value).encode())).text
    assert headings(text) == ["Office", "Opening hours", "Rules"]
    assert rows(text) == [["Day", "Hours"], ["Monday", "9-5"], ["Friday", "9-3"]]
    assert items(text) == ["Name: Oslo", "Lock the door.", "Switch off the light."]


def zendesk(**fields: Any) -> dict[str, Any]:
    return {
        "id": 1, "title": "Reset", "body": LONG, "html_url": "https://help.x/hc/1", "draft": False,
        "url": "https://help.x/api/1.json", "updated_at": "2024-05-01T10:00:00Z", "locale": "en-us", **fields,
    }  # fmt: skip


def intercom(**fields: Any) -> dict[str, Any]:
    return {
        "type": "article", "id": "7", "title": "Reset", "body": LONG, "state": "published",
        "url": "https://help.y/7", "updated_at": 1714557600, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ({"articles": [zendesk()], "count": 1}, "https://help.x/hc/1"),
        ({"type": "list", "data": [intercom()]}, "https://help.y/7"),
        (
            {
                "results": [
                    {
                        "type": "page", "title": "Reset", "body": {"storage": {"value": LONG}},
                        "version": {"when": "2024-05-01T10:00:00.000Z"}, "_links": {"webui": "/spaces/A/pages/1"},
                    }
                ],
                "_links": {"base": "https://wiki.z/wiki"},
            },
            "https://wiki.z/wiki/spaces/A/pages/1",
        ),
        ([{"title": {"rendered": "Reset"}, "content": {"rendered": LONG}, "link": "https://w.p/1", "modified": "2024-05-01T10:00:00"}], "https://w.p/1"),
    ],
)  # fmt: skip
def test_exported_articles_keep_title_date_and_address(value: Any, url: str) -> None:
    text = one(data.load(json.dumps(value).encode())).text
    assert f'url: "{url}"' in text and 'date: "2024-05-01"' in text
    assert headings(text) == ["Reset"] and "Press the red button." in text and "<p>" not in text


def test_pages_that_a_crawler_stored_are_articles_also_short_ones() -> None:
    pages = [
        {"title": name, "url": f"https://help.x/{name}", "content": body, "scraped_at": "2026"}
        for name, body in (("A", LONG * 4), ("B", LONG * 4), ("C", LONG * 4), ("D", "Soon."))
    ]
    found = list(data.load(json.dumps([*pages, {"title": "Empty"}]).encode()))
    assert [each.member for each in found if each.text] == ["A", "B", "C", "D"]
    assert found[-1].left_out == ("1 record without an article",)
    products = [{**each, "details": LONG * 4} for each in pages]
    assert len(list(data.load(json.dumps(products).encode()))) == 1


def test_contents_of_a_scraped_page_name_its_headings() -> None:
    lines = ["In this article:", "Overview", "Steps", "Overview", "Short.", "Steps", LONG[3:-4] * 4]
    page = {"title": "Reset", "url": "https://help.x/r", "content": "\n".join(lines)}
    text = one(data.load(json.dumps([page]).encode())).text
    assert headings(text) == ["Reset", "Overview", "Steps"] and "In this article" not in text


def test_articles_of_one_file_are_documents_of_their_own_without_drafts() -> None:
    value = {
        "articles": [
            zendesk(),
            zendesk(id=2, title="a/../b"),
            zendesk(id=3),
            zendesk(id=4, draft=True),
        ]
    }
    found = list(data.load(json.dumps(value).encode()))
    assert [each.member for each in found if each.text] == ["Reset", "a b", "Reset 3"]
    assert found[-1].left_out == ("1 draft",)


def bomb() -> bytes:
    """YAML whose aliases stand for ten to the power of nine texts."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (bomb(), "more than 300,000 values"),
        (b"a: &a [*a]", "levels deep"),
        (b"- " * 100_000 + b"x", "levels deep"),
        (b"? " * 100_000 + b"x", "levels deep"),
        (b"x: " + b"[" * 100_000, "levels deep"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 60 + b"1" + b"}" * 60, "levels deep"),
        (b'{"a": [1, 2', "cannot be read as JSON"),
        (b"a: [1, 2", "cannot be read as YAML .*line"),
        (b"only words", "neither a mapping nor a list"),
        (b"[]", "no text"),
    ],
)
def test_hostile_and_broken_data_is_refused_with_the_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(NotExtracted, match=reason):
        list(data.load(raw))


def test_tags_of_yaml_construct_nothing() -> None:
    text = one(data.load(b"a: !!python/object/apply:os.system ['true'] \nb: one two\n")).text
    assert items(text) == ["B: one two", "true"]


ENTRIES = [
    {"question": HOLIDAYS, "answer": "Yes, up to five days, until 31 March of the following year."},
    {"question": SICK, "answer": "A doctor's note is needed from the fourth day of an illness."},
]
OTHERS = QUESTIONS.keys() - {HOLIDAYS, SICK}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("faq.json", json.dumps(ENTRIES).encode()),
        ("faq.jsonl", "\n".join(map(json.dumps, ENTRIES)).encode()),
        ("faq.yaml", yaml.safe_dump({"faq": ENTRIES}).encode()),
    ],
)
def test_answers_over_data_are_those_of_the_original(
    name: str, raw: bytes, ask_handbook: AskHandbook
) -> None:
    ask_handbook(name, raw, places={SICK: "entry 2"}, without=OTHERS)
