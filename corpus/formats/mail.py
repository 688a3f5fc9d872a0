"""Loads messages (.eml) and mailboxes (mbox); each message of a mailbox is a document.

The subject is the heading; date, sender and `Archived-At` are metadata. Of a body in several forms
the plain text is read, or HTML if there is no other. A forwarded message stands behind the one it
is in. Patches and logs are code. Signatures are left out, and what a mailing list or its archive
adds below a message; in a mailbox also quoted lines, which repeat other messages, but for a
question right above its answer. Attachments are named. Nothing that a message links to is read.
Places in a mailbox are "message 3".
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr, parsedate_to_datetime

from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.message_text import Part, PartKind, own_parts, parts_of
from corpus.formats.prose import Prose
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata

MAX_MESSAGES = 10_000
_START = re.compile(rb"(?:\A|\r?\n)(?=From [^\r\n]{1,300}\d{4}[^\r\n]{0,20}\r?\n[!-9;-~]+:)")
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_REPLY = re.compile(r"^(?:(?:re|fwd?|aw|wg|sv|tr)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_QUOTE_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_SIGNATURE = "\n-- \n"
# What a mailing list adds: a rule, and below it how to unsubscribe; within so many last lines.
_RULE = re.compile(r"[-_=*]{10,}\s*")
_LIST = re.compile(r"\bunsubscribe\b|\bmailing list\b", re.IGNORECASE)
_MAX_FOOTER = 15
# What an archive puts in the place of an attachment.
_SCRUBBED = re.compile(
    r"^-{10,} next part -{10,}\n(?:An? [^\n]{1,40} was scrubbed[^\n]*\n"
    r"(?:(?:Name|Type|Size|Desc): [^\n]*\n)*(?:URL: [^\n]*\n?)?)?",
    re.MULTILINE,
)
_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash: [^\n]*\n)?"
    r"|^-----BEGIN PGP SIGNATURE-----\n[\w+/=\n:. ()-]{0,3000}?-----END PGP SIGNATURE-----$",
    re.MULTILINE,
)
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_MAX_DEPTH = 4  # of messages in messages
_ATTACHMENT = "attachment "
_MAX_NAMED = 20  # attachments
_MAX_PARTS = 500
_ADDRESS = re.compile(r"<(https?://[^<>\s]+)>")


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a message, or one for each message of a mailbox."""
    starts = [found.end() for found in _START.finditer(raw)]
    if not raw.lstrip().startswith(b"From ") or not starts:
        message = _Message(raw, "")
        extracted = message.extracted("")
        yield Extracted(extracted.text, tuple(_phrases(message.left_out)))
        return
    ends = [*starts[1:], len(raw)]
    failed: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        if number > MAX_MESSAGES:
            break
        source = _ESCAPED_FROM.sub(rb"\1", raw[raw.index(b"\n", start) + 1 : end])
        try:
            message = _Message(source, f"message {number}")
            yield message.extracted(f"{number} {message.subject}")
        except NotExtracted as error:
            failed[str(error)] += 1
        else:
            left_out.update(message.left_out)
    notes = _phrases(left_out)
    notes += [counted(count, "message", f"not read ({reason})") for reason, count in failed.items()]
    if len(starts) > MAX_MESSAGES:
        notes.append(
            counted(len(starts) - MAX_MESSAGES, "message", f"behind message {MAX_MESSAGES:,}")
        )
    if notes:
        yield Extracted("", tuple(notes))


class _Message:
    """One message. `place` is that in a mailbox, "" for a file of one message."""

    def __init__(self, raw: bytes, place: str) -> None:
        self._message = message_from_bytes(raw, policy=compat32)
        if not self._message.keys():
            raise NotExtracted("is no message")
        self._place = place
        self.left_out: Counter[str] = Counter()  # what is not read, and how often
        self._parts = 0
        self._has_text = False
        self.subject = _header(self._message, "Subject")

    def extracted(self, member: str) -> Extracted:
        """Returns the document of the message."""
        name, address = _sender(self._message)
        metadata = Metadata(
            date=_date(self._message),
            author=name or address,
            url=_address(self._message),
            language=_header(self._message, "Content-Language").split(",")[0],
        )
        writer = MarkdownWriter(metadata)
        writer.place(self._place) if self._place else None
        writer.heading(1, _REPLY.sub("", self.subject))
        self._write(writer, self._message, 1)
        text = writer.text()
        if not self._has_text:
            raise NotExtracted(f"contains no text{_behind(_phrases(self.left_out))}")
        return Extracted(text, member=member.replace("/", " "))

    def _write(self, writer: MarkdownWriter, part: Message, depth: int) -> None:
        """Writes a part of the message, and those in it."""
        self._parts += 1
        kind = part.get_content_type()
        if kind in _ENCRYPTED:
            raise NotExtracted("is encrypted")
        if self._parts > _MAX_PARTS or depth > _MAX_DEPTH:
            self.left_out["nested part"] += 1
        elif kind == "multipart/alternative":
            self._write(writer, _best(_children(part)), depth)
        elif kind == "message/rfc822":
            for inner in _children(part)[:1]:
                writer.heading(2, _REPLY.sub("", _header(inner, "Subject")))
                self._write(writer, inner, depth + 1)
        elif part.is_multipart():
            for inner in _children(part):
                self._write(writer, inner, depth)
        elif (name := part.get_filename()) or not kind.startswith("text/"):
            self.left_out[f"{_ATTACHMENT}{fold(_decoded(name or kind))}"] += 1
        elif kind != "text/calendar" and (text := _text(part)).strip():
            self._has_text = True
            if kind == "text/html":
                Prose(writer).html(text)
            else:
                self._plain(writer, text)
        elif str(part.get_payload()).strip():  # a calendar, or something binary
            self.left_out[f"{_ATTACHMENT}{kind}"] += 1

    def _plain(self, writer: MarkdownWriter, text: str) -> None:
        text, count = _SIGNED.subn("", text)
        text, _, signature = text.partition(_SIGNATURE)
        self.left_out["signature"] += bool(count or signature.strip())
        text, count = _SCRUBBED.subn("", text)
        self.left_out["removed attachment"] += count
        body = _without_footer(text)
        self.left_out["list footer"] += len(body) < len(text)
        if not self._place:
            _write_parts(writer, parts_of(_QUOTE_MARKS.sub("", body)))
            return
        parts, count = own_parts(body)
        self.left_out["quoted line"] += count
        _write_parts(writer, parts)


def _write_parts(writer: MarkdownWriter, parts: Iterable[Part]) -> None:
    is_answer = False
    for part in parts:
        if is_answer and part.kind in (PartKind.QUESTION, PartKind.RESUMED):
            writer.end_details()
            is_answer = False
        match part.kind:
            case PartKind.QUESTION:
                writer.begin_details(part.text)
                is_answer = True
            case PartKind.CODE:
                writer.code(part.text)
            case PartKind.PROSE:
                Prose(writer).wrapped(part.text)
    if is_answer:
        writer.end_details()


def _without_footer(text: str) -> str:
    lines = text.rstrip().split("\n")
    for number in range(max(0, len(lines) - _MAX_FOOTER), len(lines)):
        if _RULE.fullmatch(lines[number]) and any(map(_LIST.search, lines[number + 1 :])):
            return "\n".join(lines[:number])
    return text


def _phrases(left_out: Counter[str]) -> list[str]:
    """Names a few attachments, and counts everything else."""
    attachments = [what for what in left_out if what.startswith(_ATTACHMENT)]
    others = {what: count for what, count in left_out.items() if what not in attachments and count}
    others["more attachment"] = len(attachments[_MAX_NAMED:])
    numbers = [counted(count, what) for what, count in others.items() if count]
    return [*attachments[:_MAX_NAMED], *numbers]


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return (
        [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    )


def _best(forms: list[Message]) -> Message:
    """The form of a body that is read: plain text if it has some, else the last one."""
    for form in forms:
        if form.get_content_type() == "text/plain" and _text(form).strip():
            return form
    return forms[-1] if forms else Message()


def _text(part: Message) -> str:
    """The text of a part in its charset, or in the one that it turns out to have."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes) or not raw.strip():
        return ""
    try:
        text = raw.decode(part.get_content_charset() or "utf-8")
    except (LookupError, ValueError):
        try:
            text = decode_text(raw)
        except NotExtracted:  # something binary that says it is text
            return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if str(part.get_param("format", "")).lower() == "flowed":
        text = re.sub(r"(?<!\n--) \n(?!>)", " ", text)
    return text


def _header(message: Message, name: str) -> str:
    return fold(_decoded(str(message.get(name, ""))))


def _decoded(value: str) -> str:
    """A header without its encoded words."""
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):
        return value


def _sender(message: Message) -> tuple[str, str]:
    """The name and the address of the sender, "" if they are not said."""
    try:
        return parseaddr(_header(message, "From"))
    except RecursionError:  # thousands of brackets
        return "", ""


def _date(message: Message) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))).date().isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""


def _address(message: Message) -> str:
    found = _ADDRESS.search(str(message.get("Archived-At", "")))
    return found[1] if found else ""


def _behind(left_out: list[str]) -> str:
    return f" ({', '.join(left_out)})" if left_out else ""
