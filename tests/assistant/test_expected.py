"""Whether a text has the type of thing that a question asks for."""

import pytest

from assistant.english.expected import missing_answer_type
from assistant.english.question import Question


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("In what year was the pump built?", "It was built in 1911.", 0),
        ("In what year was the pump built?", "It was built last March.", 1),
        ("When was the pump built?", "It was built last March.", 0),
        ("When was the pump built?", "It was built during the war.", 0.5),
        ("When was the pump built?", "It was built of brass.", 1),
        ("How many pumps are there?", "There are three pumps.", 0),
        ("How many pumps are there?", "Three gardens in Hull have pumps of brass.", 0.5),
        ("How many pumps are there?", "There are pumps in plenty.", 1),
        ("What is the number of the 24/7 hotline?", "The hotline is open 24/7.", 1),
        ("How much does the pump cost?", "The pump costs $40.", 0),
        ("How much does the pump cost?", "The pump weighs 40 stone.", 0.5),
        ("How much does the pump cost?", "The pump is heavy.", 1),
        ("What is the salary of a gardener?", "Gardeners pay nothing for the pump.", 1),
        ("Who built the pump?", "The pump was built by Ada Green.", 0),
        ("Who built the pump?", "The pump was built by IT staff.", 0.5),
        ("Who built the pump?", "The pump was built of brass.", 1),
        ("Where is the pump?", "The pump stands in Hull.", 0),
        ("Where is the pump?", "The pump stands in the yard.", 0.5),
        ("Where is the pump?", "The pump works well.", 1),
        ("Why does the pump stop?", "It stops because it is hot.", 0),
        ("Why does the pump stop?", "It stops now and then.", 1),
        ("Which tool does Ada use?", "Ada works with a tool of brass.", 0),
        ("Which tool does Ada use?", "Ada works with the Pumpmaster.", 0.5),
        ("Which tool does Ada use?", "Ada works all day.", 1),
        ("What happens when pumps are dry?", "They stop.", 0),
        ("Is the pump red?", "It looks blue.", 0),
    ],
)
def test_text_lacks_the_type_asked_for_or_has_it(question: str, text: str, expected: float) -> None:
    assert missing_answer_type(Question(question), text) == expected


@pytest.mark.parametrize(
    ("question", "value", "other"),
    [
        ("What does the silver package cost?", "It is 300 euros.", "It has a larger booth."),
        ("late bird price", "A late bird pays €90.", "Late birds pay more."),
        ("Which Go version do I need?", "Go 1.22 is needed.", "Go is needed."),
        ("What is the phone number of the office?", "Call +44 20 5550 100.", "Room 12."),
        ("What is the e-mail address of the shop?", "shop@example.org", "Write to the shop."),
        ("application deadline", "Apply until 3 May.", "Apply online."),
        ("What is the largest file?", "Files have no limit.", "Files are checked."),
        ("What is the largest file?", "It has 2 GB.", "Files are not checked."),
        ("How heavy is the pump?", "It weighs 3 kg.", "It has 3 valves."),
        ("How tall is the pump?", "It is 30 cm tall.", "There are two pumps."),
        ("How much is the pump?", "It is 30 euros.", "Lift the pump."),
        ("What is the stipend of a trainee?", "Trainees get 900 a month.", "It takes 12 months."),
        ("What percentage of pumps leak?", "Half of the pumps do.", "Pumps leak in two ways."),
        ("What is the licence of the pump?", "The pump is under the MIT terms.", "It is red."),
        ("What is the password of the pump?", "Its password is on the box.", "Press a button."),
        ("What is the website of the shop?", "See www.example.org.", "Visit the shop."),
    ],
)
def test_attribute_needs_a_value(question: str, value: str, other: str) -> None:
    assert missing_answer_type(Question(question), value) == 0
    assert missing_answer_type(Question(question), other) >= 0.5


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("I missed the refund deadline. Whom do I tell?", "Tell the front desk."),
        ("Which plan includes phone support?", "The Business plan includes phone support."),
    ],
)
def test_attribute_that_is_only_mentioned_is_not_asked_for(question: str, answer: str) -> None:
    assert missing_answer_type(Question(question), answer) < 1
