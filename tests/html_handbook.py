"""The handbook of `formats` as an HTML page, as sites have them: with everything around the content."""

from collections.abc import Sequence
from html import escape


class HtmlHandbook:
    """A page with navigation above and a footer below."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def heading(self, level: int, text: str) -> None:
        self._add(f"h{level}", text)

    def paragraph(self, text: str) -> None:
        self._add("p", text)

    def items(self, items: Sequence[str]) -> None:
        self._parts.append(f"<ul>{''.join(f'<li>{escape(item)}' for item in items)}</ul>")

    def steps(self, steps: Sequence[str]) -> None:
        self._parts.append(f"<ol>{''.join(f'<li><p>{escape(s)}</p></li>' for s in steps)}</ol>")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
        lines[0] = lines[0].replace("td>", "th>")
        self._parts.append(f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>")

    def question(self, question: str, answer: str) -> None:
        self._parts.append(
            f"<details><summary>{escape(question)}</summary><p>{escape(answer)}</p></details>"
        )

    def content(self) -> bytes:
        around = "<nav><ul><li><a href='/'>How many days of annual leave?</a></ul></nav>"
        main = "\n".join(self._parts)
        return f"<!doctype html>{around}<main>{main}</main><footer>27 days</footer>".encode()

    def _add(self, tag: str, text: str) -> None:
        self._parts.append(f"<{tag}>{escape(text)}</{tag}>")
