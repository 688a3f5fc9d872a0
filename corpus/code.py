"""Recognises lines of code that no fence marks, by their shape, for both parsers."""

import re

_STATEMENT = re.compile(
    r"^\s*+(?:import \w|from \S+ import |def \w+\(|class \w+[(:]|return\b|@\w|\$ \S|export \w+="
    r"|(?:sudo|pip|npm|git|docker|curl|apt|apt-get|brew|cd|mkdir|chmod|make|kubectl) [\w./~<-]"
    r"|[)\]}]+[,;]?$|(?:if|for|while|with|elif|try|else)\b.*:$"
    r"|[\w.]+(?:, \w+)* [+-]?= \S|[\w.-]+\(.*\);?$|[\w.]+\($|[\w.]+=\S+$)"
)
_COMMENT = re.compile(r"^\s*+#{1,6}\s")
_WORDS = re.compile(r"[a-z]{3,} [a-z]{3,} [a-z]{3,} [a-z]{3,}")


def is_code(line: str) -> bool:
    """Whether the line is a statement, a command or a part of one, not a comment."""
    if line.rstrip()[-1:] in (";", "{"):
        return not _WORDS.search(line)
    return bool(_STATEMENT.match(line))


def is_comment(line: str) -> bool:
    """Whether the line is a comment with #, which could also be a heading of Markdown."""
    return bool(_COMMENT.match(line))
