"""Measures answers with a language model:

    python tests/measure/model.py perfect            a script that chooses the gold answer
    python tests/measure/model.py local:smollm2      any model of the settings

`perfect` shows what the path through the model loses: of the questions whose gold answer is among
the excerpts that a model sees, how many are answered rightly. It is asked over real HTTP, by the
real client. Sets are the gold questions and five folders, or those of `--only`.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_server import model_server
from public import DataSet, data_sets

from api.assembly.assistant import ensure_index, open_assistant, open_texts
from api.assembly.model import ConfiguredModel, describe_trust, open_model
from api.cli.terminal import ProgressBars
from api.settings import Settings
from assistant.answer import Turn
from assistant.evaluation import Outcome, evaluate
from assistant.language_model.exam import exam_questions
from assistant.language_model.exhibits import exhibits_of
from assistant.language_model.prompt import Mode
from assistant.pipeline import Assistant
from assistant.tuning import is_askable
from corpus.gold import GoldQuestion, read_gold
from index.rendering import unit_text

_PERFECT = "perfect"


class PerfectModel:
    """Replies with the parts that gold names: of the exam, or of the question that is asked."""

    def __init__(self) -> None:
        self.wanted: frozenset[str] = frozenset()

    def reply(self, data: Mapping[str, Any], _: str) -> str:
        """The ids of the right parts in a prompt."""
        exams = {each.question: each for each in exam_questions()}
        if exam := exams.get(data["question"]):
            return " ".join(f"{n + 1}.{m + 1}" for n, m in sorted(exam.right)) or "NONE"
        parts = (item for shown in data.get("evidence", ()) for item in shown["parts"].items())
        return " ".join(number for number, text in parts if text in self.wanted) or "NONE"

    def prepare(self, assistant: Assistant, gold: GoldQuestion) -> bool:
        """Notes the parts that answer; returns whether a model will see one of them."""
        passages = assistant.generation.passages
        self.wanted = frozenset(
            unit_text(entry.passage, unit)
            for entry in passages.get(range(passages.count))
            if entry.passage.document == gold.document
            for unit in entry.passage.units
            if any(unit.start < end and start < unit.end for start, end in gold.spans)
        )
        turns = [Turn(role, text) for role, text in gold.history]
        _, assessment = assistant.ask_with_assessment(gold.question, turns)
        exhibits = exhibits_of(assessment.found.hits, assessment.evidence)
        return any(part in self.wanted for each in exhibits for part in each.parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures of each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help='"perfect", or provider:name')
    parser.add_argument("--mode", choices=[*Mode], default=Mode.CHOOSE)
    parser.add_argument("--only", nargs="*", help="names of sets")
    parser.add_argument("--every", type=int, default=1, help="ask every so many questions only")
    parser.add_argument("--timeout", type=float, default=50)
    options = parser.parse_args(arguments)
    for each in data_sets():
        wanted = each.name in options.only if options.only else _is_default(each.name)
        if wanted and each.corpus.is_dir():
            _measure(each, options)
    return 0


def _is_default(name: str) -> bool:
    return name == "gold" or name.startswith("folders/")


def _measure(each: DataSet, options: argparse.Namespace) -> None:
    perfect = PerfectModel() if options.model == _PERFECT else None
    gold = [g for path in each.questions for g in read_gold(path) if is_askable(g)]
    with _model(each, options, perfect) as (settings, model), ProgressBars() as bars:
        ensure_index(settings, bars)
        print(f"{each.name}: {describe_trust(model.examine(model.mode))}")
        assistant, plain = open_assistant(settings, model), open_assistant(settings)
        questions = gold[:: options.every]
        bars.begin(f"Asking {each.name}", len(questions))
        outcomes, found = [], 0
        for question in questions:
            if perfect:
                found += perfect.prepare(plain, question) and question.answerable
            outcomes += evaluate(assistant, [question], open_texts(settings))
            bars.advance(1)
        before = evaluate(plain, questions, open_texts(settings))
        if perfect:
            answerable = sum(each.answerable for each in questions)
            print(f"  right evidence among the excerpts: {found / max(1, answerable):.3f}")
        print(f"  with the model: {_figures(outcomes)}\n  without:        {_figures(before)}")
        for outcome in outcomes:
            if not perfect and outcome.answer.prompt:
                print(f"  {outcome.gold.question!r}: {outcome.answer.text!r}")


@contextmanager
def _model(
    each: DataSet, options: argparse.Namespace, perfect: PerfectModel | None
) -> Iterator[tuple[Settings, ConfiguredModel]]:
    with model_server(perfect.reply) if perfect else nullcontext() as server:
        fields: dict[str, Any] = {"model": options.model}
        if server:
            fields = {"model": "openai:perfect", "model_url": server.url}
        fields |= {"model_mode": options.mode, "model_timeout": options.timeout}
        settings = Settings(corpus=each.corpus, **fields)
        model = open_model(settings)
        assert model
        yield settings, model


def _figures(outcomes: Sequence[Outcome]) -> str:
    """Right and refused answers, and sentences that no quote supports."""
    answerable = [each for each in outcomes if each.gold.answerable]
    others = [each for each in outcomes if not each.gold.answerable]
    right = sum(bool(each.right) for each in answerable) / max(1, len(answerable))
    refused = sum(each.refused for each in others) / max(1, len(others))
    wrongly = sum(each.refused for each in answerable) / max(1, len(answerable))
    unproved = sum(each.unproved for each in outcomes)
    used = sum(bool(each.answer.prompt) for each in outcomes)
    return (
        f"right {right:.3f}, refused {refused:.3f}, wrongly refused {wrongly:.3f}, "
        f"sentences in other words than their quotes {unproved}, model used {used} times"
    )


if __name__ == "__main__":
    sys.exit(main())
