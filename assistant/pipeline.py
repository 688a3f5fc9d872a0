"""The pipeline: understand → search → assess → decide → write → prove.

`Assistant.answer_steps` is the whole of it; each step is a module of its own. A language model, if
there is one, may choose what is quoted, or write what is then proved.
"""

import time
import uuid
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from assistant import writer
from assistant.answer import Answer, ProvedSentence, Reason, Related, Status, Turn
from assistant.citations import CitationCheck
from assistant.coverage import word_weights
from assistant.english.language import foreign_language
from assistant.english.question import Question, understand, validate_message
from assistant.errors import ModelMissing
from assistant.evidence import Evidence, collect_evidence, read_evidence
from assistant.identified import evidence_on_identifiers
from assistant.language_model.client import Usage
from assistant.language_model.prompt import Mode
from assistant.language_model.writer import Draft, Found, ModelOutput, ModelWriter
from assistant.reader.runtime import Reader
from assistant.replies import Reply, reply_to
from assistant.scorer import Scorer, rank_hits
from assistant.selection import Selection, decisive_units, labels_of, select, units_to_quote
from assistant.steps import Steps
from assistant.suggestions import Suggestions
from assistant.topic import below_name, carried_name, conversation_text, names_in
from assistant.writer import Composition, Statement, make_claim
from index.encoder import Encoder
from index.generation import Generation
from index.hits import Hit, SearchResult
from index.search import Searcher
from index.terms import content_words
from index.texts import TextStore

EXTRACTIVE = writer.NAME
_MAX_HITS = 10
_MAX_NEAR = 40  # hits among which a name of the conversation is looked for
_MAX_RELATED = 3
# Confidence below which a language model is not asked. With it, a model that chooses rightly still
# answers each question whose evidence was found, in gold and folders (tests/measure/model.py).
_MIN_CONFIDENCE_TO_ASK = 0.03


@dataclass(frozen=True)
class Assessment:
    """What was found and selected for a question; no decision yet. `found` and `evidence` are
    sorted, best first."""

    question: Question
    found: SearchResult
    evidence: Sequence[Evidence]
    selection: Selection | None


Step: TypeAlias = SearchResult | Assessment | ModelOutput | ProvedSentence


class Assistant:
    """Answers questions from one generation. Safe to share between threads."""

    def __init__(
        self,
        generation: Generation,
        encoder: Encoder,
        texts: TextStore,
        scorer: Scorer,
        reader: Reader | None = None,
        model: ModelWriter | None = None,
    ) -> None:
        """`texts` holds the texts that citations are proved against; `model` is the language model
        to ask, if any."""
        self.generation = generation
        self._documents = {each.path: each for each in generation.manifest.documents}
        self._searcher = Searcher(generation, encoder)
        self._encoder = encoder
        self._texts = texts
        self._scorer = scorer
        self._reader = reader
        self._model = model
        self._suggestions = Suggestions(generation)

    def within(self, folders: Collection[str]) -> "Assistant":
        """An assistant that knows only the documents in these folders."""
        return self.over(self.generation.within(folders))

    def without_faq(self) -> "Assistant":
        """An assistant that does not know the documents' questions and their answers."""
        return self.over(self.generation.without_faq())

    def over(self, generation: Generation, scorer: Scorer | None = None) -> "Assistant":
        """An assistant with the same models over another generation, or over a view of this one,
        which needs no other scorer."""
        scorer = scorer or self._scorer
        return Assistant(generation, self._encoder, self._texts, scorer, self._reader, self._model)

    @property
    def encoder(self) -> Encoder:
        """The encoder of questions and passages."""
        return self._encoder

    def ask(
        self,
        message: str,
        history: Sequence[Turn] = (),
        conversation_id: str | None = None,
        mode: str = "",
    ) -> Answer:
        """Answers or refuses, as `answer_steps` does."""
        return Steps(self.answer_steps(message, history, conversation_id, mode)).result()

    def ask_with_assessment(
        self, message: str, history: Sequence[Turn] = ()
    ) -> tuple[Answer, Assessment]:
        """The answer, and the assessment behind it. Raises QuestionInvalid."""
        steps = Steps(self.answer_steps(message, history))
        assessment = next(step for step in steps if isinstance(step, Assessment))
        return steps.result(), assessment

    def search(self, message: str, k: int) -> tuple[Hit, ...]:
        """The k best passages, scored 0 to 1 with the reader. Raises QuestionInvalid."""
        question = self._understand(message, ())
        found = self._searcher.search(question.text, max(k, _MAX_HITS))
        return rank_hits(found, self._collect(question, found))[:k]

    def answer_steps(
        self,
        message: str,
        history: Sequence[Turn] = (),
        conversation_id: str | None = None,
        mode: str = "",
    ) -> Generator[Step, None, Answer]:
        """Yields the search result, the assessment, pieces of a language model's reply and each
        proved sentence; returns the answer. `mode` is "extractive", or what the language model
        does instead of its default. Closing the generator cancels the work.

        Raises QuestionInvalid if the message is not a question, and ModelMissing if the mode needs
        a language model and there is none.
        """
        clock = _Clock()
        model = self._model_for(mode)
        reply = reply_to(validate_message(message))
        if reply:
            return (yield from self._reply(message, reply, conversation_id, clock))
        usage = Usage()
        question = self._understand(message, history, model, usage)
        clock.lap("understand")
        vector = self._searcher.encode(question.text)
        clock.lap("encode")
        found = self._searcher.search(question.text, _MAX_HITS, vector, question.context)
        question, found = self._carry_name(question, history, found)
        clock.lap("search")
        yield found
        whole = self.assess(question, found)
        assessments = self._assess_parts(whole) or [whole]
        draft = Draft(min(self._confidence(each) for each in assessments), whole.selection)
        clock.lap("select")
        yield whole
        composition = Composition()
        check = CitationCheck(self._texts, self._documents)
        if model and self._is_worth_asking(whole):
            chosen = Mode(mode) if mode else model.mode
            draft = yield from self._ask_model(model, whole, history, chosen, composition, check)
            usage.add(draft.usage)
            if draft.writer and draft.selection:
                assessments = [replace(whole, selection=draft.selection)]
        is_answered = draft.confidence >= self._scorer.threshold and not question.lacks_topic
        quoted = _statements(assessments) if is_answered and not draft.is_written else []
        clock.lap("write")
        if any(each.selection and each.selection.disagrees for each in assessments) and quoted:
            composition.open(writer.DISAGREE)
        for statement in check.proved(quoted):
            yield composition.add(statement)
        if quoted:
            composition.finish(any(e.selection and e.selection.is_cut for e in assessments))
        clock.lap("prove")
        sentences = tuple(composition.sentences)
        return Answer(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id or uuid.uuid4().hex,
            question=question.original,
            standalone_question=question.standalone,
            status=Status.ANSWERED if sentences else Status.REFUSED,
            text=composition.text if sentences else writer.REFUSAL,
            sentences=sentences,
            citations=composition.citations,
            confidence=draft.confidence,
            suggestions=() if sentences else self._suggestions.near(question, found.vector),
            related=() if sentences else _related(whole.found),
            writer=draft.writer or writer.NAME,
            generation=self.generation.id,
            timings_ms=clock.done(),
            reason=None if sentences else Reason.NO_ANSWER,
            prompt=draft.prompt,
            notice=draft.notice,
            tokens=(usage.input_tokens, usage.output_tokens),
        )

    def _model_for(self, mode: str) -> ModelWriter | None:
        """The language model to use in a mode. Raises ModelMissing."""
        if mode in ("", EXTRACTIVE):
            return None if mode else self._model
        if self._model is None:
            raise ModelMissing(f"the mode {mode!r} needs a language model, and none is configured")
        return self._model

    def _is_worth_asking(self, whole: Assessment) -> bool:
        """Whether a language model could find an answer that is not sure already."""
        if whole.selection is None or whole.selection.is_same_question:
            return False
        return self._confidence(whole) >= _MIN_CONFIDENCE_TO_ASK

    def _ask_model(
        self,
        model: ModelWriter,
        whole: Assessment,
        history: Sequence[Turn],
        mode: Mode,
        composition: Composition,
        check: CitationCheck,
    ) -> Generator[ModelOutput | ProvedSentence, None, Draft]:
        """Asks the language model; its proved claims are added to the composition."""
        assert whole.selection
        question, evidence = whole.question, whole.evidence

        def probability(each: Evidence) -> float:
            return round(self._scorer.probability(each, evidence, question.is_corrected), 4)

        hits, threshold = whole.found.hits, self._scorer.threshold
        found = Found(question, history, hits, evidence, whole.selection, probability, threshold)
        numbers: dict[tuple[str, tuple[int, int]], int] = {}
        asking = Steps(model.write(found, mode))
        with closing(asking):
            for step in asking:
                if isinstance(step, ModelOutput):
                    yield step
                    continue
                units = [(each.passage, each.unit) for each in step.support]
                claim = make_claim(step.text, units, numbers)
                if statement := check.verbatim(claim):
                    yield composition.add(statement)
            return asking.result()

    def _reply(
        self, message: str, reply: Reply, conversation_id: str | None, clock: "_Clock"
    ) -> Generator[Step, None, Answer]:
        """Replies to a message that is no question; the documents are not searched."""
        text = validate_message(message)
        clock.lap("understand")
        nothing = SearchResult((), np.zeros(self.generation.vectors.shape[1], np.float32))
        yield nothing
        yield Assessment(Question(text, original=message), nothing, (), None)
        return Answer(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id or uuid.uuid4().hex,
            question=message,
            standalone_question=text,
            status=Status.REFUSED,
            text=reply.text,
            sentences=(),
            citations=(),
            confidence=0.0,
            suggestions=self._suggestions.examples if reply.offers_questions else (),
            related=(),
            writer=writer.NAME,
            generation=self.generation.id,
            timings_ms=clock.done(),
            reason=reply.reason,
        )

    def assess(self, question: Question, found: SearchResult) -> Assessment:
        """Selects evidence from what was found, and measures it."""
        evidence = self._collect(question, found)
        found = replace(found, hits=rank_hits(found, evidence))
        selection = select(question, evidence)
        if selection and selection.disagrees:
            selection = replace(selection, blocks=self._newest_first(selection.blocks))
        return Assessment(question, found, evidence, selection)

    def _newest_first(self, blocks: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The blocks by the dates of their documents; those without a date last, as they were."""

        def date(block: Evidence) -> str:
            about = self._documents.get(block.passage.document)
            return about.date if about else ""

        return tuple(sorted(blocks, key=date, reverse=True))

    def _assess_parts(self, whole: Assessment) -> list[Assessment]:
        """The assessments of the parts of a compound question. Empty if it has no parts, if a part
        is not answered, if a comparison answers both at once, or if it is about one name only."""
        question, selection = whole.question, whole.selection
        if question.about or not question.parts:
            return []
        if selection and selection.is_comparison:
            return []
        assessments = []
        for part in question.parts:
            found = self._searcher.search(part.text, _MAX_HITS, context=question.text)
            assessments.append(self.assess(part, found))
        threshold = self._scorer.threshold
        is_answered = all(self._confidence(each) >= threshold for each in assessments)
        return assessments if is_answered else []

    def _understand(
        self,
        message: str,
        history: Sequence[Turn],
        model: ModelWriter | None = None,
        usage: Usage | None = None,
    ) -> Question:
        """The question that the message asks, after its misspellings were corrected. A language
        model, if there is one, makes a follow-up question understandable."""
        text = validate_message(message)
        if model and history and usage is not None:
            text = model.standalone(text, history, usage) or text
        correct = text if foreign_language(text) else self._searcher.correct_spelling(text)
        question = understand(correct, history, self._encoder.encode_documents)
        inserted = set(content_words(correct)) - set(content_words(text))
        return replace(question, original=message, is_corrected=bool(inserted))

    def _carry_name(
        self, question: Question, history: Sequence[Turn], found: SearchResult
    ) -> tuple[Question, SearchResult]:
        """The question with the name that the conversation is about, and its hits, if the documents
        answer it for several names; both unchanged otherwise."""
        conversation = conversation_text(history)
        if not conversation or question.lacks_topic or question.is_new_topic:
            return question, found
        alone = self._searcher.search(question.text, _MAX_HITS, found.vector)
        context = f"{question.text} {names_in(conversation)} {conversation}"
        near = self._searcher.search(question.text, _MAX_NEAR, found.vector, context)
        name = carried_name(question.text, conversation, alone, near, self._encoder.knows)
        if name is None:
            return question, found
        named = replace(question, about=name)
        found = self._searcher.search(named.standalone, _MAX_NEAR, context=named.context)
        return named, replace(found, hits=below_name(found.hits, name)[:_MAX_HITS])

    def _collect(self, question: Question, found: SearchResult) -> list[Evidence]:
        """The evidence, best first, without that on other identifiers than those asked about."""
        passages = self.generation.passages
        weights = word_weights(
            question,
            passages.document_frequency,
            passages.count,
            passages.synonyms.alternatives(question.text),
        )
        evidence = collect_evidence(question, found, weights)
        if self._reader:
            first = self._scorer.sort_unread(evidence)
            wanted = evidence_on_identifiers(question, first) or first
            evidence = read_evidence(question, wanted, self._reader)
        return evidence_on_identifiers(question, self._scorer.sort(evidence))

    def _confidence(self, assessment: Assessment) -> float:
        """Rounded as it is shown, so that a threshold taken from an answer holds for it. A question
        that the documents ask themselves, word for word, is sure to be answered by them."""
        if assessment.selection is None or assessment.question.lacks_topic:
            return 0.0
        if assessment.selection.is_same_question:
            return 1.0
        best, is_corrected = assessment.selection.best, assessment.question.is_corrected
        return round(self._scorer.probability(best, assessment.evidence, is_corrected), 4)


def _statements(assessments: Sequence[Assessment]) -> list[Statement]:
    """The selected units as statements, each once, in the order of the answer."""
    selections = [each.selection for each in assessments if each.selection]
    every = (
        unit
        for each in assessments
        if each.selection
        for unit in units_to_quote(each.question, each.selection)
    )
    units = list(dict.fromkeys(every))
    decisive = [unit for each in selections for unit in decisive_units(each)]
    labels = labels_of(selections[0], units) if len(selections) == 1 else {}
    return writer.make_statements(units, decisive, labels)


def _related(found: SearchResult) -> tuple[Related, ...]:
    passages = (hit.passage for hit in found.hits[:_MAX_RELATED])
    return tuple(Related(p.document, p.sha256, p.start, p.end, p.text) for p in passages)


class _Clock:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = round((now - self._last) * 1000, 2)
        self._last = now

    def done(self) -> dict[str, float]:
        total = round((time.perf_counter() - self._start) * 1000, 2)
        return {**self._laps, "total": total}
