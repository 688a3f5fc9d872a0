"""Records gaps as they happen, and groups them for a person to decide about.

Knows neither HTTP nor terminals. Nothing but the database is written here.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from api.errors import DatabaseUnavailable, GapUnknown, describe
from api.service.access import Caller
from api.service.generations import GenerationPool
from api.service.grouping import group_by_meaning
from api.service.masking import mask_personal_data
from api.store.gaps import Gap, GapPassage, GapReason, Gaps, gap_id
from api.store.records import Verdict
from assistant.answer import Answer, Reason, Status
from corpus.places import without_places
from index.encoder import Encoder, Vectors
from index.errors import IndexingError, TextMissing
from index.folders import lies_within

_log = logging.getLogger(__name__)
# Cosine from which two questions are grouped. Of 459 messages of customers with one of 20 intents
# (curekart, HINT3) 98 % are in a group most of which has their intent, at 0.6 it is 94 %.
_MIN_SIMILARITY = 0.7
_MAX_EVIDENCE = 3  # passages
_MAX_EXAMPLES = 5
_BATCH = 100  # gaps whose vectors are made again in one transaction
_MAX_CACHED = 64  # texts of documents
_ID_LENGTH = 12  # characters of a gap's id that name its group


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage near a question, with its text."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of an FAQ entry. `answer` is the text of the nearest passage, which may not answer
    the question; "" without one."""

    question: str
    answer: str


@dataclass(frozen=True)
class GapGroup:
    """Questions that mean the same. `question` is the most central one, `examples` are further
    ones, newest first. `reasons` counts the questions by reason. `members` are the ids of the
    gaps."""

    id: str
    question: str
    count: int
    last_seen: float
    reasons: Mapping[GapReason, int]
    examples: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    draft: Draft
    members: tuple[str, ...]


class GapRecorder:
    """Stores gaps. A gap that cannot be stored is logged: the answer counts. Thread-safe."""

    def __init__(self, gaps: Gaps, generations: GenerationPool) -> None:
        self._gaps = gaps
        self._generations = generations

    def record_refusal(self, caller: Caller, answer: Answer) -> None:
        """Stores the question of a refusal, unless the message asked nothing of the documents."""
        if answer.status is Status.REFUSED and answer.reason in (None, Reason.NO_ANSWER):
            self._record(caller, answer, GapReason.REFUSED)

    def record_verdict(self, caller: Caller, answer: Answer, verdict: Verdict) -> None:
        """Stores the question of an answer that is voted down; a vote up deletes it again."""
        if verdict == "down" and not answer.is_small_talk:
            self._record(caller, answer, GapReason.DOWN_VOTED)
        elif verdict == "up":
            self._gaps.withdraw_vote(gap_id(caller.owner, answer.id))

    def _record(self, caller: Caller, answer: Answer, reason: GapReason) -> None:
        question = mask_personal_data(answer.standalone_question)
        passages = dict.fromkeys(
            GapPassage(each.document, each.sha256, each.start, each.end)
            for each in answer.citations or answer.related
        )
        try:
            with self._generations.borrow(caller.folders) as assistant:
                encoder = assistant.encoder
                vector = encoder.encode_query(question)
            self._gaps.add(
                Gap(
                    id=gap_id(caller.owner, answer.id),
                    question=question,
                    reason=reason,
                    evidence=tuple(passages)[:_MAX_EVIDENCE],
                    folders=tuple(sorted(caller.folders or ())),
                    encoder=encoder.fingerprint,
                    vector=vector,
                )
            )
        except (DatabaseUnavailable, IndexingError) as error:
            _log.warning("A gap cannot be stored: %s", describe(error))


def load_gaps(store: Gaps, encoder: Encoder, since: float = 0.0) -> list[Gap]:
    """Returns the gaps since that time, in the order in which they were stored. Vectors of another
    encoder are made again and stored, which takes some 10 ms each, once."""
    found = store.all(since)
    stale = [gap for gap in found if gap.encoder != encoder.fingerprint]
    for start in range(0, len(stale), _BATCH):
        batch = stale[start : start + _BATCH]
        vectors = {gap.id: encoder.encode_query(gap.question) for gap in batch}
        store.set_vectors(encoder.fingerprint, vectors)
    return store.all(since) if stale else found


def visible_gaps(gaps: Sequence[Gap], caller: Caller) -> list[Gap]:
    """Returns the gaps that a caller may see. One who is limited to folders sees only questions
    that were asked with keys for these folders, or for parts of them."""
    if caller.folders is None:
        return list(gaps)
    limit = caller.folders
    return [
        gap
        for gap in gaps
        if gap.folders and all(lies_within(folder, limit) for folder in gap.folders)
    ]


def group_gaps(
    gaps: Sequence[Gap], read_text: Callable[[str], str], limit: int | None = None
) -> list[GapGroup]:
    """Groups the gaps of load_gaps() by meaning: the largest group first, then the latest, at most
    `limit`. A group with a dismissed gap is left out. `read_text` returns a stored text by its
    digest."""
    if not gaps:
        return []
    vectors: Vectors = np.stack([gap.vector for gap in gaps])
    read = lru_cache(_MAX_CACHED)(read_text)
    open_groups = [
        members
        for members in group_by_meaning(vectors, _MIN_SIMILARITY)
        if not any(gaps[at].dismissed for at in members)
    ]
    open_groups.sort(key=lambda members: (-len(members), -gaps[members[-1]].created))
    return [
        _group([gaps[at] for at in members], vectors[members], read)
        for members in open_groups[:limit]
    ]


def find_group(groups: Sequence[GapGroup], name: str) -> GapGroup:
    """Returns the group with this id, or that a member named so has joined since. Raises
    GapUnknown."""
    for group in groups:
        if any(name == member[:_ID_LENGTH] for member in group.members):
            return group
    raise GapUnknown(f"there is no gap {name!r}")


def _group(gaps: Sequence[Gap], vectors: Vectors, read_text: Callable[[str], str]) -> GapGroup:
    central = gaps[int(np.argmax(np.round(vectors @ vectors.mean(axis=0), 5)))]
    others = dict.fromkeys(gap.question for gap in reversed(gaps))
    others.pop(central.question)
    evidence = _evidence(central, read_text)
    return GapGroup(
        id=gaps[0].id[:_ID_LENGTH],
        question=central.question,
        count=len(gaps),
        last_seen=gaps[-1].created,
        reasons=dict(sorted(Counter(gap.reason for gap in gaps).items())),
        examples=tuple(others)[:_MAX_EXAMPLES],
        evidence=evidence,
        draft=Draft(central.question, without_places(evidence[0].text) if evidence else ""),
        members=tuple(gap.id for gap in gaps),
    )


def _evidence(gap: Gap, read_text: Callable[[str], str]) -> tuple[Evidence, ...]:
    found = []
    for passage in gap.evidence:
        try:
            text = read_text(passage.sha256)[passage.start : passage.end]
        except TextMissing:  # the texts were deleted, or are damaged: `doctor` says so
            continue
        found.append(Evidence(passage.document, passage.sha256, passage.start, passage.end, text))
    return tuple(found)
