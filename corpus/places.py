"""Where in its file a part of a document stands: the page of a PDF, the row of a sheet, a time.

The canonical text of a file says it in comments, see `MarkdownWriter.place`; a comment holds up to
the next one. Comments of Markdown files mean nothing here: ask only about other formats.
"""

import re

from corpus.formats.registry import has_text_suffix

# A comment alone in its line, or the fence of code, whose lines are no comments.
_MARK = re.compile(r"^(?:<!-- (?P<place>[^\n]{1,200}) -->|(?P<fence>`{3,}))$", re.MULTILINE)
_COMMENT = re.compile(r"^<!-- [^\n]{1,200} -->\n*", re.MULTILINE)
# A table or a list whose lines stand in successive rows of a sheet, from its heading on.
_ROWS = re.compile(r"(.*)\brows (\d{1,7}) to \d{1,7}")
# The start and the end of what is said in the text up to the next comment.
_TIMES = re.compile(r"(\d{2,4}:\d\d:\d\d) to (\d{2,4}:\d\d:\d\d)")
_NEXT = "\n<!-- "
_LINE_OF_DASHES = re.compile(r"\|[ :|-]+\|")
_PAGE = re.compile(r"page (\d{1,7})")


def place_at(document: str, text: str, offset: int) -> str:
    """Returns the place of the character at the offset of a document's text, "" if the file has no
    places. A time is estimated from the share of the paragraph before it: people talk at an even
    pace. Takes 1 ms for each megabyte before it."""
    if has_text_suffix(document):
        return ""
    place, fence, start = "", "", 0
    for mark in _MARK.finditer(text, 0, offset):
        if mark["fence"]:
            fence = "" if fence == mark["fence"] else fence or mark["fence"]
        elif not fence:
            place, start = mark["place"], mark.end()
    if times := _TIMES.fullmatch(place):
        end = text.find(_NEXT, offset)
        length = (end if end >= 0 else len(text)) - start
        first, last = map(_seconds, times.groups())
        return clock(first + (last - first) * (offset - start) // max(length, 1))
    rows = _ROWS.fullmatch(place)
    return f"{rows[1]}row {int(rows[2]) + _lines(text[start:offset])}" if rows else place


def clock(seconds: int) -> str:
    """Returns a time as hours, minutes and seconds: "00:01:20"."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _seconds(time: str) -> int:
    hours, minutes, seconds = map(int, time.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _lines(text: str) -> int:
    """The lines of a table or a list that end in the text."""
    lines = text.split("\n")[:-1]
    return sum(
        line.startswith(("|", "- ")) and not _LINE_OF_DASHES.fullmatch(line) for line in lines
    )


def page_of(place: str) -> int | None:
    """Returns the number of the page that a place says, None if it says none."""
    found = _PAGE.fullmatch(place)
    return int(found.group(1)) if found else None


def without_places(quote: str) -> str:
    """Returns the text without the comments that say places."""
    return _COMMENT.sub("", quote) if "<!-- " in quote else quote
