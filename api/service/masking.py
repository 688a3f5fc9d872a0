"""Masks what identifies a person in a question: email addresses, and long numbers.

Names are not recognized: the questions remain confidential.
"""

import re

# Bounded, so that work does not grow with the square of the length.
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
# Seven digits or more, with single signs or spaces between them: telephone numbers, accounts,
# cards, staff numbers. A date or a version has fewer.
_NUMBER = re.compile(r"\+?\(?\d(?:[ ()./-]{0,2}\d){6,}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}")


def mask_personal_data(text: str) -> str:
    """Returns the text with [email] and [number] in place of email addresses and numbers of at
    least seven digits; dates stay."""
    return _NUMBER.sub(_mask_number, _EMAIL.sub("[email]", text))


def _mask_number(match: re.Match[str]) -> str:
    return match[0] if _DATE.fullmatch(match[0]) else "[number]"
