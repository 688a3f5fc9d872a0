"""Questions that tell a problem, and sections and sentences that say what to do about it.

The section that describes a problem shares more words with such a question than its remedy does.
"""

import re

# What is not so, what went wrong: "restore doesn't work with …", "scripts fail with …".
_PROBLEM = re.compile(
    r"\b(?:(?:do|does|did|wo|ca|could|would|is|are|was|were|has|have)n['’]?t|cannot|can not|"
    r"unable|not (?:work|find|open|start|load|show|see|get)\w*|fail\w*|errors?|crash\w*|broke|"
    r"broken|stuck|wrong|lost|forgot|forgotten|denied|missing|refuse[sd]?|problems?|issues?|trouble|hangs?|"
    r"freezes?|frozen|blank|stops|stopped|no longer|bugs?|warnings?|reject(?:s|ed)|invalid|"
    r"corrupt(?:ed)?|conflicts?|complains?)\b",
    re.IGNORECASE,
)
# A question about the problem itself: its cause, or whether there is one.
_ASKS_ABOUT_PROBLEM = re.compile(
    r".*\bwhy\b|.*\bwhat (?:causes|is wrong)\b|"
    r"(?:and |so |but )?(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|had|"
    r"may|must)\b",
    re.IGNORECASE,
)
# How a heading or a sentence begins that says what to do.
_REMEDY = re.compile(
    r"\W*(?:(?:the |an? )?(?:possible |known |suggested |recommended |temporary )?"
    r"(?:work[\s-]?arounds?|solutions?|resolutions?|remed(?:y|ies)|fix(?:es)?|mitigations?|recovery|"
    r"corrective actions?|recommended actions?)\b|"
    r"how (?:to|do i|can i) (?:fix|solve|resolve|repair|recover|work around|correct|avoid)\b|"
    r"what (?:to do|you can do|can (?:i|you|we) do|should (?:i|you|we) do)\b|"
    r"(?:to|you can) (?:fix|solve|resolve|repair|work around|correct|recover from|avoid|prevent)\b|"
    r"as a work[\s-]?around\b|troubleshooting steps\b)",
    re.IGNORECASE,
)


def tells_problem(question: str) -> bool:
    """Whether the question tells a problem to be solved; not if it asks why, or yes or no."""
    return bool(_PROBLEM.search(question)) and not _ASKS_ABOUT_PROBLEM.match(question)


def opens_remedy(text: str) -> bool:
    """Whether a heading or a sentence opens what to do about a problem."""
    return bool(_REMEDY.match(text))
