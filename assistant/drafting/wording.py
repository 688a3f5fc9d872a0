"""Words for questions: the verb of a heading, "your" as "my", small letters for capitals.

A form that is not known for certain is not made: no question is better than a clumsy one.
"""

import re

from assistant.english.values import Names, content
from index.terms import fold, stem

# Verbs that open instructions, in their base form.
VERBS = frozenset(
    "access activate add adjust allow appeal apply approve archive arrange ask assign attach "
    "authorize avoid back become begin block book borrow build buy calculate call cancel "
    "carry change charge check choose claim clean clear close collect combine compare "
    "complete configure confirm connect contact contribute convert copy correct create "
    "customize deactivate debug declare define delete deploy design disable disconnect "
    "download draft edit embed enable encrypt enroll enter erase establish evaluate exchange "
    "exclude exit export extend file fill filter find finish fix follow format generate get "
    "give handle help hide hire host identify import improve include increase initialize "
    "insert inspect install integrate invite join label launch learn leave limit link "
    "list load locate lock log maintain make manage mark measure merge migrate modify monitor "
    "mount move mute name navigate notify obtain open opt order organize override pack park "
    "patch pause pay perform pick place plan play post prepare prevent print process protect "
    "provide publish purchase push put read receive recover reduce refresh register reinstall "
    "release remove rename renew rent repair repeat replace reply report request require "
    "reschedule reserve reset resolve restart restore resume retrieve return review revoke "
    "rotate run save scan schedule search secure select sell send set share ship show sign "
    "skip sort speak start stop store submit subscribe switch sync tag take test track train "
    "transfer translate travel troubleshoot turn understand undo uninstall unlock unsubscribe "
    "update upgrade upload use validate verify view visit volunteer vote wash watch withdraw "
    "work write".split()
)
_SELF = (
    (r"\byou are\b", "I am"),
    (r"\byou're\b", "I am"),
    (r"\byou've\b", "I have"),
    (r"\byou were\b", "I was"),
    (r"\byourself\b", "myself"),
    (r"\byours\b", "mine"),
    (r"\byour\b", "my"),
    (
        r"\b(for|to|with|from|of|by|on|about|at|gives?|lets?|allows?|helps?|sends?|tells?) you\b",
        r"\1 me",
    ),
    (r"\byou\b", "I"),
)
_GERUND = re.compile(r"([a-z]{2,})ing")
_WORD = re.compile(r"[^\s/()\[\]\"“”]+")


def base_of(word: str) -> str:
    """The base form of a verb that opens instructions: "reset" for "Resetting"; "" if the word is
    none."""
    lower = word.lower()
    if lower in VERBS:
        return lower
    found = _GERUND.fullmatch(lower)
    if not found:
        return ""
    root = found[1]
    forms = [f"{root}e", root]
    if root[-1] == root[-2:-1]:
        forms = [root[:-1], root]
    return next((form for form in forms if form in VERBS), "")


def as_own(text: str) -> str:
    """The text as the one who asks says it: "my password" for "your password"."""
    for pattern, own in _SELF:
        text = re.sub(pattern, own, text, flags=re.IGNORECASE)
    return text


def with_small_letters(text: str, names: Names) -> str:
    """The text with a small letter at the start of every word that is no name."""

    def small(match: re.Match[str]) -> str:
        word = match.group()
        has_capitals = any(letter.isupper() or letter.isdigit() for letter in word[1:])
        is_name = has_capitals or fold(word.strip(".,:;’'")) in NAMES_OF_TIME or word in names
        return word if is_name or word == "I" else word[:1].lower() + word[1:]

    return _WORD.sub(small, text)


NAMES_OF_TIME = frozenset(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)


_MIN_WORDS, _MAX_WORDS = 3, 25
_VAGUE = re.compile(
    r"\b(?:this|that|these|those|here|above|below|listed|following|former|latter|it|they|them)\b",
    re.IGNORECASE,
)


_OPENERS = frozenset(
    "what who whom whose which when where why how is are was were do does did can could will would "
    "should shall may might must has have am what's who's where's when's i if".split()
)
# Words that do not say what a question is about.
_GENERAL = frozenset(
    map(
        stem,
        "need want know use work involve join participate apply sign vote start go kind".split(),
    )
)


def is_clear_question(text: str) -> bool:
    """Whether a question of the documents is one sentence that is understood alone."""
    every = text.split()
    return (
        text.endswith("?")
        and not text.isupper()
        and every[0].lower().replace("’", "'") in _OPENERS
        and not text.lower().startswith(("what about", "how about", "how to"))
        and not _GENERAL.issuperset(content(text))
        and text.count("?") == 1
        and not re.search(r"[.!:] \S", text)
        and _MIN_WORDS <= len(every) <= _MAX_WORDS
        and text[0].isupper()
        and not _VAGUE.search(text)
    )
