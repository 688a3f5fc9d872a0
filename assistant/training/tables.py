"""Made-up tables and lists, a row to the sentence, so that training holds more than prose."""

from collections.abc import Sequence
from random import Random

from assistant.training.rows import Example

_TABLES: tuple[
    tuple[str, str, tuple[str, ...], tuple[tuple[str, str, tuple[str, ...]], ...]], ...
] = (
    (
        "Opening hours",
        "Branch",
        ("Leeds", "York", "Hull", "Derby", "Exeter", "Bath", "Dover", "Luton", "Truro", "Ely"),
        (
            ("Opens", "when does the {} branch open", ("8:00", "9:00", "9:30", "10:00")),
            ("Closes", "what time does {} close", ("17:00", "18:00", "20:00", "21:30")),
            ("Phone", "what is the phone number of {}", ("0113 4960", "0201 7788", "0155 3021")),
            (
                "Manager",
                "who runs the branch in {}",
                ("A. Novak", "J. Reyes", "M. Okafor", "L. Berg"),
            ),
        ),
    ),
    (
        "Price list",
        "Product",
        (
            "Basic plan",
            "Team plan",
            "Pro plan",
            "Desk lamp",
            "Office chair",
            "Webcam",
            "Headset",
            "Router",
        ),
        (
            ("Price", "how much does the {} cost", ("$9", "$24.50", "$79", "120 EUR", "15 EUR")),
            ("Warranty", "how long is the guarantee on the {}", ("1 year", "24 months", "5 years")),
            ("Delivery", "how many days until a {} arrives", ("2 days", "3-5 days", "next day")),
            ("Weight", "how heavy is the {}", ("400 g", "1.2 kg", "6 kg")),
        ),
    ),
    (
        "Leave and benefits",
        "Kind",
        (
            "Annual leave",
            "Sick leave",
            "Parental leave",
            "Study leave",
            "Unpaid leave",
            "Jury duty",
        ),
        (
            ("Days", "how many days of {} do I get", ("5", "10", "25", "30", "90")),
            ("Approved by", "who has to approve {}", ("team lead", "HR", "director", "payroll")),
            (
                "Notice",
                "how far ahead do I have to ask for {}",
                ("1 week", "2 weeks", "3 months", "none"),
            ),
        ),
    ),
    (
        "Service levels",
        "Severity",
        (
            "critical incident",
            "major incident",
            "minor incident",
            "service request",
            "change request",
        ),
        (
            (
                "Response",
                "how quickly do you respond to a {}",
                ("15 minutes", "1 hour", "4 hours", "1 day"),
            ),
            ("Owner", "who handles a {}", ("on-call engineer", "service desk", "change board")),
            ("Channel", "how do I report a {}", ("hotline", "portal", "e-mail")),
        ),
    ),
)


def made_table(random: Random) -> Example:
    """A small made-up table, a row to the sentence, and a question that one row answers, or none
    does.
    """
    title, key, entries, columns = random.choice(_TABLES)
    rows = random.sample(entries, random.randint(2, min(6, len(entries))))
    shown = random.sample(columns, random.randint(1, len(columns)))
    filled = [[(column[0], random.choice(column[2])) for column in shown] for _ in rows]
    style = random.randrange(4)
    sentences = tuple(
        _rendered(style, key, row, cells) for row, cells in zip(rows, filled, strict=True)
    )
    about = random.choice(entries if random.random() < 0.3 else rows)
    column = random.choice(columns if random.random() < 0.3 else shown)
    found = column in shown
    question = column[1].format(about) + random.choice(("?", ""))
    return Example(
        question=question,
        title=title if random.random() < 0.6 else None,
        sentences=sentences,
        labels=tuple(found and row == about for row in rows),
    )


def _rendered(style: int, key: str, row: str, cells: Sequence[tuple[str, str]]) -> str:
    if style == 0:
        return "; ".join([f"{key}: {row}", *(f"{name}: {value}" for name, value in cells)])
    if style == 1:
        return " | ".join([row, *(f"{name} {value}" for name, value in cells)])
    if style == 2:
        return f"- {row}: " + ", ".join(f"{name.lower()} {value}" for name, value in cells)
    return f"{row} — " + "; ".join(f"{name}: {value}" for name, value in cells)
