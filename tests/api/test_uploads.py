"""Documents over HTTP: written and deleted whole or not at all, and never outside their folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import AsNobody, Writer
from fastapi.testclient import TestClient
from serving import GARDEN, expect_problem, opened

from api.assembly.service import Service
from api.settings import Settings
from corpus.document import text_digest
from corpus.loader import MAX_DOCUMENT_BYTES


@pytest.fixture
def corpus(folder_of: Writer) -> Path:
    return folder_of(GARDEN)


@pytest.fixture
def service(corpus: Path, data: Path) -> Iterator[Service]:
    with opened(Settings(corpus=corpus, data=data)) as service:
        yield service


def file_names(corpus: Path) -> set[str]:
    paths = corpus.rglob("*")
    return {path.relative_to(corpus).as_posix() for path in paths if path.is_file()}


def test_document_is_stored_unchanged_and_a_build_is_requested(
    client: TestClient, service: Service, corpus: Path
) -> None:
    text = "# Lawn\r\n\r\nThe lawn is mown on Fridays – always.\r\n"
    response = client.put("/v1/documents/hr/Ümläute and more.md", content=text.encode())
    assert response.status_code == 202
    assert response.json() == {
        "path": "hr/Ümläute and more.md",
        "sha256": text_digest(text),
        "characters": len(text),
    }
    assert (corpus / "hr" / "Ümläute and more.md").read_bytes() == text.encode()
    assert service.index_updater.state.pending


def test_document_replaces_one_of_the_same_name(client: TestClient, corpus: Path) -> None:
    assert client.put("/v1/documents/garden.md", content="# New").status_code == 202
    assert (corpus / "garden.md").read_text(encoding="utf-8") == "# New"
    assert file_names(corpus) == {"garden.md", "roses.txt"}


def test_every_document_but_the_last_can_be_deleted(client: TestClient, corpus: Path) -> None:
    assert client.delete("/v1/documents/garden.md").json() == {"path": "garden.md"}
    assert file_names(corpus) == {"roses.txt"}
    expect_problem(client.delete("/v1/documents/garden.md"), 404, "/v1/documents")
    expect_problem(client.delete("/v1/documents/roses.txt"), 409, "the only document")
    assert file_names(corpus) == {"roses.txt"}


@pytest.mark.parametrize(
    "name",
    [
        "../outside.md",
        "%2e%2e/outside.md",
        "%2e%2e%2foutside.md",
        "a/../../outside.md",
        "a/%2e%2e/%2e%2e/outside.md",
        "%2fetc%2foutside.md",
        "/outside.md",
        "..%5coutside.md",
        "a%5c..%5coutside.md",
        "c:%5coutside.md",
        "a%00.md",
        "a%0a.md",
        "a%0d%0ax-injected: 1.md",
        ".hidden.md",
        "a/.hidden/b.md",
        "a//b.md",
        "a/",
        "%20.md",
        "b.md%20",
        "~.md",
        "$HOME.md",
        "a;rm.md",
        "<b>.md",
        "a" * 101 + ".md",
        "a/" * 8 + "b.md",
        "%e2%80%aegm.md",
        "a.exe",
        "a.md.zip",
        "a",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_unsuitable_name_is_refused_and_no_file_changes(
    client: TestClient, corpus: Path, tmp_path: Path, method: str, name: str
) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    # The client would normalize the URL.
    request = client.build_request(method, "http://localhost/", content="# Outside")
    request.url = request.url.copy_with(raw_path=f"/v1/documents/{name}".encode())
    response = client.send(request)
    assert response.status_code in (404, 405, 422), response.text
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")} == before
    assert file_names(corpus) == set(GARDEN)
    assert "x-injected" not in response.headers


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "contains no text"),
        (b" \n", "contains no text"),
        (b"\xff\xfe\x00", "not"),
        (b"caf\xe9", "UTF-8"),
        (b"a\x00b", "NUL"),
        (b"PK\x03\x04" + bytes(30), "NUL"),
    ],
)
def test_binary_content_is_refused_and_the_old_document_stays(
    client: TestClient, corpus: Path, content: bytes, message: str
) -> None:
    expect_problem(client.put("/v1/documents/garden.md", content=content), 422, message)
    assert (corpus / "garden.md").read_text(encoding="utf-8") == GARDEN["garden.md"]


def test_document_can_be_larger_than_a_question_but_not_unlimited(
    client: TestClient, corpus: Path
) -> None:
    large = b"A line of text.\n" * 20_000
    assert client.put("/v1/documents/large.txt", content=large).status_code == 202
    assert (corpus / "large.txt").stat().st_size == len(large)
    pieces = (b" " * 2**20 for _ in range(MAX_DOCUMENT_BYTES // 2**20 + 1))
    expect_problem(client.put("/v1/documents/huge.txt", content=pieces), 413, "32 MB")
    assert not (corpus / "huge.txt").exists()


def test_symbolic_link_out_of_the_folder_is_not_followed(
    client: TestClient, corpus: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "plan.md").write_text("# Plan", encoding="utf-8")
    (corpus / "folder").symlink_to(outside)
    (corpus / "link.md").symlink_to(outside / "plan.md")
    for name in ("folder/plan.md", "folder/new.md", "link.md"):
        expect_problem(client.put(f"/v1/documents/{name}", content="# Mine"), 422, "leads out")
        expect_problem(client.delete(f"/v1/documents/{name}"), 422, "leads out")
    assert [path.name for path in outside.iterdir()] == ["plan.md"]
    assert (outside / "plan.md").read_text(encoding="utf-8") == "# Plan"


def test_document_cannot_replace_a_folder(client: TestClient, corpus: Path) -> None:
    (corpus / "folder.md").mkdir()
    expect_problem(client.put("/v1/documents/folder.md", content="# A"), 422, "folder")
    expect_problem(client.put("/v1/documents/garden.md/b.md", content="# A"), 422, "folder")
    assert not list(corpus.glob("**/.writing-*"))


def test_folder_without_write_permission_is_reported(
    client: TestClient,
    corpus: Path,
    bound_by_permissions: AsNobody,
) -> None:
    corpus.chmod(0o555)
    with bound_by_permissions():
        response = client.put("/v1/documents/new.md", content="# New")
    corpus.chmod(0o755)
    expect_problem(response, 503, "change permissions")
    assert file_names(corpus) == set(GARDEN)
