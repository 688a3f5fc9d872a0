"""Questions that ask how to do something, and sentences that say what to do."""

import re

# "How do I …", "how to …", and orders: "create a key pair", "show me …".
_ASKS_HOW = re.compile(
    r"\bhow (?:do|can|could|should|would|to|shall|must|may|might)\b|\bfix\b|"
    r"^(?!what|which|who|when|where|why|is|are|was|were|do|does|did|can|may|has|have|had|will|would|"
    r"should|must)\w+ (?:an?|the|my|me|it|all|every)\b",
    re.IGNORECASE,
)
# Verbs that open an instruction, perhaps behind its purpose: "To log out, click …".
_VERBS = (
    "add apply ask book bring build call change check choose click configure connect contact copy "
    "create define delete disable download edit email enable ensure enter execute export fill find "
    "follow get give go import include install keep launch list log make move navigate open pass "
    "press provide put register remove replace report request restart run scroll see select send "
    "set sign specify start stop submit take tell try turn type update upgrade use visit wait write"
)
_INSTRUCTS = re.compile(
    rf"\W*(?:(?:to|for) \w+[^.]{{0,60}}, )?(?:please )?(?:{'|'.join(_VERBS.split())})\b",
    re.IGNORECASE,
)


def asks_how(question: str) -> bool:
    """Whether the question asks how to do something, or orders something."""
    return bool(_ASKS_HOW.search(question))


def instructs(sentence: str) -> bool:
    """Whether the sentence opens as an instruction does."""
    return bool(_INSTRUCTS.match(sentence))
