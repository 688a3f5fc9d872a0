"""What cross references of AsciiDoc show: the title of the section or block that has the id."""

import re
from collections.abc import Iterator, Mapping, Sequence

from corpus.formats.asciidoc_lines import ANCHOR, BLOCK_ATTRIBUTES, BLOCK_TITLE, FENCE, HEADING

_ID = re.compile(r"#([\w:.-]+)|\bid\s*=\s*[\"']?([\w:.-]+)")
_INLINE_ANCHOR = re.compile(r"\[\[([^\[\],]+)[^\[\]]*\]\]\s*")
_SEPARATORS = re.compile(r"[\W_]+")
_MAX_TITLE = 200  # characters; a title may be shown at each of many references
_FILE = re.compile(r"(?:^|[/:$])([^/:$]+?)(?:\.\w{1,8})?$")


def titles_by_id(lines: Sequence[str]) -> dict[str, str]:
    """Returns the titles of sections and blocks, with their marks, by `_key` of their ids; a
    section has the id that is made of its title, too."""
    titles: dict[str, str] = {}
    implicit: dict[str, str] = {}
    ids: list[str] = []  # of the next block
    title = ""
    for line in _outside_code(lines):
        if found := ANCHOR.match(line):
            ids.append(found[1])
        elif found := BLOCK_ATTRIBUTES.match(line):
            ids += filter(None, (name for each in _ID.finditer(found[1]) for name in each.groups()))
        elif found := BLOCK_TITLE.match(line):
            title = found[1][:_MAX_TITLE]
        elif line:
            if found := HEADING.match(line):
                ids += _INLINE_ANCHOR.findall(found[2])
                title = _INLINE_ANCHOR.sub("", found[2])[:_MAX_TITLE]
                implicit.setdefault(_key(title), title)
            if title:
                titles |= {_key(name): title for name in ids}
            ids, title = [], ""
    return implicit | titles


def _outside_code(lines: Sequence[str]) -> Iterator[str]:
    fence = ""
    for line in lines:
        if fence:
            fence = "" if line == fence else fence
            continue
        if FENCE.match(line) and line[0] in "-.`" and line != "--":
            fence = line[:3] if line.startswith("`") else line
        yield line


def shown(target: str, titles: Mapping[str, str]) -> str:
    """Returns what a reference without a text shows: the title in this document, else the words of
    the id or of the name of the file."""
    file, has_anchor, anchor = target.rpartition("#")
    if not file and (title := titles.get(_key(anchor))):
        return title.rstrip(".")
    name = anchor or file
    if not has_anchor or not anchor:
        found = _FILE.search(name)
        name = found[1] if found else name
    return name if " " in name else _SEPARATORS.sub(" ", name).strip()


def _key(name: str) -> str:
    """An id without what the styles of ids differ in: `_a_title`, `a-title`, "A title"."""
    return _SEPARATORS.sub("-", name).strip("-").lower()
