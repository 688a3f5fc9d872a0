"""The signature of a mail under a question: "-- ", "Best regards," or "Sent from my phone"."""

import re

# "-- " is that of RFC 3676, section 4.3.
_SEPARATOR = re.compile(
    r"(?:--|__+|—)$|(?:sent (?:from|with|via)|get outlook for) \w", re.IGNORECASE
)
_THANKS = r"(?:(?:many )?thanks|thank you)(?: (?:in advance|a lot|so much|very much))?"
_WISHES = (
    r"(?:with )?(?:(?:best|kind|kindest|warm|warmest) )?(?:regards|wishes|greetings)|all the best|"
    r"best|cheers|sincerely(?: yours)?|yours(?: (?:sincerely|truly|faithfully))?|br|kr"
)
_CLOSING = re.compile(
    rf"(?:{_THANKS}|{_WISHES}|{_THANKS}(?:,| and|,? &) (?:{_WISHES}))[ ,.!]*$", re.IGNORECASE
)
# Of a signature, without empty lines. What is longer goes on with the message.
_MAX_LINES = 12
_MAX_WORDS = 6  # of a line below a closing


def without_signature(message: str) -> str:
    """The message without the signature at its end; unchanged if nothing would be left, or if a
    question follows."""
    lines = [line.strip() for line in message.splitlines()]
    for place, line in enumerate(lines):
        is_closing = bool(_CLOSING.match(line))
        if not is_closing and not _SEPARATOR.match(line):
            continue
        before, after = "\n".join(lines[:place]), [each for each in lines[place + 1 :] if each]
        goes_on = len(after) > _MAX_LINES or any("?" in each for each in after)
        if is_closing:
            goes_on = goes_on or any(len(each.split()) > _MAX_WORDS for each in after)
        if not goes_on and any(character.isalnum() for character in before):
            return before
    return message
