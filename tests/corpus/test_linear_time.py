"""Loading takes time linear in the length of a text, whatever the text."""

import time

import pytest

from corpus.loader import parse_document
from corpus.markup import strip_markup
from corpus.splitter import split

LENGTH = 3_000
ATTEMPTS = 4
NOISE = 0.02  # of the clock, in seconds
LINES = "a line that ends:\n"


def seconds(name: str, text: str) -> float:
    """The processor time that loading, splitting and showing the text takes."""
    start = time.process_time()
    for passage in split(parse_document(name, text)):
        strip_markup(passage.text)
    return time.process_time() - start


@pytest.mark.parametrize("name", ["hostile.md", "hostile.txt"])
@pytest.mark.parametrize(
    "piece",
    ["`", "`a ", "[", "]", "![", "[x](", "](", ".", ". ", "-", "- ", "=", "*", "**a ", "_a", "~", ">",
     "<", "<a ", "<div>", "<ul><li>a\n", "<table>\n", "<td>a", "<!-- ", "<script>\n\n", "<details>\n\n",
     "|", "| a ", "#", "&", "{% ", "{{< ", ":::tip\n", "!!! note\n", "!!! note", "```\n", "~~~ a\n",
     "some lower-case prose. without ", "word ", "word", "Word ", LINES, f"{LINES}\n", "a: b\n",
     "Home Gardening Guide to soil\n", "Q: ", "Is it?\n\n", "Ann: is it?\n", "import x\n", "x = 1\n",
     "a(", "- a\n", "1. a\n", "[a]: b\n", "e.g. ", "c. ", '."', "? ", " ", "\t", "\\", "a\tb\n",
     "Chapter one ..... 12\n", "aA", "。", "- [a](b)\n", "> a\n", "# a\n", "x;", "    a\n", "[^", ".](", "{ref}`",
     "|a|\n", "{{< a\n", "```{note}\n", "## 1.2.3\n- a\n", "# 1. a\n", "**a**\n\n", "a-\nb", " a) b\n",
     "```{code} a\n```\n", "## 1.2.3\n![](a)\n\n", "<div>a ", "<table>a<tr>b\n", "<a>b ",
     "what is it\n", "Q: a?\nA: b\n\n", "<td rowspan=9>a", f"{'> ' * 9}a\n", f"{'- ' * 9}a\n"]
)  # fmt: skip
def test_time_does_not_grow_faster_than_the_text(piece: str, name: str) -> None:
    text = piece * (LENGTH // len(piece))
    long = text * 4
    # Quadratic work would take 16 times as long.
    assert any(
        (whole := seconds(name, long)) < NOISE or whole < 8 * seconds(name, text) + NOISE
        for _ in range(ATTEMPTS)
    ), f"{seconds(name, text)} s, and {seconds(name, long)} s for four times the text"


def test_front_matter_cannot_multiply_itself() -> None:
    levels = "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}]\n" for n in range(30))
    deep = "[" * 4_000
    for yaml in (f"a0: &a0 [some words to be read]\n{levels}", deep, f"a: {deep}"):
        assert seconds("x.md", f"---\n{yaml}\n---\nText.\n") < 1
