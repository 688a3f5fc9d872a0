"""Noun phrases of a question, found without a parser: runs of words that are neither function
words nor verbs.

Keeps identifiers whole, such as `3.1.4`, `.NET`, `run_onchange` and `C++`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.terms import STOP_WORDS, fold

_TOKEN = re.compile(r"(?:(?<!\S)--?|\.)?[^\W_](?:[\w.'’/+#-]*[\w+#])?")
_POSSESSIVE = re.compile(r"['’]s?$")

DETERMINERS = frozenset(
    "a an the my your our his her its their this that these those no any some each every "
    "another".split()
)
PREPOSITIONS = frozenset(
    "about across after against along among around as at before behind below beside between beyond "
    "by despite during except for from in inside into near of off on onto outside over per since "
    "through till to toward towards under until upon via with within without".split()
)
PRONOUNS = frozenset("they them their theirs it its he him his she her hers those these".split())
_SUBJECT_PRONOUNS = frozenset("i we you they he she it one someone anyone".split())
# Words that say what is asked about the topic, not what the topic is.
ASPECTS = frozenset(
    "type types kind kinds example examples difference differences similarity similarities main "
    "way ways list reason reasons mean means meaning define definition name called many first "
    "come comes work works need needs want wants get gets differ differs happen happens help helps "
    "show shows make makes give gives take takes use uses long else new free "
    "available possible".split()
)
# Common verbs, which part two noun phrases; nouns after a determiner or a preposition.
_VERBS = frozenset(
    "accept accepts add allow allows apply applies arrive arrives ask become becomes begin "
    "begins belong belongs bring brings buy buys cancel carry choose clear close closes come "
    "comes connect contain contains cost costs create decide decides delete deliver delivers "
    "depart departs eat enable enter exist expire expires find finish fit fits fix fly follow "
    "go goes grow happen have hold holds include includes install join keep keeps know last "
    "lasts learn let live lives lose made make makes meet mention mentions need needs offer "
    "offers open opens paid pay pays provide provides put read receive receives released "
    "remove renew replace require requires reset restore running runs say says see sell sells "
    "send serve serves set sign speak stand stands store supports swim take takes teach think "
    "uninstall used uses want wants wear work works write wrote".split()
)
# Verbs that are nouns as often: they are verbs after "to" only.
_VERBS_OR_NOUNS = frozenset(
    "leave book park order visit use support return change changes charge charges drive play "
    "run update ship ships stop stops start starts end ends break count counts check travel "
    "request rent repair wash wait stay print try turn show shows call build cut move fill "
    "look upgrade".split()
)
_ARTICLES = frozenset(("a", "an", "the"))
_AUXILIARIES = frozenset("do does did can could will would should must may".split())
_PLURALS = frozenset("people children men women police staff".split())
# They say when, and are never the topic.
_TIMES = frozenset(
    "monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday fridays "
    "saturday saturdays sunday sundays january february march april june july august september "
    "october november december spring summer autumn winter today tomorrow yesterday weekday "
    "weekdays weekend weekends holiday holidays morning evening night day days week weeks month "
    "months year years time hours minutes christmas easter".split()
)
_SHAPED = re.compile(r"^-|\d|[_/+#]|\w\.\w|^\.\w|[^\W\d_][A-Z]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word at `[start, end)` of the text, without a possessive "'s"."""

    text: str
    start: int
    end: int
    is_possessive: bool = False

    @property
    def word(self) -> str:
        """The word in lower case, without accents."""
        return fold(self.text)

    @property
    def is_plural(self) -> bool:
        """Whether the word has the ending of a plural."""
        word = self.word
        return word in _PLURALS or (len(word) > 3 and word.endswith("s") and word[-2] not in "su")

    @property
    def is_time(self) -> bool:
        """Whether it says when, as a weekday or a month does."""
        return self.word in _TIMES

    @property
    def has_digit(self) -> bool:
        """Whether it holds a digit, as a version, a code or a date does."""
        return any(character.isdigit() for character in self.text)

    @property
    def is_identifier(self) -> bool:
        """Whether it has the shape of a version, a code, or the name of a file or program."""
        return bool(_SHAPED.search(self.text))


@dataclass(frozen=True, slots=True)
class Phrase:
    """Successive tokens of a text. `before` are the function words in front of it, nearest first:
    ("the", "of"). `opens` is whether the text opens with it."""

    tokens: tuple[Token, ...]
    before: tuple[str, ...] = ()
    opens: bool = False

    @property
    def start(self) -> int:
        """Where it starts in the text."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.tokens[-1].end

    @property
    def text(self) -> str:
        """Its words, joined by single spaces."""
        return " ".join(token.text for token in self.tokens)

    @property
    def preposition(self) -> str:
        """The preposition in front of it, "" if there is none."""
        found = (word for word in self.before[:2] if word not in DETERMINERS)
        word = next(found, "")
        return word if word in PREPOSITIONS else ""

    @property
    def has_determiner(self) -> bool:
        """Whether an article or a possessive stands in front of it."""
        return self.before[:1] != () and self.before[0] in DETERMINERS

    @property
    def is_plural(self) -> bool:
        """Whether it means several things: a plural at its end, or "A and B"."""
        return self.tokens[-1].is_plural or any(token.word == "and" for token in self.tokens)

    @property
    def is_name(self) -> bool:
        """Whether it holds a name or an identifier: a capital inside a sentence, a digit."""
        return any(
            token.is_identifier or (token.text[0].isupper() and not (self.opens and place == 0))
            for place, token in enumerate(self.tokens)
            if not token.is_time
        )

    @property
    def is_time(self) -> bool:
        """Whether it only says when."""
        return all(token.is_time for token in self.tokens)


def tokenize(text: str) -> list[Token]:
    """The words of the text in order; identifiers stay whole."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        word = match.group()
        ending = _POSSESSIVE.search(word)
        if ending and ending.start() > 1 and fold(word) not in STOP_WORDS:
            yield Token(word[: ending.start()], match.start(), match.start() + ending.start(), True)
        else:
            yield Token(word, match.start(), match.end())


def is_function_word(word: str) -> bool:
    """Whether a folded word has no meaning of its own: a stop word or a pronoun."""
    return word in STOP_WORDS or word in PRONOUNS


def noun_phrases(text: str) -> list[Phrase]:
    """The noun phrases of the text in order; "and" between two nouns joins them."""
    tokens = tokenize(text)
    runs: list[list[int]] = [[]]
    for place, token in enumerate(tokens):
        joins = bool(token.word == "and" and runs[-1] and place + 1 < len(tokens))
        # "the Basic and the Premium plan"
        follows_and = bool(runs[-1]) and place > 0 and tokens[place - 1].word == "and"
        joined = token.word in _ARTICLES and follows_and and place + 1 < len(tokens)
        follows = place > 0 and not _adjoin(text, tokens[place - 1], token)
        if follows:
            runs.append([])
        opens_other = joins and (
            _is_nominal(tokens, place + 1)
            or (tokens[place + 1].word in _ARTICLES and place + 2 < len(tokens))
        )
        if _is_nominal(tokens, place) or opens_other or joined:
            runs[-1].append(place)
            if token.is_possessive:
                runs.append([])
        else:
            runs.append([])
    return [_phrase(tokens, run) for run in runs if run]


def _adjoin(text: str, one: Token, other: Token) -> bool:
    """Whether nothing but white space parts two tokens, or the "'s" of the first."""
    return text[one.end : other.start].strip(" '’s") == ""


def _phrase(tokens: Sequence[Token], run: Sequence[int]) -> Phrase:
    before = []
    for place in range(run[0] - 1, -1, -1):
        if tokens[place].word not in STOP_WORDS:
            break
        before.append(tokens[place].word)
    return Phrase(tuple(tokens[place] for place in run), tuple(before), run[0] == 0)


def _is_nominal(tokens: Sequence[Token], place: int) -> bool:
    """Whether a token belongs to a noun phrase, going by the word in front of it."""
    token = tokens[place]
    before = tokens[place - 1].word if place else ""
    if token.is_identifier:
        return True
    if is_function_word(token.word) or token.word in ASPECTS:
        return False
    if before in _SUBJECT_PRONOUNS or before == "how":  # "I keep", "how large"
        return False
    if token.word in _VERBS_OR_NOUNS:
        return before != "to" and not _ends_clause(tokens, place)
    if token.word in _VERBS or (token.word.endswith("ed") and len(token.word) > 4):
        is_last = place + 1 == len(tokens) or is_function_word(tokens[place + 1].word)
        is_noun = before in DETERMINERS or before in PREPOSITIONS - {"to"}
        return is_noun or (token.text[0].isupper() and place > 0 and not is_last)
    return True


def _ends_clause(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word is the verb of "does the course start": the last word, with "does" but no
    other verb before it."""
    before = [token.word for token in tokens[:place]]
    return (
        place + 1 == len(tokens)
        and bool(_AUXILIARIES & set(before))
        and before[-1] not in DETERMINERS
        and not any(word in _VERBS for word in before)
    )
