"""Understanding: what a question asks for, and what a follow-up means after what was said."""

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
    """An encoder for messages that need none."""
    raise AssertionError(f"encoded {texts}")


@pytest.mark.parametrize("message", ["", "  \n\t", "?!", "…", "\x00\x00", "👍"])
def test_a_message_without_words_is_no_question(message: str) -> None:
    with pytest.raises(QuestionInvalid, match="empty: ask something"):
        validate_message(message)


def test_a_message_is_read_up_to_the_longest_and_no_further() -> None:
    assert validate_message("x" * MAX_QUESTION_CHARS) == "x" * MAX_QUESTION_CHARS
    with pytest.raises(QuestionInvalid, match=r"2,001 characters, at most 2,000.*shorten"):
        validate_message("x" * (MAX_QUESTION_CHARS + 1))


@pytest.mark.parametrize(
    ("message", "kind"), [(None, "NoneType"), (7, "int"), (b"Who?", "bytes"), (["Who?"], "list")]
)
def test_what_is_not_text_is_no_question(message: object, kind: str) -> None:
    with pytest.raises(QuestionInvalid, match=f"is {kind}, expected text"):
        validate_message(message)


def test_half_characters_are_refused() -> None:
    with pytest.raises(QuestionInvalid, match="lone surrogate"):
        validate_message("Who \ud83d sings?")


def test_white_space_and_null_characters_become_single_spaces() -> None:
    assert validate_message("  Who\x00keeps\n\n bees? ") == "Who keeps bees?"


def test_understanding_refuses_what_is_no_question() -> None:
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
def test_the_form_of_a_question_says_what_it_asks_for(question: str, kind: AnswerType) -> None:
    assert asked(question).answer_type is kind


def test_a_comparison_comes_before_the_form_it_is_put_in() -> None:
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
def test_several_things_are_asked_for_by_a_plural_or_an_order_to_list(question: str) -> None:
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
def test_one_thing_is_asked_for_however_many_play_a_part_in_it(question: str) -> None:
    assert not asked(question).wants_list


def test_words_that_only_give_orders_are_no_terms() -> None:
    assert asked("List the wild bees").terms == (stem("wild"), stem("bees"))
    assert asked("Compare").terms == (stem("compare"),)


def test_each_term_is_told_once() -> None:
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
def test_a_new_word_takes_the_place_of_the_one_it_stands_against(
    encoder: OnnxEncoder, follow_up: str
) -> None:
    question = understand(
        follow_up, [user("What are internal customers?")], encoder.encode_documents
    )
    assert question.text.lower() == "what are external customers?"
    assert question.original == follow_up


def test_a_new_thing_takes_the_place_of_the_earlier_one(encoder: OnnxEncoder) -> None:
    history = [user("How long do bees live?"), assistant("Six weeks.")]
    question = understand("What about wasps?", history, encoder.encode_documents)
    assert question.text == "How long do wasps live?"


def test_a_pronoun_is_replaced_by_the_earlier_topic() -> None:
    history = [user("Who are external customers?"), assistant("They buy.")]
    assert understand("How do they pay?", history, never).text == "How do external customers pay?"


def test_a_possessive_pronoun_stays_possessive() -> None:
    history = [user("How long do bees live?")]
    assert understand("What is their colour?", history, never).text == "What is bees' colour?"


def test_a_pronoun_after_a_question_for_a_name_means_the_name_in_the_answer() -> None:
    history = [user("Who wrote Dracula?"), assistant("It was written by Bram Stoker in 1897.")]
    assert understand("Where was he born?", history, never).text == "Where was Bram Stoker born?"


def test_the_two_are_those_that_were_named_before() -> None:
    history = [user("What are crows and ravens?")]
    assert understand("How do the two differ?", history, never).text == (
        "How do crows and ravens differ?"
    )


def test_a_chain_of_follow_ups_leads_back_to_the_first_topic() -> None:
    history = [
        user("Who are external customers?"),
        assistant("Buyers."),
        user("When do they come?"),
        assistant("In May."),
    ]
    assert understand("How do they pay?", history, never).text == "How do external customers pay?"


@pytest.mark.parametrize("word", ["Why", "How", "When"])
def test_a_lone_question_word_asks_about_the_earlier_question(word: str) -> None:
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
def test_a_message_that_says_all_it_means_stays_as_it_is(message: str) -> None:
    history = [user("Who are internal customers?"), assistant("Staff.")]
    assert understand(message, history, never).text == message


@pytest.mark.parametrize("message", ["And external ones?", "How do they pay?", "Why?"])
@pytest.mark.parametrize(
    "history", [[], [assistant("Ask me about customers.")], [user("?!")]], ids=str
)
def test_without_an_earlier_question_a_follow_up_stays_as_it_is(
    message: str, history: list[Turn]
) -> None:
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
def test_what_is_taken_back_and_what_fills_a_pause_is_left_out(message: str) -> None:
    question = understand(message, [], never)
    assert question.text == "who keeps the bees?"
    assert question.answer_type is AnswerType.PERSON
    assert question.original == message


@pytest.mark.parametrize("message", ["So?", "Well, who?", "Bees, or rather"])
def test_a_message_is_not_mended_until_nothing_is_left_of_it(message: str) -> None:
    assert understand(message, [], never).text == message


@pytest.mark.parametrize("message", ["Wells in Kent?", "Sokol, who is she?", "Who is Herman Um?"])
def test_a_word_that_only_begins_like_a_filler_stays(message: str) -> None:
    assert understand(message, [], never).text == message


@pytest.mark.parametrize(
    "opening",
    ["Now something else: ", "Another question: ", "Different topic. ", "Changing the subject, "],
)
def test_a_change_of_topic_that_is_announced_leaves_nothing_of_the_old_one(opening: str) -> None:
    history = [user("How do bees keep warm?"), assistant("They huddle.")]
    question = understand(f"{opening}how old do they get?", history, never)
    assert question.text == "how old do they get?"
    assert question.context == ""


def test_the_context_is_the_message_with_the_exchange_before_it() -> None:
    history = [user("How do bees keep warm?"), assistant("They huddle in a ball. " * 40)]
    context = understand("Where do wasps live?", history, never).context
    assert context.startswith("Where do wasps live? How do bees keep warm? They huddle in a ball.")
    assert len(context) < 400
    assert understand("Where do wasps live?", [], never).context == ""


@pytest.mark.parametrize("message", ["What does that mean for the hive?", "Why them?", "Why?"])
def test_what_asks_of_all_that_was_said_takes_the_question_along(message: str) -> None:
    history = [user("Which bees leave first?"), assistant("The old ones.")]
    text = understand(message, history, never).text
    assert text == f"{message.rstrip('?')}: Which bees leave first?"


def test_a_name_that_opens_the_answer_is_the_topic() -> None:
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
def test_a_question_is_open_that_names_nothing_and_points_at_something(
    message: str, is_open: bool
) -> None:
    assert understand(message, [], never).lacks_topic is is_open


def test_what_was_said_before_closes_an_open_question() -> None:
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
def test_a_question_made_of_two_is_taken_apart(message: str, parts: list[str]) -> None:
    assert [part.text for part in asked(message).parts] == parts
