"""What a line of text without markup may be, by its shape: a heading, a question, a mark of a list,
a line of code or of a table of contents.

Looks at one line, and at the line below it.
"""

import re

from corpus.code import is_code, is_comment
from corpus.lines import Line
from corpus.questions import starts_with_label, without_label
from corpus.releases import opens_with_date
from corpus.sentences import sentence_spans

Group = list[Line]  # lines without a blank line between them

BULLET = re.compile(r"^\s*(?:[-*•‣▪◦]|[–—])\s+(?=\S)")
NUMBER = re.compile(r"^\s*\(?(\d{1,3})[.)]\s+(?=\S)")
_VERSION = re.compile(r"^v?\d+(?:\.\d+)+$")
_ASKS = re.compile(
    r"^(?:(?:to|in|on|at|by|for|from|with|of|under) )?(?:who|whom|what|when|where|which|whose|why|"
    r"how|is|are|was|were|do|does|did|can|could|should|would|will|has|have|may|must)\b",
    re.IGNORECASE,
)
# A line of a table of contents: "Chapter one ..... 12".
_CONTENTS = re.compile(r"^\s*\S.{0,100}?(?:\s?[.·…_]){3,}+\s*\d{1,4}\s*$")
_MAX_CONTENTS_LINE = 200
_WORDS = re.compile(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}")
# Characters of a heading that is a version or a date.
_MAX_DATE = 50
# Words of a heading right above a list.
_MAX_LIST_HEADING = 6
SENTENCE_ENDS = frozenset('.!?:;"”)')


def asks(line: str) -> bool:
    """Whether the line is one question."""
    words = line.strip()
    if not words.endswith("?") or words.count("?") > 1 or len(words.split()) > 25:
        return False
    words = without_label(words)
    sentences = sum(1 for _ in sentence_spans(words))
    return sentences == 1 and bool(_ASKS.match(words) or title_case(words) >= 0.6)


def is_question(words: str, below: Line) -> bool:
    """Whether the words are a question that the line below them may answer."""
    if starts_with_label(words):
        return False  # a pair with labels, which corpus.questions finds
    return asks(words) and not below.text.strip().endswith("?")


def heading_level(line: Line, below: Line, size: int, *, is_last: bool) -> int:
    """Returns the level of a heading, 0 if the line is none. `below` is the line below it, in the
    next group if the line is the last of its group of `size` lines.

    A line in a group of its own has level 2; a numbered one, or one directly above its text, 3.
    """
    words = line.text.strip()
    count = len(words.split())
    if _VERSION.match(words) or (len(words) <= _MAX_DATE and opens_with_date(words)):
        return 2
    if count > 14 or len(words) > 100 or words[-1] in ".!;:,—…" or starts_with_label(words):
        return 0
    if not (words[0].isupper() or words[0].isdigit()):
        return 0
    titled = title_case(words) >= 0.6
    if size == 1:
        return (3 if NUMBER.match(words) else 2) if count <= 6 or titled else 0
    if is_last or not (count <= 4 or (titled and count <= 9) or words.isupper()):
        return 0
    next_words = below.text.strip()
    return 3 if len(next_words.split()) >= max(6, count + 3) or next_words[-1] in ".:" else 0


def names_list(line: Line) -> bool:
    """Whether the line can be the heading of the list right below it."""
    words = line.text.strip()
    is_short = len(words.split()) <= _MAX_LIST_HEADING and not starts_with_label(words)
    return is_short and words[:1].isupper() and words[-1].isalnum()


def title_case(words: str) -> float:
    """Returns the share of the words of more than three letters that are capitalised."""
    longer = [word for word in re.findall(r"[^\W\d_]\w+", words) if len(word) > 3]
    return sum(word[0].isupper() for word in longer) / len(longer) if longer else 1.0


def has_words(line: Line) -> bool:
    """Whether the line is no rule such as "* * *"."""
    return any(map(str.isalnum, line.text))


def indent(line: Line) -> int:
    """Returns the width of the white space before the line's text; a tab is up to 4 wide."""
    return len(line.text.expandtabs(4)) - len(line.text.expandtabs(4).lstrip())


def count_contents(group: Group, at: int) -> int:
    """Returns how many lines from `at` on are of a table of contents."""
    end = at
    while (
        end < len(group)
        and len(group[end].text) <= _MAX_CONTENTS_LINE
        and _CONTENTS.match(group[end].text)
    ):
        end += 1
    return end - at


def count_code_lines(group: Group, at: int) -> int:
    """Returns how many lines from `at` on are code. A single line may be prose: it counts only if
    it is an import or a decorator."""
    end = at
    while end < len(group) and (
        _is_code(group[end].text) or (end > at and _continues_code(group[end].text))
    ):
        end += 1
    is_import = group[at].text.strip().startswith(("import ", "from ", "@", "$ "))
    return end - at if end - at > 1 or (end > at and is_import) else 0


def _is_code(line: str) -> bool:
    """Whether the line is code, a comment, or indented like code."""
    is_indented = _indented(line) and not _WORDS.search(line)
    return is_code(line) or is_comment(line) or is_indented


def _indented(line: str) -> bool:
    return line.expandtabs(4).startswith("    ")


def _continues_code(line: str) -> bool:
    return line.rstrip()[-1:] in "([{,)]}" and not _WORDS.search(line)
