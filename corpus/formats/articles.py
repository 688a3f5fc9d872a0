"""Finds articles in data that help centres and wikis export, and writes each as a document.

An article has a title, a body in HTML, Markdown or plain text, and an address with a date or with a
body that is most of its text, or the type "article" or "page". Known are the exports, and the
answers of the interfaces, of Zendesk (`articles`), Intercom (`data` of type `article`), Confluence
(`results` with `body.storage`), WordPress, Freshdesk and Help Scout; others that have such fields
are read too. Drafts and, among articles, records without a title or a body are left out and
counted. Nothing is fetched: the address becomes the link of the citations.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.formats.confluence import storage_html
from corpus.formats.dates import iso_date
from corpus.formats.extracted import counted
from corpus.formats.prose import Prose
from corpus.formats.records import roles_of, text_of
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata, is_web_address

_TITLES = ("title", "name", "subject", "headline")
_BODIES = ("body", "content", "description", "text", "articleBody", "html", "body_html")
_ADDRESSES = ("html_url", "url", "link", "publicUrl", "webUrl", "permalink", "canonical_url")
_DATES = (
    "updated_at", "edited_at", "modified", "dateModified", "updatedAt", "updated", "lastModified",
    "last_updated", "date", "published_at", "publishedAt", "created_at", "createdAt",
)  # fmt: skip
_LANGUAGES = ("locale", "language", "lang", "default_locale")
_TYPES = frozenset({"article", "page", "post", "blogpost"})
_DRAFT_STATES = frozenset({"draft", "trash", "trashed", "archived", "private"})
_MIN_BODY = 40  # characters; a shorter text is a field of a record
# Characters of the body of a page that a crawler stored, and its share of all texts.
_MIN_PAGE = 300
_MIN_SHARE = 0.75
_MAX_MEMBER = 80  # characters of a title in a path
_UNSAFE = re.compile(r"[^\w ()+,'-]+")


@dataclass(frozen=True)
class Article:
    """An article with its body. `member` is a path that tells it from the others of its file."""

    metadata: Metadata
    body: str
    member: str

    def text(self) -> str:
        """Returns the canonical text: the title as the heading, and the body."""
        writer = MarkdownWriter(self.metadata)
        writer.heading(1, self.metadata.title)
        Prose(writer).field(self.body)
        return writer.text()


def articles_in(value: Any) -> tuple[list[Article], tuple[str, ...]]:
    """Returns the articles of a file of data, and what was left out; no articles if the file is
    something else."""
    found: list[Mapping[str, Any]] = []
    others = 0
    for records in _lists(value):
        articles = [each for each in records if _is_article(each)]
        if 2 * len(articles) > len(records):  # then shorter ones are articles, too
            articles = [each for each in records if _first(each, _TITLES) and _body(each)]
        if articles:
            found.extend(articles)
            others += len(records) - len(articles)
    published = [each for each in found if not _is_draft(each)]
    base = _base(value)
    used: set[str] = set()
    drafts = len(found) - len(published)
    counts = ((drafts, "draft", ""), (others, "record", "without an article"))
    left_out = tuple(counted(*each) for each in counts if each[0])
    return [_article(each, base, used) for each in published], left_out


def _lists(value: Any) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The records of a list, and those of the lists or mappings inside an outer mapping that is
    none itself."""
    outer = [
        each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)
    ]
    if any(map(_is_article, outer)):
        yield outer
    for each in outer:
        for inner in () if _is_article(each) else each.values():
            items = inner.get("items") if isinstance(inner, dict) and "items" in inner else inner
            inside = items if isinstance(items, list) else [items]
            yield [one for one in inside if isinstance(one, dict)]


def _is_article(value: Mapping[str, Any]) -> bool:
    if roles_of([str(key) for key in value]) and not _first(value, _ADDRESSES):
        return False
    is_typed = str(value.get("type", "")).lower() in _TYPES
    is_dated = bool(_first(value, _ADDRESSES) and _first(value, _DATES))
    body = len(_body(value))
    is_article = is_typed or is_dated or _is_page(value, body)
    return bool(_first(value, _TITLES)) and body >= _MIN_BODY and is_article


def _is_page(value: Mapping[str, Any], body: int) -> bool:
    """Whether the record is a page that a crawler stored; `body` is the length of its body."""
    texts = sum(len(text_of(each)) for each in value.values())
    address = _first(value, _ADDRESSES)
    return is_web_address(address) and body >= _MIN_PAGE and body >= _MIN_SHARE * texts


def _article(value: Mapping[str, Any], base: str, used: set[str]) -> Article:
    title = fold(_first(value, _TITLES))
    metadata = Metadata(
        title=title,
        date=_date(value),
        author=_author(value),
        url=_address(value, base),
        language=_first(value, _LANGUAGES),
    )
    return Article(metadata, _body(value), _member(title, text_of(value.get("id")), used))


def _member(title: str, number: str, used: set[str]) -> str:
    name = _UNSAFE.sub(" ", f"{title}")[:_MAX_MEMBER].strip() or "article"
    if name in used and number:
        name = f"{name} {_UNSAFE.sub(' ', number)}"
    unique = name
    while unique in used:
        unique = f"{name} {len(used)}"
    used.add(unique)
    return unique


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := text_of(value.get(name)))), "")


def _body(value: Mapping[str, Any]) -> str:
    body = max((text_of(value.get(name)) for name in _BODIES), key=len)
    return storage_html(body) if "<ac:" in body else body


def _address(value: Mapping[str, Any], base: str) -> str:
    links = value.get("_links")
    if isinstance(links, dict) and (path := text_of(links.get("webui"))):
        return f"{text_of(links.get('base')) or base}{path}"
    found = _first(value, _ADDRESSES)
    return found if is_web_address(found) else ""


def _base(value: Any) -> str:
    """The address in front of those of the articles, which Confluence gives once for all."""
    links = value.get("_links") if isinstance(value, dict) else None
    return text_of(links.get("base")) if isinstance(links, dict) else ""


def _date(value: Mapping[str, Any]) -> str:
    version = value.get("version")
    said = text_of(version.get("when")) if isinstance(version, dict) else ""
    return iso_date(said or _first(value, _DATES))


def _author(value: Mapping[str, Any]) -> str:
    author = value.get("author")
    if isinstance(author, dict):
        return _first(author, ("name", "displayName", "email"))
    return text_of(author) if isinstance(author, str) else ""


def _is_draft(value: Mapping[str, Any]) -> bool:
    state = str(value.get("state", value.get("status", ""))).lower()
    return value.get("draft") is True or state in _DRAFT_STATES
