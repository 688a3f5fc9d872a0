"""Divides the plain text of a message into what its sender wrote and what they pasted or quoted.

A patch and a log are code. Quotes of other messages are left out, but a question right above the
answer to it is kept: without it, the answer may say nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from corpus.code import is_code
from corpus.sentences import sentence_spans


class PartKind(Enum):
    """What a part of a message is. The parts up to the next QUESTION or RESUMED answer it."""

    PROSE = auto()
    CODE = auto()
    QUESTION = auto()  # of another message
    RESUMED = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a message."""

    kind: PartKind
    text: str = ""


_QUOTED = re.compile(r"[ \t]*>")
_QUOTE_MARK = re.compile(r"[ \t]*>[ \t]?")
_ADDRESS = r"<[^<>\s]+(?:@| at )[^<>\s]+>"
_WROTE = re.compile(
    rf"(?:On|Am|Le|El) .{{1,200}}(?:wrote|schrieb|écrit|escribió) ?:$|\S.{{1,120}} wrote:$"
    rf"|\d{{4}}-\d\d.{{1,120}}{_ADDRESS}:$"
)
_WROTE_START = re.compile(r"On .{1,200}\d{4}.{0,200}$")
_WROTE_END = re.compile(r".{0,200}wrote:$")
_ORIGINAL = re.compile(
    r"-{3,} ?(?:Original Message|Ursprüngliche Nachricht) ?-{3,}$", re.IGNORECASE
)
_MAX_QUESTION = 400  # characters
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_RULE = re.compile(r"^[ \t]*([-_=*~#.])\1{4,}[ \t]*$", re.MULTILINE)

# A patch: its headers, and hunks that say how many lines they have.
_PATCH = re.compile(r"diff --git \S|Index: \S|--- \S|@@ -\d")
_PATCH_HEADER = re.compile(
    r"diff |index |Index: |--- |\+\+\+ |={20,}|(?:new|deleted|old) (?:file )?mode "
    r"|similarity index |(?:rename|copy) (?:from|to) |Binary files |@@ -\d"
)
_HUNK = re.compile(r"@@ -\d+(?:,(\d{1,6}))? \+\d+(?:,(\d{1,6}))? @@")
_WRAPPED = 60  # characters of a line that a mail program may have broken
_MAX_HEADERS = 8  # lines between the start of a patch and its first hunk

# Lines of logs, of the output of programs and of the configuration of servers.
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LOG = re.compile(
    rf"\s*+(?:[\[(]?\d{{4}}[-/]\d\d[-/]\d\d[T ]\d|\[?{_DAY},? \w{{3}} +\d"
    r"|[A-Z][a-z]{2} +\d+ \d\d:\d\d:|\d{1,3}(?:\.\d{1,3}){3} "
    r"|\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE|SEVERE)\b"
    r"|at [\w$.<>]+\(|Caused by: |Traceback \(|File \"|[\w./+-]+: (?:error|warning|note)\b"
    r"|checking |config(?:ure|\.status): |make\[\d|</?[A-Z]\w*(?: [^<>]*)?>$)"
)
_MIN_LOG_LINES, _MIN_LOG = 3, 0.5  # and the share of them
_WORDS = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,} [a-z]{2,}")


def own_parts(text: str) -> tuple[list[Part], int]:
    """Returns the parts of a message without its quotes, and how many lines these have."""
    parts: list[Part] = []
    own: list[str] = []
    quote: list[str] = []
    count = 0
    for line, is_quote in _marked(text.split("\n")):
        count += is_quote and bool(line.strip())
        if is_quote:
            parts += parts_of("\n".join(own))
            own = []
            quote.append(line)
            continue
        if quote and line.strip():
            question = _question(quote)
            parts.append(Part(PartKind.QUESTION, question) if question else Part(PartKind.RESUMED))
            quote = []
        own.append(line)
    return [*parts, *parts_of("\n".join(own))], count


def parts_of(text: str) -> Iterator[Part]:
    """Yields the parts of a text that quotes nothing."""
    for is_patch, lines in _patches(text.split("\n")):
        if is_patch:
            yield Part(PartKind.CODE, "\n".join(lines))
            continue
        for group in _EMPTY_LINES.split(_RULE.sub("", "\n".join(lines))):
            if group.strip():
                yield Part(PartKind.CODE if _is_log(group) else PartKind.PROSE, group)


def _marked(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The lines, each with whether it quotes another message or says whom it quotes."""
    is_original = False  # whether the rest is a message that is quoted without marks
    before = ""
    for number, line in enumerate(lines):
        words = line.strip()
        is_original = is_original or bool(_ORIGINAL.match(words))
        after = lines[number + 1] if number + 1 < len(lines) else ""
        is_attribution = (
            bool(_WROTE.match(words))
            or (words.endswith(":") and bool(_QUOTED.match(after)))
            or (bool(_WROTE_START.match(words)) and bool(_WROTE_END.match(after)))
            or (bool(_WROTE_END.match(words)) and bool(_WROTE_START.match(before)))
        )
        before = words
        yield line, is_original or is_attribution or bool(_QUOTED.match(line))


def _question(quote: Sequence[str]) -> str:
    """What the last paragraph of a quote asks, "" if it does not; without what it quotes itself."""
    marks = [line for line in quote if _QUOTED.match(line)]
    lines = [_QUOTE_MARK.sub("", line, count=1) for line in marks]
    paragraph = _EMPTY_LINES.split("\n".join(lines).strip())[-1]
    words = " ".join(paragraph.split())
    if not words.endswith("?") or _QUOTED.match(paragraph):
        return ""
    if len(words) > _MAX_QUESTION:
        start, end = list(sentence_spans(words))[-1]
        words = words[start:end]
    return words


def _patches(lines: Sequence[str]) -> Iterator[tuple[bool, Sequence[str]]]:
    """The lines in runs, each with whether it is a patch."""
    at = start = 0
    while at < len(lines):
        end = _patch_end(lines, at) if _PATCH.match(lines[at]) else at
        if end > at:
            yield False, lines[start:at]
            yield True, lines[at:end]
            at = start = end
        else:
            at += 1
    yield False, lines[start:]


def _patch_end(lines: Sequence[str], at: int) -> int:
    """The end of the patch that starts at the line, `at` if there is no hunk in it."""
    end = first = at
    while at < len(lines):
        line = lines[at]
        if hunk := _HUNK.match(line):
            end = first = at = _hunk_end(lines, at + 1, int(hunk[1] or 1), int(hunk[2] or 1))
        elif at - first >= _MAX_HEADERS or (line.strip() and not _PATCH_HEADER.match(line)):
            break
        else:
            at += 1
    return end


def _hunk_end(lines: Sequence[str], at: int, old: int, new: int) -> int:
    """The end of a hunk with so many lines of the old and the new file."""
    while at < len(lines) and (old > 0 or new > 0):
        mark = lines[at][:1] or " "
        if mark not in " +-\\\t" and len(lines[at - 1]) < _WRAPPED:
            break
        old -= mark in " -\t"
        new -= mark in " +\t"
        at += 1
    return at


def _is_log(group: str) -> bool:
    """Whether a paragraph was pasted from a program, not written."""
    lines = group.splitlines()
    if len(lines) > 1 and all(line[:1] in " \t" for line in lines):
        return not any(map(_WORDS.search, lines))
    found = sum(bool(_LOG.match(line)) or is_code(line) for line in lines)
    return len(lines) >= _MIN_LOG_LINES and found >= _MIN_LOG * len(lines)
