"""What stands at the top of AsciiDoc: YAML, title, author, revision; and attributes, which may be
set anywhere."""

import re
from collections.abc import Sequence

from corpus.formats.asciidoc_inline import substitute
from corpus.formats.asciidoc_lines import ANCHOR, ATTRIBUTE, MAX_VALUE
from corpus.front_matter import front_matter_metadata
from corpus.metadata import Metadata

# YAML, as site generators put it above the text.
_FRONT_MATTER = re.compile(r"---[ \t]*\n((?:\w[\w-]*:.*\n|[ \t-].*\n|\n)+?)---[ \t]*\n")
_TITLE = re.compile(r"[=#][ \t]+\S")
_AUTHOR = re.compile(r"([^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){1,3})(?:[ \t]*<[^<>]*>)?(?:;|$)")
_REVISION = re.compile(r"v?\d[\w.-]*,[ \t]*(.+?)(?::.*)?$|(\d{4}-\d{2}-\d{2})$")


def read_front_matter(text: str) -> tuple[Metadata, str]:
    """Returns what YAML at the top says, and the text below it."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return Metadata(), text
    return front_matter_metadata(text, *found.span(1)), text[found.end() :]


def read_header(lines: Sequence[str], attributes: dict[str, str]) -> tuple[str, int]:
    """Returns the title, "" if there is none, and the number of lines up to the text. Sets the
    attributes of the header, also `author` and `revdate`."""
    title = ""
    for at, line in enumerate(lines):
        if set_attribute(line, attributes) or not line or ANCHOR.match(line):
            if title and not line:
                return title, at
        elif not title and _TITLE.match(line):
            title = line[1:].strip()
        elif title and (found := _REVISION.match(line)):
            attributes.setdefault("revdate", found[1] or found[2])
        elif title and "author" not in attributes and (found := _AUTHOR.match(line)):
            attributes["author"] = found[1]
        else:
            return title, at
    return title, len(lines)


def set_attribute(line: str, attributes: dict[str, str]) -> bool:
    """Sets or unsets the attribute that the line names. Returns whether it names one."""
    found = ATTRIBUTE.match(line)
    if found:
        name = found[1].strip("!").lower()
        attributes.pop(name, None)
        if "!" not in found[1]:
            attributes[name] = substitute(found[2] or "", attributes)[:MAX_VALUE]
    return bool(found)
