"""Documents over HTTP: written and deleted whole or not at all, and never outside their folder."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from conftest import AsNobody, Writer
from fastapi.testclient import TestClient
from serving import GARDEN, expect_problem, listening, opened

from api.assembly.service import Service
from api.errors import CorpusUnwritable, UploadRefused
from api.settings import Settings
from corpus.document import text_digest
from corpus.files import TEMPORARY_PREFIX
from corpus.loader import MAX_DOCUMENT_BYTES

PART = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.md"\r\n\r\n# A\r\n'


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


def test_document_is_not_stored_in_the_folder_above_if_its_own_is_removed_meanwhile(
    service: Service, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.mkdir", lambda *_, **__: None)  # as if removed at once
    with pytest.raises(CorpusUnwritable, match="No such file or directory"):
        service.uploads.put("hr/salaries.md", b"# Salaries")
    assert file_names(corpus) == {"garden.md", "roses.txt"}


def test_member_of_an_archive_is_deleted_with_the_archive(client: TestClient, corpus: Path) -> None:
    corpus.joinpath("handbook.zip").write_bytes(b"PK")
    refused = client.delete("/v1/documents/handbook.zip/guide.md")
    assert "is part of 'handbook.zip': delete or replace that file" in refused.text


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
        "a" * 253 + ".md",
        "a" * 256 + "/b.md",
        "%E0%A4%95" * 85 + ".md",
        "a.md%3a$DATA",
        "-rf.md",
        "What%3f.md",
        "a*.md",
        "`id`.md",
        "%cd%be.md",  # a Greek question mark is normalized to a semicolon
        "%ff.md",
        "a%e2%80%8d.md",
        "a%e2%80%8bb.md",
        "folder./b.md",
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
    "name",
    [
        "What's new – 2026.md",
        "C#.md",
        "[draft] policy.md",
        "100 % of it, @home = {a}!.md",
        "📄 party 🎉.md",
        "👩\u200d💻 team.md",
        "अवकाश नीति.md",
        "क्\u200dष.md",
        "休暇.md",
        "hr.old/Café.md",
        "a" * 252 + ".md",
        "é" * 126 + ".md",
    ],
)
def test_ordinary_name_is_accepted(client: TestClient, corpus: Path, name: str) -> None:
    response = client.put(f"/v1/documents/{quote(name)}", content="# Text")
    assert response.status_code == 202, response.text
    assert response.json()["path"] == name
    assert file_names(corpus) == {*GARDEN, name}
    assert client.delete(f"/v1/documents/{quote(name)}").json() == {"path": name}


def test_refusal_names_what_is_dangerous(client: TestClient) -> None:
    for name, message in {
        "a\u202eb.md": "the invisible character U+202E",
        "a;b.md": "some systems interpret ';' (U+003B)",
        "~root.md": "starts with '~'",
        ".env.md": "hidden files are not indexed",
        "b" * 300 + ".md": "longer than 255 bytes",
        "a/" * 7 + "b" * 249 + "/" + "c" * 200 + "/d.md": "at most 8 levels",
    }.items():
        expect_problem(client.put(f"/v1/documents/{quote(name)}", content="# A"), 422, message)


def test_accents_are_composed_and_find_a_decomposed_file(client: TestClient, corpus: Path) -> None:
    composed, decomposed = "Café/Ménü.md", "Cafe\u0301/Me\u0301nu\u0308.md"
    response = client.put(f"/v1/documents/{quote(decomposed)}", content="# New")
    assert response.json()["path"] == composed
    assert file_names(corpus) == {*GARDEN, composed}
    (corpus / "Café").rename(corpus / "Cafe\u0301")  # as some file systems do
    response = client.put(f"/v1/documents/{quote(composed)}", content="# Newer")
    assert response.json()["path"] == "Cafe\u0301/Ménü.md"
    assert client.delete(f"/v1/documents/{quote(composed)}").status_code == 202
    assert file_names(corpus) == set(GARDEN)


def test_form_with_one_file_is_stored_under_its_name(client: TestClient, corpus: Path) -> None:
    files = {"file": ("leave.md", "# Leave – all".encode())}
    for method, address in (
        ("PUT", "/v1/documents/hr/one.md"),
        ("POST", "/v1/documents/hr/one.md"),
        ("POST", "/v1/documents/hr"),
        ("POST", "/v1/documents"),
    ):
        response = client.request(method, address, files=files)
        assert response.status_code == 202, response.text
    written = {"hr/one.md", "hr/leave.md", "leave.md"}
    assert file_names(corpus) == {*GARDEN, *written}
    for name in written:
        assert (corpus / name).read_text(encoding="utf-8") == "# Leave – all"


def test_files_of_a_form_are_stored_all_or_none(
    client: TestClient, service: Service, corpus: Path
) -> None:
    def post(*files: tuple[str, bytes]) -> httpx2.Response:
        return client.post("/v1/documents/hr", files=[("file", each) for each in files])

    (corpus / "hr" / "c.md").mkdir(parents=True)
    names = ("c.exe", "a.md", "../c.md", "a.md/c.md", "c.md")
    for each in [("d.md", b"\xff"), *((name, b"# C") for name in names)]:
        assert post(("a.md", b"# A"), ("b.md", b"# B"), each).status_code == 422
    expect_problem(post(*((f"{at}.md", b"# A") for at in range(51))), 400, "Too many files")
    assert file_names(corpus) == set(GARDEN)
    assert not service.index_updater.state.pending
    large = b"A line of text.\n" * 100_000
    stored = post(("a.md", b"# A"), ("deep/b.md", large)).json()["documents"]
    assert [each["path"] for each in stored] == ["hr/a.md", "hr/deep/b.md"]
    assert stored[1]["characters"] == len(large)
    assert (corpus / "hr" / "deep" / "b.md").read_bytes() == large
    assert service.index_updater.state.pending


@pytest.mark.parametrize(
    ("content_type", "content", "status", "message"),
    [
        ("text/markdown", b"# A", 422, "curl -F file="),
        ("multipart/form-data", b"# A", 400, "Missing boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n", 400, "curl -F file="),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "contains no file"),
        ("multipart/form-data; boundary=x", PART, 400, "It ends before its last boundary"),
        (
            "multipart/form-data; boundary=x",
            PART + b"--x\r\n",
            400,
            "It ends before its last boundary",
        ),
    ],
)
def test_body_that_is_no_form_is_refused(
    client: TestClient, content_type: str, content: bytes, status: int, message: str
) -> None:
    headers = {"content-type": content_type}
    response = client.post("/v1/documents", content=content, headers=headers)
    expect_problem(response, status, message)


def test_other_fields_of_a_form_are_ignored_and_limited(client: TestClient, corpus: Path) -> None:
    def post(count: int, size: int) -> httpx2.Response:
        fields = {f"field {number}": "a" * size for number in range(count)}
        return client.post("/v1/documents", files={"file": ("a.md", b"# A")}, data=fields)

    expect_problem(post(51, 1), 400, "Too many fields")
    expect_problem(post(1, 65 * 1024), 400, "exceeded maximum size of 64KB")
    assert file_names(corpus) == set(GARDEN)
    assert post(50, 60 * 1024).status_code == 202
    assert file_names(corpus) == {*GARDEN, "a.md"}


def test_curl_uploads_files(service: Service, corpus: Path, tmp_path: Path) -> None:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    for name in ("one.md", "two.md"):
        (tmp_path / name).write_text(f"# {name}", encoding="utf-8")
    with listening(service) as (host, port):
        forms = [argument for name in ("one.md", "two.md") for argument in ("-F", f"file=@{name}")]
        address = f"http://{host}:{port}/v1/documents"
        command = [program, "--silent", "--fail", *forms, address]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert file_names(corpus) == {*GARDEN, "one.md", "two.md"}


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


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_link_inside_the_folder_is_not_followed(
    client: TestClient, corpus: Path, method: str
) -> None:
    (corpus / "secret" / "deep").mkdir(parents=True)
    (corpus / "secret" / "deep" / "pay.md").write_text("# Pay", encoding="utf-8")
    (corpus / "public").mkdir()
    (corpus / "public" / "link").symlink_to(corpus / "secret")
    (corpus / "public" / "pay.md").symlink_to(corpus / "secret" / "deep" / "pay.md")
    before = file_names(corpus)
    for name in ("link/deep/pay.md", "link/new/a.md", "link/a.md", "pay.md"):
        response = client.request(method, f"/v1/documents/public/{name}", content="# Mine")
        expect_problem(response, 422, "leads out")
    assert file_names(corpus) == before
    assert (corpus / "secret" / "deep" / "pay.md").read_text(encoding="utf-8") == "# Pay"


def test_link_that_is_made_during_an_upload_is_not_followed(service: Service, corpus: Path) -> None:
    (corpus / "public").mkdir()
    (corpus / "secret").mkdir()
    upload = service.uploads.begin("public/new/a.md")
    upload.write(b"# Mine")
    upload.finish()
    (corpus / "public" / "new").symlink_to(corpus / "secret")
    with pytest.raises(UploadRefused, match="leads out"):
        upload.commit()
    upload.close()
    assert file_names(corpus) == set(GARDEN)


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


def test_unfinished_uploads_of_a_killed_service_are_removed_at_the_next_start(
    settings: Settings,
) -> None:
    (settings.corpus / "hr").mkdir()
    left = settings.corpus / "hr" / f"{TEMPORARY_PREFIX}0123"
    left.touch()
    with opened(settings) as service:
        assert not left.exists()
        upload = service.uploads.begin("new.md")
        with opened(settings):  # a second service of the same folder
            upload.write(b"# New\n")
            upload.finish()
            assert upload.commit().path == "new.md"
        upload.close()
