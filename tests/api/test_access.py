"""Who may: keys and scopes, folders of their own, rates, and a service that is open to its own
machine only."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import link_encoders
from fastapi.testclient import TestClient
from serving import BEANS, GARDEN, ROOT, ROSES, ask, client_of, expect_problem, opened

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.errors import RateLimited
from api.service.rate_limits import RateLimiter, parse_rate_limits
from api.settings import Settings

ASKS = ("get", "/v1/search?q=beans")
WRITES = ("put", "/v1/documents/more.md")
RUNS = ("get", "/metrics")
WALNUT = "Which tree is felled in secret?"
FOLDERS = {
    "public/garden.md": GARDEN["garden.md"],
    "secret/walnut.md": (
        f"# Felling\n\n## {WALNUT}\n\nThe walnut tree is felled in October, by Zyxwvut Ltd.\n"
    ),
    "secret/pay.md": "# Pay\n\n## What does the caretaker earn?\n\nHe earns 12 crowns an hour.\n",
}


@pytest.fixture
def settings(tmp_path: Path, data: Path) -> Settings:
    """A published index of a public and a secret folder."""
    corpus = tmp_path / "corpus"
    for name, text in FOLDERS.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text, encoding="utf-8")
    settings = Settings(corpus=corpus, data=data)
    build_index(settings)
    return settings


Keyed = Callable[..., TestClient]


@pytest.fixture
def keyed(service: Service) -> Keyed:
    """A client with a new key of these scopes, for these folders."""

    def make(*scopes: str, folders: tuple[str, ...] = ()) -> TestClient:
        name = f"key {len(service.keys.all())}"
        return client_of(service, service.keys.add(name, scopes, folders)[1])

    return make


# --- keys and scopes -----------------------------------------------------------------------------


def test_without_keys_the_own_machine_may_do_everything(service: Service) -> None:
    client = client_of(service)
    for method, address in (ASKS, WRITES, RUNS):
        assert client.request(method, address, content="# More\n\nText.").status_code < 300


@pytest.mark.parametrize(
    ("scope", "allowed"), [("ask", [ASKS]), ("write", [WRITES]), ("admin", [RUNS])]
)
def test_a_key_may_do_what_its_scopes_say_and_nothing_else(
    keyed: Keyed, scope: str, allowed: list[tuple[str, str]]
) -> None:
    client = keyed(scope)
    for method, address in (ASKS, WRITES, RUNS):
        response = client.request(method, address, content="# More\n\nText.")
        if (method, address) in allowed:
            assert response.status_code < 300, response.text
        else:
            expect_problem(response, 403, "lacks the scope")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer nonsense", "Bearer pa_aaaaaaaaaaaa_" + "b" * 43, "Basic YTpi", "\x7f"],
)
def test_with_keys_whoever_shows_none_that_counts_is_refused(
    service: Service, keyed: Keyed, header: str
) -> None:
    keyed("ask")
    headers = {"authorization": header} if header else {}
    response = client_of(service).get(ASKS[1], headers=headers)
    expect_problem(response, 401, "missing or invalid API key")
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_key_that_was_revoked_counts_no_more_and_opens_nothing(
    service: Service, keyed: Keyed
) -> None:
    client = keyed("ask")
    assert client.get(ASKS[1]).status_code == 200
    service.keys.revoke("key 0")
    assert client.get(ASKS[1]).status_code == 401
    assert client_of(service).get(ASKS[1]).status_code == 401


def test_the_first_key_closes_a_service_that_runs(service: Service, keyed: Keyed) -> None:
    client = client_of(service)
    assert client.get(ASKS[1]).status_code == 200
    keyed("ask")
    assert client.get(ASKS[1]).status_code == 401


def test_what_is_kept_of_one_key_is_nothing_to_another(keyed: Keyed) -> None:
    one, other = keyed("ask"), keyed("ask")
    answer = ask(one, BEANS, conversation_id="ours")
    assert one.get(f"/v1/answers/{answer['id']}").status_code == 200
    expect_problem(other.get(f"/v1/answers/{answer['id']}"), 404, "")
    expect_problem(other.get("/v1/conversations/ours"), 404, "")
    expect_problem(other.delete("/v1/conversations/ours"), 404, "")
    verdict = {"answer_id": answer["id"], "verdict": "up"}
    expect_problem(other.post("/v1/feedback", json=verdict), 404, "")
    assert one.post("/v1/feedback", json=verdict).status_code == 201


def test_health_the_page_and_the_description_need_no_key(service: Service, keyed: Keyed) -> None:
    keyed("ask")
    client = client_of(service)
    for address in ("/healthz", "/readyz", "/", "/page/page.js", "/docs", "/openapi.json"):
        assert client.get(address).status_code == 200, address


# --- folders -------------------------------------------------------------------------------------


def test_what_a_key_may_not_read_it_cannot_find_cite_or_infer(keyed: Keyed) -> None:
    every, public = keyed("ask"), keyed("ask", folders=("public",))
    assert ask(every, WALNUT)["status"] == "answered"
    answer = ask(public, WALNUT)
    assert answer["status"] == "refused"
    # A word that only the secret folder has is not known: it is not even corrected to it.
    misspelt = ask(public, "Who is Zyxwvuu?")
    pages = [
        answer,
        misspelt,
        public.get("/v1/search", params={"q": WALNUT, "k": 50}).json(),
        public.get("/v1/search", params={"q": "Zyxwvut crowns", "k": 50}).json(),
        public.get("/v1/documents").json(),
        public.get("/v1/index").json(),
    ]
    told = [str(page).replace(WALNUT, "") for page in pages]
    for word in ("walnut", "secret", "Zyxwvut", "pay.md", "crowns", "caretaker"):
        assert not any(word in page.replace("Zyxwvut crowns", "") for page in told), word
    assert [each["path"] for each in pages[4]["documents"]] == ["public/garden.md"]
    assert pages[5]["documents"] == 1


def test_a_document_outside_of_its_folders_does_not_exist_for_a_key(
    keyed: Keyed, service: Service
) -> None:
    public = keyed("ask", folders=("public",))
    with service.generations.borrow() as assistant:
        digests = {each.path: each.sha256 for each in assistant.generation.manifest.documents}
    hidden = digests["secret/pay.md"]
    for address in (
        "/v1/documents/secret/pay.md",
        f"/v1/documents/secret/pay.md?sha256={hidden}",
        f"/v1/documents/public/garden.md?sha256={hidden}",  # under a name that it never had
        f"/v1/documents/public/../secret/pay.md?sha256={hidden}",
        f"/v1/documents/public/%2e%2e/secret/pay.md?sha256={hidden}",
    ):
        response = public.get(address)
        assert response.status_code == 404
        assert "crowns" not in response.text
    assert public.get("/v1/documents/public/garden.md").status_code == 200


def test_a_key_for_a_folder_answers_as_if_there_were_no_other(
    keyed: Keyed, tmp_path: Path, data: Path
) -> None:
    alone = tmp_path / "alone"
    (alone / "public").mkdir(parents=True)
    (alone / "public" / "garden.md").write_text(FOLDERS["public/garden.md"], encoding="utf-8")
    other = tmp_path / "other"
    other.mkdir()
    link_encoders(other, data)
    only = Settings(corpus=alone, data=other)
    build_index(only)
    changing = {"id", "conversation_id", "timings_ms", "generation"}
    public = keyed("ask", folders=("public",))
    with opened(only) as lone:
        for question in (BEANS, ROSES, WALNUT, "When are the beens sown?"):
            one, two = ask(public, question), ask(client_of(lone), question)
            assert {k: v for k, v in one.items() if k not in changing} == {
                k: v for k, v in two.items() if k not in changing
            }


def test_a_key_writes_in_its_own_folders_only(keyed: Keyed, settings: Settings) -> None:
    client = keyed("write", folders=("public",))
    assert client.put("/v1/documents/public/new.md", content="# New").status_code == 202
    for method in ("put", "delete"):
        response = client.request(method, "/v1/documents/secret/pay.md", content="# Mine")
        expect_problem(response, 403, "public only")
    expect_problem(client.put("/v1/documents/publicity.md", content="# Mine"), 403, "public only")
    assert (settings.corpus / "secret" / "pay.md").read_text(encoding="utf-8").startswith("# Pay")


# --- the own machine only ------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil"])
def test_a_name_that_was_given_this_machines_address_is_not_answered(
    service: Service, host: str
) -> None:
    response = client_of(service).get(ASKS[1], headers={"host": host})
    expect_problem(response, 421, "only requests to localhost")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_is_answered_under_its_own_names(service: Service, host: str) -> None:
    assert client_of(service).get(ASKS[1], headers={"host": host}).status_code == 200


def test_with_a_key_any_name_is_answered(keyed: Keyed) -> None:
    client = keyed("ask")
    assert client.get(ASKS[1], headers={"host": "faq.example"}).status_code == 200


def test_a_service_that_others_can_reach_is_never_open(settings: Settings) -> None:
    with opened(settings, loopback=False) as service:
        assert client_of(service).get(ASKS[1]).status_code == 401


# --- rates ---------------------------------------------------------------------------------------


def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    settings: Settings,
) -> None:
    with opened(settings.model_copy(update={"rate_limit": "3/minute"})) as service:
        one, other = (
            client_of(service, service.keys.add(name, ["ask"], [])[1]) for name in ("one", "other")
        )
        assert [one.get(ASKS[1]).status_code for _ in range(4)] == [200, 200, 200, 429]
        response = one.get(ASKS[1])
        expect_problem(response, 429, "3 per 1 minute")
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert other.get(ASKS[1]).status_code == 200


def test_who_tries_keys_is_counted_by_address(settings: Settings) -> None:
    with opened(settings.model_copy(update={"rate_limit": "3/minute"})) as service:
        good = client_of(service, service.keys.add("good", ["ask"], [])[1])
        guessing = client_of(service, "pa_guess")
        codes = [guessing.get(ASKS[1]).status_code for _ in range(5)]
        assert codes == [401, 401, 401, 429, 429]
        assert good.get(ASKS[1]).status_code == 200


def test_a_rate_begins_anew_when_the_clock_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = RateLimiter(parse_rate_limits("2/minute"))
    rates.hit("one")
    rates.hit("one")
    with pytest.raises(RateLimited):
        rates.hit("one")
    moved = time.time() - 86_400
    monkeypatch.setattr("time.time", lambda: moved)
    rates.hit("one")


# --- the command ---------------------------------------------------------------------------------


def test_a_key_is_kept_as_a_digest_only(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "api.cli", "keys", "--data", str(tmp_path), "add", "one"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    secret = shown.strip().rsplit("_", 1)[1]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in kept
