"""Questions from headings: "Resetting your password" as "How do I reset my password?"."""

import re
from collections.abc import Iterator

from assistant.drafting.drafts import Draft, DraftKind, draft_of_units
from assistant.drafting.wording import as_own, base_of, with_small_letters
from assistant.english.instructions import instructs
from assistant.english.values import Names
from corpus.document import Kind, Passage
from corpus.markup import strip_markup
from index.terms import STOP_WORDS, words

_MIN_WORDS, _MAX_WORDS = 2, 9  # of a heading that becomes a question
_NUMBER = re.compile(r"^(?:step )?(?:\d+|[a-z])[.):]\s+", re.IGNORECASE)
_NO_HEADING = re.compile(
    r"[?!:;,|{}<>]|\b(?:if|when|this|these|here|above|below|etc|overview|note)\b", re.I
)
# What a heading that is no instruction asks. The first group is what it is about.
_FORMS = (
    (r"how to ({verb}.*)", "How do I {}?"),
    (r"when to ({verb}.*)", "When should I {}?"),
    (r"where to ({verb}.*)", "Where do I {}?"),
    (r"what to ({verb}.*)", "What should I {}?"),
    (r"(?:the )?difference between (.* and .*)", "What is the difference between {}?"),
    (r"types of (.*s)", "What types of {} are there?"),
    (r"(?:benefits|advantages) of (.*)", "What are the benefits of {}?"),
)
_COMPILED = tuple(
    (re.compile(form.replace("{verb}", r"(?P<verb>\w+)"), re.IGNORECASE), question)
    for form, question in _FORMS
)
# What a heading of one word asks about the title, or the heading above it.
_ASPECTS = {
    "eligibility": "Who is eligible for {}?",
    "requirements": "What are the requirements for {}?",
    "prerequisites": "What are the prerequisites for {}?",
    "system requirements": "What are the system requirements for {}?",
    "limitations": "What are the limitations of {}?",
    "known issues": "What are the known issues of {}?",
    "installation": "How do I install {}?",
    "deadlines": "What are the deadlines for {}?",
    "rules": "What are the rules for {}?",
    "benefits": "What are the benefits of {}?",
    "cost": "How much does {} cost?",
    "costs": "How much does {} cost?",
    "pricing": "How much does {} cost?",
    "refunds": "What is the refund policy for {}?",
    "opening hours": "What are the opening hours of {}?",
}
_NO_SUBJECT = re.compile(
    r"\b(?:information|info|terms|conditions|faqs?|overview|guide|introduction|general|details|"
    r"questions|help|resources|other|more|notes?)\b",
    re.IGNORECASE,
)
# Words that show that a base form opens an instruction; and those after which it is none.
_BEHIND_VERBS = frozenset(
    "a an the your my all any each another its new up out in off on to for into with".split()
)
_PARTICLES_ALONE = frozenset("and or of vs is are".split())
_SUBJECT_WORDS = 5  # of a title that a question about an aspect names


def heading_drafts(passage: Passage, names: Names) -> Iterator[Draft]:
    """Yields the question that the nearest heading of a passage asks, if it asks one in any way."""
    if passage.question or not passage.headings or not passage.units:
        return
    heading = _NUMBER.sub("", strip_markup(passage.headings[-1])).strip(" .")
    units = [unit for unit in passage.units if unit.kind is not Kind.HEADER]
    if not units or units[0].start > passage.units[0].start:
        return
    if question := _instruction(heading, passage, names):
        yield draft_of_units(DraftKind.HOW_TO, question, passage, units)
    elif question := _aspect(heading, passage, names) or _form(heading, names):
        yield draft_of_units(DraftKind.HEADING, question, passage, units)


def _instruction(heading: str, passage: Passage, names: Names) -> str:
    """The question of a heading that is an instruction, if the passage says what to do."""
    every = heading.split()
    if not _is_short(heading) or not every:
        return ""
    verb = base_of(every[0])
    if every[0].lower() == verb and every[1:2] and every[1].lower() not in _BEHIND_VERBS:
        return ""  # "Open spaces" may be no instruction
    rest = with_small_letters(" ".join(every[1:]), names)
    is_vague = STOP_WORDS.issuperset(words(rest))  # "sign up", "get there"
    if not verb or is_vague or rest.split()[0] in _PARTICLES_ALONE:
        return ""
    is_instructing = any(
        unit.number or unit.kind is Kind.CODE or instructs(passage.source(unit))
        for unit in passage.units
    )
    return f"How do I {verb} {as_own(rest)}?" if is_instructing else ""


def _form(heading: str, names: Names) -> str:
    if not _is_short(heading):
        return ""
    for pattern, question in _COMPILED:
        if found := pattern.fullmatch(heading):
            fields = found.groupdict()
            if "verb" in fields and (not base_of(fields["verb"] or "") or " " not in found[1]):
                return ""
            if STOP_WORDS.issuperset(words(found[1])[1:]):
                return ""
            return question.format(as_own(with_small_letters(found[1], names)))
    return ""


def _aspect(heading: str, passage: Passage, names: Names) -> str:
    question = _ASPECTS.get(heading.lower())
    above = passage.headings[-2] if len(passage.headings) > 1 else passage.title
    subject = with_small_letters(_NUMBER.sub("", strip_markup(above)), names)
    every = subject.split()
    if not question or not 0 < len(every) <= _SUBJECT_WORDS or _NO_HEADING.search(subject):
        return ""
    if base_of(every[0]) or every[0].lower() in STOP_WORDS or _NO_SUBJECT.search(subject):
        return ""
    # Whether "laptop" needs an article is not known.
    is_named = every[-1] in names or any(letter.isupper() for letter in subject)
    is_whole = is_named or len(every) > 1 or subject.endswith("s")
    return question.format(subject) if is_whole else ""


def _is_short(heading: str) -> bool:
    return _MIN_WORDS <= len(heading.split()) <= _MAX_WORDS and not _NO_HEADING.search(heading)
