"""Damaged files of each format: each loads within limits or is named, and no file is written."""

import hashlib
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Scale
from data_handbooks import SAMPLES, written_by
from html_handbook import HtmlHandbook
from office_handbooks import DocxHandbook, EpubHandbook, PdfHandbook, PptxHandbook

from corpus.bounded import BoundedProcess, Limits

LIMITS = Limits(seconds=10, megabytes=1024)
FILES: dict[str, Callable[[], bytes]] = {
    "docx": written_by(DocxHandbook),
    "epub": written_by(EpubHandbook),
    "html": written_by(HtmlHandbook),
    "pdf": written_by(PdfHandbook),
    "pptx": written_by(PptxHandbook),
    **SAMPLES,
}
# Marks of the formats that are text, to be put anywhere beside those of XML.
TEXT = (b"\n", b"\n\n", b'"', b",", b";", b"\t", b"|", b"{", b"[", b"]", b": ", b"- ", b"&a ", b"*a ", b".. ", b"::\n", b"`", b"|===\n", b"====\n", b"From x 2024\n", b"--> ", b"=?utf-8?B?", b"{a}", b"<table>", b"<td rowspan=99 colspan=99>", b"<ul><li>", b"</div>", b"<details>", b"<p><b>", b"<script>")  # fmt: skip
MARKUP = (b"<", b">", b"</w:p>", b"&", b"&#1;", b'"', b"<!--", b"]]>", b"\x00", b"\xff", b"<w:tbl>", b"999999999", b"-1")  # fmt: skip


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """The bytes with up to six changes."""
    for _ in range(chance.randint(1, 6)):
        start, end = sorted(chance.randrange(len(raw) + 1) for _ in range(2))
        end = min(end, start + chance.choice((1, 4, 40, 4000)))
        piece = chance.choice(
            (
                b"",
                raw[start:end] * chance.choice((2, 30)),
                raw[start:end][::-1],
                chance.randbytes(min(end - start, 40)),
                chance.choice(MARKUP + TEXT) * chance.choice((1, 1, 2, 300)),
                str(chance.randrange(-1, 2**33)).encode(),
            )
        )
        raw = (raw[:start] + piece + raw[end:])[:2_000_000] or b"x"
    return raw


def damaged_archive(raw: bytes, chance: random.Random) -> bytes:
    """The archive with one damaged, missing or doubled member."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            if name == chosen:
                content = damaged(content, chance)
                if chance.random() < 0.1:
                    continue
            new.writestr(name, content)
    return out.getvalue()


def mutated(raw: bytes, count: int) -> Iterator[bytes]:
    """Files made from this one; the same in every run."""
    chance = random.Random(16)
    for _ in range(count):
        inside = raw.startswith(b"PK") and chance.random() < 0.8
        yield damaged_archive(raw, chance) if inside else damaged(raw, chance)


@pytest.mark.soak
@pytest.mark.parametrize("suffix", list(FILES))
def test_damaged_files_load_within_limits_and_write_nothing(
    suffix: str, scale: Scale, tmp_path: Path
) -> None:
    original = FILES[suffix]()
    path = tmp_path / f"handbook.{suffix}"
    with BoundedProcess("corpus.parsing:load_in_child", LIMITS) as process:
        for raw in mutated(original, scale(100, soak=10_000)):
            path.write_bytes(raw)
            # Fails with the reason if the process crashes or exceeds a limit.
            found = process.call([path.name, str(path), hashlib.sha256(raw).hexdigest()])
            assert found.get("documents") or found.get("reason")
    assert list(tmp_path.iterdir()) == [path]
