"""Words that exclude each other: a text about the opposite sounds like the question."""

import re
from collections.abc import Iterable, Set

from index.terms import stem

# Word pairs in any part of speech. "internal/external" is what the shipped documents turn on; the
# others are general English.
_PAIRS = """
    internal/external inside/outside increase/decrease increase/reduce extend/reduce grow/decline
    grow/shrink rise/fall before/after first/last earliest/latest oldest/newest minimum/maximum
    smallest/largest smallest/biggest lowest/highest least/most fewer/more shortest/longest
    cheapest/dearest north/south east/west northern/southern eastern/western buy/sell buyer/seller
    import/export input/output public/private male/female positive/negative success/failure
    succeed/fail win/lose start/end begin/end start/finish open/close enter/leave arrive/depart
    accept/reject include/exclude online/offline domestic/foreign upper/lower indoor/outdoor
    advantage/disadvantage similarity/difference employer/employee majority/minority whole/part
    full/partial major/minor encourage/discourage encourage/prevent allow/forbid permit/prohibit
    strengthen/weaken improve/worsen support/oppose attack/defend give/take lend/borrow hire/fire
    teach/learn add/remove install/uninstall enable/disable connect/disconnect upload/download
    temporary/permanent ancient/modern urban/rural summer/winter day/night morning/evening
    parent/child mother/father husband/wife brother/sister former/current strong/weak rich/poor
    hot/cold high/low maternity/paternity maternal/paternal weekday/weekend debit/credit
    wholesale/retail inbound/outbound incoming/outgoing landlord/tenant prepaid/postpaid
    sender/recipient lender/borrower domestic/international wired/wireless
    undergraduate/postgraduate student/teacher guest/host android/iphone windows/mac
    windows/linux mac/linux
"""
OPPOSITE_WORDS = tuple((one, other) for one, other in (p.split("/") for p in _PAIRS.split()))
# Stemmed, each pair once.
OPPOSITES = tuple((stem(one), stem(other)) for one, other in OPPOSITE_WORDS)
# Stem to its opposites, in both directions: a question has few words that have any.
_OPPOSITES_OF: dict[str, list[str]] = {}
for _one, _other in OPPOSITES:
    _OPPOSITES_OF.setdefault(_one, []).append(_other)
    _OPPOSITES_OF.setdefault(_other, []).append(_one)
_NEGATING_PREFIX = re.compile(r"^(?:un|in|im|ir|il|non)(?=\w{5})")


def contrasts(question: Set[str], text: Set[str]) -> bool:
    """Whether a text names the opposite of a word of the question but not the word itself; both
    are sets of stems."""
    pairs = [
        (word, other) for word in question & _OPPOSITES_OF.keys() for other in _OPPOSITES_OF[word]
    ]
    for negated, word in (*_negated(question), *_negated(text)):
        pairs += [(negated, word), (word, negated)]
    return any(
        word in question and other not in question and other in text and word not in text
        for word, other in pairs
    )


def _negated(stems: Iterable[str]) -> list[tuple[str, str]]:
    """The stems with a negating prefix, each with the stem without it."""
    return [
        (each, _NEGATING_PREFIX.sub("", each)) for each in stems if _NEGATING_PREFIX.match(each)
    ]
