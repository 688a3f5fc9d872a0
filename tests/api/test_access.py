"""Keys permit their scopes and folders; a service without keys serves only its own machine."""

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from builders import link_encoders
from fastapi.testclient import TestClient
from serving import BEANS, GARDEN, ask, client_of, expect_problem, opened
from starlette.types import Receive, Scope, Send

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.http.app import create_app
from api.service.index_updates import Progress
from api.settings import Settings

MakeClient = Callable[..., TestClient]
ASK = ("get", "/v1/search?q=beans")
WRITE = ("put", "/v1/documents/more.md")
ADMIN = ("get", "/metrics")
WALNUT = "Which tree is felled in secret?"
FOLDERS = {
    "public/garden.md": GARDEN["garden.md"],
    "secret/walnut.md": (
        f"# Felling\n\n## {WALNUT}\n\nThe walnut tree is felled in October, by Zyxwvut Ltd.\n"
    ),
    "secret/pay.md": "# Pay\n\n## What does the caretaker earn?\n\nHe earns 12 crowns an hour.\n",
}


@pytest.fixture(scope="module")
def indexed(encoder_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An indexed corpus with a public and a secret folder."""
    folder = tmp_path_factory.mktemp("folders")
    for name, text in FOLDERS.items():
        path = folder / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    link_encoders(folder / "data", encoder_data)
    build_index(Settings(corpus=folder / "corpus", data=folder / "data"))
    return folder


@pytest.fixture
def settings(indexed: Path, tmp_path: Path) -> Settings:
    """Settings of a copy of it."""
    folder = shutil.copytree(indexed, tmp_path / "folders", symlinks=True)
    return Settings(corpus=folder / "corpus", data=folder / "data")


@pytest.fixture
def with_key(service: Service) -> MakeClient:
    """Makes a client with a new key of these scopes, for these folders."""

    def make(*scopes: str, folders: tuple[str, ...] = ()) -> TestClient:
        name = f"key {len(service.keys.all())}"
        return client_of(service, service.keys.add(name, scopes, folders)[1])

    return make


def bare_get(client: TestClient, address: str) -> httpx2.Response:
    """Requests without any header."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await client.app({**scope, "headers": []}, receive, send)

    return TestClient(app).get(address)


def test_each_scope_permits_its_own_requests(service: Service, with_key: MakeClient) -> None:
    requests = {"ask": ASK, "write": WRITE, "admin": ADMIN}
    anonymous = client_of(service)
    for method, address in requests.values():
        assert anonymous.request(method, address, content="# More\n\nText.").status_code < 300
    for scope in requests:
        client = with_key(scope)
        for other, (method, address) in requests.items():
            response = client.request(method, address, content="# More\n\nText.")
            if other == scope:
                assert response.status_code < 300, response.text
            else:
                expect_problem(response, 403, f"lacks the scope {other}")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer nonsense", "Bearer pa_aaaaaaaaaaaa_" + "b" * 43, "Basic YTpi", "\x7f"],
)
def test_request_without_a_valid_key_is_refused(
    service: Service, with_key: MakeClient, header: str
) -> None:
    with_key("ask")
    headers = {"authorization": header} if header else {}
    response = client_of(service).get(ASK[1], headers=headers)
    expect_problem(response, 401, "missing or invalid API key")
    assert response.headers["www-authenticate"] == "Bearer"


def test_first_key_closes_a_running_service_for_good(
    service: Service, with_key: MakeClient
) -> None:
    anonymous = client_of(service)
    assert anonymous.get(ASK[1]).status_code == 200
    client = with_key("ask")
    assert client.get(ASK[1]).status_code == 200
    assert anonymous.get(ASK[1]).status_code == 401
    service.keys.revoke("key 0")
    assert client.get(ASK[1]).status_code == anonymous.get(ASK[1]).status_code == 401


def test_key_cannot_access_the_records_of_another(with_key: MakeClient) -> None:
    one, other = with_key("ask"), with_key("ask")
    answer = ask(one, BEANS, conversation_id="ours")
    assert one.get(f"/v1/answers/{answer['id']}").status_code == 200
    expect_problem(other.get(f"/v1/answers/{answer['id']}"), 404, "")
    expect_problem(other.get("/v1/conversations/ours"), 404, "")
    expect_problem(other.delete("/v1/conversations/ours"), 404, "")
    verdict = {"answer_id": answer["id"], "verdict": "up"}
    expect_problem(other.post("/v1/feedback", json=verdict), 404, "")
    assert one.post("/v1/feedback", json=verdict).status_code == 201


def test_health_page_and_documentation_need_no_key(service: Service, with_key: MakeClient) -> None:
    with_key("ask")
    client = client_of(service)
    for address in ("/healthz", "/readyz", "/", "/page/page.js", "/docs", "/openapi.json"):
        assert client.get(address).status_code == 200, address


def test_key_cannot_infer_what_is_in_other_folders(with_key: MakeClient) -> None:
    every, public = with_key("ask"), with_key("ask", folders=("public",))
    assert ask(every, WALNUT)["status"] == "answered"
    answer = ask(public, WALNUT)
    assert answer["status"] == "refused"
    # A misspelling is not corrected to a word that only the secret folder has.
    misspelled = ask(public, "Who is Zyxwvuu?")
    replies = [
        answer,
        misspelled,
        public.get("/v1/search", params={"q": WALNUT, "k": 50}).json(),
        public.get("/v1/search", params={"q": "Zyxwvut crowns", "k": 50}).json(),
        public.get("/v1/documents").json(),
        public.get("/v1/index").json(),
    ]
    texts = [str(reply).replace(WALNUT, "") for reply in replies]
    for word in ("walnut", "secret", "Zyxwvut", "pay.md", "crowns", "caretaker"):
        assert not any(word in text.replace("Zyxwvut crowns", "") for text in texts), word
    assert [each["path"] for each in replies[4]["documents"]] == ["public/garden.md"]
    assert replies[5]["documents"] == 1


def test_other_folders_change_neither_the_generation_nor_the_index_of_a_key(
    with_key: MakeClient, settings: Settings, service: Service
) -> None:
    every, public = with_key("ask", "write"), with_key("ask", folders=("public",))

    def generations() -> set[str]:
        return {
            str(ask(public, BEANS)["generation"]),
            public.get("/v1/index").json()["generation"],
            public.get("/v1/documents").json()["generation"],
        }

    whole = every.get("/v1/index").json()
    [before], index = generations(), public.get("/v1/index").json()
    assert before != whole["generation"]
    path = settings.corpus / "secret" / "pay.md"
    path.write_text(path.read_text(encoding="utf-8").replace("12", "13"), encoding="utf-8")
    (settings.corpus / "secret" / "broken.md").write_bytes(b"\xff")
    service.index_updater.request_build("secret/pay.md")
    service.index_updater.state.building = True
    service.index_updater.state.progress = Progress("Encoding", 1, 9)
    assert public.get("/v1/index").json() == index
    build_index(settings)
    assert every.get("/v1/index").json()["generation"] != whole["generation"]
    assert generations() == {before}
    assert public.get("/v1/index").json() == index
    (settings.corpus / "public" / "broken.md").write_bytes(b"\xff")
    (settings.corpus / "public" / "new.md").write_text("# New", encoding="utf-8")
    service.index_updater.request_build("public/new.md")
    assert public.get("/v1/index").json()["pending"] is True
    build_index(settings)
    assert generations() != {before}
    unreadable = public.get("/v1/index").json()["unreadable"]
    assert [each.partition(":")[0] for each in unreadable] == ["public/broken.md"]


def test_document_of_another_folder_is_missing(with_key: MakeClient, service: Service) -> None:
    public = with_key("ask", folders=("public",))
    with service.generations.borrow() as assistant:
        digests = {each.path: each.sha256 for each in assistant.generation.manifest.documents}
    hidden = digests["secret/pay.md"]
    for address in (
        "/v1/documents/secret/pay.md",
        f"/v1/documents/secret/pay.md?sha256={hidden}",
        f"/v1/documents/public/garden.md?sha256={hidden}",  # a name that it never had
        f"/v1/documents/public/../secret/pay.md?sha256={hidden}",
        f"/v1/documents/public/%2e%2e/secret/pay.md?sha256={hidden}",
    ):
        response = public.get(address)
        assert response.status_code == 404
        assert "crowns" not in response.text
    assert public.get("/v1/documents/public/garden.md").status_code == 200


def test_key_writes_only_in_its_folders(with_key: MakeClient, settings: Settings) -> None:
    client = with_key("write", folders=("public",))
    assert client.put("/v1/documents/public/new.md", content="# New").status_code == 202
    for method in ("put", "delete"):
        response = client.request(method, "/v1/documents/secret/pay.md", content="# Mine")
        expect_problem(response, 403, "can write only in public")
    expect_problem(
        client.put("/v1/documents/publicity.md", content="# Mine"), 403, "only in public"
    )
    form = {"file": ("../secret/pay.md", b"# Mine")}
    expect_problem(client.post("/v1/documents/public", files=form), 422, "starts with a dot")
    form = {"file": ("pay.md", b"# Mine")}
    expect_problem(client.post("/v1/documents/secret", files=form), 403, "can write only in public")
    expect_problem(client.post("/v1/documents", files=form), 403, "can write only in public")
    assert client.post("/v1/documents/public", files=form).status_code == 202
    assert (settings.corpus / "secret" / "pay.md").read_text(encoding="utf-8").startswith("# Pay")


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil", False),
        ("a{b.evil.example", False),
        ("localhost:8000.evil.example", False),
        ("127.0.0.1:", False),
        ("localhost@evil.example", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_accepted_without_keys(
    service: Service, with_key: MakeClient, host: str, accepted: bool
) -> None:
    response = client_of(service).get(ASK[1], headers={"host": host})
    if accepted:
        assert response.status_code == 200
    else:
        expect_problem(response, 421, "only requests to localhost")
    assert with_key("ask").get(ASK[1], headers={"host": host}).status_code == 200


@pytest.mark.parametrize("hosts", [[], ["localhost", "evil.example"], ["localhost", "localhost"]])
def test_request_without_a_key_needs_exactly_one_host(
    shared_client: TestClient, hosts: list[str]
) -> None:
    request = shared_client.build_request("GET", ASK[1])
    del request.headers["host"]
    request.headers = httpx2.Headers([("host", host) for host in hosts])
    # The client adds a host unless there is one.
    response = shared_client.send(request) if hosts else bare_get(shared_client, ASK[1])
    expect_problem(response, 421, "send one Host header")


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host"]
)
def test_request_through_a_proxy_needs_a_key(
    service: Service, with_key: MakeClient, header: str
) -> None:
    headers = {header: "127.0.0.1"}
    expect_problem(client_of(service).get(ASK[1], headers=headers), 421, "through a proxy")
    assert with_key("ask").get(ASK[1], headers=headers).status_code == 200


def test_request_of_a_trusted_proxy_needs_a_key_even_without_a_header(settings: Settings) -> None:
    with opened(settings.model_copy(update={"trusted_proxies": "127.0.0.0/8"})) as service:
        client = TestClient(create_app(service), "http://localhost", client=("127.0.0.1", 5000))
        expect_problem(client.get(ASK[1]), 421, "through a proxy")


@pytest.mark.parametrize("proxy", ["10.1.2.3", "::ffff:10.1.2.3"])
@pytest.mark.parametrize(("trusted", "shared"), [("", True), ("10.0.0.0/8, 192.0.2.1", False)])
def test_forwarded_address_counts_only_from_trusted_proxies(
    settings: Settings, trusted: str, shared: bool, proxy: str
) -> None:
    limited = settings.model_copy(update={"rate_limit": "1/minute", "trusted_proxies": trusted})
    with opened(limited) as service:
        service.keys.add("any", ["ask"], [])
        client = TestClient(create_app(service), "http://localhost", client=(proxy, 5000))

        def guess(address: str) -> int:
            headers = {"x-forwarded-for": f"203.0.113.9, {address}, 192.0.2.1"}
            return client.get(ASK[1], headers=headers).status_code

        statuses = [guess("198.51.100.1"), guess("198.51.100.2"), guess("198.51.100.2")]
        assert statuses == ([401, 429, 429] if shared else [401, 401, 429])


def test_service_that_others_can_reach_needs_a_key(settings: Settings) -> None:
    with opened(settings, loopback=False) as service:
        assert client_of(service).get(ASK[1]).status_code == 401


def test_rate_limit_applies_to_each_key_and_to_guesses_by_address(settings: Settings) -> None:
    with opened(settings.model_copy(update={"rate_limit": "3/minute"})) as service:
        one, other = (
            client_of(service, service.keys.add(name, ["ask"], [])[1]) for name in ("one", "other")
        )
        assert [one.get(ASK[1]).status_code for _ in range(4)] == [200, 200, 200, 429]
        response = one.get(ASK[1])
        expect_problem(response, 429, "3 per 1 minute")
        assert 1 <= int(response.headers["retry-after"]) <= 60
        guess = client_of(service, "pa_guess")
        assert [guess.get(ASK[1]).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
        assert other.get(ASK[1]).status_code == 200
