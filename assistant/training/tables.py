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
    _Table(
        "Releases",
        "Version",
        ("1.8", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "Aurora", "Basalt", "Cedar"),
        (
            _Column("Released", "when did {} come out",
                    ("2021-03-04", "May 2022", "12 June 2023", "2024-11-20")),
            _Column("Supported until", "how long is {} supported",
                    ("2025-12-31", "May 2026", "end of life", "2027")),
            _Column("Type", "is {} a long-term release", ("LTS", "STS", "preview")),
            _Column("Latest patch", "what is the newest patch of {}", ("2.0.14", "3.1.2", "4.0.9")),
        ),
    ),
    _Table(
        "Configuration",
        "Setting",
        ("log_level", "cache.size", "max-workers", "timeout", "auth.mode", "base_url",
         "retry.limit", "TEMP_DIR"),
        (
            _Column("Default", "what is the default of {}", ("info", "64 MB", "4", "30", "none")),
            _Column("Description", "what does {} do",
                    ("Sets how much is written", "Upper bound for open requests",
                     "Where files are kept for a while", "How users sign in")),
            _Column("Type", "which type has {}", ("string", "integer", "boolean", "path")),
            _Column("Since", "since which version is there {}", ("1.2", "2.0", "3.4")),
            _Column("Required", "do I have to set {}", ("yes", "no")),
        ),
    ),
    _Table(
        "Commands",
        "Command",
        ("init", "status", "apply", "diff", "remove", "update", "export", "login"),
        (
            _Column("Description", "what does the {} command do",
                    ("Creates a new project", "Shows what has changed", "Writes the changes",
                     "Deletes an entry", "Signs in")),
            _Column("Alias", "is there a short form of {}", ("i", "st", "rm", "up", "ls")),
            _Column("Needs admin", "do I need to be admin for {}", ("yes", "no")),
        ),
    ),
    _Table(
        "Programme",
        "Session",
        ("Opening keynote", "Typing workshop", "Lightning talks", "Poster session",
         "Sprint planning", "Panel on funding", "Closing"),
        (
            _Column("Time", "when is the {}", ("09:00", "10:30", "14:15", "17:45")),
            _Column("Room", "in which room is the {}", ("Hall A", "2.04", "Forum", "North Wing")),
            _Column("Speaker", "who gives the {}", ("I. Costa", "M. Weiss", "N. Adeyemi")),
            _Column("Day", "on which day is the {}", ("Monday", "Wednesday", "Friday")),
            _Column("Level", "is the {} for beginners", ("beginner", "advanced", "all")),
        ),
    ),
    _Table(
        "Plans",
        "Plan",
        ("Free", "Starter", "Team", "Business", "Enterprise", "Student"),
        (
            _Column("Price per month", "what does the {} plan cost", ("$0", "$12", "$49", "$199")),
            _Column("Storage", "how much storage is in the {} plan",
                    ("1 GB", "50 GB", "2 TB", "unlimited")),
            _Column("Users", "how many users can the {} plan have", ("1", "5", "25", "no limit")),
            _Column("Support", "what support comes with {}", ("forum", "e-mail", "24/7 phone")),
            _Column("API access", "can I use the API with the {} plan", ("yes", "no", "read only")),
        ),
    ),
    _Table(
        "Contacts",
        "Topic",
        ("Lost badge", "Payroll", "Travel expenses", "Room booking", "Accessibility", "Press",
         "Data protection"),
        (
            _Column("Contact", "who do I contact about {}",
                    ("front desk", "A. Kim", "finance team", "J. Silva")),
            _Column("E-mail", "which address do I write to for {}",
                    ("desk@example.org", "pay@example.org", "help@example.org")),
            _Column("Extension", "what extension do I call for {}", ("1140", "2201", "3317")),
            _Column("Answer within", "how fast do I hear back about {}",
                    ("1 day", "48 hours", "one week")),
        ),
    ),
    _Table(
        "Fees",
        "Category",
        ("Adult", "Child under 12", "Student", "Family", "Group of ten", "Senior"),
        (
            _Column("Day", "what is the day fee for {}", ("4.50 EUR", "9 EUR", "free", "22 EUR")),
            _Column("Year", "how much is a year for {}", ("60 EUR", "95 EUR", "140 EUR")),
            _Column("Locker", "is a locker included for {}", ("included", "2 EUR", "no")),
        ),
    ),
    _Table(
        "Devices",
        "Model",
        ("X100", "X200", "X200 Pro", "M5", "M5 Lite", "Gateway 3", "Sensor S1"),
        (
            _Column("Battery", "how long does the battery of the {} last",
                    ("8 h", "12 hours", "2 years", "mains only")),
            _Column("Memory", "how much memory has the {}", ("512 MB", "4 GB", "16 GB")),
            _Column("Ports", "which ports does the {} have", ("USB-C", "2 x HDMI", "Ethernet")),
            _Column("Firmware", "what firmware runs on the {}", ("5.1", "6.0.2", "7.3")),
            _Column("Weight", "what does the {} weigh", ("90 g", "310 g", "1.4 kg")),
        ),
    ),
    _Table(
        "Error codes",
        "Code",
        ("E01", "E07", "E12", "401", "404", "429", "503"),
        (
            _Column("Meaning", "what does error {} mean",
                    ("Wrong key", "Too many requests", "Door open", "Not found", "Overheated")),
            _Column("What to do", "what should I do about {}",
                    ("Wait and try again", "Sign in again", "Close the lid", "Call support")),
        ),
    ),
)  # fmt: skip


def make_table(random: Random) -> Example:
    """Makes a small table, one row per sentence, and a question that one row answers or none."""
    table = random.choice(_TABLES)
    entries = random.sample(table.entries, random.randint(2, min(6, len(table.entries))))
    columns = random.sample(table.columns, random.randint(1, len(table.columns)))
    cells = [[(column.name, random.choice(column.values)) for column in columns] for _ in entries]
    style = random.choice((0, 1, 2, 3, 4, 4, 4, 4, 4))
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
    if style == 4:  # as serving does
        return f"{entry}, " + "; ".join(f"{name}: {value}" for name, value in cells)
    if style == 0:
        return "; ".join([f"{key}: {entry}", *(f"{name}: {value}" for name, value in cells)])
    if style == 1:
        return " | ".join([entry, *(f"{name} {value}" for name, value in cells)])
    if style == 2:
        return f"- {entry}: " + ", ".join(f"{name.lower()} {value}" for name, value in cells)
    return f"{entry} — " + "; ".join(f"{name}: {value}" for name, value in cells)
