"""Loads transcripts: subtitles as SubRip (.srt) and WebVTT (.vtt).

Cues that follow each other are joined to paragraphs, which end with a sentence before a pause, at a
change of the speaker, and at a length. A speaker's name stands in front of what they say. Lines
that live captions repeat count once. Places are the times of paragraphs, "00:01:20 to 00:01:55",
from which `corpus.places` takes that of a sentence. Styles, positions and notes are left out.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata
from corpus.places import clock

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}")
_VOICE = re.compile(r"<v(?:\.[\w.-]*)?[ \t]+([^<>]{1,80})>")
# "ANNA: text", "Anna Berg (host): text", ">> Anna: text", "- text" of another speaker.
_SPEAKER = re.compile(
    r"(?:>>[ \t]*)?([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,3}(?: \([\w .-]{1,30}\))?):[ \t]+(?=\S)"
)
_CHANGE = re.compile(r"(?:>>|-)[ \t]*(?=\S)")
_MARK = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*$")
_HEADER = re.compile(r"(Title|Language|Kind):[ \t]*(.+)$", re.IGNORECASE)
_PAUSE = 1.5  # seconds
_LONG_PAUSE = 30  # seconds; a paragraph across it would say little of the time of its sentences
_MIN_CHARS, _MAX_CHARS = 200, 600  # of a paragraph that ends with a sentence, with or without pause


@dataclass(frozen=True)
class _Cue:
    start: float  # seconds
    end: float
    speaker: str
    text: str
    is_change: bool  # of the speaker, who may have no name


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a transcript."""
    lines = decode_text(raw).split("\n")
    writer = MarkdownWriter(_metadata(lines))
    words: list[str] = []
    first = last = None
    for cue in _cues(lines):
        if last and first and _ends(last, cue, words):
            _write(writer, first, last, words)
            words = []
        first = cue if not words else first
        words.append(cue.text)
        last = cue
    if not first or not last:
        raise NotExtracted("contains no text with times")
    _write(writer, first, last, words)
    yield Extracted(writer.text())


def _metadata(lines: list[str]) -> Metadata:
    """What the lines below "WEBVTT" say."""
    head = lines[:20] if lines[0].startswith("WEBVTT") else []
    found = [match for line in head if (match := _HEADER.match(line))]
    facts = {match[1].lower(): match[2] for match in found}
    return Metadata(title=facts.get("title", ""), language=facts.get("language", ""))


def _write(writer: MarkdownWriter, first: _Cue, last: _Cue, words: list[str]) -> None:
    writer.place(f"{clock(int(first.start))} to {clock(int(max(first.start, last.end)))}")
    said = " ".join(words)
    writer.paragraph(f"{first.speaker}: {said}" if first.speaker else said)


def _ends(last: _Cue, cue: _Cue, words: list[str]) -> bool:
    """Whether a paragraph ends between two cues."""
    if cue.is_change or (cue.speaker and cue.speaker != last.speaker):
        return True
    length = sum(map(len, words))
    pause = cue.start - last.end
    if not _SENTENCE_END.search(last.text):
        return length > 2 * _MAX_CHARS
    return length > _MAX_CHARS or pause >= (_PAUSE if length > _MIN_CHARS else _LONG_PAUSE)


def _cues(lines: list[str]) -> Iterator[_Cue]:
    """The cues with text. A line that the cue before also has is repeated by live captions."""
    before: set[str] = set()
    speaker = ""
    at = 0
    while at < len(lines):
        times = _TIMES.match(lines[at])
        at += 1
        if not times:
            continue
        start = at
        while at < len(lines) and lines[at].strip() and not _TIMES.match(lines[at]):
            at += 1
        # The number of the next cue, where no empty line stands before it.
        is_numbered = at < len(lines) and bool(_TIMES.match(lines[at])) and at > start
        own = lines[start : at - 1 if is_numbered and lines[at - 1].strip().isdigit() else at]
        shown = {fold(_MARK.sub("", line)) for line in own}
        fresh = [line for line in own if fold(_MARK.sub("", line)) not in before]
        before = shown
        numbers = [int(group or 0) for group in times.groups()]
        for lines_of_one in _turns(fresh):
            name, text, is_change = _said(lines_of_one)
            speaker = name or ("" if is_change else speaker)
            if text:
                yield _Cue(_seconds(numbers[:4]), _seconds(numbers[4:]), speaker, text, is_change)


def _turns(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each speaker in a cue: those of several start with voices or with dashes."""
    starts = [n for n, line in enumerate(lines) if _VOICE.match(line)]
    dashes = [n for n, line in enumerate(lines) if _CHANGE.match(line.lstrip())]
    starts = starts or (dashes if len(dashes) > 1 else [])
    for start, end in pairwise([0, *filter(None, starts), len(lines)]):
        yield lines[start:end]


def _said(lines: list[str]) -> tuple[str, str, bool]:
    """The speaker, the text, and whether the speaker changes."""
    joined = "\n".join(lines)
    voice = _VOICE.search(joined)
    text = fold(html.unescape(_MARK.sub("", joined)))
    if voice:
        return fold(voice[1]), text, False
    if found := _SPEAKER.match(text):
        return found[1], text[found.end() :], False
    change = _CHANGE.match(text)
    return "", text[change.end() :] if change else text, bool(change)


def _seconds(parts: list[int]) -> float:
    hours, minutes, seconds, fraction = parts
    return hours * 3600 + minutes * 60 + seconds + fraction / 1000
