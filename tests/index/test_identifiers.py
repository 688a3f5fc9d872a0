"""Identifiers: what a text names exactly is one term, however it is written."""

import time
from pathlib import Path

import pytest
from builders import SmallIndex
from hypothesis import given
from hypothesis import strategies as st

from index.identifiers import find_identifiers, identifier_terms, query_terms
from index.onnx_encoder import OnnxEncoder


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("v3.3", "Version 3.3.0 is out."),
        ("version 3.3", "## [3.3.1] - 2025-02-11"),
        ("release 4", "v4.0.0"),
        ("the 2.0.0-RC.1", "2.0.0rc1"),
        ("e4471", "E-4471 means that the disk is full."),
        ("E 4471", "E4471"),
        ("fn4420d", "part number FN-4420-D,"),
        ("a 503 error", "HTTP 503 comes from the gateway."),
        ("SLA of priority 2", "The SLA for P2 incidents"),
        ("--Dry-Run", "Use `--dry-run`."),
        ("Config.yaml", "It is in ~/.app/config.yaml."),
        ("maxRetryCount", "MAX_RETRY_COUNT=3"),
        ("getInvoice", "call `getInvoice()` once"),
        ("Help@Corp.example", "Write to help@corp.example."),
        ("17 March 2024", "2024-03-17"),
        ("March 17th", "on 17.03.2024"),
        ("March 2024", "3/17/2024"),
        ("windows 11 or Windows 11", "On Windows 11, use the store."),
    ],
)
def test_identifier_is_found_if_it_is_written_differently(asked: str, written: str) -> None:
    assert set(query_terms(asked)) & set(identifier_terms(written))


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("version 3.3.1", "Version 3.3.0"),
        ("2.1", "2.14.0"),
        ("FN-4420-D", "FN-4420-B"),
        ("E-447", "E-4471"),
        ("HTTP 503", "HTTP 502"),
        ("17 March 2024", "7 March 2024"),
        ("--dry", "--dry-run"),
    ],
)
def test_other_identifier_is_not_found(asked: str, written: str) -> None:
    assert query_terms(asked)
    assert not set(query_terms(asked)) & set(identifier_terms(written))


@pytest.mark.parametrize(
    "text",
    [
        *("How do I pay for 2 people?", "within 24h or 90 days", "the 2nd of the 1970s", "10am"),
        *("a 90-day trial", "late 19th-century houses", "10-12 weeks of 2020-21", "a top-10 list"),
        *("and/or, 24/7, A/B, R&D", "In 2019 we grew.", "3.5% of $3.50", "an e-mail about macOS"),
        *("Are 2 enough?", "https://git.example/v3.1.4", ".NET and Node", "a well-known follow-up"),
    ],
)
def test_ordinary_words_and_numbers_are_no_identifiers(text: str) -> None:
    assert find_identifiers(text) == []


@given(st.text())
def test_identifiers_lie_in_the_text_in_order(text: str) -> None:
    found = find_identifiers(text)
    assert [each.start for each in found] == sorted(each.start for each in found)
    assert all(0 <= each.start < each.end <= len(text) and each.key for each in found)


@pytest.mark.parametrize(
    "piece", [*"`.-[a/@_1", "1.", "a_", "1-", "Aa 1 ", "v1.2 ", "a@a.", "May 1 "]
)
def test_time_is_linear_in_the_length_of_the_text(piece: str) -> None:
    started = time.perf_counter()
    find_identifiers(piece * (40_000 // len(piece)))
    assert time.perf_counter() - started < 2


def test_passage_that_names_the_identifier_is_found_first(
    encoder: OnnxEncoder, tmp_path: Path
) -> None:
    index = SmallIndex(tmp_path, encoder)
    parts = "".join(f"## Fan {n}\n\nThe fan FN-4420-{n} is {n} m wide.\n\n" for n in "ABCDEF")
    index.build({"parts.md": f"# Parts\n\n{parts}"})
    assert "FN-4420-D" in index.found("How wide is fn4420d?", 1)[0]
