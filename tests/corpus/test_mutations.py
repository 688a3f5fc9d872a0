"""Damaged and hostile files: each loads within two seconds, or is text of no document."""

import random
from collections.abc import Iterator, Sequence

import pytest
from conftest import ROOT, Scale

from corpus.bounded import BoundedProcess, Limits

LIMITS = Limits(seconds=2, megabytes=1024)
# Marks of Markdown, of HTML and of text, to be put anywhere.
MARKS = (
    "`", "```\n", "~~~", "*", "**", "_", "[", "](", "![", "<", ">", "<!--", "-->", "<div>", "<li>",
    "<td rowspan=9>", "</table>", "<script>", "|", "\n|---|---|\n", "#", "\n# ", "\n- ", "\n1. ",
    "\n    ", "\t", "\n---\n", "\n: ", "{%", "{{<", ":::\n", "!!! note\n", "&", "\\", "Q: ", "A: ",
    "?", ".", "...", "。", ":\n", "\r", "\u00a0", "\ufeff", "\u202e", "\u0301", "é", "😀", "\n\n",
)  # fmt: skip


def sources() -> list[str]:
    """The texts that are damaged: the shipped documents, and those about the project."""
    paths = [*(ROOT / "corpus" / "documents").rglob("*.*"), *(ROOT / "docs").glob("*.md")]
    return [path.read_text(encoding="utf-8") for path in [*sorted(paths), ROOT / "README.md"]]


def mutated(texts: Sequence[str], count: int) -> Iterator[str]:
    """Damages the texts in up to six places each; the same in every run."""
    chance = random.Random(14)
    for _ in range(count):
        text = chance.choice(texts)
        for _ in range(chance.randint(1, 6)):
            start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
            mark = chance.choice(MARKS) * chance.choice((1, 1, 2, 9, 400))
            piece = chance.choice(
                (
                    mark,
                    mark + text[start:end] + mark,
                    text[start : start + 40] * chance.choice((2, 50)),
                    "",
                    text[start:end][::-1],
                    "\n".join(chance.sample(lines := text[start:end].split("\n"), len(lines))),
                    text[start:end].replace("\n", chance.choice(("", " ", "\r\n", "\n\n"))),
                    chance.choice(texts)[start:end],
                )
            )
            text = (text[:start] + piece + text[end:])[:200_000] or mark
        yield text


@pytest.mark.soak
def test_damaged_files_load_within_two_seconds(scale: Scale) -> None:
    with BoundedProcess("corpus.parsing:load_in_child", LIMITS) as process:
        for number, text in enumerate(mutated(sources(), scale(300, soak=10_000))):
            # Fails with the reason if the process crashes or exceeds a limit.
            assert process.call([f"x{number}{('.md', '.txt')[number % 2]}", text]) is not None
