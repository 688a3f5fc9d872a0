"""How fast the loaders are, beside the library that each stands on: `make bench`, or this file alone.

    PYTHONPATH=tests .venv/bin/python tests/measure/loaders.py   prints a line for each format

A file of some thousand questions with answers is written for each format and loaded several times in
this process; the best time counts. "library" is what the library needs to read the same file without
a loader: the cells of a workbook, the tree of a text. "whole" includes that Markdown is parsed and
split, as a build does. XLSX files are compressed, so "entries" compares better: questions a second.
"""

import csv
import email
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import openpyxl
import yaml
from data_handbooks import mail_message, saved
from docutils.core import publish_doctree
from selectolax.lexbor import LexborHTMLParser

from corpus.formats.registry import extract
from corpus.parsing import parse_document
from corpus.splitter import split

RUNS = 3
ENTRIES = 4_000
MESSAGES = 2_000
ANSWER = "The badge is ordered in the portal. It takes up to {} working days until it is ready."


@dataclass(frozen=True)
class Sample:
    """A file, and what its library needs to read it; None if there is no library."""

    name: str
    raw: bytes
    library: str
    read: Callable[[bytes], object] | None
    entries: int = ENTRIES


def main() -> None:
    """Measures all formats."""
    print(
        f"{'format':10} {'MB':>5} {'entries':>8} {'loader':>8} {'whole':>7} {'library':>8}   MB/s"
    )
    for sample in samples():
        megabytes = len(sample.raw) / 2**20
        loaded = best(lambda: list(extract(sample.name, sample.raw)))  # noqa: B023 - called at once
        whole = best(lambda: build(sample))  # noqa: B023
        alone = best(lambda: sample.read(sample.raw)) if sample.read else 0.0  # noqa: B023
        suffix = sample.name.rpartition(".")[2]
        library = f"{megabytes / alone:8.1f}" if alone else f"{'-':>8}"
        print(
            f"{suffix:10} {megabytes:5.1f} {sample.entries / loaded:8,.0f} "
            f"{megabytes / loaded:8.1f} {megabytes / whole:7.1f} "
            f"{library}   {sample.library}"
        )


def best(run: Callable[[], object]) -> float:
    """The seconds of the fastest of several runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def build(sample: Sample) -> None:
    """Loads a file as a build does, without the encoder."""
    for each in extract(sample.name, sample.raw):
        split(parse_document(sample.name, each.text))


def samples() -> Iterator[Sample]:
    """Yields a file of each format."""
    faq = [(f"How long does badge {n} take?", ANSWER.format(n)) for n in range(ENTRIES)]
    yield Sample(
        "faq.csv", sheet(faq), "csv", lambda raw: list(csv.reader(io.StringIO(raw.decode())))
    )
    yield Sample("faq.xlsx", workbook(faq), "openpyxl, read-only", read_cells)
    records = [{"question": question, "answer": answer} for question, answer in faq]
    yield Sample("faq.json", json.dumps(records).encode(), "json", json.loads)
    yield Sample(
        "faq.yaml",
        yaml.safe_dump(records).encode(),
        "PyYAML, C",
        lambda raw: yaml.load(raw, yaml.CBaseLoader),
    )
    sections = "".join(
        f"{question}\n{'-' * len(question)}\n\n{answer}\n\n" for question, answer in faq
    )
    settings = {"_disable_config": True, "report_level": 5, "file_insertion_enabled": False}
    yield Sample(
        "faq.rst",
        sections.encode(),
        "docutils",
        lambda raw: publish_doctree(raw.decode(), settings_overrides=settings),
    )
    yield Sample("faq.adoc", "".join(f"== {q}\n\n{a}\n\n" for q, a in faq).encode(), "none", None)
    html = "".join(f"<h2>{question}</h2><p>{answer}</p>" for question, answer in faq)
    yield Sample(
        "faq.html",
        f"<html><body><h1>A</h1>{html}".encode(),
        "selectolax",
        lambda raw: LexborHTMLParser(raw.decode()),
    )
    talk = "".join(
        f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000 --> 02:00:00.000\n{a}\n\n"
        for n, (_, a) in enumerate(faq)
    )
    yield Sample("talk.vtt", f"WEBVTT\n\n{talk}".encode(), "none", None)
    cells = [
        {"cell_type": "markdown", "source": f"## {question}\n\n{answer}"}
        for question, answer in faq
    ]
    yield Sample(
        "book.ipynb", json.dumps({"nbformat": 4, "cells": cells}).encode(), "json", json.loads
    )
    messages = b"".join(
        b"From a@x.org Wed May  1 10:00:00 2024\n" + mail_message(q, a).as_bytes() + b"\n"
        for q, a in faq[:MESSAGES]
    )
    yield Sample(
        "list.mbox",
        messages,
        "email",
        lambda raw: [email.message_from_bytes(part) for part in raw.split(b"\nFrom ")],
        MESSAGES,
    )
    yield Sample("all.zip", archive(faq), "zipfile", read_members)


def sheet(rows: list[tuple[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("Question", "Answer"), *rows])
    return text.getvalue().encode()


def workbook(rows: list[tuple[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in [("Question", "Answer"), *rows]:
        book.active.append(row)
    return saved(book)


def read_cells(raw: bytes) -> list[object]:
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True)
    return [row for each in book.worksheets for row in each.iter_rows(values_only=True)]


def archive(rows: list[tuple[str, str]]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as new:
        for number, (question, answer) in enumerate(rows):
            new.writestr(f"{number}.md", f"# {question}\n\n{answer}\n")
    return raw.getvalue()


def read_members(raw: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as old:
        return [old.read(name) for name in old.namelist()]


if __name__ == "__main__":
    main()
