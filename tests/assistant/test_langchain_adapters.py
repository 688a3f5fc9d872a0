"""The assistant in other people's chains and agents."""

import inspect
import re
import textwrap
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from builders import AssistantOpener, shipped_scorer
from langchain_tests.unit_tests import ToolsUnitTests

from api.settings import Settings
from assistant import langchain_adapters
from assistant.answer import Answer
from assistant.langchain_adapters import AnswerTool, answer_runnable
from assistant.pipeline import Assistant

FILES = {"guide.md": "# Guide\n\n## Beans\n\nBeans are sown in May. Water them daily.\n"}
QUESTION = "When are beans sown?"


@pytest.fixture
def assistant(open_assistant: AssistantOpener) -> Assistant:
    return open_assistant(FILES, shipped_scorer("plain"))


class TestAnswerTool(ToolsUnitTests):
    tool_constructor = AnswerTool
    tool_constructor_params: Any = None
    tool_invoke_params_example: Any = MappingProxyType({"question": QUESTION})

    @pytest.fixture(autouse=True)
    def _assistant(self, assistant: Assistant) -> None:
        self.tool_constructor_params = {"assistant": assistant}


def test_tool_returns_the_answer_and_its_quotes(assistant: Assistant) -> None:
    said = AnswerTool(assistant=assistant).invoke({"question": QUESTION})
    assert said == "Beans are sown in May. [1]\n[1] guide.md: Beans are sown in May."


def test_runnable_returns_the_answer(assistant: Assistant) -> None:
    def quotes(answer: Answer) -> list[str]:
        return [each.quote for each in answer.citations]

    chain = answer_runnable(assistant) | quotes
    assert chain.batch([QUESTION, QUESTION]) == [["Beans are sown in May."]] * 2


def test_examples_of_the_docstring_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", str(settings.corpus))
    monkeypatch.setenv("ASSISTANT_DATA", str(settings.data))
    documentation = inspect.getdoc(langchain_adapters) or ""
    examples = re.findall(r"(?:^    .*\n|^\n)+", documentation + "\n", re.MULTILINE)
    programs = [textwrap.dedent(each) for each in examples if "import" in each]
    assert len(programs) == 2
    for program in programs:
        exec(compile(program, str(Path(langchain_adapters.__file__)), "exec"), {})
    assert capsys.readouterr().out
