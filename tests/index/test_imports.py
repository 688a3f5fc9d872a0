import subprocess
import sys

import pytest

HEAVY = ("chromadb", "langchain", "langchain_core", "langchain_chroma", "onnxruntime", "fastapi", "torch")
LIGHT_MODULES = [
    "corpus.document",
    "index.hits",
    "index.errors",
    "index.folders",
    "index.layout",
    "index.manifest",
    "index.encoder",
    "index.passages",
    "index.texts",
    "index.terms",
    "index.generation",
    "index.search",
    "assistant.answer",
    "assistant.errors",
    "api.errors",
    "api.settings",
    "api.store.database",
    "api.store.keys",
    "api.store.records",
]


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_light_module_loads_no_heavy_library(module: str) -> None:
    program = f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_search_and_build_load_neither_chroma_nor_torch() -> None:
    program = (
        "import sys, index.build, index.encoders, index.health, api.assembly.assistant\n"
        "heavy = ('chromadb', 'langchain_core', 'fastapi', 'torch', 'transformers', 'onnx')\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
