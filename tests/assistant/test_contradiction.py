"""Which texts contradict a statement: another value of the same thing, and nothing less."""

import pytest

from assistant.english.contradiction import Part, Statement, contradiction
from assistant.english.values import Names, is_value, values_in

NAMES = Names(
    [
        "The pump of Tesla stands here, the one of Nike there. We met Walmart people, and Tom Peters.",
        "A barista of Starbucks and a legal guideline.",
    ]
)


def found(statement: str, text: str, *, question: str = "", above: str = "") -> str:
    """The kind, the value said and the other one; "" if there is no contradiction."""
    parts = [Part(text, text)]
    difference = contradiction(Statement(statement, question), parts, above, NAMES)
    return f"{difference.kind}: {difference.said}, {difference.instead}" if difference else ""


@pytest.mark.parametrize(
    ("statement", "text", "expected"),
    [
        # numbers
        ("There are six types of jars.", "The shop has eight types of jars.", "number: six, eight"),
        ("A permit costs €25 a year.", "A permit costs €20 for each year.", "number: 25, 20"),
        ("A permit costs €20 a year.", "A permit costs 20 euros for each year.", ""),
        ("A permit costs €25 a year.", "A permit holds for 2 years and costs little.", ""),
        ("Leave lasts two weeks at most.", "The ferry lasts ten minutes.", ""),
        # dates
        ("Entry closes on 24 March 2025.", "Entry closes on 14 March.", "date: 24 March 2025, 14 March"),
        ("Entry closes on 14 March 2025.", "Entry closes on March 14.", ""),
        ("The fair takes place on a Thursday.", "The fair takes place on Tuesday.", "weekday: Thursday, Tuesday"),
        ("The fair has been held since 2011.", "The fair has been held since 2016.", "date: 2011, 2016"),
        ("The fair has been held since 2011.", "The fair closes on 5 May.", ""),
        # names
        ("Tesla asks its baristas for feedback.", "Starbucks asks its baristas for feedback.", "name: Tesla, Starbucks"),
        ("Fees are paid to Ann Berg by members.", "Fees are paid to Tom Peters by members.", "name: Ann Berg, Tom Peters"),
        ("Fees are paid to Ann Berg by members.", "Tom Peters paints the fence.", ""),
        ("Hold your phone to any printer in the hall within eight hours.", "Hold your badge to any printer in the hall within eight hours.", "word: phone, badg"),
        ("We give every member of the club a badge and a locker.", "We issue every member of the club a badge and a locker.", ""),
        # negation
        ("Members may not use the gym.", "Members may use the gym.", "negation: Members may not use the gym., Members may use the gym."),
        ("Members pay for the lockers.", "Members pay nothing for the lockers.", "negation: Members pay for the lockers., Members pay nothing for the lockers."),
        ("The extra is given as money, not as time.", "The extra is given as time, not as money.", "negation: The extra is given as money, not as time., The extra is given as time, not as money."),
        ("Members do not pay for the lockers.", "Members pay nothing for the lockers.", ""),
        ("If you do not sign the sheet, the account is locked.", "Sign the sheet, or the account is locked.", ""),
    ],
)  # fmt: skip
def test_statement_is_contradicted_by_another_value_of_the_same_thing(
    statement: str, text: str, expected: str
) -> None:
    assert found(statement, text) == expected


def test_short_statement_is_understood_with_its_question() -> None:
    text = "The pool opens at 8:00 in summer."
    assert found("At 7:00.", text, question="When does the pool open in summer?")
    assert not found("At 7:00.", text, question="When does the cook arrive?")
    assert found("No, it is not.", "Parking at the mill is allowed.") == ""


def test_headings_count_as_what_the_text_is_about() -> None:
    statement, text = "The sauna costs guests €4 a day.", "€6 a day for guests"
    assert found(statement, text, above="Prices › Sauna") == "number: 4, 6"
    assert not found(statement, text, above="Prices › Boats")


def test_row_contradicts_only_a_statement_about_its_label() -> None:
    whole = "Kind: Adult; Per year: €312; Per month: €28"
    year = Part("Adult, Per year: €312", whole, "Adult", "€312")
    month = Part("Adult, Per month: €28", whole, "Adult", "€28")

    def instead(statement: str) -> str:
        difference = contradiction(Statement(statement), [year, month], "Fees", NAMES)
        return difference.instead if difference else ""

    assert instead("An adult pays a fee of €300 per year.") == "312"
    assert instead("An adult pays a fee of €312 per year.") == ""
    assert instead("A junior pays a fee of €300 per year.") == ""


def test_values_have_one_key_for_all_ways_to_write_them() -> None:
    def keys(text: str) -> list[str]:
        return [f"{each.kind} {each.key}" for each in values_in(text, NAMES)]

    assert keys("on 14 March 2025 at 7 pm") == keys("on 2025-03-14 at 19:00")
    assert keys("1,200 jars") == keys("1200 jars") == ["number 1200"]
    assert keys("eight jars of Tom Peters") == ["number 8", "name tom peters"]
    assert is_value("14 March 2025")
    assert not is_value("Autumn sprints, 500 m")
