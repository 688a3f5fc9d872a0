"""A mail signature under a question is not part of the question."""

import pytest

from assistant.english.question import understand
from assistant.english.signature import without_signature

QUESTION = "Who waters the roses?"
SIGNATURES = [
    "-- \nJane Doe\nHead of Gardening, Acme\nTel. +44 20 7946 0000\nhttps://acme.example",
    "--\nJane",
    "____________\nJane Doe",
    "Best regards,\nJane Doe",
    "Kind regards\n\nJane",
    "Thanks in advance!\nJane",
    "Thanks and best wishes,\nJane",
    "Thank you",
    "Cheers",
    "Yours sincerely,\n\nDr Jane Doe\nAcme Gardening Ltd",
    "Sent from my iPhone",
    "Get Outlook for Android",
]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("between", ["\n", "\n\n", "\r\n\r\n"])
def test_signature_is_left_out(signature: str, between: str) -> None:
    assert without_signature(f"{QUESTION}{between}{signature}").strip() == QUESTION


@pytest.mark.parametrize(
    "message",
    [
        QUESTION,
        "-- ",
        "Thanks",
        "Thanks\nWho waters the roses?",
        "Thanks\n\nJane",
        "The roses look dry.\n--\nWho waters them?",
        "The roses look dry.\nThanks\nAlso tell me when the beans are sown",
        "The best\nroses: who waters them?",
        "Who waters the roses -- the caretaker?",
        "Which roses are the\nbest of all the ones in the garden near the gate",
        "Table:\n----\na\nb",
    ],
)
def test_message_without_a_signature_is_unchanged(message: str) -> None:
    assert without_signature(message) == message


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signed_question_is_understood_like_the_question(signature: str) -> None:
    def encode(_: object) -> None:
        raise AssertionError

    assert understand(f"{QUESTION}\n\n{signature}", (), encode).text == QUESTION  # type: ignore[arg-type]
