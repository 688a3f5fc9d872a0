"""What holds for the code as a text: plain English, package docstrings that match the disk, few
broad excepts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("corpus", "index", "assistant", "api")
# Words that say little to a native engineer, or that nobody would search for. Each has a plain
# term: told → returned, anew → again, lent → borrowed, patience → timeout.
UNCLEAR = re.compile(
    r"(?i:\b(?:told|lent|anew|whoever|whomsoever|mends?|mended|nobody foresaw|half characters?"
    r"|by halves|lets? go of|comes? about|came about|to be had|in vain|what is kept|in the house"
    r"|one's own|nothing to let|of its own accord|gold beside|where there (?:is|are) none"
    r"|nobody in)\b)|_told\b|\btold_|_LONGEST\b|PATIENCE\b|_AGAIN\b|_TOGETHER\b"
)
TEXTS = (".py", ".md", ".toml", ".html", ".js", ".css", ".yaml", "Makefile")
# The users' material, and the upstream licence text.
NOT_OURS = ("corpus/documents/", "corpus/gold/", "LICENSE")
MAX_BROAD_EXCEPTS_PER_1000_LINES = 0.25


def own_texts() -> Iterator[Path]:
    for folder in (*PACKAGES, "tests", "docs"):
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.is_file())
    yield from (ROOT / name for name in ("README.md", "CHANGELOG.md", "Makefile", "pyproject.toml"))


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def packages() -> list[Path]:
    return [path.parent for path in modules() if path.name == "__init__.py"]


def test_no_text_has_an_unclear_word() -> None:
    found = []
    for path in own_texts():
        name = path.relative_to(ROOT).as_posix()
        if path == Path(__file__) or not name.endswith(TEXTS) or name.startswith(NOT_OURS):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if match := UNCLEAR.search(line):
                found.append(f"{name}:{number}: {match.group()!r} in {line.strip()}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", packages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_docstring_of_a_package_lists_what_is_in_its_folder(package: Path) -> None:
    module = ast.parse((package / "__init__.py").read_text("utf-8"))
    docstring = ast.get_docstring(module) or ""
    listed = re.findall(r"^(?: {4})?([\w.-]+)/?(?= {2,}\S)", docstring, re.MULTILINE)
    hidden = ("__init__.py", "__main__.py", "__pycache__")
    there = [path for path in package.iterdir() if path.name not in hidden]
    wanted = {p.name for p in there if p.suffix == ".py" or (p.is_dir() and any(p.iterdir()))}
    assert wanted <= set(listed) <= {path.name for path in there}
    assert len(listed) == len(set(listed))


def test_broad_excepts_are_rare_and_explained() -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in modules())
    broad = [
        (path, line)
        for path in modules()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"except(?:\s*:|\s+(?:Base)?Exception\b)", line)
    ]
    assert all("#" in line for _, line in broad), broad
    assert len(broad) <= MAX_BROAD_EXCEPTS_PER_1000_LINES * lines / 1000
