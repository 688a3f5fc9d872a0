"""Gold questions with the evidence for them, labelled right or wrong."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.answer import Turn
from assistant.blocks import Places
from assistant.english.question import Question
from assistant.evidence import Evidence, read_evidence
from assistant.losses import is_right_alone
from assistant.pipeline import Assistant
from assistant.reader.runtime import Reader
from assistant.scorer import Scorer
from assistant.training.rows import is_validation
from assistant.tuning import is_askable
from corpus.gold import GoldQuestion, read_gold
from corpus.loader import load_corpus
from index.build import build
from index.generation import DataFolder
from index.layout import DEFAULT_ENCODER
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

# Refuses nothing; the order is a rough one.
_LENIENT = Scorer({"similarity": 10.0, "headed_coverage": 10.0}, 0.0, 9.0, {}, threshold=0.0)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of documents and a gold file.

    `validation_only` drops questions on documents that the reader was trained on.
    """

    corpus: Path
    gold: Path
    validation_only: bool

    @property
    def name(self) -> str:
        """The set's name in reports: the folder above the documents."""
        return f"{self.corpus.parent.name}-{self.gold.stem}"

    def questions(self, every: int) -> list[GoldQuestion]:
        """Returns every Nth of the questions that the pipeline accepts."""
        return [gold for gold in read_gold(self.gold) if self._includes(gold)][::every]

    def _includes(self, gold: GoldQuestion) -> bool:
        if not is_askable(gold):
            return False
        if not self.validation_only:
            return True
        return bool(gold.document and is_validation(Path(gold.document).stem))


@dataclass(frozen=True)
class Collected:
    """A gold question with the evidence for it; `right` has a flag for each."""

    gold: GoldQuestion
    question: Question
    evidence: Sequence[Evidence]
    right: Sequence[bool]


@dataclass(frozen=True)
class CollectedSet:
    """The questions of a set that have any evidence."""

    name: str
    questions: Sequence[Collected]


def collect(
    source: Source, data: Path, encoder: OnnxEncoder, every: int = 1, name: str = ""
) -> CollectedSet:
    """Asks every Nth question of a set and labels the evidence for each; nothing is read. The name
    in reports is the source's if none is given."""
    folder = DataFolder(data / "fit" / source.name)
    build(load_corpus(source.corpus), encoder, DEFAULT_ENCODER, folder, {})
    texts = TextStore(folder.texts)
    assistant = Assistant(folder.open(encoder.fingerprint), encoder, texts, _LENIENT)
    found = []
    for gold in source.questions(every):
        history = [Turn(*turn) for turn in gold.history]
        _, assessment = assistant.ask_with_assessment(gold.question, history)
        question, evidence = assessment.question, assessment.evidence
        if evidence:
            right = [gold.answerable and is_right_alone(gold, question, each) for each in evidence]
            found.append(Collected(gold, question, evidence, right))
    assistant.generation.close()
    print(f"{source.name}: {len(found)} questions", file=sys.stderr)
    return CollectedSet(name or source.name, found)


def read(collected: CollectedSet, unread: Scorer, reader: Reader) -> CollectedSet:
    """The set with what the reader says about the evidence."""
    questions = []
    for each in collected.questions:
        first = unread.sort(each.evidence)
        is_right = {_key(e): right for e, right in zip(each.evidence, each.right, strict=True)}
        evidence = read_evidence(each.question, first, reader)
        right = [is_right[_key(e)] for e in evidence]
        questions.append(replace(each, evidence=evidence, right=right))
    return replace(collected, questions=questions)


def _key(evidence: Evidence) -> tuple[int, Places]:
    return evidence.hit.ordinal, evidence.places
