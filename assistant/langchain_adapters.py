"""The assistant as LangChain components, for the chains and agents of others.

Ask it in a chain; the result is the Answer, with sentences and citations:

    from api.assembly.assistant import ensure_index, open_assistant
    from api.settings import load_settings
    from assistant.langchain_adapters import answer_runnable

    settings = load_settings()
    ensure_index(settings)
    chain = answer_runnable(open_assistant(settings)) | (lambda answer: answer.text)
    print(chain.invoke("Who is an internal customer?"))

Give it to an agent as a tool; the result is the text with markers, and the quotes behind it:

    from api.assembly.assistant import ensure_index, open_assistant
    from api.settings import load_settings
    from assistant.langchain_adapters import AnswerTool

    settings = load_settings()
    ensure_index(settings)
    tool = AnswerTool(assistant=open_assistant(settings))
    print(tool.invoke({"question": "Who is an internal customer?"}))
"""

from langchain_core.callbacks import CallbackManagerForToolRun
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field

from assistant.answer import Answer
from assistant.pipeline import Assistant


def answer_runnable(assistant: Assistant) -> Runnable[str, Answer]:
    """The assistant as a Runnable from a question to its Answer. Raises QuestionInvalid."""
    return RunnableLambda(assistant.ask, name="proved_answer")


class Question(BaseModel):
    """The argument of the tool."""

    question: str = Field(description="one question in plain English")


class AnswerTool(BaseTool):
    """The assistant as a tool. A refusal is a result, too: agents should pass it on."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    name: str = "ask_documents"
    description: str = (
        "Answers a question from the team's documents. Every sentence has a marker such as [1], "
        "and the quotes that prove it follow. Says so if the documents do not answer."
    )
    args_schema: type[BaseModel] = Question

    def _run(self, question: str, run_manager: CallbackManagerForToolRun | None = None) -> str:
        answer = self.assistant.ask(question)
        ordered = sorted(answer.citations, key=lambda each: each.number)
        quotes = [f"[{each.number}] {each.document}: {each.quote}" for each in ordered]
        return "\n".join([answer.text, *quotes])
