import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        (
            "corpus.document index.hits index.errors index.folders index.layout index.manifest "
            "index.encoder index.passages index.texts index.terms index.generation index.search "
            "assistant.answer assistant.errors api.errors api.settings api.store.database "
            "api.store.keys api.store.records",
            "chromadb langchain_core langchain_chroma onnxruntime fastapi torch",
        ),
        (
            "corpus.loader index.build api.assembly.assistant api.assembly.service api.http.server",
            "selectolax lxml openpyxl docutils charset_normalizer pypdfium2 pypdf docx pptx",
        ),
        (
            "index.build index.encoders index.health api.assembly.assistant",
            "chromadb langchain_core fastapi torch transformers onnx",
        ),
    ],
)
def test_modules_load_no_heavy_library(modules: str, heavy: str) -> None:
    program = """if True:
        import importlib, json, sys
        loaded = {}
        for module in sys.argv[1].split():
            importlib.import_module(module)
            for library in sys.argv[2].split():
                if library in sys.modules:
                    loaded.setdefault(library, module)
        print(json.dumps(loaded))
    """
    command = [sys.executable, "-c", program, modules, heavy]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == {}  # the first module that loads each library
