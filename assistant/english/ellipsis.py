"""Fragments: "And children?" replaces the words of the earlier question that it is nearest to."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from assistant.english.phrases import PREPOSITIONS, Phrase, Token, noun_phrases, tokenize
from index.encoder import Vectors
from index.terms import stem

Encode = Callable[[Sequence[str]], Vectors]

ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
OPENING_PREPOSITION = re.compile(rf"^({'|'.join(sorted(PREPOSITIONS))})\s+", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?]*(?:[.!?](?!\s|$)[^.!?]*)*[.!?]*")
_MAX_REPLACED_WORDS = 3
# Weights of the choice of the words that a fragment replaces, beside the cosine of the two; set by
# hand on dialogues about other subjects than the shipped documents.
_SAME_HEAD, _SAME_PREPOSITION, _SAME_SHAPE, _SAME_NUMBER, _LATE = 0.35, 0.3, 0.2, 0.1, 0.1
_KEPT, _HALVED = 0.2, 0.5
# Cosine from which "for contractors" replaces "employees" without a preposition of its own.
_MIN_SIMILARITY = 0.35
# Bounds the work on a long question: the last options are kept, and the characters of each.
_MAX_OPTIONS = 32
_MAX_OPTION_CHARS = 60


def replace_nearest(question: str, rest: str, encode: Encode) -> str:
    """The question with the words nearest in form and meaning to `rest` replaced by it, as
    "internal" by "external"; `rest` is appended if it adds a circumstance."""
    opening = OPENING_PREPOSITION.match(rest)
    preposition = opening[1].lower() if opening else ""
    new = ARTICLE.sub("", rest[opening.end() :] if opening else rest)
    fragment = tokenize(new)
    phrases = noun_phrases(question)
    if len(fragment) > 1 and fragment[0].is_possessive:  # "restic's price" for "Borg's licence"
        for owner, owned in pairwise(phrases):
            if owner.tokens[-1].is_possessive:
                return question[: owner.start] + new + question[owned.end :]
    lowered = {token.word for token in fragment}
    options = [
        option
        for phrase in phrases
        for option in _parts(phrase)
        if not {token.word for token in option.replaced.tokens} <= lowered
    ]
    options = options[-_MAX_OPTIONS:]
    if not options or not fragment:
        return f"{question.rstrip(' ?.!')} {rest}?"
    texts = [*(option.replaced.text for option in options), new]
    vectors = encode([text[:_MAX_OPTION_CHARS] for text in texts])
    cosines = vectors[:-1] @ vectors[-1]
    scores = [
        float(cosine) + option.likeness(fragment, preposition)
        for option, cosine in zip(options, cosines, strict=True)
    ]
    best = max(range(len(options)), key=scores.__getitem__)
    old = options[best].replaced
    if not preposition:
        return question[: old.start] + new + question[old.end :]
    is_apart = all(token.is_time for token in fragment) and not old.is_time
    if old.preposition != preposition and (is_apart or cosines[best] < _MIN_SIMILARITY):
        return f"{question.rstrip(' ?.!')} {rest}?"
    before = re.search(rf" {old.preposition} (?:the |an? )?$", question[: old.start])
    if not old.preposition or before is None:
        return question[: old.start] + new + question[old.end :]
    return f"{question[: before.start()]} {rest[:1].lower()}{rest[1:]}{question[old.end :]}"


def nearest(options: Sequence[str], text: str, encode: Encode) -> int:
    """The place of the option that is nearest to a text in meaning."""
    if len(options) == 1:
        return 0
    vectors = encode([each[:_MAX_OPTION_CHARS] for each in (*options, text)])
    return int((vectors[:-1] @ vectors[-1]).argmax())


@dataclass(frozen=True, slots=True)
class _Part:
    """Successive words of a phrase that a fragment may replace, and those that would stay."""

    replaced: Phrase
    kept: tuple[Token, ...]

    def likeness(self, new: Sequence[Token], preposition: str) -> float:
        """How alike the forms of the old and the new words are: the last or first word, the shape,
        the number, and the preposition; less for words of a name that would stay."""
        old = self.replaced
        ends = {stem(old.tokens[-1].word), stem(old.tokens[0].word)}
        same_head = len(old.tokens) == len(new) > 1 and bool(
            ends & {stem(new[-1].word), stem(new[0].word)}
        )
        same_number = old.tokens[-1].is_plural == new[-1].is_plural
        same_preposition = bool(preposition) and old.preposition == preposition
        both_numbered = new[-1].has_digit and old.tokens[-1].has_digit
        halved = any(t.text[0].isupper() or t.is_identifier for t in self.kept)
        left_over = len(self.kept) if len(new) > 1 else 0
        too_many = len(old.tokens) - 1 if len(new) == 1 and not old.is_name else 0
        if _is_name(new) and old.is_name:  # "Team" for "Pro" of "Pro plan", not for both words
            too_many = max(0, _heads(old.tokens) - _heads(new))
        return (
            _SAME_HEAD * same_head
            + _SAME_NUMBER * same_number
            + _SAME_PREPOSITION * same_preposition
            + _SAME_SHAPE * _same_shape(old, new)
            + _LATE * bool(old.preposition)
            - _HALVED * (halved and not (both_numbered and len(new) == 1))
            - _KEPT * (left_over + too_many)
        )


def _parts(phrase: Phrase) -> Iterable[_Part]:
    tokens = phrase.tokens
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + _MAX_REPLACED_WORDS) + 1):
            replaced = Phrase(tokens[start:end], phrase.before, phrase.opens and start == 0)
            yield _Part(replaced, (*tokens[:start], *tokens[end:]))


def _is_name(tokens: Sequence[Token]) -> bool:
    return any(token.is_identifier or token.text[0].isupper() for token in tokens)


def _heads(tokens: Sequence[Token]) -> int:
    """How many words at the end are no part of a name: one in "Pro plan"."""
    return sum(1 for _ in takewhile(lambda token: not _is_name([token]), reversed(tokens)))


def _same_shape(old: Phrase, new: Sequence[Token]) -> float:
    """1 or more if both are identifiers or names, or the old one is a possessor; -0.5 if only the
    new one is a name; else 0."""
    if any(t.has_digit for t in new) and any(t.has_digit for t in old.tokens):
        return 1.5
    if old.tokens[-1].is_possessive:
        return 1.0
    if _is_name(new):
        return 1.0 if old.is_name else -0.5
    return 0.0


def without_condition(question: str) -> str:
    """The last sentence of a question, without its own "if …" and its question mark."""
    sentences = [each.strip() for each in _SENTENCE.findall(question) if each.strip(" .?!")]
    last = sentences[-1] if sentences else question
    return re.split(r",? (?:if|unless|in case) ", last, maxsplit=1)[0].rstrip(" ?.!")
