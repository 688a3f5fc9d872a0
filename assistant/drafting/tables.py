"""Questions from tables: the value of a column for a row."""

import re
from collections.abc import Iterator

from assistant.drafting.drafts import Draft, DraftKind
from assistant.drafting.wording import with_small_letters
from assistant.english import thesaurus
from assistant.english.values import Names, is_value
from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup
from index.terms import STOP_WORDS, fold, stem, words

_MAX_LABEL_WORDS, _MAX_COLUMN_WORDS, _MAX_VALUE_CHARS = 5, 3, 80
_COLUMN = re.compile(r"[^\W\d_][\w'’-]*(?: [\w'’-]+)*")
# Column headings that name no attribute, by their first word.
_NO_NOUN = re.compile(
    r"^(?:what|who|when|where|why|how|which|is|are|can|do|does|notes?|comments?|remarks?|details?|"
    r"descriptions?|explanation|read|examples?|links?|url|documentation|source|reference|meaning|"
    r"summary|column|first|second|third|see|info|information|item|value|content|text|action|task|"
    r"step|contact)\b",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(r"(?:ed|ly|\b(?:chosen|given|kept|found|taken|made|written|known))$")
_LABEL = re.compile(r"[\w`.&/+'’-]+(?: [\w`.&/+'’-]+)*")
_YES_NO = frozenset("yes no x ✓ ✔ ✗ – - — n/a none ? true false".split())
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday day total".split())
# Headings of the labels that say nothing of what the rows are: "the Large model", but "Taster".
_OPEN = frozenset(
    "name title type kind feature topic key id reason aspect difference action question item "
    "office option setting".split()
)
_COST = re.compile(r"(?:price|cost|fee)s?", re.IGNORECASE)


def table_drafts(passage: Passage, names: Names) -> Iterator[Draft]:
    """Yields a question for each cell that one can be asked for."""
    for unit in passage.units:
        if unit.kind is Kind.ROW and unit.labels == 1 and len(unit.cells) > 1:
            yield from _row(passage, unit, names)


def thing_of(passage: Passage, unit: Unit, names: Names) -> str:
    """What a row is about: "the Large model", "Taster"; "" if its label is no name for it."""
    label = " ".join(strip_markup(passage.at(*unit.cells[0])).split())
    if not _LABEL.fullmatch(label) or is_value(label) or not label[0].isalnum():
        return ""
    if len(label.split()) > _MAX_LABEL_WORDS or label.lower() in _YES_NO:
        return ""
    if STOP_WORDS.issuperset(words(label)):
        return ""
    heading = " ".join(strip_markup(passage.at(*unit.columns[0])).split()) if unit.columns else ""
    is_kind = bool(_COLUMN.fullmatch(heading)) and len(heading.split()) == 1
    is_kind = is_kind and not heading.endswith("s") and not _NO_NOUN.match(heading)
    if is_kind and heading.lower() not in label.lower() and heading.lower() not in _OPEN:
        return f"the {label} {with_small_letters(heading, names)}"
    is_name = any(c.isupper() or c.isdigit() for c in label[1:]) or label.split()[0] in names
    is_phrase = " " in label and (label[0].isdigit() or not STOP_WORDS.isdisjoint(words(label)))
    return label if is_name and not is_phrase else ""


def columns_of(passage: Passage, unit: Unit) -> Iterator[tuple[int, str]]:
    """Yields the place and the heading of each column that names an attribute."""
    columns = [" ".join(strip_markup(passage.at(*span)).split()) for span in unit.columns]
    for number, column in enumerate(columns[1:], start=1):
        if (
            columns.count(column) == 1
            and _COLUMN.fullmatch(column)
            and len(column.split()) <= _MAX_COLUMN_WORDS
            and STOP_WORDS.isdisjoint(words(column))
            and not _PARTICIPLE.search(column)
            and not _NO_NOUN.match(column)
            and (not column.endswith("s") or column.endswith("ss"))
            and column.lower() not in _DAYS
            and thesaurus.similar(stem(fold(column.split()[-1])))  # a word of English
        ):
            yield number, column


def ask_for(column: str, thing: str, names: Names) -> str:
    """The question for the value of a column; "" if the column is a thing, not an attribute."""
    if column in names or any(letter.isupper() or letter.isdigit() for letter in column[1:]):
        return ""
    if _COST.fullmatch(column):
        return f"How much does {thing} cost?"
    return f"What is the {with_small_letters(column, names)} of {thing}?"


def _row(passage: Passage, unit: Unit, names: Names) -> Iterator[Draft]:
    thing = thing_of(passage, unit, names)
    for number, column in columns_of(passage, unit) if thing else ():
        if number >= len(unit.cells):
            continue
        question, span = ask_for(column, thing, names), unit.cells[number]
        value = " ".join(strip_markup(passage.at(*span)).split())
        is_short = 0 < len(value) <= _MAX_VALUE_CHARS and value.lower() not in _YES_NO
        if question and is_short:
            yield Draft(DraftKind.TABLE, question, value, passage, span)
