"""Recognises questions with answers in records: the rows of a sheet, the objects of JSON and YAML.

A field is recognised by its name in common forms: "Question", "FAQ question", "question_text", "q".
A record has one or several wordings of the question, an answer, and may have a category, a link, a
language and a date. Fields that count or number the records are left out and named; any other field
stands with its name below the answer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from corpus.formats.extracted import counted
from corpus.formats.prose import Prose
from corpus.formats.writer import MarkdownWriter, fold

# Wordings of one question that get an entry of their own, with the answer repeated.
MAX_WORDINGS = 20
_MAX_NAMED = 10  # places of records that lack a question or an answer
# Levels of headings: of a category, and of a part of the file.
_CATEGORY_LEVEL = 3


class Role(Enum):
    """What a field of a record is."""

    QUESTION = "question"
    WORDING = "wording"
    ANSWER = "answer"
    CATEGORY = "category"
    LINK = "link"
    LANGUAGE = "language"
    DATE = "date"
    NUMBER = "number"  # counts, numbers or tags the record: not shown
    OTHER = "other"


# Names as `_normal` gives them. The weak ones count only if the record has no strong one.
_STRONG: Mapping[Role, str] = {
    Role.QUESTION: "question|questions|q|faq|faq question|question text|question title|query"
    "|user question|customer question|ask|prompt|main question|question en|user query|frage"
    "|pregunta|domanda|vraag",
    Role.WORDING: "alternative|alternatives|alternative question|alternative questions"
    "|alternate question|alternate questions|alt question|alt questions|other wording"
    "|other wordings|wording|wordings|variant|variants|variation|variations|question variants"
    "|question variations|paraphrase|paraphrases|also asked|also asked as|synonyms|aliases"
    "|similar questions|rephrasings|rephrased|utterance|utterances|training phrases|phrases"
    "|patterns|examples",
    Role.ANSWER: "answer|answers|a|faq answer|answer text|response|responses|reply|replies"
    "|solution|resolution|accepted answer|answer en|bot answer|bot response|antwort|respuesta"
    "|risposta|antwoord|answer html|answer markdown|answer body",
    Role.CATEGORY: "category|categories|section|topic|group|area|theme|product area|category name"
    "|subcategory|chapter|kategorie|category title",
    Role.LINK: "link|links|url|urls|source|source url|source link|more info|page|page url|permalink"
    "|html url|href|web page|reference|reference url",
    Role.LANGUAGE: "language|lang|locale",
    Role.DATE: "date|updated|last updated|last update|updated at|modified|last modified|updated on"
    "|modified at|changed|last changed|last reviewed|reviewed|review date|created|created at"
    "|date created|published|published at",
    Role.NUMBER: "id|faqid|qid|no|nr|number|row|index|key|uuid|tags|tag|keywords|keyword|status"
    "|state|views|votes|rank|order|position|sort|sort order|slug|score|intent|author id|section id"
    "|parent id|category id|type|published by|visible|enabled|active|draft",
}
_WEAK: Mapping[Role, str] = {
    Role.QUESTION: "title|name|subject|problem|issue|heading|summary|header|instruction|input|term",
    Role.ANSWER: "text|body|content|description|output|completion|details|explanation|definition"
    "|html|value|message",
}


def _table(words: Mapping[Role, str]) -> dict[str, Role]:
    return {name: role for role, names in words.items() for name in names.split("|")}


_STRONG_NAMES, _WEAK_NAMES = _table(_STRONG), _table(_WEAK)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_LETTER = re.compile(r"[\W_]+")
_SEPARATOR = re.compile(r"[_\s]+|(?<=[a-z])-(?=[a-z])")
# Keys under which a text is wrapped: schema.org, WordPress, Confluence, translations.
_WRAPPED = ("text", "rendered", "storage", "view", "value", "html", "markdown", "content", "en")
_TRAILING_NUMBER = re.compile(r"\s\d{1,3}$|(?<=[a-z])\d{1,3}$")
# "core question", "short answer": what the last word says.
_LAST_WORDS = {
    "question": Role.QUESTION,
    "answer": Role.ANSWER,
    "answers": Role.ANSWER,
    **dict.fromkeys("id no number tag tags type status code count length".split(), Role.NUMBER),
}
_ALTERNATIVE = re.compile(r"(?:alt|alternat|other|similar|more|additional|further|sample)")
# "question_en", "Answer (DE)": the same in several languages.
_LANGUAGE = re.compile(
    r" (ar|cs|da|de|dk|el|en|es|fi|fr|he|hi|hu|it|ja|ko|nl|no|pl|pt|ru|sv|tr|uk|vi|zh)$"
)
_SEPARATORS = re.compile(r"\s*(?:\n|\||;)\s*|(?<=\?)\s*[,/]\s*|(?<=\?)\s+(?=[A-Z])")


@dataclass
class Record:
    """A question with its answer. `others` are fields of no known role, by name."""

    wordings: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    category: str = ""
    link: str = ""
    others: list[tuple[str, str]] = field(default_factory=list)


def roles_of(names: Sequence[str], *, weak: bool = False) -> list[Role] | None:
    """Returns the role of each name; None if no question or no answer is among them. `weak` is
    whether "title" and "text" count as question and answer; one of the two always may."""
    roles = [role_of(name) for name in names]
    asking = {Role.QUESTION, Role.WORDING}
    for wanted, same, other in (
        (Role.QUESTION, asking, {Role.ANSWER}),
        (Role.ANSWER, {Role.ANSWER}, asking),
    ):
        if same.isdisjoint(roles) and (weak or not other.isdisjoint(roles)):
            found = [n for n, name in enumerate(names) if _role(name, _WEAK_NAMES) is wanted]
            if found:
                roles[found[0]] = wanted
    return None if asking.isdisjoint(roles) or Role.ANSWER not in roles else roles


def role_of(name: str) -> Role:
    """Returns the role that a name has alone."""
    return _role(name, _STRONG_NAMES)


def records_of(names: Sequence[str], roles: Sequence[Role], values: Sequence[str]) -> list[Record]:
    """Returns the records of the values, whose names and roles are given in the same order: one for
    each language in which there is a question."""
    pairs = list(zip(names, roles, strict=True))
    spoken = [_language(name) for name, role in pairs if role is Role.QUESTION]
    return [_record(pairs, values, language) for language in dict.fromkeys(spoken) or [""]]


def _record(names: Sequence[tuple[str, Role]], values: Sequence[str], language: str) -> Record:
    record = Record()
    for (name, role), value in zip(names, values, strict=False):
        is_other = _language(name) != language and role in (Role.QUESTION, Role.ANSWER)
        if not value.strip() or is_other:
            continue
        match role:
            case Role.QUESTION:
                record.wordings.append(value)
            case Role.WORDING:
                record.wordings.extend(divided(value))
            case Role.ANSWER:
                record.answers.append(value)
            case Role.CATEGORY:
                record.category = f"{record.category} › {value}" if record.category else value
            case Role.LINK:
                record.link = record.link or value
            case Role.OTHER if fold(name) or any(map(str.isalpha, value)):
                record.others.append((fold(name), value))
    return record


def text_of(value: object) -> str:
    """Returns the text of a value of JSON or YAML, also of one that is wrapped in a mapping; ""
    if it has none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        inner = next((value[name] for name in _WRAPPED if value.get(name)), "")
        return text_of(inner) if inner is not value else ""
    return ""


def as_title(name: str) -> str:
    """Returns the name of a field as words: "opening_hours" as "Opening hours"."""
    words = _SEPARATOR.sub(" ", _CAMEL.sub(" ", name)).strip()
    return words[:1].upper() + words[1:]


def divided(text: str) -> list[str]:
    """Returns the wordings in one field, divided at lines, bars and semicolons, or behind the
    question mark of each."""
    return [part for part in _SEPARATORS.split(text) if part.strip()]


def omitted(names: Sequence[str], roles: Sequence[Role]) -> tuple[str, ...]:
    """Returns a phrase for the fields that `write_record` leaves out, if there are some."""
    left = [
        fold(name)
        for name, role in zip(names, roles, strict=True)
        if role in (Role.NUMBER, Role.LANGUAGE, Role.DATE) and name.strip()
    ]
    return (f"columns {', '.join(left)}",) if left else ()


class RecordWriter:
    """Writes records one after another. A new category is a heading."""

    def __init__(self, writer: MarkdownWriter) -> None:
        self._writer = writer
        self._category = ""
        self._unanswered: list[str] = []  # places of records with a question and no answer
        self._unasked: list[str] = []  # places of records with an answer and no question
        self.further_wordings = 0  # beyond MAX_WORDINGS

    def write(self, record: Record, place: str) -> None:
        """Writes a record that stands at the place: each wording with the whole answer."""
        wordings = list(dict.fromkeys(map(fold, record.wordings)))
        if not wordings or not any(answer.strip() for answer in record.answers):
            if wordings:
                self._unanswered.append(place)
            elif any(answer.strip() for answer in record.answers):
                self._unasked.append(place)
            return
        self._writer.place(place)
        if fold(record.category) != self._category:
            self._category = fold(record.category)
            self._writer.heading(_CATEGORY_LEVEL, self._category)
        self.further_wordings += len(wordings[MAX_WORDINGS:])
        for wording in wordings[:MAX_WORDINGS]:
            self._writer.question(wording)
            answer = Prose(self._writer, answers=True)
            for text in record.answers:
                answer.field(text)
            for name, value in record.others:
                self._writer.answer(f"{name}: {value}" if name else value)
            if record.link:
                self._writer.answer(f"Link: {record.link}")

    def left_out(self) -> Iterator[str]:
        """Yields a phrase for each kind of thing that was left out."""
        if self._unanswered:
            places = _named(self._unanswered)
            yield counted(len(self._unanswered), "question", f"without an answer {places}")
        if self._unasked:
            places = _named(self._unasked)
            yield counted(len(self._unasked), "answer", f"without a question {places}")
        if self.further_wordings:
            yield counted(
                self.further_wordings, "wording", f"(a question has more than {MAX_WORDINGS})"
            )


def _named(places: Sequence[str]) -> str:
    """The first places in brackets."""
    more = f" and {len(places) - _MAX_NAMED:,} more" if len(places) > _MAX_NAMED else ""
    return f"({', '.join(places[:_MAX_NAMED])}{more})"


def _role(name: str, names: Mapping[str, Role]) -> Role:
    normal = _LANGUAGE.sub("", _normal(name))
    role = names.get(normal) or names.get(_TRAILING_NUMBER.sub("", normal))
    if role or names is _WEAK_NAMES:
        return role or Role.OTHER
    if _ALTERNATIVE.match(normal) and normal.endswith(("question", "questions")):
        return Role.WORDING
    return _LAST_WORDS.get(normal.rpartition(" ")[2], Role.OTHER)


def _language(name: str) -> str:
    found = _LANGUAGE.search(_normal(name))
    return found[1] if found else ""


def _normal(name: str) -> str:
    """The name in lower case, its words separated by single spaces."""
    return _NO_LETTER.sub(" ", _CAMEL.sub(" ", name)).strip().lower()
