"""The flaws of a sentence: what it says and the text that it cites does not.

Each flaw is a rule with a name. A sentence without a flaw may still be unsupported.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from assistant.claim_text import Support, anchors_of, content, parts_of, segments, stems_in
from assistant.english import thesaurus
from assistant.english.agreement import clauses, counted_units, disagreements, quantities
from index.rendering import path_text
from index.terms import STOP_WORDS, stem, words

# Words that change what follows them. "no more than 5" and "more than 5" share their words.
OPERATORS = frozenset("not no never without cannot only unless more less fewer".split())
# The most frequent verbs of SemCor (the counts of WordNet 3), without those that have an opposite,
# and five that stand beside a number: a sentence in other words has other verbs.
_COMMON_VERBS = (
    "have has had say said says make made see saw seen do does did done know known come came give "
    "gave given gives take took taken get got gotten find found seem use go went gone goes think "
    "thought tell become became becomes feel felt show shown look ask want try tries tried "
    "hear heard keep kept provide include write wrote written put mean meant appear run ran follow "
    "call play expect bring brought need let consider meet met reach help receive serve remain "
    "stay happen lie lay indicate sit sat deal belong involve concern apply applies "
    "cost weigh pay paid contain cover"
).split()
_COMMON_STEMS = frozenset(stem(word) for word in _COMMON_VERBS) | frozenset(
    stem(f"{word}{ending}") for word in _COMMON_VERBS for ending in ("s", "ed", "ing")
)
_NEGATED = re.compile(r"n't$")
_ANSWER_WORD = re.compile(r"^(?:yes|no)[,.:;]\s", re.IGNORECASE)  # denies nothing that follows
_DENYING = frozenset("no cannot never without".split())
# A clause repeats one of the cited text if this has such a share of its words, and so many words.
_REPEATED, _MIN_REPEATED = 0.75, 2
_SCOPE = 2  # content words that an operator changes


def flaws_of(claim: str, text: str, context: str, cited: Sequence[Support]) -> list[str]:
    """What the sentence says and the cited text does not, each named."""
    have = stems_in(f"{context} {text}")
    unsaid = [word for word in content(claim) if word not in have | _COMMON_STEMS]
    unsaid = [word for word in unsaid if word not in counted_units(claim)]
    flaws = disagreements(claim, text, context)
    flaws += [f"word {word}" for word in unsaid if not have & thesaurus.similar(word)]
    flaws += [f"apart: {clause}" for clause in _apart(claim, cited)]
    flaws += [f"exchanged: {clause}" for clause in _exchanged(claim, cited)]
    flaws += [f"{operator} {word}" for operator, word in _misplaced(claim, text)]
    return flaws


def _apart(claim: str, cited: Sequence[Support]) -> list[str]:
    """The claim's clauses with a name or number that is not in the clause of the cited text which
    has most of their other words."""
    parts = [
        (stems_in(part).union(quantities(part)), stems_in(path_text(each.passage)))
        for each in cited
        for part in segments(each)
    ]
    apart = []
    for clause in clauses(claim):
        anchors = anchors_of(clause)
        own = frozenset(content(clause)) | anchors
        scores = [len(own & text) / math.sqrt(len(text) or 1) for text, _ in parts]
        best = max(scores)
        nearest = (part for part, score in zip(parts, scores, strict=True) if score == best)
        if not any(anchors <= text | above for text, above in nearest):
            apart.append(clause)
    return apart


def _exchanged(claim: str, cited: Sequence[Support]) -> list[str]:
    """The claim's clauses which nearly repeat a clause of the cited text but for a name or number:
    this has another one in its place."""
    parts = [part for each in cited for part in parts_of(each)]
    exchanged = []
    for clause in clauses(claim):
        anchors = anchors_of(clause)
        own = frozenset(content(clause)) - anchors
        repeated = [part for part in parts if len(own & stems_in(part)) >= _REPEATED * len(own)]
        if len(own) < _MIN_REPEATED or not anchors or not repeated:
            continue
        is_stated = any(anchors <= stems_in(part) | anchors_of(part) for part in repeated)
        if not is_stated and any(_has_other(part, anchors) for part in repeated):
            exchanged.append(clause)
    return exchanged


def _has_other(part: str, anchors: frozenset[str]) -> bool:
    """Whether the text lacks one of the names and numbers, and has another of the same kind."""
    lacks, others = anchors - stems_in(part) - anchors_of(part), anchors_of(part) - anchors
    kinds = [{each[0].isdigit() for each in these} for these in (lacks, others)]
    return bool(kinds[0] & kinds[1])


def _misplaced(claim: str, text: str) -> list[tuple[str, str]]:
    """The operators of one side with a word that the other side has without that operator."""
    own, other = _operated(claim), _operated(text)
    here, there = stems_in(claim), stems_in(text)
    wrong = [pair for pair in own - other if pair[1] in there]
    return sorted([*wrong, *(pair for pair in other - own if pair[1] in here)])


@lru_cache(maxsize=8192)
def _operated(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of an operator and a word that it changes: ("not", "carri")."""
    pairs = set()
    for clause in clauses(_ANSWER_WORD.sub("", text)) or [text]:
        every = words(clause)
        for place, word in enumerate(every):
            operator = "not" if _NEGATED.search(word) or word in _DENYING else word
            if operator in OPERATORS:
                following = [w for w in every[place + 1 :] if w not in STOP_WORDS][:_SCOPE]
                pairs |= {(operator, stem(each)) for each in following}
    return frozenset(pairs)
