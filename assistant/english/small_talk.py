"""Messages that ask nothing of the documents: greetings, thanks, "what can you do?"."""

import re
from enum import StrEnum


class SmallTalk(StrEnum):
    """What a message does instead of asking."""

    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    HELP = "help"
    NO_QUESTION = "no_question"


# Each pattern is a whole part of a message; the first that matches is taken. A message is small
# talk only if nothing is left: "Hi, how do I renew a book?" is a question.
_PARTS = [
    (kind, re.compile(rf"(?:{pattern})(?![\w'-])"))
    for kind, pattern in (
        (
            SmallTalk.HELP,
            r"(?:so |and |but )?what (?:else )?(?:can|could|do) (?:you|u) (?:do|know|answer|offer|"
            r"help (?:me )?with)(?: for me| here| exactly)*|"
            r"what (?:questions? )?(?:can|could|should|may|do) i ask(?: you| here)*|"
            r"(?:who|what) are (?:you|u)(?: exactly)?|what(?:'s| is) your (?:name|job|purpose)|"
            r"how (?:do|can|should) (?:i|we) (?:use|talk to|ask) (?:you|this (?:bot|assistant|"
            r"chat))|"
            r"how (?:do|can) you (?:work|help(?: me)?)|what are you (?:for|good at|able to do)|"
            r"are you (?:an? )?(?:real |human|bot|robot|person|ai|chatbot|machine|"
            r"there)+(?: person)?|"
            r"(?:can|could|will|would) (?:you|u|someone|anyone) (?:please )?help(?: me| us)?"
            r"(?: out)?(?: please)?|"
            r"(?:please )?help(?: me| us)?(?: please)?|i (?:need|want|could use) (?:some )?help|"
            r"(?:i have|i've got|i'd like to ask) a (?:quick )?question|"
            r"(?:can|may|could) i ask (?:you )?(?:a (?:quick )?question|something)",
        ),
        (
            SmallTalk.FAREWELL,
            r"(?:good ?)?bye(?:[ -]?bye)?|see (?:you|ya)(?: later| soon| tomorrow)?|good night|"
            r"have a (?:nice|good|great) (?:day|evening|weekend|one)|take care|ciao",
        ),
        (
            SmallTalk.GREETING,
            r"(?:hi+|hello+|hey+|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
            r"(?: there| all| everyone| everybody| folks| team| again| bot| assistant| friend)*|"
            r"how are (?:you|u|things)(?: doing)?(?: today)?|how(?:'s| is) it going|what's up|sup|"
            r"nice to meet you",
        ),
        (
            SmallTalk.THANKS,
            r"(?:many |ok |okay )?(?:thanks?|thank (?:you|u)|thx|tysm|ty|cheers|much appreciated)"
            r"(?: you)?(?: a lot| a bunch| a million| so much| very much| again| anyway| everyone|"
            r" all|"
            r" (?:you )?for (?:the|your|all the|all your|this|that|everything|being|helping)"
            r"(?: (?:help|helpful|quick|fast|great|good|answer|answers|reply|replies|info|"
            r"information|"
            r"support|time|me|patience))*)*|"
            r"that(?:'s| is| was| has been| really)? (?:helped|helps|helpful|great|perfect|all|it|"
            r"good|"
            r"very helpful|really helpful|what i needed)(?: a lot)?|"
            r"(?:that )?works|got it|i see|understood|makes sense|(?:very |really |so )?(?:helpful|"
            r"great|perfect|awesome|cool|nice|good|excellent|wonderful|brilliant|amazing|fine|"
            r"super)"
            r"(?: job| work| bot| answer)?|well done|you(?:'re| are) (?:the best|great|awesome|"
            r"welcome)|"
            r"i (?:really )?appreciate (?:it|that|your help)",
        ),
        (
            SmallTalk.NO_QUESTION,
            r"ok(?:ay)?|yes|yeah|yep|no|nope|sure|alright|right|please|lol|haha+|hm+|wow|oh|ah|"
            r"sorry|never ?mind|no problem|so|well|and",
        ),
    )
]
# Of the parts of a message, the one that its reply answers.
_WEIGHT = [
    SmallTalk.NO_QUESTION,
    SmallTalk.GREETING,
    SmallTalk.THANKS,
    SmallTalk.FAREWELL,
    SmallTalk.HELP,
]
_BETWEEN = re.compile(r"[^\w']+")
_MAX_CHARS = 150


def small_talk(text: str) -> SmallTalk | None:
    """What a message does instead of asking; None if it asks, or says something of its own. A
    message without letters or digits, such as an emoji, is NO_QUESTION."""
    if not any(character.isalnum() for character in text):
        return SmallTalk.NO_QUESTION
    if len(text) > _MAX_CHARS:
        return None
    rest = _BETWEEN.sub(" ", text.lower().replace("’", "'")).strip()
    found = []
    while rest:
        kind, match = next(((k, m) for k, part in _PARTS if (m := part.match(rest))), (None, None))
        if kind is None or match is None:
            return None
        found.append(kind)
        rest = rest[match.end() :].strip()
    return max(found, key=_WEIGHT.index)


def is_small_talk(text: str) -> bool:
    """Whether a message asks nothing of the documents."""
    return small_talk(text) is not None
