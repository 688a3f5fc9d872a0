"""Loads reStructuredText, also as Sphinx uses it, with docutils.

Sections are headings; lists, tables, code and definitions are written as such; the text of notes,
tabs and other directives stands where they do, with their titles, and a title that asks is a
question. Fields at the top and `.. meta::` give author, date and language. Roles show their text
without the target; a reference without a text shows the title that it leads to if that is in the
text, else the words of its label. Left out are comments, images, footnote marks, and the directives
that take their text from elsewhere, which are named: `include`, `literalinclude`, `raw`, `toctree`,
`automodule` and their like. docutils opens no file and no address, reads no settings, and today's
date is in no text.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, languages, roles
from docutils.parsers.rst.states import SubstitutionDef
from docutils.utils import new_document, unescape

from corpus.formats.doctree import LABEL, DoctreeWriter, show_titles
from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted

_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 6,
    "warning_stream": False,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "syntax_highlight": "none",
    "line_length_limit": 10_000_000,
    "id_prefix": "",
}
_DIRECTIVE = re.compile(
    r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([A-Za-z][\w:+.-]*?)::", re.MULTILINE
)
# docutils looks for tables in it for a time that is quadratic in its length.
_LONG_LINE = re.compile(r"^[-+=| \t]{1000,}$", re.MULTILINE)
_ROLE = re.compile(r":([A-Za-z][\w:+.-]*?):(?=`)|(?<=`):([A-Za-z][\w:+.-]*?):")
_TARGET = re.compile(r"\s*<[^<>]*>\s*$")
# Roles that show the title of what they name, and the words of such a name.
_REFERENCES = frozenset(["ref", "numref", "doc"])
_SEPARATORS = re.compile(r"[\W_]+")
_PREFIX = re.compile(r"[~!.]+(?=\w)")  # of the name of an object: how much of it is shown
_PATHS = frozenset(["file", "command", "program", "samp"])
_ARROW = re.compile(r"\s*-->\s*")
_ACCELERATOR = re.compile(r"&(?=\w)")
_CODE = frozenset(
    "code code-block sourcecode parsed-literal prompt doctest testcode testoutput ipython "
    "console terminal highlight-block productionlist cmdoption-code".split()
)
# Directives whose text is elsewhere, or that have none.
_WITHOUT_TEXT = frozenset(
    "include literalinclude raw toctree index contents sectnum highlight currentmodule module "
    "py:currentmodule py:module image figure-md graphviz mermaid uml plantuml digraph graph plot "
    "date meta-data bibliography video youtube raw-html click jinja argparse program "
    "default-domain sectionauthor codeauthor moduleauthor tabularcolumns centered-image "
    "autosummary exec command-output".split()
)
# Those of them that take text from elsewhere, and options that do.
_ELSEWHERE = re.compile(
    r"^[ \t]*\.\.[ \t]+(include|literalinclude|raw|toctree|auto\w+)::"
    r"|^[ \t]+:(file|url):[ \t]",
    re.MULTILINE,
)
# Directives whose argument is a name or a condition, not text.
_WITHOUT_TITLE = frozenset(
    "container only ifconfig rst-class tabs tab-set grid grid-item compound hlist tabularcolumns "
    "cssclass".split()
)
# Directives whose argument is the start of their text.
_ADMONITIONS = frozenset(
    "attention caution danger error hint important note tip warning seealso todo".split()
)
# What Sphinx writes before a version.
_VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
# Objects whose options are text, and these options.
_OBJECTS = frozenset(["confval", "attribute", "data", "property"])
_FACTS = ("type", "default", "value")
# Directives of docutils that know more of their content than `_Content` does.
_KEPT = frozenset(
    "class csv-table default-role figure footer header line-block list-table math meta replace "
    "role table title unicode".split()
)


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a text in reStructuredText."""
    text = _LONG_LINE.sub("", decode_text(raw))
    known = dict(roles._roles)  # type: ignore[attr-defined]
    try:
        _register(text)
        tree = publish_doctree(text, settings_overrides=dict(_SETTINGS))
        show_titles(tree)
        canonical = DoctreeWriter(tree).text()
    except RecursionError as error:
        raise NotExtracted("is nested too deeply") from error
    finally:
        roles._roles.clear()  # type: ignore[attr-defined]
        roles._roles.update(known)  # type: ignore[attr-defined]
    if not canonical:
        raise NotExtracted("contains no text")
    yield Extracted(canonical, tuple(_left_out(text)))


def _left_out(text: str) -> Iterator[str]:
    names = Counter(found[1] or f":{found[2]}:" for found in _ELSEWHERE.finditer(text))
    return (f"{count:,} × {name}" for name, count in sorted(names.items()))


def _register(text: str) -> None:
    """Makes docutils know each directive and role that the text uses, for this text only: what it
    does not know it would replace by an error."""
    for name in set(map(str.lower, _DIRECTIVE.findall(text))):
        if name in _CODE:
            directives.register_directive(name, _Code)
        elif name in _WITHOUT_TEXT or name.startswith("auto"):
            directives.register_directive(name, _Nothing)
        elif name in _KEPT:
            directives.register_directive(name, _tolerant(name))
        elif name in _VERSIONS:
            directives.register_directive(name, _Version)
        elif name == "glossary":
            directives.register_directive(name, _Glossary)
        else:
            directives.register_directive(name, _Content)
    for found in _ROLE.finditer(text):
        name = (found.group(1) or found.group(2)).lower()
        if not _is_role(name):
            roles.register_local_role(name, _show_text)


def _is_role(name: str) -> bool:
    return name in roles._role_registry and name != "raw"  # type: ignore[attr-defined]


def _show_text(*arguments: Any, **_: Any) -> tuple[list[Any], list[Any]]:
    """Shows a role that docutils does not know: `text <target>` without the target. The arguments
    are those of docutils: a name, the source and the text of the role come first."""
    name, source, text, *_rest = arguments
    kind = name.lower().rpartition(":")[2]
    whole = unescape(text)
    words = _TARGET.sub("", whole) or whole
    if kind in _REFERENCES and words == whole:
        return [nodes.inline(source, _readable(whole), **{LABEL: whole})], []
    if kind in ("menuselection", "guilabel"):
        words = _ARROW.sub(" › ", _ACCELERATOR.sub("", words))
    if kind not in _PATHS and (prefix := _PREFIX.match(words)):
        words = words[prefix.end() :]
    return [nodes.inline(source, words)], []


def _readable(label: str) -> str:
    """The words of a label, or of the name of a document: its last part without its folders."""
    name = re.split(r"[/:]", label.rstrip("/:"))[-1]
    return name if " " in name else _SEPARATORS.sub(" ", name).strip() or label


class _AnyOption(dict[str, Any]):
    """Accepts every option as it is."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return str


class _OtherOption(dict[str, Any]):
    """Accepts options that are unknown as they are."""

    def __missing__(self, key: str) -> Any:
        return str


def _tolerant(name: str) -> type[Directive]:
    """A directive of docutils that accepts options of Sphinx: one that it does not know would
    remove its content."""
    language: Any = languages.get_language("en")
    found, _ = directives.directive(name, language, new_document(""))
    if found is None or isinstance(found.option_spec, _OtherOption):
        return found or _Content
    spec = _OtherOption(found.option_spec or {})
    return type(found.__name__, (found,), {"option_spec": spec})


class _Content(Directive):
    """A directive whose content is text, behind its arguments."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[Any] = _AnyOption()

    def run(self) -> list[nodes.Node]:
        """Returns the title, if there is one, and the parsed content."""
        box = nodes.container()
        if self.arguments and self.name.lower() not in _WITHOUT_TITLE:
            parsed, _ = self.state.inline_text(self.arguments[0], self.lineno)
            is_text = self.name.lower() in _ADMONITIONS
            box += nodes.paragraph("", "", *parsed) if is_text else nodes.title("", "", *parsed)
        if self.name.lower().rpartition(":")[2] in _OBJECTS:
            for fact in filter(self.options.get, _FACTS):
                parsed, _ = self.state.inline_text(f"{fact}: {self.options[fact]}", self.lineno)
                box += nodes.paragraph("", "", *parsed)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class _Version(_Content):
    """Says in which version something was added, changed or removed."""

    def run(self) -> list[nodes.Node]:
        """Returns the text behind what happened in which version."""
        version, text = [*" ".join(self.arguments).split(None, 1), "", ""][:2]
        said = f"{_VERSIONS[self.name.lower()]} {version}"
        parsed, _ = self.state.inline_text(text, self.lineno)
        box = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, box)
        if not text and box.children and isinstance(box.children[0], nodes.paragraph):
            box.children[0].insert(0, nodes.Text(f"{said}: "))
        else:
            box.insert(0, nodes.paragraph("", f"{said}: " if text else said, *parsed))
        return [box]


class _Glossary(_Content):
    """Terms with definitions; several terms may have the same one, each in its line."""

    def run(self) -> list[nodes.Node]:
        """Returns a list of definitions, with the terms of each in one line."""
        for at in range(len(self.content) - 1, 0, -1):
            above, line = self.content[at - 1], self.content[at]
            if line[:1].strip() and above[:1].strip():
                self.content[at - 1] = f"{above}, {line}"
                del self.content[at]
        return super().run()


class _Code(_Content):
    """A directive whose content is code."""

    def run(self) -> list[nodes.Node]:
        """Returns the content, verbatim."""
        text = "\n".join(self.content)
        return [nodes.literal_block(text, text)] if text.strip() else []


class _Nothing(_Content):
    """A directive without text of its own."""

    def run(self) -> list[nodes.Node]:
        """Returns nothing; as what a substitution stands for, an empty text, because docutils
        refuses nothing."""
        return [nodes.inline()] if isinstance(self.state, SubstitutionDef) else []
