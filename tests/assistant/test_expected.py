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
