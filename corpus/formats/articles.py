"""Finds articles in data that help centres and wikis export, and writes each as a document.

An article has a title, a body in HTML, Markdown or plain text, and an address, a date or the type
"article" or "page". Known are the exports, and the answers of the interfaces, of Zendesk
(`articles`), Intercom (`data` of type `article`), Confluence (`results` with `body.storage`),
WordPress, Freshdesk and Help Scout; others that have such fields are read too. Drafts are left out
and counted. Nothing is fetched: the address becomes the link of the citations.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpus.formats.confluence import storage_html
from corpus.formats.dates import iso_date
from corpus.formats.prose import Prose
from corpus.formats.records import roles_of, text_of
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata

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
    found = list(_candidates(value))
    published = [each for each in found if not _is_draft(each)]
    drafts = len(found) - len(published)
    base = _base(value)
    used: set[str] = set()
    articles = [_article(each, base, used) for each in published]
    return articles, (f"{drafts:,} drafts",) if drafts else ()


def _candidates(value: Any) -> Iterator[Mapping[str, Any]]:
    """The articles in a value: in a list, or in a list or a mapping of an outer mapping."""
    outer = value if isinstance(value, list) else [value]
    for each in outer:
        if not isinstance(each, dict):
            continue
        if _is_article(each):
            yield each
            continue
        for inner in each.values():
            items = inner.get("items") if isinstance(inner, dict) and "items" in inner else inner
            inside = items if isinstance(items, list) else [items]
            yield from (one for one in inside if isinstance(one, dict) and _is_article(one))


def _is_article(value: Mapping[str, Any]) -> bool:
    if roles_of([str(key) for key in value]) and not _first(value, _ADDRESSES):
        return False
    is_typed = str(value.get("type", "")).lower() in _TYPES
    is_dated = bool(_first(value, _ADDRESSES) and _first(value, _DATES))
    is_long = len(_body(value)) >= _MIN_BODY
    return bool(_first(value, _TITLES)) and is_long and (is_typed or is_dated)


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
    return found if found.startswith(("http://", "https://")) else ""


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
