"""Opens the language model of the settings, and keeps what its exam showed.

The module with LangChain is imported only if a model is configured: it needs an extra, and seconds.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from api.errors import SettingsInvalid
from api.settings import Settings
from assistant.claims import ClaimProof
from assistant.language_model.client import GuardedModel, LanguageModel, ModelFailed, Usage
from assistant.language_model.exam import TrustStore, exam_questions, take_exam
from assistant.language_model.prompt import Mode
from assistant.language_model.trust import Trust
from assistant.language_model.writer import ModelWriter
from assistant.reader.runtime import Reader
from index.encoder import Encoder

_log = logging.getLogger(__name__)
_EXAMS = "exams.json"
# Seconds until an exam that failed, because the model did not answer, is tried again.
_RETRY_INTERVAL = 60.0


@dataclass(frozen=True)
class ConfiguredModel:
    """The language model of the settings, and the results of its exams."""

    model: GuardedModel
    mode: Mode
    exams: TrustStore

    def writer(self, encoder: Encoder, reader: Reader | None) -> ModelWriter:
        """Returns the writer for one generation."""
        return ModelWriter(self.model, self.mode, ClaimProof(encoder, reader), self.trust)

    def trust(self, mode: Mode) -> Trust:
        """Returns the result of the exam; before it was taken, the model's choice says nothing."""
        return self.exams.read(self.model.name, mode) or Trust()

    def is_examined(self, mode: Mode) -> bool:
        """Whether the model has taken the exam for a mode."""
        return self.exams.read(self.model.name, mode) is not None

    def examine(self, mode: Mode, watch: Callable[[], None] = lambda: None) -> Trust:
        """Lets the model take the exam and stores the result. Raises ModelFailed, and OSError if
        the result cannot be stored."""
        usage = Usage()
        trust = take_exam(self.model, mode, usage, watch)
        self.exams.write(self.model.name, mode, trust)
        _log.info(
            "The language model %s took the exam for %s: %s (%s tokens in, %s out).",
            self.model.name, mode, describe_trust(trust), usage.input_tokens, usage.output_tokens,
        )  # fmt: skip
        return trust


def open_model(settings: Settings) -> ConfiguredModel | None:
    """Returns the language model of the settings, None if there is none. Nothing is sent yet.

    Raises SettingsInvalid if the provider is unknown, or its package or key is missing.
    """
    if not settings.model:
        return None
    try:
        model = _open(settings)
    except ImportError as error:
        extra = settings.model.partition(":")[0].replace("local", "local-model")
        raise SettingsInvalid(
            f"ASSISTANT_MODEL is set, but {error.name} is missing: pip install "
            f"'proved-assistant[{extra}]'"
        ) from error
    except ModelFailed as error:
        raise SettingsInvalid(
            f"the language model {settings.model} {error}: check ASSISTANT_MODEL, "
            "ASSISTANT_MODEL_URL and ASSISTANT_MODEL_KEY"
        ) from error
    guarded = GuardedModel(model, settings.model_timeout)
    return ConfiguredModel(
        guarded, Mode(settings.model_mode), TrustStore(settings.data_folder / _EXAMS)
    )


def _open(settings: Settings) -> LanguageModel:
    package = "assistant.language_model"
    if settings.model.startswith("local:"):
        module = import_module(f"{package}.local_model")
        local: LanguageModel = module.LocalModel(settings.model, settings.model_timeout)
        return local
    module = import_module(f"{package}.langchain_model")
    key = settings.model_key.get_secret_value()
    remote: LanguageModel = module.LangChainModel(
        settings.model, settings.model_url, key, settings.model_timeout
    )
    return remote


def describe_trust(trust: Trust) -> str:
    """Returns the result of an exam in words."""
    answerable = trust.right + trust.wrong + trust.missed
    return (
        f"{trust.right} of {answerable} questions right, "
        f"{trust.declined} of {trust.declined + trust.invented} without an answer declined"
    )


def examine_in_background(configured: ConfiguredModel) -> threading.Event:
    """Lets the model take its exam in a thread, unless it did before. Setting the event stops the
    thread at the next try."""
    stop = threading.Event()
    if not configured.is_examined(configured.mode):
        threading.Thread(target=_examine, args=(configured, stop), daemon=True).start()
    return stop


def _examine(configured: ConfiguredModel, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            configured.examine(configured.mode)
        except (ModelFailed, OSError) as error:
            _log.warning("The exam of the language model failed: it %s.", error)
            stop.wait(_RETRY_INTERVAL)
        else:
            return


def exam_length() -> int:
    """Returns the number of questions of the exam."""
    return len(exam_questions())
