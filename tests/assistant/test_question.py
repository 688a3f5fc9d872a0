"""Understanding: what a question asks for, and what a follow-up means with its history."""

from collections.abc import Sequence

import pytest

from assistant.answer import Turn
from assistant.english.question import (
    MAX_QUESTION_CHARS,
    AnswerType,
    Question,
    understand,
    validate_message,
)
from assistant.errors import QuestionInvalid
from index.encoder import Vectors
from index.onnx_encoder import OnnxEncoder
from index.terms import stem


def never(texts: Sequence[str]) -> Vectors:
    """The encoder of messages that must not need one."""
    raise AssertionError(f"encoded {texts}")


def turns(*messages: str) -> list[Turn]:
    """A history in which user and assistant take turns."""
    return [Turn(("user", "assistant")[at % 2], text) for at, text in enumerate(messages)]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("x" * (MAX_QUESTION_CHARS + 1), "2,001 characters, at most 2,000.*shorten"),
        (None, "is NoneType, expected text"),
        (7, "is int, expected text"),
        (b"Who?", "is bytes, expected text"),
        (["Who?"], "is list, expected text"),
        ("Who \ud83d sings?", "lone surrogate"),
    ],
)
def test_invalid_message_is_rejected(message: object, error: str) -> None:
    with pytest.raises(QuestionInvalid, match=error):
        validate_message(message)
    if isinstance(message, str):
        with pytest.raises(QuestionInvalid, match=error):
            understand(message, [], never)


@pytest.mark.parametrize("blank", ["", " \n\t", "?!", "…", "\0\0", "👍"])
def test_message_without_words_is_valid_but_no_question(blank: str) -> None:
    assert not any(character.isalnum() for character in validate_message(blank))
    with pytest.raises(QuestionInvalid, match="empty: ask something"):
        understand(blank, [], never)


def test_white_space_and_null_characters_become_single_spaces() -> None:
    assert validate_message("  Who\x00keeps\n\n bees? ") == "Who keeps bees?"
    assert validate_message("x" * MAX_QUESTION_CHARS) == "x" * MAX_QUESTION_CHARS


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who wrote Dracula?", AnswerType.PERSON),
        ("By whom was the tower built?", AnswerType.PERSON),
        ("And who keeps the bees?", AnswerType.PERSON),
        ("When was the bridge built?", AnswerType.TIME),
        ("In which year did the war end?", AnswerType.TIME),
        ("How long does a permit last?", AnswerType.TIME),
        ("How many bees live in a hive?", AnswerType.AMOUNT),
        ("How much does a permit cost?", AnswerType.AMOUNT),
        ("Where is the harbour?", AnswerType.PLACE),
        ("Why do leaves fall?", AnswerType.REASON),
        ("What is the cause of rust?", AnswerType.REASON),
        ("What are the benefits of compost?", AnswerType.LIST),
        ("List all tools.", AnswerType.LIST),
        ("Which roles exist?", AnswerType.LIST),
        ("What is the difference between a crow and a raven?", AnswerType.COMPARISON),
        ("Compare crows and ravens.", AnswerType.COMPARISON),
        ("Crows vs ravens", AnswerType.COMPARISON),
        ("Is there a difference between a crow and a raven?", AnswerType.COMPARISON),
        ("How do crows differ from ravens?", AnswerType.COMPARISON),
        ("Is a tomato a fruit?", AnswerType.YES_NO),
        ("And can a crow sing?", AnswerType.YES_NO),
        ("What is a raven?", AnswerType.DEFINITION),
        ("What does compost mean?", AnswerType.DEFINITION),
        ("How does a pump work?", AnswerType.OTHER),
    ],
)
def test_form_of_a_question_gives_its_answer_type(question: str, kind: AnswerType) -> None:
    assert Question(question).answer_type is kind


@pytest.mark.parametrize(
    ("question", "wants_list"),
    [
        ("What are the steps of grafting?", True),
        ("Which tools are sharp?", True),
        ("Name the colours.", True),
        ("What garden tools exist?", True),
        ("Tell me the rules of chess.", True),
        ("What role do competitors play?", False),
        ("What role do competitors play in planning?", False),
        ("What does a spade do?", False),
        ("Who keeps the bees?", False),
        ("What is moss?", False),
        ("How do plants grow?", False),
    ],
)
def test_plural_or_order_to_list_wants_a_list(question: str, wants_list: bool) -> None:
    assert Question(question).wants_list is wants_list


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("List the wild bees", ["wild", "bees"]),
        ("Compare", ["compare"]),
        ("Does a bee sting other bees?", ["bee", "sting"]),
    ],
)
def test_terms_are_the_content_words_each_once_without_instructions(
    question: str, words: list[str]
) -> None:
    assert Question(question).terms == tuple(map(stem, words))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Bram Stoker publish in 1897?", {stem("bram"), stem("stoker"), "1897"}),
        ("Dracula bites whom?", {stem("dracula")}),
        ("What do bees eat?", set()),
    ],
)
def test_names_are_capitalised_words_and_numbers(question: str, names: set[str]) -> None:
    assert Question(question).names == names


@pytest.mark.parametrize(
    ("history", "message", "text"),
    [
        (["What are internal customers?"], "And external ones?", "What are external customers?"),
        (["What are internal customers?"], "External ones?", "What are external customers?"),
        (["How long do bees live?", "Weeks."], "What about wasps?", "How long do wasps live?"),
    ],
)
def test_new_word_replaces_its_opposite_or_the_earlier_topic(
    encoder: OnnxEncoder, history: list[str], message: str, text: str
) -> None:
    question = understand(message, turns(*history), encoder.encode_documents)
    assert question.text.lower() == text.lower()
    assert question.original == message


@pytest.mark.parametrize(
    ("history", "message", "text"),
    [
        # A pronoun means the earlier topic, or the name in the answer.
        (
            ["Who are external customers?", "They buy."],
            "How do they pay?",
            "How do external customers pay?",
        ),
        (["How long do bees live?"], "What is their colour?", "What is bees' colour?"),
        (
            ["Who wrote Dracula?", "It was written by Bram Stoker in 1897."],
            "Where was he born?",
            "Where was Bram Stoker born?",
        ),
        (
            ["Which company keeps the bees?", "Hivemind is the one."],
            "Where does it keep wax?",
            "Where does Hivemind keep wax?",
        ),
        (
            ["What are crows and ravens?"],
            "How do the two differ?",
            "How do crows and ravens differ?",
        ),
        (
            ["Who are external customers?", "Buyers.", "When do they come?", "In May."],
            "How do they pay?",
            "How do external customers pay?",
        ),
        # A question about the whole exchange appends the earlier question.
        (["Do roses bloom twice?"], "Why?", "Why: Do roses bloom twice?"),
        (["Do roses bloom twice?"], "How?", "How: Do roses bloom twice?"),
        (["Do roses bloom twice?"], "When?", "When: Do roses bloom twice?"),
        (["Which bees leave?", "The old."], "Why them?", "Why them: Which bees leave?"),
        (
            ["Which bees leave?", "The old."],
            "What does that mean for the hive?",
            "What does that mean for the hive: Which bees leave?",
        ),
    ],
)
def test_follow_up_is_completed_from_its_history(
    history: list[str], message: str, text: str
) -> None:
    assert understand(message, turns(*history), never).text == text


@pytest.mark.parametrize(
    ("history", "message", "text"),
    [
        (["How long can I keep a book?"], "Can I renew it?", "Can I renew book?"),
        (
            ["How do internal and external customers differ?"],
            "And which of them is more important?",
            "And which of internal and external customers is more important?",
        ),
        (
            ["How many seats does the Business plan have?"],
            "How much does it cost?",
            "How much does Business plan cost?",
        ),
        (
            [
                "What is the price of the Pro plan?",
                "20 €.",
                "How many seats does it have?",
                "Five.",
            ],
            "Can I cancel it at any time?",
            "Can I cancel Pro plan at any time?",
        ),
        (
            ["What does the Starter plan cost?"],
            "Is support included in that plan?",
            "Is support included in Starter plan?",
        ),
        (
            ["When was version 2.14 released?"],
            "Does it support Windows 11?",
            "Does version 2.14 support Windows 11?",
        ),
        (["What does error E17 mean?"], "How do I fix that?", "How do I fix error E17?"),
        (
            ["Is there parking at the Grand Hotel?"],
            "How much is it?",
            "How much is parking at the Grand Hotel?",
        ),
        (
            ["Is there parking at the Grand Hotel?", "Yes.", "Thank you!", "You're welcome!"],
            "Are pets allowed there?",
            "Are pets allowed at the Grand Hotel?",
        ),
        (
            ["Is breakfast included at the Seaside Inn?"],
            "What time is it served?",
            "What time is breakfast at the Seaside Inn served?",
        ),
        (
            ["How do I install the app on Linux?"],
            "And how do I remove it?",
            "And how do I remove app?",
        ),
        (
            ["How do I reset my password?"],
            "What if I don't get the email?",
            "How do I reset my password if I don't get the email?",
        ),
        (
            ["My account was locked. How long do I have to wait?"],
            "and if I forgot my PIN?",
            "How long do I have to wait if I forgot my PIN?",
        ),
    ],
)
def test_pronoun_or_condition_takes_the_named_thing_along(
    encoder: OnnxEncoder, history: list[str], message: str, text: str
) -> None:
    assert understand(message, turns(*history), encoder.encode_documents).text == text


@pytest.mark.parametrize(
    ("history", "message", "text"),
    [
        (
            ["How much is a day ticket?", "12 €.", "and for students?", "7 €."],
            "And children?",
            "How much is a day ticket for children?",
        ),
        (
            ["How much does the museum cost for children?"],
            "and for adults?",
            "How much does the museum cost for adults?",
        ),
        (
            ["When does the Northside library open on Saturdays?"],
            "and on Sundays?",
            "When does the Northside library open on Sundays?",
        ),
        (
            ["When does the Northside library open on Saturdays?"],
            "What about Central?",
            "When does the Central library open on Saturdays?",
        ),
        (["What's new in version 3.1.4?"], "and in 3.1.5?", "What's new in version 3.1.5?"),
        (["What does error E17 mean?"], "E18?", "What does error E18 mean?"),
        (
            ["How many days of annual leave do I get?"],
            "and sick leave?",
            "How many days of sick leave do I get?",
        ),
        (
            ["Can employees work abroad?"],
            "Do contractors too?",
            "Can contractors work abroad?",
        ),
        (
            ["How much is the Pro plan?"],
            "What about Enterprise?",
            "How much is the Enterprise plan?",
        ),
        (
            ["Is smoking allowed in the rooms?"],
            "On the balcony?",
            "Is smoking allowed on the balcony?",
        ),
        (["What does --force do?"], "and --dry-run?", "What does --dry-run do?"),
        (
            ["How many holidays do full-time employees get?"],
            "part-time ones?",
            "How many holidays do part-time employees get?",
        ),
        (
            ["How do I export my data?"],
            "In which format?",
            "In which format: How do I export my data?",
        ),
        (
            ["Do you lend bicycles?"],
            "also at the lake?",
            "Do you lend bicycles at the lake?",
        ),
        (
            ["What is Borg's licence?"],
            "and restic's price?",
            "What is restic's price?",
        ),
    ],
)
def test_fragment_replaces_what_it_stands_against(
    encoder: OnnxEncoder, history: list[str], message: str, text: str
) -> None:
    assert understand(message, turns(*history), encoder.encode_documents).text == text


@pytest.mark.parametrize(
    "message",
    [
        "How long does it take to get a passport?",
        "Is it possible to pay by card?",
        "If the printer is broken, how do I fix it?",
        "For how long can I use the code they text me?",
        "What would become of a firm that nobody buys from?",
        "What distinguishes the HR department from IT?",
        "Can I work from Spain while I'm on holiday there?",
        "Do you have lockers?",
        "Who gave their name to the hall?",
        "What is an invoice?",
    ],
)
def test_complete_question_is_no_follow_up(encoder: OnnxEncoder, message: str) -> None:
    history = turns("When are the roses of the castle pruned?", "The gardeners do it in March.")
    assert understand(message, history, encoder.encode_documents).text == message


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (["Who are internal customers?", "Staff."], "When do tulips bloom in Holland?"),
        (["Who are internal customers?", "Staff."], "And what do competitors bring?"),
        (["Who are internal customers?"], "Do gardeners prune old roses before they bloom?"),
        *(
            (history, message)
            for history in ([], ["", "Ask me about customers."], ["?!"])
            for message in ("And external ones?", "How do they pay?", "Why?")
        ),
    ],
)
def test_standalone_message_and_follow_up_to_nothing_are_kept(
    history: list[str], message: str
) -> None:
    assert understand(message, turns(*history), never).text == message


@pytest.mark.parametrize(
    "message",
    [
        "What, no wait, who keeps the bees?",
        "What do bees eat, no wait, who keeps the bees?",
        "What do bees eat, I mean, who keeps the bees?",
        "What do bees eat? Scratch that: who keeps the bees?",
        "Um, well, who keeps the bees?",
        "Hello! Please, who keeps the bees?",
        "Hm, what, no wait, who keeps the bees?",
    ],
)
def test_repairs_and_fillers_are_left_out(message: str) -> None:
    question = understand(message, [], never)
    assert question.text == "who keeps the bees?"
    assert question.answer_type is AnswerType.PERSON
    assert question.original == message


@pytest.mark.parametrize(
    "message",
    [
        *("So?", "Well, who?", "Bees, or rather"),  # nothing else would be left
        *("Wells in Kent?", "Sokol, who is she?", "Who is Herman Um?"),  # not fillers
    ],
)
def test_words_that_are_no_repair_or_filler_are_kept(message: str) -> None:
    assert understand(message, [], never).text == message


@pytest.mark.parametrize(
    "opening",
    ["Now something else: ", "Another question: ", "Different topic. ", "Changing the subject, "],
)
def test_announced_change_of_topic_drops_the_old_one(opening: str) -> None:
    history = turns("How do bees keep warm?", "They huddle.")
    question = understand(f"{opening}how old do they get?", history, never)
    assert question.text == "how old do they get?"
    assert question.context == ""


def test_context_is_the_message_with_the_previous_exchange() -> None:
    history = turns("How do bees keep warm?", "They huddle in a ball. " * 40)
    context = understand("And how do they eat?", history, never).context
    assert context.startswith("And how do they eat? How do bees keep warm? They huddle in a ball.")
    assert len(context) < 400
    assert understand("Where do wasps live?", [], never).context == ""


@pytest.mark.parametrize(
    ("message", "has_context"),
    [
        ("How do bees keep the queen warm?", True),
        ("Who warms the hive then?", True),
        ("Winter clothes", True),
        ("Where do wasps live?", False),
        ("How long does it take to renew a passport?", False),
        ("Which forms do I need so that the office can pay my travel costs?", False),
    ],
)
def test_question_on_another_topic_has_no_context(
    encoder: OnnxEncoder, message: str, has_context: bool
) -> None:
    question = understand(
        message, turns("How do bees keep warm?", "They huddle."), encoder.encode_documents
    )
    assert question.text == message
    assert bool(question.context) is has_context


@pytest.mark.parametrize(
    ("message", "is_open"),
    [
        ("How does it work?", True),
        ("What is it?", True),
        ("Why do they do that?", True),
        ("How does it pollinate?", False),
        ("How does a hive work?", False),
        ("What is that hive?", False),
        ("What are the benefits?", False),
    ],
)
def test_question_with_only_a_pronoun_lacks_a_topic(
    encoder: OnnxEncoder, message: str, is_open: bool
) -> None:
    history = turns("What is a hive?", "A home.")
    assert understand(message, [], never).lacks_topic is is_open
    assert not understand(message, history, encoder.encode_documents).lacks_topic


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            "What do bees eat, and where do wasps live?",
            ["What do bees eat", "where do wasps live?"],
        ),
        ("What is a hive and why is it warm?", ["What is a hive", "why is hive warm?"]),
        ("What do bees and wasps eat?", []),
        ("Bees, and what else?", []),
        ("What is a hive?", []),
    ],
)
def test_compound_question_is_split(message: str, parts: list[str]) -> None:
    assert [part.text for part in Question(message).parts] == parts
