"""Messages that are no English question: small talk and other languages."""

import pytest

from assistant.english.language import foreign_language
from assistant.english.small_talk import SmallTalk, small_talk
from assistant.replies import asks_nothing, examples


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("hi", SmallTalk.GREETING),
        ("Hello there!", SmallTalk.GREETING),
        ("Good morning, how are you today?", SmallTalk.GREETING),
        ("thanks", SmallTalk.THANKS),
        ("Great, thank you so much for your help 🙏", SmallTalk.THANKS),
        ("That was helpful.", SmallTalk.THANKS),
        ("Thanks, bye!", SmallTalk.FAREWELL),
        ("help", SmallTalk.HELP),
        ("Hi! What can you do?", SmallTalk.HELP),
        ("What can I ask you", SmallTalk.HELP),
        ("Who are you?", SmallTalk.HELP),
        ("Hello, can you help me please?", SmallTalk.HELP),
        ("ok", SmallTalk.NO_QUESTION),
        ("🎉🎉", SmallTalk.NO_QUESTION),
        ("…", SmallTalk.NO_QUESTION),
        ("", SmallTalk.NO_QUESTION),
    ],
)
def test_message_that_asks_nothing_is_small_talk(message: str, kind: SmallTalk) -> None:
    assert small_talk(message) is kind


@pytest.mark.parametrize(
    "message",
    [
        "Hi, how do I renew a book?",
        "thanks, and how much is it?",
        "help with my password",
        "What can you do with an old phone?",
        "Who are you allowed to invite?",
        "Good morning shift hours",
        "Why?",
        "Hello World",
        "no refund?",
        "thank-you card price",
    ],
)
def test_question_with_a_greeting_or_thanks_is_a_question(message: str) -> None:
    assert small_talk(message) is None


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("Wie lange kann ich ein Buch behalten?", "German"),
        ("Was kostet ein Ticket?", "German"),
        ("Guten Tag", "German"),
        ("Où est la gare ?", "French"),
        ("Puis-je venir avec mon chien ?", "French"),
        ("¿Cuánto cuesta la entrada?", "Spanish"),
        ("Quanto costa il biglietto?", "Italian"),
        ("Qual é o prazo de entrega?", "Portuguese"),
        ("Hoeveel kost een kaartje?", "Dutch"),
        ("Jak mogę zresetować hasło?", "Polish"),
        ("Hur mycket kostar biljetten?", "Swedish"),
        ("Şifremi nasıl sıfırlarım?", "Turkish"),
        ("Как восстановить пароль?", "Russian"),
        ("パスワードをリセットするには?", "Japanese"),
        ("如何重置密码?", "Chinese"),
        ("كيف يمكنني إعادة تعيين كلمة المرور؟", "Arabic"),
    ],
)
def test_message_in_another_language_is_recognized(message: str, language: str) -> None:
    assert foreign_language(message) == language


@pytest.mark.parametrize(
    "message",
    [
        "Who is Angela de la Cruz?",
        "Rue de la Paix opening hours",
        "Casa de la Playa",
        "van der Waals force",
        "Is Das Boot shown?",
        "What is Schadenfreude?",
        "EST to UTC",
        "der vs pem",
        "MIT license",
        "El Niño definition",
        "comment syntax in yaml",
        "const foo = bar.baz()",
        "git rebase -i HEAD~3",
        "What is the Японский garden?",
        "ai model",
        "Wifi",
        "4.2.1",
    ],
)
def test_names_and_identifiers_are_no_evidence_of_another_language(message: str) -> None:
    assert foreign_language(message) is None


@pytest.mark.parametrize(
    ("message", "silent"), [("ok", True), ("👍", True), ("hi all", True), ("thanks!", False)]
)
def test_ok_and_emoji_need_no_reply_among_others(message: str, silent: bool) -> None:
    assert asks_nothing(message) is silent


def test_examples_come_from_as_many_documents_as_possible() -> None:
    questions = [("a.md", "A?"), ("a.md", "Another?"), ("b.md", "B?"), ("c.md", "A?")]
    assert examples(questions, 3) == ("A?", "B?", "Another?")
    assert examples([], 3) == ()
