"""The licences of everything that an installation brings with it, and of the tools of development."""

import re
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Permit use, change and distribution together with Apache-2.0 code, as SPDX identifiers and as
# older metadata names them.
PERMISSIVE = {
    "0BSD", "Apache 2.0", "Apache 2.0 License", "Apache License, Version 2.0", "Apache-2.0",
    "Apache Software License", "BSD", "BSD License", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "3-Clause BSD License", "CC0-1.0", "CNRI-Python", "ISC License (ISCL)", "ISC", "LLVM-exception",
    "MIT License", "MIT-0", "MIT", "MIT-CMU", "PSF-2.0", "Public Domain", "Python Software Foundation License",
    "Unlicense",
    "Zlib",
}  # fmt: skip
# Permit the same as long as the library itself is not changed; it is imported as it is published.
WEAK_COPYLEFT = {"LGPL-3.0-only", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"}
# Come with builds of torch for a GPU, which is not used.
NOT_NEEDED = ("nvidia-", "cuda-", "triton")
# Licences that metadata names for files of the source archive which are not installed: docutils has
# a mode for Emacs under the GPL there; all that is installed is public domain or BSD-licensed.
NOT_INSTALLED = {"docutils": {"GNU General Public License (GPL)"}}


# pypdfium2 adds to its own licences those of PDFium and of what is compiled into it, which it ships
# as texts: all of them permissive.
WITH_DEPENDENCIES = "dependency licenses"


def installed(name: str, extras: frozenset[str]) -> dict[str, Distribution]:
    """The distribution with this name and all that it needs here, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, extras)]
    while waiting:
        name, extras = waiting.pop()
        if (canonicalize_name(name), extras) in seen:
            continue
        seen.add((canonicalize_name(name), extras))
        found[canonicalize_name(name)] = distribution(name)
        for line in distribution(name).requires or ():
            requirement = Requirement(line)
            marker = requirement.marker
            if requirement.name.startswith(NOT_NEEDED):
                continue
            if not marker or any(marker.evaluate({"extra": each}) for each in ("", *extras)):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


def licenses(package: Distribution) -> set[str]:
    """The names of its licences: of its SPDX expression, else of its classifiers, else as text."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return {part for part in re.split(r" AND | OR | WITH |[() ]", expression) if part}
    prefix = "License :: "
    classifiers = [c for c in metadata.get_all("Classifier") or () if c.startswith(prefix)]
    if named := {c.rsplit(" :: ", 1)[1] for c in classifiers} - {"OSI Approved"}:
        return named
    first_line = (metadata.get("License") or "unknown").strip().split("\n")[0]
    named = set(re.split(r" AND | OR |, (?=\w+-|dependency)", first_line))
    return named - {WITH_DEPENDENCIES}


def test_every_dependency_has_a_licence_that_is_allowed() -> None:
    packages = installed("proved-assistant", frozenset({"dev"}))
    assert len(packages) > 100
    allowed = PERMISSIVE | WEAK_COPYLEFT
    refused = {
        name: found
        for name, p in packages.items()
        if (found := licenses(p) - allowed - NOT_INSTALLED.get(name, set()))
    }
    assert not refused


def test_an_undeclared_licence_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_text("Metadata-Version: 2.1\nName: a\nVersion: 1\n")
    assert licenses(Distribution.at(tmp_path)) == {"unknown"}
