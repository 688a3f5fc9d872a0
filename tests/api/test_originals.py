"""The files of documents over HTTP: the original for those who may read it, and uploads of it."""

import io
import zipfile
from pathlib import Path

import pytest
from conftest import Writer
from fastapi.testclient import TestClient
from serving import GARDEN, client_of, expect_problem, opened

from api.assembly.assistant import build_index
from api.settings import Settings

PDF = b"%PDF-1.4\n1 0 obj\n"
PAGE = "<script>alert(1)</script><h1>Noise</h1><p>Drilling is forbidden on Sundays."


@pytest.fixture
def corpus(folder_of: Writer) -> Path:
    return folder_of({**GARDEN, "noise.html": PAGE})


@pytest.fixture
def client(corpus: Path, data: Path) -> TestClient:
    settings = Settings(corpus=corpus, data=data)
    build_index(settings)
    with opened(settings) as service:
        yield client_of(service)


def test_original_is_the_file_and_never_shown_as_html(client: TestClient) -> None:
    response = client.get("/v1/originals/noise.html")
    assert response.text == PAGE
    headers = response.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="noise.html"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize("name", ["gone.md", "../secret.md", "%2e%2e/secret.md", ".hidden", ""])
def test_only_files_of_the_index_have_an_original(
    client: TestClient, corpus: Path, name: str
) -> None:
    (corpus / ".hidden").write_text("classified")
    (corpus.parent / "secret.md").write_text("classified")
    response = client.get(f"/v1/originals/{name}")
    assert response.status_code == 404
    assert "classified" not in response.text


def test_original_that_became_a_link_out_of_the_folder_is_not_followed(
    client: TestClient, corpus: Path
) -> None:
    (corpus.parent / "secret.md").write_text("secret")
    (corpus / "noise.html").unlink()
    (corpus / "noise.html").symlink_to(corpus.parent / "secret.md")
    expect_problem(client.get("/v1/originals/noise.html"), 404, "was removed")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PDF),
        ("a.xlsx", zipped()),
        ("a.html", b"<p>x"),
        ("a.csv", "Gärten".encode("cp1252")),
    ],
)
def test_files_of_all_formats_can_be_uploaded(
    client: TestClient, corpus: Path, name: str, content: bytes
) -> None:
    response = client.put(f"/v1/documents/{name}", content=content)
    assert (response.status_code, response.json()["path"]) == (202, name)
    assert (corpus / name).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content", "detail"),
    [
        ("a.pdf", b"<html>", "is no PDF file"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is no XLSX file, or is encrypted"),
        ("a.html", b" \n", "contains nothing"),
        ("a.exe", b"MZ", "the format of 'a.exe' is not supported"),
    ],
)
def test_upload_of_another_format_than_the_suffix_says_is_refused(
    client: TestClient, corpus: Path, name: str, content: bytes, detail: str
) -> None:
    before = sorted(corpus.iterdir())
    expect_problem(client.put(f"/v1/documents/{name}", content=content), 422, detail)
    assert sorted(corpus.iterdir()) == before


def test_upload_that_its_loader_rejects_is_reported(
    client: TestClient, corpus: Path, data: Path
) -> None:
    client.put("/v1/documents/broken.pdf", content=PDF)
    build_index(Settings(corpus=corpus, data=data))
    [report] = [
        each
        for each in client.get("/v1/index?files=true").json()["files"]
        if each["path"] == "broken.pdf"
    ]
    assert report["outcome"] == "unreadable"
    assert report["reason"]
