"""Made-up tables, one row per sentence, so that the training data is not only prose."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from assistant.training.rows import Example


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    question: str  # {} stands for the row
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    key: str  # the name of the first column
    entries: tuple[str, ...]  # the values of the first column
    columns: tuple[_Column, ...]


_TABLES = (
    _Table(
        "Opening hours",
        "Branch",
        ("Leeds", "York", "Hull", "Derby", "Exeter", "Bath", "Dover", "Luton", "Truro", "Ely"),
        (
            _Column("Opens", "when does the {} branch open", ("8:00", "9:00", "9:30", "10:00")),
            _Column("Closes", "what time does {} close", ("17:00", "18:00", "20:00", "21:30")),
            _Column("Phone", "what is the phone number of {}",
                    ("0113 4960", "0201 7788", "0155 3021")),
            _Column("Manager", "who runs the branch in {}",
                    ("A. Novak", "J. Reyes", "M. Okafor", "L. Berg")),
        ),
    ),
    _Table(
        "Price list",
        "Product",
        ("Basic plan", "Team plan", "Pro plan", "Desk lamp", "Office chair", "Webcam",
         "Headset", "Router"),
        (
            _Column("Price", "how much does the {} cost",
                    ("$9", "$24.50", "$79", "120 EUR", "15 EUR")),
            _Column("Warranty", "how long is the guarantee on the {}",
                    ("1 year", "24 months", "5 years")),
            _Column("Delivery", "how many days until a {} arrives",
                    ("2 days", "3-5 days", "next day")),
            _Column("Weight", "how heavy is the {}", ("400 g", "1.2 kg", "6 kg")),
        ),
    ),
    _Table(
        "Leave and benefits",
        "Kind",
        ("Annual leave", "Sick leave", "Parental leave", "Study leave", "Unpaid leave",
         "Jury duty"),
        (
            _Column("Days", "how many days of {} do I get", ("5", "10", "25", "30", "90")),
            _Column("Approved by", "who has to approve {}",
                    ("team lead", "HR", "director", "payroll")),
            _Column("Notice", "how far ahead do I have to ask for {}",
                    ("1 week", "2 weeks", "3 months", "none")),
        ),
    ),
    _Table(
        "Service levels",
        "Severity",
        ("critical incident", "major incident", "minor incident", "service request",
         "change request"),
        (
            _Column("Response", "how quickly do you respond to a {}",
                    ("15 minutes", "1 hour", "4 hours", "1 day")),
            _Column("Owner", "who handles a {}",
                    ("on-call engineer", "service desk", "change board")),
            _Column("Channel", "how do I report a {}", ("hotline", "portal", "e-mail")),
        ),
    ),
)  # fmt: skip


def make_table(random: Random) -> Example:
    """Makes a small table, one row per sentence, and a question that one row answers or none."""
    table = random.choice(_TABLES)
    entries = random.sample(table.entries, random.randint(2, min(6, len(table.entries))))
    columns = random.sample(table.columns, random.randint(1, len(table.columns)))
    cells = [[(column.name, random.choice(column.values)) for column in columns] for _ in entries]
    style = random.randrange(4)
    sentences = tuple(
        _render(style, table.key, entry, row) for entry, row in zip(entries, cells, strict=True)
    )
    asked_entry = random.choice(table.entries if random.random() < 0.3 else entries)
    asked_column = random.choice(table.columns if random.random() < 0.3 else columns)
    return Example(
        question=asked_column.question.format(asked_entry) + random.choice(("?", "")),
        title=table.title if random.random() < 0.6 else None,
        sentences=sentences,
        labels=tuple(asked_column in columns and entry == asked_entry for entry in entries),
    )


def _render(style: int, key: str, entry: str, cells: Sequence[tuple[str, str]]) -> str:
    if style == 0:
        return "; ".join([f"{key}: {entry}", *(f"{name}: {value}" for name, value in cells)])
    if style == 1:
        return " | ".join([entry, *(f"{name} {value}" for name, value in cells)])
    if style == 2:
        return f"- {entry}: " + ", ".join(f"{name.lower()} {value}" for name, value in cells)
    return f"{entry} — " + "; ".join(f"{name}: {value}" for name, value in cells)
