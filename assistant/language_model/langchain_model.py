"""A language model of any provider, through LangChain. The only module that imports it, and so the
only one that needs an extra to be installed."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage

from assistant.language_model.client import ModelBusy, ModelFailed, Prompt, Usage

_log = logging.getLogger(__name__)
# Tokens of a reply: five sentences with ids take some 200.
_MAX_TOKENS = 800
_BUSY = frozenset([408, 409, 425, 429, 500, 502, 503, 504, 529])
_MAX_MESSAGE_CHARS = 200
# How servers say that they do not know a parameter: the schema of the reply.
_NOT_UNDERSTOOD = frozenset([400, 404, 422, 501])
# Libraries of providers raise errors of many classes; those of a lost connection have such names.
_CONNECTION_WORDS = ("timeout", "connect", "readerror", "remoteprotocol", "network")


class LangChainModel:
    """Implements LanguageModel. `name` is "provider:model"; with `url`, any server that speaks the
    provider's protocol. Raises ModelFailed if there is no such provider, or its package is missing.
    """

    def __init__(self, name: str, url: str = "", key: str = "", timeout: float = 20.0) -> None:
        self.name = name
        self._provider, _, self._model = name.partition(":")
        self._key = key
        self._takes_schema = True  # until it refuses one
        try:
            self._chat: BaseChatModel = init_chat_model(
                self._model,
                model_provider=self._provider,
                **_options(self._provider, url, key, timeout),
            )
        except ImportError as error:
            raise ModelFailed(
                f"needs a package: pip install 'proved-assistant[{self._provider}]'"
            ) from error
        except Exception as error:  # each provider raises other classes
            raise ModelFailed(f"cannot be set up: {self._message(error)}") from error

    def stream(self, prompt: Prompt, usage: Usage, timeout: float) -> Iterator[str]:
        """Implements LanguageModel.stream."""
        options = _timeout(self._provider, timeout)
        schema = _structured(self._provider, prompt.schema) if self._takes_schema else {}
        try:
            yield from self._chunks(prompt, usage, options | schema)
        except Exception as error:  # each provider raises other classes
            if not schema or getattr(error, "status_code", None) not in _NOT_UNDERSTOOD:
                raise self._translated(error) from error
            _log.info("%s takes no schema of a reply: %s", self.name, self._message(error))
            self._takes_schema = False
            yield from self.stream(prompt, usage, timeout)

    def _chunks(self, prompt: Prompt, usage: Usage, options: dict[str, Any]) -> Iterator[str]:
        messages = [SystemMessage(prompt.system), HumanMessage(prompt.user)]
        for chunk in self._chat.stream(messages, **options):
            if isinstance(chunk, AIMessageChunk) and chunk.usage_metadata:
                usage.input_tokens += chunk.usage_metadata["input_tokens"]
                usage.output_tokens += chunk.usage_metadata["output_tokens"]
            yield chunk.text

    def _translated(self, error: Exception) -> ModelFailed:
        status = getattr(error, "status_code", None)
        names = " ".join(each.__name__.lower() for each in type(error).__mro__)
        if "timeout" in names:
            return ModelFailed("did not answer in time")
        if status in _BUSY:
            return ModelBusy(f"is busy (HTTP {status})", _retry_after(error))
        if status is not None:
            return ModelFailed(f"refused the request (HTTP {status}: {self._message(error)})")
        if any(word in names for word in _CONNECTION_WORDS):
            return ModelBusy("cannot be reached")
        return ModelFailed(f"gave no usable reply ({type(error).__name__})")

    def _message(self, error: Exception) -> str:
        """What the provider says, in one line, without the key."""
        text = " ".join(str(error).split())
        return (text.replace(self._key, "…") if self._key else text)[:_MAX_MESSAGE_CHARS]


def _options(provider: str, url: str, key: str, timeout: float) -> dict[str, Any]:
    """The arguments of the provider's class. Retries are ours: they know the time limit."""
    options: dict[str, Any] = {"base_url": url} if url else {}
    if provider == "ollama":
        client = {"timeout": timeout}
        return options | {"num_predict": _MAX_TOKENS, "temperature": 0, "client_kwargs": client}
    if url:  # some hosted models accept no temperature
        options["temperature"] = 0
    if key or url:  # a server without keys ignores it, but the client needs one
        options["api_key"] = key or "none"
    if provider == "openai":
        options["stream_usage"] = True
    return options | {"timeout": timeout, "max_retries": 0, "max_tokens": _MAX_TOKENS}


def _timeout(provider: str, seconds: float) -> dict[str, Any]:
    return {"timeout": seconds} if provider == "openai" else {}


def _structured(provider: str, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The argument that makes a provider reply in JSON of this schema; {} if it has none."""
    if schema is None:
        return {}
    if provider == "ollama":
        return {"format": schema}
    if provider == "anthropic":
        return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    if provider == "openai":
        named = {"name": "reply", "strict": True, "schema": schema}
        # In the body: with an argument of its own, the client would parse the stream instead of us.
        return {"extra_body": {"response_format": {"type": "json_schema", "json_schema": named}}}
    return {}


def _retry_after(error: Exception) -> float:
    """The seconds of the header Retry-After, 0 if there is none or it is a date."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return max(0.0, float(headers.get("retry-after", 0)))
    except (TypeError, ValueError):
        return 0.0
