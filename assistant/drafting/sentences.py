"""Questions from sentences: definitions, and what one can, must or may not do."""

import re
from collections.abc import Iterator

from assistant.drafting.drafts import Draft, DraftKind
from assistant.drafting.wording import as_own, with_small_letters
from assistant.english.statements import refers_back
from assistant.english.values import Names, content
from corpus.document import Kind, Passage
from corpus.markup import strip_markup

_PROSE = (Kind.PARAGRAPH, Kind.ANSWER, Kind.ITEM)
_MAX_CHARS = 400
_DEFINITION = re.compile(
    r"(?P<article>(?:An?|The) )?(?P<subject>[A-Z\w][\w&/+.’'-]*(?: [\w&/+.()’'-]+){0,4}?) "
    r"(?P<verb>is|are) (?:an? |the (?!same|case|only|first|last|best)|when |how |where )"
)
_NO_SUBJECT = re.compile(
    r"^(?:since|because|although|while|once|after|before|for|with|by|to|at|from|under|during|"
    r"unless|until|in|on|it|this|that|these|those|there|here|he|she|they|we|you|i|what|which|who|how|when|where|why|if|as|"
    r"one|another|each|every|all|both|some|most|many|any|no|your|our|my|their|its|his|her|"
    r"below|above|following|also|note|example|page|section|goal|reason|way|key|next|first|last)\b|"
    r"\b(?:is|are|was|were|of|for|that|which|and|or|to|in|on)\b",
    re.IGNORECASE,
)
# What follows "You can" and says nothing of what is allowed.
_NO_PERMISSION = (
    r"be|find|see|check|refer|read|learn|choose|only|contact|get started|start by|expect|visit|"
    r"view|need|encounter|experience|notice|want|wish|have|receive"
)
# "You can X": the question, and whether the sentence says yes.
_MODALS = (
    (re.compile(r"You (?:cannot|can not|can['’]t|may not) (.+)"), "Can I {}?", False),
    (
        re.compile(rf"You (?:can|may) (?:also |now )?((?!(?:{_NO_PERMISSION})\b).+)"),
        "Can I {}?",
        True,
    ),
    (re.compile(r"You (?:must|have to|(?:will |['’]ll )?need to) (.+)"), "Do I need to {}?", True),
    (re.compile(r"You (?:do not|don['’]t) (?:need|have) to (.+)"), "Do I need to {}?", False),
)
_END_OF_CLAUSE = re.compile(
    r"\s*(?:[,;:(–—]|\s-\s|\b(?:so|because|but|which|unless|as long as|and then)\b).*$"
)
_BRACKETS = re.compile(r"\s?\([^()]{1,60}\)")
# A comma that does not end a clause: "annual, award and sick leave".
_LIST = re.compile(
    r",\s(?!but|so|because|which|unless|if|when|even|as|depending|provided|although|though|or if)"
)
_VAGUE = re.compile(
    r"\b(?:this|that|these|those|it|its|they|them|their|he|she|here|there|above|below|following|"
    r"such|same|then|another|otherwise|one|ones|we|our|us)\b|[\[\]{}<>|`\"“”]",
    re.IGNORECASE,
)
_MIN_WORDS, _MAX_WORDS = 4, 16  # of a question


def sentence_drafts(passage: Passage, names: Names) -> Iterator[Draft]:
    """Yields the questions that sentences of a passage answer alone."""
    for unit in passage.units:
        text = " ".join(strip_markup(passage.source(unit)).split())
        if unit.kind not in _PROSE or len(text) > _MAX_CHARS or not text.endswith((".", "!")):
            continue
        if refers_back(text):
            continue
        span = (unit.start, unit.end)
        if question := _definition(text, passage, names):
            yield Draft(DraftKind.DEFINITION, question, text, passage, span)
        elif asked := _modal(text, passage, names):
            question, is_yes = asked
            answer = f"{'Yes' if is_yes else 'No'}. {text}"
            yield Draft(DraftKind.YES_NO, question, answer, passage, span)


def _definition(text: str, passage: Passage, names: Names) -> str:
    found = _DEFINITION.match(text)
    if not found or _NO_SUBJECT.search(found["subject"]):
        return ""
    article, subject = (found["article"] or "").lower(), found["subject"]
    above = content(f"{passage.title} {' '.join(passage.headings)} {passage.question or ''}")
    is_named = subject.split()[0] in names or any(letter.isupper() for letter in subject[1:])
    is_known = set(content(subject)) <= set(above)
    if article.strip() not in ("a", "an") and not is_named and not is_known:
        return ""
    is_rule = found.group().endswith(" the ") and not is_named  # "Train is the rule"
    if (article.strip() == "the" and not is_named) or is_rule:
        return ""
    if found["verb"] == "are" and not subject.endswith("s"):
        return ""
    is_title = any(word[0].isupper() for word in subject.split()[1:])
    subject = subject if is_title else with_small_letters(subject, names)
    return f"What {found['verb']} {article}{subject}?"


def _modal(text: str, passage: Passage, names: Names) -> tuple[str, bool] | None:
    for pattern, question, is_yes in _MODALS:
        if found := pattern.match(text):
            whole = _BRACKETS.sub("", found[1])
            rest = _END_OF_CLAUSE.sub("", whole).strip(" .!")
            if _LIST.match(whole[len(rest) :]):
                return None
            asked = question.format(as_own(rest))
            return (asked, is_yes) if _is_clear(rest, asked, passage, names) else None
    return None


def _is_clear(rest: str, question: str, passage: Passage, names: Names) -> bool:
    """Whether a question is understood alone: it names what its section is about, or a name."""
    if _VAGUE.search(rest) or not _MIN_WORDS <= len(question.split()) <= _MAX_WORDS:
        return False
    above = {*content(f"{passage.title} {' '.join(passage.headings)} {passage.question or ''}")}
    has_topic = len(above & {*content(rest)}) > 0
    return has_topic or any(word in names for word in rest.split()[1:])
