"""Shows a number or a date of a spreadsheet as the sheet shows it.

Knows the parts of number formats that change what is read: decimals, groups of thousands, percent,
currencies and other literal text, dates and times. Colours, widths and conditions are ignored. What
a format leaves to the language of the reader, such as the order of day and month, is shown as
YYYY-MM-DD.
"""

import re
from datetime import date, datetime, time, timedelta

# A literal, a symbol of a currency, a condition or colour, or a run of one code.
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[([^\]]*)\]|([_*]).|(AM/PM|A/P)'
    r"|(y+|m+|d+|h+|s+(?:\.0+)?)|([0#?][0#?,.]*|,)|(%)|(E[+-]0+)|(.)",
    re.IGNORECASE | re.DOTALL,
)
_DATE_CODE = re.compile(r"[ymdhs]", re.IGNORECASE)
_NOT_CODE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].')
# Built-in formats whose order depends on the reader: 14, and 22 with a time.
_BY_READER = ("mm-dd-yy", "m/d/yy h:mm", "m/d/yyyy", "m/d/yyyy h:mm", "mm/dd/yy", "general")
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_NOON = 12
_MAX_DECIMALS = 15
_MAX_WHOLE = 1e15  # a larger number is shown with an exponent


def shown(value: object, number_format: str) -> str:
    """Returns the value of a cell as its format shows it. `number_format` is that of the file
    format, such as '#,##0.00 "EUR"' or "dd.mm.yyyy"; an unknown one counts as General."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime() | date() | time():
            return _moment(value, number_format.split(";")[0])
        case timedelta():
            return _duration(value)
        case int() | float():
            return _number(value, number_format)
        case _:
            return str(value)


def _number(value: float, number_format: str) -> str:
    sections = number_format.split(";")
    section = sections[1] if value < 0 and len(sections) > 1 and sections[1] else sections[0]
    if section.lower() in ("general", "@", "") or _DATE_CODE.search(_NOT_CODE.sub("", section)):
        return _general(value)
    digits = "".join(found.group(8) or "" for found in _TOKEN.finditer(section))
    if not digits:
        return _general(value)
    if "E" in _NOT_CODE.sub("", section).upper():
        return f"{value:.{min(digits.count('0') - 1, _MAX_DECIMALS)}E}"
    if value < 0 and section is not sections[0]:
        value = -value  # the section has a sign or brackets of its own
    return _filled(value, section, digits)


def _filled(value: float, section: str, digits: str) -> str:
    """The number in place of the digits of the section, between its literals."""
    has_percent = any(found.group(9) for found in _TOKEN.finditer(section))
    scaled = value * 100 if has_percent else value
    whole, _, fraction = digits.partition(".")
    scaled /= 1000 ** (len(digits) - len(digits.rstrip(",")))
    decimals = min(len(re.sub(r"[^0#?]", "", fraction)), _MAX_DECIMALS)
    required = fraction.count("0")
    text = f"{abs(scaled):{',' if ',' in whole.rstrip(',') else ''}.{decimals}f}"
    if "," not in whole:
        before, point, behind = text.partition(".")
        text = before.zfill(min(whole.count("0"), _MAX_DECIMALS)) + point + behind
    if decimals > required:
        text = text.rstrip("0").rstrip(".") if not required else text
    sign = "-" if scaled < 0 and any(char in "123456789" for char in text) else ""
    parts: list[str] = []
    for found in _TOKEN.finditer(section):
        quoted, escaped, symbol, _, padding, _, _, code, percent, _, other = found.groups()
        if code:
            parts.append(text)
            text = ""
        elif padding:
            parts.append(" " if padding == "_" else "")
        else:
            parts.append(quoted or escaped or symbol or percent or other or "")
    return sign + "".join(parts).strip()


def _general(value: float) -> str:
    is_whole = abs(value) < _MAX_WHOLE and value == int(value)
    return str(int(value)) if is_whole else f"{value:.11g}"


def _moment(value: datetime | date | time, code: str) -> str:
    if code.lower() in _BY_READER or not _DATE_CODE.search(_NOT_CODE.sub("", code)):
        return _iso(value)
    found = list(_TOKEN.finditer(code))
    half = any(each.group(6) for each in found)
    parts = []
    before = ""
    for number, each in enumerate(found):
        token = (each.group(7) or "").lower()
        if not token:
            noon = "PM" if _hour(value) >= _NOON else "AM"
            literal = each.group(1) or each.group(2) or each.group(11) or each.group(8) or ""
            parts.append(noon if each.group(6) else literal)
            continue
        rest = (each.group(7) for each in found[number + 1 :] if each.group(7))
        is_minute = token[0] == "m" and (before == "h" or next(rest, "")[:1].lower() == "s")
        parts.append(_code(value, "n" * len(token) if is_minute else token, half))
        before = token[0]
    return "".join(parts).strip()


def _hour(value: datetime | date | time) -> int:
    return value.hour if isinstance(value, (datetime, time)) else 0


def _code(value: datetime | date | time, token: str, half: bool) -> str:
    kind, width = token[0], min(len(token), 2)
    if kind in "ymd":
        return "" if isinstance(value, time) else _day_code(value, token)
    clock = value if isinstance(value, (datetime, time)) else time()
    hour = (clock.hour % _NOON or _NOON) if half else clock.hour
    number = {"h": hour, "n": clock.minute, "s": clock.second}
    return f"{number[kind]:0{width}d}"


def _day_code(value: date, token: str) -> str:
    if token in ("y", "yy"):
        return f"{value.year % 100:02d}"
    if token[0] == "y":
        return f"{value.year:04d}"
    number = value.month if token[0] == "m" else value.day
    if token in ("m", "mm", "d", "dd"):
        return f"{number:0{len(token)}d}"
    name = _MONTHS[value.month - 1] if token[0] == "m" else _DAYS[value.weekday()]
    return name[:3] if token in ("mmm", "ddd") else name


def _iso(value: datetime | date | time) -> str:
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(" ", "seconds" if value.second else "minutes")
    return value.isoformat()[:10]


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
