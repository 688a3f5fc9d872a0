import json
import subprocess
import sys

import pytest

LIGHT_MODULES = (
    "corpus.document index.hits index.errors index.folders index.layout index.manifest "
    "index.encoder index.passages index.texts index.terms index.generation index.search "
    "assistant.answer assistant.errors api.errors api.settings api.store.database api.store.keys "
    "api.store.records"
).split()
ASK_MODULES = ["index.build", "index.encoders", "index.health", "api.assembly.assistant"]
PROGRAM = """
import importlib, json, sys
modules, heavy = json.loads(sys.argv[1])
loaded = {}
for name in modules:
    importlib.import_module(name)
    for library in heavy:
        if library in sys.modules:
            loaded.setdefault(library, name)
print(json.dumps(loaded))
"""


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        (
            LIGHT_MODULES,
            ["chromadb", "langchain_core", "langchain_chroma", "onnxruntime", "fastapi", "torch"],
        ),
        (ASK_MODULES, ["chromadb", "langchain_core", "fastapi", "torch", "transformers", "onnx"]),
    ],
)
def test_modules_load_no_heavy_library(modules: list[str], heavy: list[str]) -> None:
    command = [sys.executable, "-c", PROGRAM, json.dumps([modules, heavy])]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == {}  # the first module that loads each library
