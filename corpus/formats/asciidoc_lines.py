"""The lines of AsciiDoc that count, without comments, and without what a condition excludes or what
another file has; and what a line may be."""

import re
from collections.abc import Iterator, Sequence

ATTRIBUTE = re.compile(r":(!?[\w-]{1,64}!?):(?:[ \t]+(.*))?$")
HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]{1,9}\1)?$")
ANCHOR = re.compile(r"\[\[([^\[\],]*)(?:,[^\[\]]*)?\]\]$")
BLOCK_ATTRIBUTES = re.compile(r"\[(?!\[)([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]$")
BLOCK_TITLE = re.compile(r"\.([^\s.].*)$")
FENCE = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|`{3,}[\w,+-]*|[|,:!]={3,})$")
ADMONITION = re.compile(r"(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+(?=\S)")
MACRO = re.compile(r"(image|video|audio|toc)::([^\s\[\]]*)\[.*\]$")
# A bullet, dots, a number, or the number of a callout.
ITEM = re.compile(r"[ \t]*(?:(\*{1,6}|-|•)|(\.{1,6})|(\d{1,4})\.|<(\d{1,3}|\.)>)[ \t]+(\S.*)$")
TERM = re.compile(r"[ \t]*(?!//)(\S.{0,300}?)(:{2,4}|;;)(?:[ \t]+(\S.*))?$")
_CONDITION = re.compile(r"(ifdef|ifndef|ifeval|endif)::([^\[\]]*)\[(.*)\]$")
INCLUDE = re.compile(r"include::([^\s\[\]]+)\[.*\]$")
_COMMENT_BLOCK = re.compile(r"/{4,}")
_COMMENT = re.compile(r"//(?!/)")
_CODE = re.compile(r"-{4,}|\.{4,}|`{3,}.*")
MAX_VALUE = 1_000  # characters of an attribute; attributes in attributes multiply


def counted_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yields the lines that count, without white space at their ends.

    The text of `ifdef` counts if the document sets the attribute anywhere, that of `ifeval` always.
    An attribute whose value goes on in further lines, behind " \\", is one line.
    """
    names = {found[1] for line in lines if (found := ATTRIBUTE.match(line.rstrip()))}
    excluded = 0  # open conditions from the first one on that does not hold
    fence = ""
    comment = ""
    value = ""  # the start of an attribute
    for line in map(str.rstrip, lines):
        if comment or (_COMMENT_BLOCK.fullmatch(line) and not fence):
            comment = "" if line == comment else comment or line
        elif condition := _CONDITION.match(line):
            if condition[1] == "endif":
                excluded = max(excluded - 1, 0)
            elif excluded or not _holds(condition, names):
                excluded += not condition[3] or condition[1] == "ifeval"
            elif condition[3] and condition[1] != "ifeval":
                yield condition[3]
        elif INCLUDE.match(line):
            continue  # also inside code
        elif not excluded and (fence or not _COMMENT.match(line)):
            if fence:
                fence = "" if line == fence else fence
            elif _CODE.fullmatch(line):
                fence = line[:3] if line.startswith("`") else line
            joined = value + line.lstrip() if value else line
            value = joined[:-1][:MAX_VALUE] if _goes_on(joined, fence) else ""
            if not value:
                yield joined


def _goes_on(line: str, fence: str) -> bool:
    return not fence and line.endswith(" \\") and bool(ATTRIBUTE.match(line))


def _holds(condition: re.Match[str], names: set[str]) -> bool:
    if condition[1] == "ifeval":
        return True
    wanted = re.split(r"[,+]", condition[2])
    return any(name in names for name in wanted) == (condition[1] == "ifdef")
