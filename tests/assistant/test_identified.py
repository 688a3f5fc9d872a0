"""Identifiers of the question: evidence on another version, code or part does not answer."""

import pytest
from builders import AssistantOpener, shipped_scorer

from assistant.answer import Status
from assistant.pipeline import Assistant
from assistant.reader.runtime import OnnxReader

FILES = {
    "runbook.md": (
        "# Runbook\n\nThe SLA for P1 incidents is 30 minutes. The SLA for P2 incidents is four "
        "hours.\n\nSpare fan: part number FN-4420-B, 12 V, 80 mm. Quiet fan: part number FN-4420-C, "
        "12 V, 92 mm.\n\nHTTP 502 comes from the load balancer, HTTP 504 from the billing worker.\n\n"
        "E-4471 means that the disk is full. E-4472 means that the network is down.\n\n"
        "Use `--dry-run` to see what would be done.\n\n"
        "Tickets are paid by card or by invoice, also for groups.\n"
    ),
    "changelog.md": (
        "# Changelog\n\n## 3.2.0\n\nThe dashboard has a dark mode.\n\n"
        "## 3.1.4\n\nThe dashboard hashes its tokens.\n"
    ),
    "install.md": (
        "# Installation\n\n## macOS\n\nTo install Acme on macOS, drag it into Applications. It "
        "needs macOS 13 or later.\n\n## Windows\n\nTo install Acme on Windows 10, run the "
        "installer. To install Acme on Windows 11, use the store.\n"
    ),
}


@pytest.fixture(scope="module")
def assistant(open_assistant: AssistantOpener, reader: OnnxReader) -> Assistant:
    return open_assistant(FILES, shipped_scorer(), reader)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the SLA for P2?", "four hours"),
        ("What is the SLA for P1?", "30 minutes"),
        ("How large is the fan fn4420c?", "92 mm"),
        ("What does E4472 mean?", "network"),
        ("Where does a 504 error come from?", "HTTP 504"),
        ("What does the dashboard have in v3.2?", "dark mode"),
        ("How do I install Acme on Windows 11?", "store"),
        # What users say of themselves, and quantities, are no conditions.
        ("I use macOS 14.2, how do I install Acme?", "Applications"),
        ("How do I install Acme on macOS 14.2?", "Applications"),
        ("I'm on version 3.0.1. How are tickets paid?", "by card"),
        ("How do I pay tickets for 2 people?", "by card"),
    ],
)
def test_evidence_on_the_identifier_is_preferred(
    assistant: Assistant, question: str, said: str
) -> None:
    assert said in assistant.ask(question).text


@pytest.mark.parametrize(
    "question",
    [
        "What is the SLA for P3?",
        "How large is the fan FN-4420-D?",
        "Where does HTTP 503 come from?",
        "What does E-4473 mean?",
        "What does the dashboard have in version 3.3.0?",
        "What does the dashboard have in 3.4?",
        "How do I install Acme on Windows 7?",
        "What does --force do?",
    ],
)
def test_question_on_an_identifier_that_is_not_there_is_refused(
    assistant: Assistant, question: str
) -> None:
    assert assistant.ask(question).status is Status.REFUSED
