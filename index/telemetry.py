"""Turns off what libraries send to their makers.

Works through the environment, which the libraries read when they are imported and which child
processes inherit. Values that were set for other programs do not count: nothing is sent unless a
setting of this program asks for it.
"""

import os

_TELEMETRY = {
    # onnxruntime looks up a host and writes a device id to the user's cache folder, by default.
    "ORT_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub, transformers, sentence-transformers
}
# LangChain reads TRACING_V2 before TRACING, and the prefix LANGSMITH before LANGCHAIN.
_TRACING = {"LANGSMITH_TRACING_V2": "false", "LANGSMITH_TRACING": "false"}


def disable_telemetry() -> None:
    """Turns off the telemetry of onnxruntime, Chroma and Hugging Face. Call it before any of them
    is imported; `index/__init__.py` does."""
    os.environ.update(_TELEMETRY)


def disable_tracing() -> None:
    """Keeps LangChain from sending questions and documents to LangSmith.

    For the commands of this program only: an application that imports `index.langchain_adapters`
    may trace its own use.
    """
    os.environ.update(_TRACING)
