"""Subtitles and notebooks: texts whose places are times and cells."""

import json
from pathlib import Path
from typing import Any

import pytest
from canonical import headings, one
from data_handbooks import notebook_sample
from formats import LEAVE, AskHandbook, assistant_over

from corpus.formats import notebook, transcripts
from corpus.formats.extracted import NotExtracted
from corpus.places import place_at

VTT = """WEBVTT
Language: en

NOTE not shown

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:03.000 align:start
<v Ann Lee>Employees have <i>27 days</i>

2
00:00:03.000 --> 00:00:05.500
of annual leave &amp; a birthday.

01:02:03.000 --> 01:02:05.000
<v Bob>Who asks for it?
"""


def test_cues_are_joined_and_speakers_and_times_are_kept() -> None:
    assert one(transcripts.load(VTT.encode())).text == (
        '---\nlanguage: "en"\n---\n\n<!-- 00:00:01 to 00:00:05 -->\n\n'
        "Ann Lee: Employees have 27 days of annual leave & a birthday.\n\n"
        "<!-- 01:02:03 to 01:02:05 -->\n\nBob: Who asks for it?\n"
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("<v Ann>Where is\nit?\n<v Bob>In Oslo.", ["Ann: Where is it?", "Bob: In Oslo."]),
        ("- Where is it?\n- In Oslo.", ["Where is it?", "In Oslo."]),
    ],
)
def test_a_cue_may_have_several_speakers(lines: str, said: list[str]) -> None:
    raw = f"WEBVTT\n\n00:01.000 --> 00:03.000\n{lines}\n"
    text = one(transcripts.load(raw.encode())).text
    assert text.split("\n\n")[1:] == [said[0], f"{said[1]}\n"]


def test_a_speaker_may_have_a_role_behind_the_name() -> None:
    cues = [
        f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\nAnn Lee (SL): {text}"
        for n, text in ((1, "We go"), (2, "there."))
    ]
    text = one(transcripts.load("\n\n".join(["WEBVTT", *cues]).encode())).text
    assert text.endswith("Ann Lee (SL): We go there.\n")


def test_subrip_has_commas_and_may_lack_empty_lines() -> None:
    raw = "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}First <b>line</b>\r\nand second.\r\n2\r\n00:00:09,000 --> 00:00:10,000\r\n- Other.\r\n"
    assert one(transcripts.load(raw.encode("utf-16"))).text == (
        "<!-- 00:00:01 to 00:00:02 -->\n\nFirst line and second.\n\n"
        "<!-- 00:00:09 to 00:00:10 -->\n\nOther.\n"
    )


def test_lines_that_live_captions_repeat_count_once() -> None:
    cues = [("we have", "25 days"), ("25 days", "of leave"), ("of leave", "each year")]
    raw = "WEBVTT\n\n" + "".join(
        f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{a}\n{b}\n\n" for n, (a, b) in enumerate(cues)
    )
    assert one(transcripts.load(raw.encode())).text.endswith("we have 25 days of leave each year\n")


def test_a_long_talk_is_divided_between_sentences() -> None:
    raw = "".join(
        f"{n}\n00:{n // 60:02d}:{n % 60:02d},000 --> 00:{n // 60:02d}:{n % 60:02d},900\nThis is sentence {n}.\n\n"
        for n in range(200)
    )
    text = one(transcripts.load(raw.encode())).text
    assert max(map(len, text.split("\n"))) < 700
    times = [place_at("a.srt", text, text.index(f"This is sentence {n}.")) for n in (0, 100, 199)]
    assert times == ["00:00:00", "00:01:39", "00:03:18"]


def test_a_paragraph_ends_before_a_long_pause() -> None:
    raw = "WEBVTT\n\n00:01.000 --> 00:02.000\nWe wait.\n\n01:30.000 --> 01:31.000\nHe came.\n"
    text = one(transcripts.load(raw.encode())).text
    assert "We wait.\n" in text and place_at("a.vtt", text, text.index("He came")) == "00:01:30"


def test_an_answer_from_a_transcript_says_its_time(tmp_path: Path, encoder_data: Path) -> None:
    with assistant_over(tmp_path / "a", encoder_data, {"talk.vtt": VTT.encode()}) as assistant:
        answer = assistant.ask(LEAVE)
        assert "27 days" in answer.text


@pytest.mark.parametrize(
    "raw", [b"WEBVTT\n\n", b"1\n00:00:01,000 --> 00:00:02,000\n\n", b"words\n"]
)
def test_a_transcript_without_cues_says_so(raw: bytes) -> None:
    with pytest.raises(NotExtracted, match="no text with times"):
        list(transcripts.load(raw))


def book(*cells: dict[str, Any], **parts: Any) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(cells), **parts}).encode()


def test_cells_of_a_notebook_are_text_and_code_with_places() -> None:
    raw = book(
        {
            "cell_type": "markdown",
            "source": ["# Leave\n", "\n", "See **this** [site](http://x).\n", "- one\n"],
        },
        {
            "cell_type": "code",
            "source": "!rm -rf /\n1 + 1",
            "outputs": [{"data": {"text/plain": "2"}}],
        },
        {"cell_type": "raw", "source": "raw"},
    )
    extracted = one(notebook.load(raw))
    assert extracted.text == (
        "<!-- cell 1 -->\n\n# Leave\n\nSee this site.\n\n- one\n\n"
        "<!-- cell 2 -->\n\n```\n!rm -rf /\n1 + 1\n```\n\n<!-- cell 3 -->\n"
    )
    assert extracted.left_out == ("1 output", "1 raw cell")


def test_magics_and_formats_of_raw_cells_say_what_a_cell_is_written_in() -> None:
    raw = book(
        {"cell_type": "code", "source": "%%markdown\n# Leave\n\n- one"},
        {"cell_type": "code", "source": "%%html\n<p>Two <b>days</b></p>"},
        {"cell_type": "raw", "source": "*three*", "metadata": {"raw_mimetype": "text/markdown"}},
    )
    extracted = one(notebook.load(raw))
    assert extracted.text == (
        "<!-- cell 1 -->\n\n# Leave\n\n- one\n\n<!-- cell 2 -->\n\nTwo days\n\n<!-- cell 3 -->\n\nthree\n"
    )
    assert extracted.left_out == ()


def test_the_older_format_has_worksheets_and_heading_cells() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Leave"},
        {"cell_type": "code", "input": "x = 1"},
    ]
    raw = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    text = one(notebook.load(raw)).text
    assert headings(text) == ["Leave"] and "x = 1" in text


@pytest.mark.parametrize(
    "raw", [b"{}", b"[1]", b'{"cells": 3}', b"not json", b"[" * 99_999, book({"cell_type": "raw"})]
)
def test_what_is_no_notebook_says_why(raw: bytes) -> None:
    with pytest.raises(NotExtracted):
        list(notebook.load(raw))


def test_answers_over_a_notebook_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    ask_handbook("handbook.ipynb", notebook_sample(), places={LEAVE: "cell 2"})
