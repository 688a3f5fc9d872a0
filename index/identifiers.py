"""Identifiers: what a text names exactly, such as a version, an error code or a file.

An identifier is one term of the index beside its words. Its `key` is the same for all ways to write
it: "v3.3", "version 3.3.0" and "3.3"; "E-4471" and "e4471". Knows nothing of passages or questions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from index.terms import STOP_WORDS


class IdentifierKind(StrEnum):
    """What an identifier is."""

    VERSION = "version"  # 3.3.0, v3, version 3
    CODE = "code"  # E-4471, FN-4420-D, P3
    NUMBERED = "numbered"  # Windows 11, section 5
    STATUS = "status"  # HTTP 503, error 503
    FLAG = "flag"  # --dry-run, -v
    SYMBOL = "symbol"  # MAX_RETRIES, max_retries, getInvoice()
    FILE = "file"  # config.yaml, ~/.ssh/config
    EMAIL = "email"
    DATE = "date"  # 2024-03-17, 17 March 2024, March 2024


@dataclass(frozen=True)
class Identifier:
    """An identifier in a text, at `[start, end)`. `name` is the word that a number belongs to:
    "windows" of "Windows 11", "" for most."""

    kind: IdentifierKind
    key: str
    start: int
    end: int
    name: str = ""


# Longer tokens are no identifiers that a user would type.
_MAX_TOKEN = 100
_TOKEN = re.compile(r"[^\s\"'`()\[\]{}<>,;|*=“”‘’«»]+")
_URL = re.compile(r"(?:https?|ftp|file)://|www\.", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_FLAG = re.compile(r"--[A-Za-z][\w-]*|-[A-Za-z]")
_VERSION = re.compile(
    r"(v)?(\d{1,4}(?:\.\d{1,6}){0,4})(\.[x*])?"
    r"([-+.]?(?:alpha|beta|rc|dev|pre|preview|post|a|b)[.-]?\d{0,4})?",
    re.IGNORECASE,
)
_VERSION_WORDS = frozenset("version versions release releases ver v build".split())
_EXTENSIONS = (
    "md|txt|rst|ya?ml|toml|json|xml|csv|tsv|ini|cfg|conf|env|log|py|ipynb|js|tsx?|jsx|rb|go|rs|"
    "java|jar|cpp|cs|php|sh|bash|zsh|ps1|bat|cmd|exe|msi|dmg|deb|rpm|zip|tar|gz|tgz|bz2|xz|7z|iso|"
    "pdf|docx?|xlsx?|pptx?|odt|png|jpe?g|gif|svg|webp|mp[34]|wav|mov|html?|css|sql|db|sqlite|lock|"
    "pem|crt|cer|pfx|tmpl|service|plist|dll|whl"
)
_FILE = re.compile(
    rf"(?:(?:~|\.{{1,2}})?/|[A-Za-z]:\\)[\w.+@\\/-]*\w|"  # a path
    rf"(?:[\w.+@-]+[\\/])*[\w+@-][\w.+@-]*\.(?:{_EXTENSIONS})|"
    r"\.[a-z][\w-]{2,}(?:\.[\w-]+)*",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"\.(?!net$)[a-z]")  # .bashrc, but not .NET in any case
_SYMBOL = re.compile(r"\$?[A-Za-z][A-Za-z0-9]*(?:_+[A-Za-z0-9]+)+|[a-z]{2,}[A-Z][a-z]{2,}\w*")
_CODE = re.compile(r"#?[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
# Numbers that count or measure: 24h, 2nd, 1970s, 90-day, 19th-century, 10-12, 2020-21.
_QUANTITY = re.compile(
    r"\d+[A-Za-z]{1,4}|\d+(?:-[a-z]{2,})+|\d+(?:st|nd|rd|th)-[a-z0-9-]+|\d+(?:-\d+)?"
)
# A word before a number or a year is mostly no name: top-10, mid-2024.
_COMPOUND = re.compile(r"[a-z]{3,}-(?:\d{1,2}|[12]\d{3})s?")

_MONTHS = "january february march april may june july august september october november december"
_MONTH_NUMBERS = {
    name[:length]: number
    for number, name in enumerate(_MONTHS.split(), start=1)
    for length in (3, 4, len(name))
}
_MONTH = r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"  # noqa: E501
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"((?:19|20)\d\d)"
_WRITTEN_DATES = [
    (re.compile(form, re.IGNORECASE), order)
    for form, order in (
        (rf"\b{_DAY}\.? (?:of )?{_MONTH}(?:,? {_YEAR}\b)?", "dmy"),
        (rf"\b{_MONTH} {_DAY}\b(?:,? {_YEAR}\b)?", "mdy"),
        (rf"\b{_MONTH},? {_YEAR}\b", "my"),
        (rf"\b{_YEAR}[-/](\d\d?)[-/](\d\d?)\b", "ymd"),
        (rf"\b(\d\d?)\.(\d\d?)\.{_YEAR}\b", "dmy"),
        (rf"\b(\d\d?)/(\d\d?)/{_YEAR}\b", "mdy"),
        (rf"\b(\d\d?)/(\d\d?)/{_YEAR}\b", "dmy"),
    )
]

_STATUS_WORDS = frozenset("http https status error errors code errno".split())
_STATUS_AFTER = re.compile(
    r"(?<![\w.-])(\d{3,6})(?: status)? (?:errors?|codes?|responses?)\b", re.IGNORECASE
)
# Words that are often written as letters: "priority 2" is P2.
_LETTER_OF = {"priority": "p", "severity": "sev"}
# Words that make a name of the number behind them, whatever their case.
_NUMBERED_WORDS = frozenset(
    "section chapter article clause paragraph appendix annex table figure step phase stage level "
    "tier grade class band room gate platform building floor track hall line "
    "zone form rule policy procedure issue ticket case bug port part sku model item invoice order "
    "plan option".split()
)
_NUMBERED = re.compile(
    r"(?<![\w.])(\.?[A-Za-z][A-Za-z.+#]{0,30}) (?:(?:code|number|no\.?|nr\.?) )?#?"
    r"(\d{1,6}[a-z]?)(?![\w%°])(?![.,:/-]\d)"
)
_NOT_NAMES = frozenset(_MONTH_NUMBERS) | frozenset(
    "monday tuesday wednesday thursday friday saturday sunday no. nr.".split()
)


def identifier_terms(text: str) -> Iterator[str]:
    """Yields the terms under which a text is indexed, with repetitions: the keys of its
    identifiers, and of a version, a path and a date also those of their shorter forms."""
    for each in find_identifiers(text):
        yield f"{each.kind}:{each.key}"
        for shorter in _shorter(each):
            yield f"{each.kind}:{shorter}"


def query_terms(text: str) -> list[str]:
    """Returns the terms by which the identifiers of a question are searched for, each once."""
    return list(dict.fromkeys(f"{each.kind}:{each.key}" for each in find_identifiers(text)))


def find_identifiers(text: str) -> list[Identifier]:
    """Returns the identifiers of a text in order. Takes time linear in the length of the text."""
    dates = list(_dates(text))
    found = [*dates, *_numbered(text)]
    taken = {place for each in dates for place in range(each.start, each.end)}
    before = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if len(token) <= _MAX_TOKEN and match.start() not in taken and not _URL.match(token):
            found += _of_token(text, match.start(), token, before)
        before = token.lower()
    return sorted(found, key=lambda each: (each.start, each.end))


def _of_token(text: str, start: int, token: str, before: str) -> Iterator[Identifier]:
    """The identifiers of a token, which may name several: "E-4471/E-4472"."""
    stripped = token.rstrip(".:!?…_").lstrip("_")
    start += len(token) - len(token.lstrip("_"))
    whole = _classify(text, start, stripped, before)
    if whole:
        yield whole
    elif "/" in stripped:
        for part in re.finditer(r"[^/]+", stripped):
            if each := _classify(text, start + part.start(), part.group(), before):
                yield each


def _classify(text: str, start: int, token: str, before: str) -> Identifier | None:
    """The identifier that a token is; `before` is the token before it, in lower case."""
    end = start + len(token)
    lower = token.lower()
    name = ""
    kind = None
    if _EMAIL.fullmatch(token):
        kind, key = IdentifierKind.EMAIL, lower
    elif _FLAG.fullmatch(token):
        kind, key = IdentifierKind.FLAG, lower
    elif (match := _VERSION.fullmatch(token)) and (
        match[1] or "." in token or before in _VERSION_WORDS
    ):
        kind, key = IdentifierKind.VERSION, _version_key(match[2], match[4] or "")
        name = _name_before(text, start)
    elif _FILE.fullmatch(token) and (token[0] != "." or _HIDDEN.match(token) or "/" in token):
        kind, key = IdentifierKind.FILE, lower.replace("\\", "/")
    elif _SYMBOL.fullmatch(token) or (text.startswith("()", end) and token.isidentifier()):
        kind, key = IdentifierKind.SYMBOL, re.sub(r"[$_]", "", lower)
    elif _is_code(token):
        kind, key = IdentifierKind.CODE, re.sub(r"[-_]", "", lower)
    return Identifier(kind, key, start, end, name) if kind else None


def _name_before(text: str, start: int) -> str:
    """The product that a version belongs to: "python" of "Python 3.8", "" if none is named."""
    first = max(0, start - 40)
    match = re.search(r"(\.?[A-Za-z][A-Za-z.+#]*) $", text[first:start])
    is_name = match and _is_named(text, first + match.start(), match[1])
    return match[1].lower() if match and is_name else ""


def _is_plain(word: str) -> bool:
    return word in STOP_WORDS or word in _VERSION_WORDS or word in _NOT_NAMES


def _version_key(numbers: str, suffix: str) -> str:
    """The numbers without zeros at the end, and what marks it as a preliminary version."""
    parts = numbers.split(".")
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts) + re.sub(r"[-+.]", "", suffix.lower())


def _is_code(token: str) -> bool:
    """Whether a token with digits names something rather than counts or measures."""
    if not _CODE.fullmatch(token) or not any(c.isdigit() for c in token):
        return False
    if _QUANTITY.fullmatch(token) or _COMPOUND.fullmatch(token):
        return False
    if any(c.isalpha() for c in token):
        return True
    return token.startswith("#") or (token.count("-") >= 2 and len(token) >= 7)


def _dates(text: str) -> Iterator[Identifier]:
    """The dates of a text; none that is part of a longer one."""
    spans: set[int] = set()
    for pattern, order in _WRITTEN_DATES:
        for match in pattern.finditer(text):
            fields = dict(zip(order, match.groups(), strict=True))
            month = fields["m"].lower()
            number = _MONTH_NUMBERS.get(month[:4]) or _MONTH_NUMBERS.get(month[:3])
            number = number or (int(month) if month.isdecimal() else 0)
            day = int(fields.get("d") or 0)
            is_part = match.end() in spans and order == "my"
            if 1 <= number <= 12 and day <= 31 and not is_part:
                spans.add(match.end())
                key = f"{fields.get('y') or ''}-{number:02}" + (f"-{day:02}" if day else "")
                yield Identifier(IdentifierKind.DATE, key, match.start(), match.end())


def _numbered(text: str) -> Iterator[Identifier]:
    """Numbers that a word in front makes a name."""
    for match in _NUMBERED.finditer(text):
        word, number = match[1], match[2].lower()
        lower = word.lower()
        span = match.span()
        if lower in _STATUS_WORDS and len(number) >= 3:
            yield Identifier(IdentifierKind.STATUS, number, *span)
        elif lower in _LETTER_OF:
            yield Identifier(IdentifierKind.CODE, _LETTER_OF[lower] + number, *span)
        elif lower in _NUMBERED_WORDS:
            yield Identifier(IdentifierKind.NUMBERED, lower + number, *span, lower)
        elif _is_named(text, match.start(), word) and not re.fullmatch(r"(?:19|20)\d\d", number):
            if len(word) == 1 and len(number) >= 3:
                yield Identifier(IdentifierKind.CODE, lower + number, *span)
            else:
                yield Identifier(IdentifierKind.NUMBERED, lower + number, *span, lower)
    for match in _STATUS_AFTER.finditer(text):
        yield Identifier(IdentifierKind.STATUS, match[1], *match.span())


def _is_named(text: str, start: int, word: str) -> bool:
    """Whether a word is a name: it has a capital for another reason than opening a sentence."""
    if _is_plain(word.lower()) or not any(c.isupper() for c in word):
        return False
    opens = not text[max(0, start - 3) : start].strip(" \n\t#*->") or text[start - 2] in ".!?:"
    return not opens or len(word) == 1 or any(c.isupper() for c in word[1:])


def _shorter(each: Identifier) -> Iterator[str]:
    """The keys of the forms by which an identifier is found as well."""
    if each.kind is IdentifierKind.VERSION:
        parts = each.key.split(".")
        yield from (".".join(parts[:count]) for count in range(2, len(parts)))
    elif each.kind is IdentifierKind.FILE and "/" in each.key:
        yield each.key.rsplit("/", 1)[1]
    elif each.kind is IdentifierKind.DATE:
        year, *rest = each.key.split("-")
        if len(rest) == 2:
            yield f"{year}-{rest[0]}"
            if year:
                yield "-" + "-".join(rest)
