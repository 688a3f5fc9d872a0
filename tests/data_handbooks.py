"""Writers of the handbook in formats of data and of text, see `formats.Handbook`, and small samples
of formats that cannot hold all of it."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from email.message import EmailMessage

import openpyxl
import yaml
from formats import HOLIDAYS, SICK, TABLE, Handbook, MarkdownHandbook, write_handbook


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class XlsxHandbook:
    """A workbook with a sheet for each section."""

    def __init__(self) -> None:
        self._book = openpyxl.Workbook()

    def heading(self, level: int, text: str) -> None:
        if level == 1:
            self._book.properties.title = text
            self._book.active.title = "About"
        else:
            self._sheet = self._book.create_sheet(text)

    def paragraph(self, text: str) -> None:
        self._book.worksheets[-1].append([text])

    def items(self, items: Sequence[str]) -> None:
        self._book.worksheets[-1].append(["\n".join(f"- {item}" for item in items)])

    def steps(self, steps: Sequence[str]) -> None:
        for number, step in enumerate(steps, 1):
            self.paragraph(f"{number}. {step}")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        self._sheet.append([])
        for row in rows:
            self._sheet.append(list(row))

    def question(self, question: str, answer: str) -> None:
        if self._sheet.max_row == 1:
            self._sheet.append(["Question", "Answer"])
        self._sheet.append([question, answer])

    def content(self) -> bytes:
        return saved(self._book)


class RstHandbook:
    """The handbook as reStructuredText; docutils has no writer of its own format."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def heading(self, level: int, text: str) -> None:
        self._parts.append(f"{text}\n{'=-~'[level - 1] * len(text)}")

    def paragraph(self, text: str) -> None:
        self._parts.append(text)

    def items(self, items: Sequence[str]) -> None:
        self._parts.append("\n".join(f"* {item}" for item in items))

    def steps(self, steps: Sequence[str]) -> None:
        self._parts.append("\n".join(f"#. {step}" for step in steps))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        lines = ["   * - " + "\n     - ".join(row) for row in rows]
        self._parts.append("\n".join([".. list-table::", "   :header-rows: 1", "", *lines]))

    def question(self, question: str, answer: str) -> None:
        self.heading(3, question)
        self.paragraph(answer)

    def content(self) -> bytes:
        return "\n\n".join(self._parts).encode()


class AsciiDocHandbook:
    """The handbook as AsciiDoc; nothing writes the format but people."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def heading(self, level: int, text: str) -> None:
        self._parts.append(f"{'=' * level} {text}")

    def paragraph(self, text: str) -> None:
        self._parts.append(text)

    def items(self, items: Sequence[str]) -> None:
        self._parts.append("\n".join(f"* {item}" for item in items))

    def steps(self, steps: Sequence[str]) -> None:
        self._parts.append("\n".join(f". {step}" for step in steps))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        head, *body = rows
        cells = [f"|{' |'.join(head)}", "", *(f"|{cell}" for row in body for cell in row)]
        self._parts.append("\n".join(["|===", *cells, "|==="]))

    def question(self, question: str, answer: str) -> None:
        self._parts.append(f"[qanda]\n{question}:: {answer}")

    def content(self) -> bytes:
        return "\n\n".join(self._parts).encode()


def mail_message(
    subject: str = "Re: Leave", text: str = "You have 25 days.\n", **headers: str
) -> EmailMessage:
    written = EmailMessage()
    written["Subject"] = subject
    written["From"] = "Ann Lee <ann@x.org>"
    written["Date"] = "Wed, 01 May 2024 23:30:00 -0400"
    written.set_content(text)
    for name, value in headers.items():
        written[name.replace("_", "-")] = value
    return written


class MailHandbook:
    """A message of a staff office, with the handbook in HTML."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def heading(self, level: int, text: str) -> None:
        self._subject = text if level == 1 else self._subject
        self._parts.append(f"<h{level}>{text}</h{level}>" if level > 1 else "")

    def paragraph(self, text: str) -> None:
        self._parts.append(f"<p>{text}</p>")

    def items(self, items: Sequence[str]) -> None:
        self._parts.append("<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>")

    def steps(self, steps: Sequence[str]) -> None:
        self._parts.append("<ol>" + "".join(f"<li>{step}</li>" for step in steps) + "</ol>")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        head, *body = rows
        lines = [
            "".join(f"<th>{cell}</th>" for cell in head),
            *("".join(f"<td>{cell}</td>" for cell in row) for row in body),
        ]
        self._parts.append("<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>")

    def question(self, question: str, answer: str) -> None:
        self._parts.append(f"<h3>{question}</h3><p>{answer}</p>")

    def content(self) -> bytes:
        written = mail_message(self._subject)
        written.set_content("".join(self._parts), subtype="html")
        return written.as_bytes()


def written_by(book: Callable[[], Handbook]) -> Callable[[], bytes]:
    """Writes the handbook in one format."""

    def write() -> bytes:
        writer = book()
        write_handbook(writer)
        return writer.content()

    return write


FAQ = [{"question": HOLIDAYS, "answer": "Yes."}, {"question": SICK, "answer": "<p>The fourth.</p>"}]
ARTICLE = {
    "title": "Leave",
    "body": f"<p>{'Ask for it. ' * 9}</p>",
    "url": "https://x.org/1",
    "updated_at": "2024-05-01",
}


def csv_sample() -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(
        [*TABLE, [], ["Question", "Answer"], [HOLIDAYS, "Yes,\nfive."]]
    )
    return text.getvalue().encode("utf-16")


def json_sample() -> bytes:
    return json.dumps(
        {"faq": FAQ, "offices": [dict(zip(TABLE[0], row, strict=True)) for row in TABLE[1:]]}
    ).encode()


def yaml_sample() -> bytes:
    return yaml.safe_dump({"faq": FAQ, "opening hours": {"Oslo": ["07:30", "18:00"]}}).encode()


def articles_sample() -> bytes:
    return json.dumps({"articles": [ARTICLE, {**ARTICLE, "id": 2}]}).encode()


def notebook_sample() -> bytes:
    text = MarkdownHandbook()
    write_handbook(text)
    cells = [
        {"cell_type": "code", "source": "1 + 1", "outputs": [{}]},
        {"cell_type": "markdown", "source": text.content().decode()},
    ]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def transcript_sample() -> bytes:
    cues = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n<v Ann>Sentence {n}.\n" for n in range(9)]
    return "\n".join(["WEBVTT", "", *cues]).encode()


def mailbox_sample() -> bytes:
    each = b"From ann@x.org Wed May  1 10:00:00 2024\n" + mail_message().as_bytes()
    return each + b"\n" + each


def confluence_sample() -> bytes:
    return (
        b'<hibernate-generic><object class="Page"><id name="id">1</id><property name="title">Leave'
        b'</property></object><object class="BodyContent"><property name="body"><![CDATA[<p>25 days.'
        b"</p><ac:structured-macro><ac:plain-text-body><![CDATA[x]] ></ac:plain-text-body>"
        b'</ac:structured-macro>]]></property><property name="content"><id name="id">1</id></property>'
        b"</object></hibernate-generic>"
    )


def zip_sample() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new:
        for name, sample in (
            ("a.csv", csv_sample),
            ("b/c.json", json_sample),
            ("d.eml", mailbox_sample),
        ):
            new.writestr(name, sample())
    return raw.getvalue()


# A file of each format, by its suffix.
SAMPLES: dict[str, Callable[[], bytes]] = {
    "adoc": written_by(AsciiDocHandbook),
    "csv": csv_sample,
    "eml": written_by(MailHandbook),
    "ipynb": notebook_sample,
    "json": json_sample,
    "jsonl": articles_sample,
    "mbox": mailbox_sample,
    "rst": written_by(RstHandbook),
    "vtt": transcript_sample,
    "xlsx": written_by(XlsxHandbook),
    "xml": confluence_sample,
    "yaml": yaml_sample,
    "zip": zip_sample,
}
