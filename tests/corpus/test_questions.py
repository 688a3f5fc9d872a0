"""Questions and their whole answers are found in every common shape, in .md and in .txt."""

import pytest

from corpus.document import Kind
from corpus.loader import parse_document


def pairs(text: str, name: str = "faq.md") -> list[tuple[str, list[str]]]:
    """Each question with the blocks that answer it."""
    found: list[tuple[str, list[str]]] = []
    for block in parse_document(name, text).blocks:
        words = text[block.start : block.end]
        if block.kind is Kind.QUESTION:
            found.append((words, []))
        elif block.answers:
            found[-1][1].append(words)
    return found


DOGS = ("May dogs come in?", ["Yes, on a lead."])
TIME = ("When do you open?", ["At nine."])


@pytest.mark.parametrize("name", ["faq.md", "faq.txt"])
@pytest.mark.parametrize(
    "text",
    [
        "Q: May dogs come in?\nA: Yes, on a lead.\n\nQ: When do you open?\nA: At nine.\n",
        "Q: May dogs come in?\n\nA: Yes, on a lead.\n\nQ: When do you open?\n\nA: At nine.\n",
        "Q1. May dogs come in?\nA1. Yes, on a lead.\n\nQ2. When do you open?\nA2. At nine.\n",
        "Question: May dogs come in?\nAnswer: Yes, on a lead.\n\nQuestion: When do you open?\nAnswer: At nine.\n",
        "**Q: May dogs come in?**\n\nA: Yes, on a lead.\n\n**Q: When do you open?**\n\nA: At nine.\n",
        "**May dogs come in?**\n\nYes, on a lead.\n\n**When do you open?**\n\nAt nine.\n",
        "1. May dogs come in?\n\n   Yes, on a lead.\n\n2. When do you open?\n\n   At nine.\n",
        "1. May dogs come in?\n   Yes, on a lead.\n2. When do you open?\n   At nine.\n",
        "# FAQ\n\n## May dogs come in?\n\nYes, on a lead.\n\n## When do you open?\n\nAt nine.\n",
        "<details><summary>May dogs come in?</summary>\n\nYes, on a lead.\n\n</details>\n"
        "<details><summary>When do you open?</summary>\n\nAt nine.\n\n</details>\n",
    ],
    ids=["Q and A", "Q and A apart", "Q1 and A1", "Question", "bold Q", "bold", "numbered apart",
         "numbered", "headings", "details"],
)  # fmt: skip
def test_questions_have_their_answers_without_labels(text: str, name: str) -> None:
    assert pairs(text, name) == [DOGS, TIME]


@pytest.mark.parametrize(
    "text",
    [
        "## 2. 🐶 May dogs come in?\n\nYes, on a lead.\n\n## Q: When do you open?\n\nAt nine.\n",
        "- **May dogs come in?** Yes, on a lead.\n- **When do you open?** At nine.\n",
        "- May dogs come in?\n\n  Yes, on a lead.\n- When do you open?\n\n  At nine.\n",
        '??? question "May dogs come in?"\n    Yes, on a lead.\n\n??? "When do you open?"\n    At nine.\n\nBye.\n',
        ":::details May dogs come in?\nYes, on a lead.\n:::\n\n:::details When do you open?\nAt nine.\n:::\n\nBye.\n",
        "*May dogs come in?*\\\nYes, on a lead.\n\n*When do you open?*\\\nAt nine.\n",
        "---\nfaq:\n  - question: May dogs come in?\n    answer: Yes, on a lead.\n"
        "  - question: 'When do you open?'\n    answer: |\n      At nine.\n---\nText.\n",
        '<script type="application/ld+json">\n{"name": "May dogs come in?", "acceptedAnswer": '
        '{"text": "Yes, on a lead."}}, {"name": "When do you open?", "x": {"text": "At nine."}}\n'
        "</script>\n",
    ],
    ids=[
        "number and emoji",
        "bold items",
        "items",
        "collapsed",
        "details",
        "italics",
        "front matter",
        "JSON-LD",
    ],
)
def test_questions_of_markdown_have_their_answers(text: str) -> None:
    assert pairs(text) == [DOGS, TIME]


def test_a_transcript_gives_the_questions_and_the_turns_that_answer() -> None:
    text = "Ann: When do you open?\nTom: At nine.\nAnn: And on Sundays?\nTom: Never.\n"
    assert pairs(text, "talk.txt") == [
        ("When do you open?", ["At nine."]),
        ("And on Sundays?", ["Never."]),
    ]


def test_the_next_turn_of_the_one_who_asked_is_no_answer() -> None:
    text = "Ann: When do you open?\nTom: At nine.\nAnn: Thanks. And on Sundays?\nTom: Never.\nAnn: Bye.\n"
    assert pairs(text, "talk.txt") == [
        ("When do you open?", ["At nine."]),
        ("And on Sundays?", ["Never."]),
    ]


@pytest.mark.parametrize("name", ["faq.md", "faq.txt"])
def test_a_paragraph_behind_the_last_of_several_labelled_pairs_answers_nothing(name: str) -> None:
    text = "Q: May dogs come in?\nA: Yes, on a lead.\n\nQ: When do you open?\nA: At nine.\n\nAll prices in euros.\n"
    assert pairs(text, name) == [DOGS, TIME]


@pytest.mark.parametrize("name", ["faq.md", "faq.txt"])
def test_a_question_with_a_label_may_go_on_in_the_next_line(name: str) -> None:
    long = "May dogs that are larger than a cat\ncome in?"
    text = f"Q: {long}\nA: Yes, on a lead.\n\nQ: When do you open?\nA: At nine.\n"
    assert pairs(text, name) == [(long, DOGS[1]), TIME]
    assert pairs(f"# FAQ\n\n{text}") == [(long, DOGS[1]), TIME]


def test_the_headings_of_a_short_answer_belong_to_it() -> None:
    text = (
        "# FAQ\n\n## Why is it slow?\n\nIt scans.\n\n### On Linux\n\nWait.\n\n## Links\n\nNone.\n"
    )
    assert pairs(text) == [("Why is it slow?", ["It scans.", "On Linux", "Wait."])]
    assert pairs(text.replace("Wait.", "Wait. " * 300)) == [("Why is it slow?", ["It scans."])]


def test_a_label_in_bold_belongs_to_an_answer_of_any_length() -> None:
    text = f"# FAQ\n\n## Why?\n\n{'So. ' * 400}\n\n**Example**\n\n- This.\n\n**Who?**\n\nWe.\n\n**Note**\n\nAll.\n"
    assert [answer[-2:] for _, answer in pairs(text)] == [["Example", "This."], ["Note", "All."]]


def test_an_item_whose_first_line_only_ends_with_a_question_is_no_pair() -> None:
    assert pairs("# Tips\n\n- Use a lead. Not there?\n  Ask us.\n- Wait.\n") == []


def test_an_answer_is_everything_up_to_the_next_question() -> None:
    text = (
        "Q: How do I install it?\n\nA: Run this:\n\n```\nrun\n```\n\nThen:\n\n- wait\n- smile\n\n"
        "| A | B |\n|---|---|\n| 1 | 2 |\n\nQ: Why?\n\nA: So.\n"
    )
    (_, answer), (_, last) = pairs(text)
    assert answer == ["Run this:", "run", "Then:", "wait", "smile", "A | B", "1 | 2"]
    assert last == ["So."]


def test_a_question_that_nothing_answers_is_no_pair() -> None:
    assert pairs("# Why?\n\n## Who?\n\n## Where\n\nHere.\n") == []


def test_an_answer_with_a_label_that_ends_with_a_question_is_an_answer() -> None:
    text = "Q: hi\n\nA: How can I help?\n\nQ: Where?\n\nA: In Oslo.\n\nA: Do you know it?\n"
    assert pairs(text) == [("hi", ["How can I help?"]), ("Where?", ["In Oslo.", "Do you know it?"])]
