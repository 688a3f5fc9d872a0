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


def asked(text: str) -> Question:
    return Question(text)


def user(text: str) -> Turn:
    return Turn("user", text)


def assistant(text: str) -> Turn:
    return Turn("assistant", text)


def never(texts: Sequence[str]) -> Vectors:
    """The encoder of messages that must not need one."""
    raise AssertionError(f"encoded {texts}")


@pytest.mark.parametrize("message", ["", "  \n\t", "?!", "…", "\x00\x00", "👍"])
def test_message_without_words_is_invalid(message: str) -> None:
    with pytest.raises(QuestionInvalid, match="empty: ask something"):
        validate_message(message)


def test_message_that_is_too_long_is_invalid() -> None:
    assert validate_message("x" * MAX_QUESTION_CHARS) == "x" * MAX_QUESTION_CHARS
    with pytest.raises(QuestionInvalid, match=r"2,001 characters, at most 2,000.*shorten"):
        validate_message("x" * (MAX_QUESTION_CHARS + 1))


@pytest.mark.parametrize(
    ("message", "kind"), [(None, "NoneType"), (7, "int"), (b"Who?", "bytes"), (["Who?"], "list")]
)
def test_message_that_is_not_text_is_invalid(message: object, kind: str) -> None:
    with pytest.raises(QuestionInvalid, match=f"is {kind}, expected text"):
        validate_message(message)


def test_lone_surrogate_is_invalid() -> None:
    with pytest.raises(QuestionInvalid, match="lone surrogate"):
        validate_message("Who \ud83d sings?")


def test_white_space_and_null_characters_become_single_spaces() -> None:
    assert validate_message("  Who\x00keeps\n\n bees? ") == "Who keeps bees?"


def test_understanding_rejects_an_invalid_message() -> None:
    with pytest.raises(QuestionInvalid):
        understand("?", [], never)


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
        ("Is a tomato a fruit?", AnswerType.YES_NO),
        ("And can a crow sing?", AnswerType.YES_NO),
        ("What is a raven?", AnswerType.DEFINITION),
        ("What does compost mean?", AnswerType.DEFINITION),
        ("How does a pump work?", AnswerType.OTHER),
    ],
)
def test_form_of_a_question_gives_its_answer_type(question: str, kind: AnswerType) -> None:
    assert asked(question).answer_type is kind


def test_comparison_comes_before_other_forms() -> None:
    assert (
        asked("Is there a difference between a crow and a raven?").answer_type
        is AnswerType.COMPARISON
    )
    assert asked("How do crows differ from ravens?").answer_type is AnswerType.COMPARISON


@pytest.mark.parametrize(
    "question",
    [
        "What are the steps of grafting?",
        "Which tools are sharp?",
        "Name the colours.",
        "What garden tools exist?",
        "Tell me the rules of chess.",
    ],
)
def test_plural_or_order_to_list_wants_a_list(question: str) -> None:
    assert asked(question).wants_list


@pytest.mark.parametrize(
    "question",
    [
        "What role do competitors play?",
        "What role do competitors play in planning?",
        "What does a spade do?",
        "Who keeps the bees?",
        "What is moss?",
        "How do plants grow?",
    ],
)
def test_question_about_one_thing_wants_no_list(question: str) -> None:
    assert not asked(question).wants_list


def test_instructions_are_not_terms() -> None:
    assert asked("List the wild bees").terms == (stem("wild"), stem("bees"))
    assert asked("Compare").terms == (stem("compare"),)


def test_each_term_is_listed_once() -> None:
    assert asked("Does a bee sting other bees?").terms == (stem("bee"), stem("sting"))


def test_names_are_capitalised_words_and_numbers() -> None:
    assert asked("What did Bram Stoker publish in 1897?").names == {
        stem("bram"),
        stem("stoker"),
        "1897",
    }
    assert asked("Dracula bites whom?").names == {stem("dracula")}
    assert asked("What do bees eat?").names == frozenset()


@pytest.mark.parametrize(
    "follow_up", ["And external ones?", "and external ones?", "External ones?"]
)
def test_new_word_replaces_its_opposite(encoder: OnnxEncoder, follow_up: str) -> None:
    question = understand(
        follow_up, [user("What are internal customers?")], encoder.encode_documents
    )
    assert question.text.lower() == "what are external customers?"
    assert question.original == follow_up


def test_new_topic_replaces_the_earlier_one(encoder: OnnxEncoder) -> None:
    history = [user("How long do bees live?"), assistant("Six weeks.")]
    question = understand("What about wasps?", history, encoder.encode_documents)
    assert question.text == "How long do wasps live?"


def test_pronoun_is_replaced_by_the_earlier_topic() -> None:
    history = [user("Who are external customers?"), assistant("They buy.")]
    assert understand("How do they pay?", history, never).text == "How do external customers pay?"


def test_possessive_pronoun_stays_possessive() -> None:
    history = [user("How long do bees live?")]
    assert understand("What is their colour?", history, never).text == "What is bees' colour?"


def test_pronoun_means_the_name_in_the_answer() -> None:
    history = [user("Who wrote Dracula?"), assistant("It was written by Bram Stoker in 1897.")]
    assert understand("Where was he born?", history, never).text == "Where was Bram Stoker born?"


def test_the_two_are_the_things_named_before() -> None:
    history = [user("What are crows and ravens?")]
    assert understand("How do the two differ?", history, never).text == (
        "How do crows and ravens differ?"
    )


def test_chain_of_follow_ups_leads_back_to_the_first_topic() -> None:
    history = [
        user("Who are external customers?"),
        assistant("Buyers."),
        user("When do they come?"),
        assistant("In May."),
    ]
    assert understand("How do they pay?", history, never).text == "How do external customers pay?"


@pytest.mark.parametrize("word", ["Why", "How", "When"])
def test_lone_question_word_asks_about_the_earlier_question(word: str) -> None:
    history = [user("Do roses bloom twice?")]
    assert understand(f"{word}?", history, never).text == f"{word}: Do roses bloom twice?"


@pytest.mark.parametrize(
    "message",
    [
        "When do tulips bloom in Holland?",
        "And what do competitors bring?",
        "Do gardeners prune old roses before they bloom?",
    ],
)
def test_standalone_message_is_kept(message: str) -> None:
    history = [user("Who are internal customers?"), assistant("Staff.")]
    assert understand(message, history, never).text == message


@pytest.mark.parametrize("message", ["And external ones?", "How do they pay?", "Why?"])
@pytest.mark.parametrize(
    "history", [[], [assistant("Ask me about customers.")], [user("?!")]], ids=str
)
def test_follow_up_without_an_earlier_question_is_kept(message: str, history: list[Turn]) -> None:
    assert understand(message, history, never).text == message


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


@pytest.mark.parametrize("message", ["So?", "Well, who?", "Bees, or rather"])
def test_repair_never_removes_the_whole_message(message: str) -> None:
    assert understand(message, [], never).text == message


@pytest.mark.parametrize("message", ["Wells in Kent?", "Sokol, who is she?", "Who is Herman Um?"])
def test_word_that_starts_like_a_filler_is_kept(message: str) -> None:
    assert understand(message, [], never).text == message


@pytest.mark.parametrize(
    "opening",
    ["Now something else: ", "Another question: ", "Different topic. ", "Changing the subject, "],
)
def test_announced_change_of_topic_drops_the_old_one(opening: str) -> None:
    history = [user("How do bees keep warm?"), assistant("They huddle.")]
    question = understand(f"{opening}how old do they get?", history, never)
    assert question.text == "how old do they get?"
    assert question.context == ""


def test_context_is_the_message_with_the_previous_exchange() -> None:
    history = [user("How do bees keep warm?"), assistant("They huddle in a ball. " * 40)]
    context = understand("Where do wasps live?", history, never).context
    assert context.startswith("Where do wasps live? How do bees keep warm? They huddle in a ball.")
    assert len(context) < 400
    assert understand("Where do wasps live?", [], never).context == ""


@pytest.mark.parametrize("message", ["What does that mean for the hive?", "Why them?", "Why?"])
def test_question_about_the_whole_exchange_appends_the_earlier_question(message: str) -> None:
    history = [user("Which bees leave first?"), assistant("The old ones.")]
    text = understand(message, history, never).text
    assert text == f"{message.rstrip('?')}: Which bees leave first?"


def test_name_at_the_start_of_the_answer_is_the_topic() -> None:
    history = [user("Which company keeps the bees?"), assistant("Hivemind is the one.")]
    text = understand("Where does it keep them?", history, never).text
    assert text.startswith("Where does Hivemind keep")


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
def test_question_with_only_a_pronoun_lacks_a_topic(message: str, is_open: bool) -> None:
    assert understand(message, [], never).lacks_topic is is_open


def test_history_supplies_a_missing_topic() -> None:
    history = [user("What is a hive?"), assistant("A home of bees.")]
    assert not understand("How does it work?", history, never).lacks_topic


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
    assert [part.text for part in asked(message).parts] == parts
