"""Writes the canonical text of a document: Markdown that says exactly what the file says.

A loader calls one method for each element of the file, in reading order. Characters that Markdown
would take for marks are escaped, so text of a file never becomes structure by accident:

    writer = MarkdownWriter(Metadata(title="Leave"))
    writer.place("page 1")
    writer.heading(1, "Leave")
    writer.paragraph("Everyone has 25 days of leave.")
    writer.table([["Office", "Days"], ["Oslo", "25"]])
    text = writer.text()
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from corpus.metadata import Metadata

# What Markdown, or HTML and templates in it, could take for a mark inside a line.
_INLINE_MARK = re.compile(r"[\\`*\[\]<>{}~|]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,32};)")
# The same at the start of a line: headings, quotes, items, fences, rules, definitions, directives.
_LINE_MARK = re.compile(r"#{1,6}(?=\s|$)|[-+=:](?=[\s:=-]|$)|(?<=\d)[.)](?=\s|$)|!(?=!)")
_NUMBER = re.compile(r"\d{1,9}")
# The cell beside a question or an answer, and what stands before one: "Q12:".
_TURN_CELL = re.compile(r"(?:([QA])\d{0,3}[.:)]?)?")
_TURN = re.compile(r"([QA])\d{0,3}[.:)]\s+(?=\S)")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MAX_LEVEL = 6
_INDENT = "    "
_MAX_NUMBER = 10**9  # a longer number is no mark


class MarkdownWriter:
    """Collects the elements of one document. White space inside a text is folded."""

    def __init__(self, metadata: Metadata | None = None) -> None:
        self._metadata = metadata or Metadata()
        self._parts: list[str] = []
        self._in_list = False  # whether the last part is an item
        self._depth = 0  # of the last item, 0 if no list is open
        self._shift = 0  # by which the depths of the open list are less than those that are said
        self._steps: dict[int, tuple[int, str]] = {}  # last number and its sign by depth
        self._place = ""
        self._title = ""  # the first heading of level 1
        self._places = 0  # parts that only say a place

    @property
    def has_words(self) -> bool:
        """Whether anything but places was written."""
        return len(self._parts) > self._places

    def place(self, place: str) -> None:
        """Says where the elements that follow stand in the file: "page 3", "slide 2",
        "sheet Prices, row 7", "00:01:20". Has no effect if it is the same as before."""
        if place != self._place:
            self._place = place
            self._places += 1
            self._add(f"<!-- {fold(place).replace('--', '- -')} -->")

    def heading(self, level: int, text: str) -> None:
        """A heading; levels above 6 count as 6."""
        if words := escape(text, line_start=False):
            if level <= 1 and not self._title:
                self._title = fold(text)
            self._add(f"{'#' * min(max(level, 1), _MAX_LEVEL)} {words}")

    def paragraph(self, text: str, depth: int = 0) -> None:
        """A paragraph, with a `depth` one that belongs to the last item of this depth."""
        if words := escape(text):
            self._add_inside(words, depth)

    def label(self, text: str) -> None:
        """A short text in bold that names what follows, or asks."""
        if words := escape(text, line_start=False):
            self._add(f"**{words}**")

    def definition(self, term: str, text: str) -> None:
        """A term with its definition; further paragraphs of this may follow."""
        name, words = escape(term), escape(text)
        if name and words:
            self._add(f"{name}\n: {words}")
        elif name or words:
            self._add(name or words)

    def begin_details(self, summary: str) -> None:
        """A part with a summary that stands above it, often a question: the elements up to
        `end_details` answer it."""
        if words := escape(summary, line_start=False):
            self._add(f"<details>\n<summary>{words}</summary>")

    def end_details(self) -> None:
        """Ends the part."""
        self._add("</details>")

    def item(self, text: str, depth: int = 1, number: int | None = None) -> None:
        """An item of a list; `depth` is 1 for the outermost list, `number` that of a step. A list
        goes on after a place, which ends it in Markdown: its depths then start at 1 again."""
        if words := escape(text):
            if not self._depth:
                self._shift, self._steps = depth - 1, {}
            if number is not None and not 0 <= number < _MAX_NUMBER:
                number = None
            above = self._depth
            self._depth = min(max(depth - self._shift, 1), above + 1)
            mark = self._mark(number)
            line = f"{_INDENT * (self._depth - 1)}{mark} {words}"
            # Without an empty line, only a list that starts with 1 can follow a line of text.
            if self._in_list and not (self._depth > above and number not in (None, 1)):
                self._parts[-1] += f"\n{line}"
            else:
                self._parts.append(line)
            self._in_list = True

    def _mark(self, number: int | None) -> str:
        """The mark of the next item. A number that does not follow the last one gets the other of
        the two signs, which starts a list of its own: else Markdown would count on."""
        steps = {depth: last for depth, last in self._steps.items() if depth <= self._depth}
        last, sign = steps.pop(self._depth, (0, "."))
        if number is not None:
            if last and number != last + 1:
                sign = ")" if sign == "." else "."
            steps[self._depth] = (number, sign)
        self._steps = steps
        return "-" if number is None else f"{number}{sign}"

    def table(
        self, rows: Sequence[Sequence[str]], caption: str = "", *, has_header: bool = True
    ) -> None:
        """A table whose first row has the column headings, if `has_header`. Rows may differ in
        length; a cell that spans several rows or columns is repeated by the loader in each. Rows
        of "Q:" and "A:" with text beside them are questions with answers."""
        if turns := _turns(rows):
            self.paragraph(caption)
            for mark, text in turns:
                (self.question if mark == "Q" else self.answer)(text)
            return
        filled = [[escape(cell, line_start=False) for cell in row] for row in rows]
        filled = [row for row in filled if any(row)]
        width = max(map(len, filled), default=0)
        if caption:
            self.paragraph(caption)
        if not filled:
            return
        lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in filled]
        if has_header or len(lines) == 1:  # a row alone would be no table
            lines.insert(1, f"|{' --- |' * width}")
        self._add("\n".join(lines))

    def code(self, text: str, depth: int = 0) -> None:
        """Lines of code, verbatim but for control characters, and indented if they belong to an
        item of this `depth`."""
        lines = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
        if lines.strip():
            ticks = max(map(len, re.findall(r"`{3,}", lines)), default=2) + 1
            self._add_inside(f"{'`' * ticks}\n{lines}\n{'`' * ticks}", depth)

    def question(self, text: str) -> None:
        """A question; the elements up to the next question or heading answer it."""
        if words := escape(text, line_start=False):
            self._add(f"Q: {words}")

    def answer(self, text: str) -> None:
        """A paragraph of the answer to a question."""
        if words := escape(text):
            self._add(f"A: {words}")

    def text(self) -> str:
        """Returns the canonical text, "" if nothing was written."""
        return "\n\n".join([*self._front_matter(), *self._parts]) + "\n" if self._parts else ""

    def _front_matter(self) -> Iterator[str]:
        """The metadata as YAML, without a title that is also the first heading."""
        facts = {key: fold(value) for key, value in asdict(self._metadata).items() if value}
        if facts.get("title") == self._title:
            facts.pop("title", None)
        lines = [f"{key}: {json.dumps(fact, ensure_ascii=False)}" for key, fact in facts.items()]
        if lines:
            yield "\n".join(["---", *lines, "---"])

    def _add(self, part: str) -> None:
        self._parts.append(part)
        self._in_list, self._depth = False, 0

    def _add_inside(self, part: str, depth: int) -> None:
        """Adds what belongs to an item, or stands alone if no list is open."""
        inside = min(max(depth - self._shift, 1), self._depth) if depth and self._depth else 0
        if not inside:
            self._add(part)
            return
        indent = _INDENT * inside
        self._parts.append("\n".join(f"{indent}{line}" for line in part.split("\n")))
        self._in_list = False


def fold(text: str) -> str:
    """Returns the text in one line: white space folded, control characters removed."""
    return _SPACE.sub(" ", _CONTROL.sub("", text)).strip()


def _turns(rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """The rows of a table of questions and answers, each with "Q" or "A": two columns, the first
    with nothing but these. Empty for any other table."""
    turns: list[tuple[str, str]] = []
    for row in rows:
        cells = [fold(cell) for cell in row]
        found = _TURN_CELL.fullmatch(cells[0]) if len(cells) == 2 else None
        if not found:
            return []
        opening = None if found[1] else _TURN.match(cells[1])
        mark = found[1] or (opening[1] if opening else "A")
        turns.append((mark, cells[1][opening.end() :] if opening else cells[1]))
    return turns if {mark for mark, _ in turns} == {"Q", "A"} else []


def escape(text: str, *, line_start: bool = True) -> str:
    """Returns the text in one line of Markdown that shows exactly its words. `line_start` is
    whether it will stand at the start of a line, where more is a mark."""
    words = _INLINE_MARK.sub(r"\\\g<0>", fold(text))
    if line_start:
        number = _NUMBER.match(words)
        if mark := _LINE_MARK.match(words, number.end() if number else 0):
            words = f"{words[: mark.start()]}\\{words[mark.start() :]}"
    return words
