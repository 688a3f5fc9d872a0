"""Documents over HTTP: the list, the text and structure of each, and old versions."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving import BEANS, CHANGED, GARDEN, ask

from api.assembly.assistant import build_index
from api.settings import Settings

Writer = Callable[[Mapping[str, str]], Path]


def test_list_has_all_documents_and_example_questions(shared_client: TestClient) -> None:
    listing = shared_client.get("/v1/documents").json()
    assert [each["path"] for each in listing["documents"]] == ["garden.md", "roses.txt"]
    assert listing["documents"][0]["characters"] == len(GARDEN["garden.md"])
    assert BEANS in listing["examples"]


def test_document_has_its_text_and_structure(shared_client: TestClient) -> None:
    document = shared_client.get("/v1/documents/garden.md").json()
    assert document["text"] == GARDEN["garden.md"]
    assert (document["title"], document["current"]) == ("The garden", True)
    assert [block["kind"] for block in document["blocks"]] == ["heading", "question", "answer"]


@pytest.mark.parametrize(
    "path", ["../garden.md", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "a%00b"]
)
def test_path_is_never_opened_as_a_file(shared_client: TestClient, path: str) -> None:
    assert shared_client.get(f"/v1/documents/{path}").status_code == 404


@pytest.mark.parametrize("files", [CHANGED, {"roses.txt": GARDEN["roses.txt"]}])
def test_citation_opens_after_its_document_was_changed_or_deleted(
    client: TestClient, settings: Settings, folder_of: Writer, files: Mapping[str, str]
) -> None:
    [citation] = ask(client, BEANS)["citations"]
    folder_of(files)
    build_index(settings)
    cited = client.get(f"/v1/documents/garden.md?sha256={citation['sha256']}").json()
    assert cited["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert cited["current"] is False
    current = client.get("/v1/documents/garden.md")
    assert current.status_code == (200 if "garden.md" in files else 404)
    assert current.json().get("text") == files.get("garden.md")
