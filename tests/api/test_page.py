"""The web page: its files, what it may load, and how it behaves in a real browser."""

import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from browser import HOSTILE, SIZE, TIMEOUT, Tab
from conftest import Writer
from fastapi.testclient import TestClient
from formats import SICK, write_handbook
from office_handbooks import PdfHandbook
from serving import BEANS, CHANGED, GARDEN, ROSES, client_of, listening, opened

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.http.app import PAGE
from api.http.middleware import MAX_BODY_BYTES
from api.service.index_updates import Progress
from api.settings import Settings
from assistant.pipeline import Assistant
from index.errors import IndexDamaged

SEED_ANSWER = "Beans are sown in the second week of May. [1]"


@pytest.mark.parametrize("name", sorted(path.name for path in PAGE.iterdir()))
def test_each_file_has_its_content_type(shared_client: TestClient, name: str) -> None:
    types = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
    response = shared_client.get("/" if name == "index.html" else f"/page/{name}")
    assert response.text == (PAGE / name).read_text(encoding="utf-8")
    assert response.headers["content-type"].split(";")[0] == types[Path(name).suffix]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_only_files_of_the_service(shared_client: TestClient, path: str) -> None:
    html = shared_client.get(path).text
    urls = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', html)
    assert urls
    for url in urls:
        assert url.startswith("data:") or shared_client.get(url).status_code == 200


def test_modules_import_only_files_of_the_page() -> None:
    for path in PAGE.glob("*.js"):
        for name in re.findall(r'^import .* from "(.*)";$', path.read_text("utf-8"), re.MULTILINE):
            assert (PAGE / name).is_file()


def test_docs_list_every_endpoint_and_render_code(shared_client: TestClient) -> None:
    html = unescape(shared_client.get("/docs").text)
    for path in shared_client.get("/openapi.json").json()["paths"]:
        assert path in html
    assert "<code>stream</code>" in html
    assert "`" not in html


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """The URL of a service of the test's own, for tests that change documents or keys."""
    with listening(service) as (host, port):
        yield f"http://{host}:{port}/"


@pytest.fixture
def page(tab: Tab, shared_address: str) -> Tab:
    """A tab with the page of the shared service."""
    tab.open(shared_address)
    return tab


@pytest.fixture
def answered(page: Tab) -> Tab:
    """The page after one answer."""
    page.ask(BEANS)
    page.answered()
    return page


class PausedMethod:
    """Pauses the calls of a method until the test resumes them."""

    def __init__(self, owner: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._resumed = threading.Event()
        self._method = getattr(owner, name)
        monkeypatch.setattr(owner, name, self._wait)

    def _wait(self, *arguments: object) -> object:
        assert self._resumed.wait(TIMEOUT)
        return self._method(*arguments)

    def resume(self) -> None:
        self._resumed.set()


def assistant_of(service: Service) -> Assistant:
    with service.generations.borrow() as assistant:
        return assistant


def conversation_of(tab: Tab) -> str:
    """The id of the tab's conversation, or ""."""
    return str(tab.run("sessionStorage.getItem('assistant.conversation') ?? ''"))


def answers_in(service: Service, conversation: str) -> int:
    return len(service.records.conversation("", conversation).answers)


def test_page_shows_the_first_build_and_unlocks_when_it_is_done(
    tab: Tab, data: Path, folder_of: Writer
) -> None:
    settings = Settings(corpus=folder_of(GARDEN), data=data)
    with opened(settings) as service, listening(service) as (host, port):
        state = service.index_updater.state
        state.building = True
        tab.open(f"http://{host}:{port}/#q={BEANS}")
        tab.sees("The index is being built.", "#build")
        assert tab.run("document.querySelector('#question').disabled")
        state.progress = Progress("Encoding", 300, 1200)
        tab.sees("Encoding: 300 of 1,200", "#build")
        assert tab.run("document.querySelector('#build-bar').position") == 0.25
        assert tab.count(".error") == 0
        build_index(settings)
        state.building = False
        tab.answered()
        assert tab.text("#build") == ""
        tab.sees("2 documents, generation", "#summary")
        tab.ask(ROSES)
        tab.answered(2)


def test_page_shows_why_there_is_no_index(tab: Tab, data: Path, folder_of: Writer) -> None:
    settings = Settings(corpus=folder_of({"roses.txt": GARDEN["roses.txt"]}), data=data)
    with opened(settings) as service, listening(service) as (host, port):
        tab.open(f"http://{host}:{port}/")
        tab.sees("the operator of the service has to build the index", "#welcome .error")
        build_index(settings)
        tab.click("Try again")
        tab.sees("1 document, generation", "#summary")


def test_page_names_the_files_that_are_left_out(
    tab: Tab, settings: Settings, folder_of: Writer
) -> None:
    folder_of({**GARDEN, "bad.md": f"{HOSTILE}\x00"})
    build_index(settings)
    with opened(settings) as service, listening(service) as (host, port):
        tab.open(f"http://{host}:{port}/#documents")
        tab.sees("Left out: 1 file", "#panel")
        tab.sees("bad.md: not text (contains NUL characters)", "#left-out")


def test_sentences_appear_as_they_arrive_and_markers_open_their_sources(
    page: Tab, shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assessing = PausedMethod(assistant_of(shared_service), "assess", monkeypatch)
    saving = PausedMethod(shared_service.records, "save_answer", monkeypatch)
    page.sees("2 documents, generation")
    page.ask(BEANS)
    page.sees("Found 2 passages in 2 documents: The garden, roses", ".reply")
    assessing.resume()
    page.sees(SEED_ANSWER, ".reply .answer")
    assert page.text(".facts") == ""
    page.click("[1]")
    page.sees("Beans are sown in the second week of May.", "#panel mark")
    page.run("document.querySelector('.reply .marker').focus()")
    saving.resume()
    page.answered()
    assert page.text(".reply") == SEED_ANSWER
    assert page.run("document.activeElement.matches('.reply .marker')")
    assert "1 source" in page.text(".proof")
    page.press("Escape", 27)
    assert not page.run("document.querySelector('#panel').checkVisibility()")


def test_refusal_suggests_questions_that_the_documents_answer(page: Tab) -> None:
    page.ask("How tall do the beans grow?")
    page.sees("The documents do not answer this question.", ".refusal")
    page.click(BEANS)
    page.answered(2)
    assert "second week of May" in page.text(".exchange:last-child")


def test_greeting_gets_questions_to_ask_and_no_vote(page: Tab) -> None:
    page.ask("hi")
    page.sees("Hello! Ask me a question about the documents.", ".refusal")
    page.sees("Questions that the documents answer", ".refusal")
    assert page.text(".proof") == ""
    page.click(BEANS)
    page.answered()


def test_question_in_the_url_is_asked_once(
    tab: Tab, shared_address: str, shared_service: Service
) -> None:
    tab.open(f"{shared_address}#q={ROSES}")
    tab.answered()
    tab.reload()
    tab.answered()
    assert "watered by the caretaker" in tab.text(".reply")
    assert answers_in(shared_service, conversation_of(tab)) == 1


def test_stopped_question_can_be_retried(
    page: Tab, shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assessing = PausedMethod(assistant_of(shared_service), "assess", monkeypatch)
    page.ask(BEANS)
    page.sees("Found 2 passages")
    page.click("Stop")
    page.sees("Stopped.", ".reply")
    assessing.resume()
    page.wait_for(lambda: not shared_service.concurrency.admitted)  # it held the idempotency key
    page.click("Try again")
    page.answered()


def test_error_is_shown_and_can_be_retried(
    page: Tab, shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_service.concurrency, "admitted", 64)
    page.ask(BEANS)
    page.sees("64 questions are being answered", ".error")
    monkeypatch.undo()
    page.click("Try again")
    page.answered()


def test_direction_of_writing_cannot_be_changed(tab: Tab, data: Path, folder_of: Writer) -> None:
    poster = (
        "# Poster \u202e\n\n## What does the poster say?\n\nPay \u202ellib\u202c \u2067now\u2069.\n"
    )
    settings = Settings(corpus=folder_of({"poster.md": poster}), data=data)
    build_index(settings)
    with opened(settings) as service, listening(service) as (host, port):
        tab.open(f"http://{host}:{port}/")
        tab.ask("What does the poster say?")
        tab.answered()
        tab.sees("Pay \ufffdllib\ufffd \ufffdnow\ufffd.", ".reply")
        tab.click("[1]")
        tab.sees("Pay \ufffdllib\ufffd \ufffdnow\ufffd.", "#panel mark")
        html = tab.run("document.documentElement.outerHTML")
    assert not set("\u202e\u202c\u2067\u2069") & set(html)


@pytest.mark.parametrize("prefix", ["/team/assistant", ""])
def test_page_works_below_a_path(tab: Tab, settings: Settings, prefix: str) -> None:
    """Whether the proxy passes the path on or removes it."""
    below = settings.model_copy(update={"root_path": "/team/assistant"})
    with opened(below) as service, listening(service) as (host, port):
        tab.open(f"http://{host}:{port}{prefix}/")
        tab.sees("2 documents, generation", "#summary")
        tab.ask(BEANS)
        tab.answered()
        tab.click("[1]")
        tab.sees("second week of May", "#panel mark")
        tab.reload()
        tab.sees("second week of May", ".reply")
        assert tab.run("document.querySelector('#home').pathname") == "/team/assistant/"


@pytest.mark.parametrize("path", ["/team/assistant", "/team/assistant/", "/team/assistant/docs"])
def test_links_below_a_path_lead_to_the_service(settings: Settings, path: str) -> None:
    below = settings.model_copy(update={"root_path": "/team/assistant"})
    with opened(below) as service:
        client = client_of(service)
        for url in re.findall('(?:src|href)="(/[^"]*)"', client.get(path).text):
            assert url.startswith("/team/assistant/")
            assert client.get(url).status_code == 200
        description = client.get("/team/assistant/openapi.json").json()
        assert description["servers"] == [{"url": "/team/assistant"}]
        assert client.get("/team/assistants").status_code == 404
        text = b"x" * (MAX_BODY_BYTES + 1)
        upload = client.put("/team/assistant/v1/documents/a.md", content=text)
        assert upload.status_code == 202  # with the limit of a document


def test_error_in_a_stream_is_shown_as_text(
    page: Tab, shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise IndexDamaged(HOSTILE)

    monkeypatch.setattr(assistant_of(shared_service), "assess", broken)
    page.ask(BEANS)
    page.sees(f"{HOSTILE}: the operator of the service has to rebuild the index", ".error")
    assert page.count("img, b") == 0


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "return new Response(text.slice(0, text.indexOf('event: answer') + 20), response);",
            "The answer is incomplete",
        ),
        ("throw new TypeError('connection lost');", "The service cannot be reached"),
    ],
)
def test_retry_after_a_lost_answer_does_not_ask_twice(
    page: Tab, shared_service: Service, fault: str, message: str
) -> None:
    page.run(  # replaces `fetch` for one question
        f"""
        const original = window.fetch;
        window.fetch = async (path, options) => {{
          const response = await original(path, options);
          if (path !== "/v1/chat") return response;
          window.fetch = original;
          const text = await response.text();
          {fault}
        }};
        """
    )
    page.ask(BEANS)
    page.sees(message, ".error")
    page.click("Try again")
    page.answered()
    assert answers_in(shared_service, conversation_of(page)) == 1


def test_reload_restores_the_conversation(answered: Tab, shared_service: Service) -> None:
    answered.ask(ROSES)
    answered.answered(2)
    answered.reload()
    answered.answered(2)
    headings = "[...document.querySelectorAll('.exchange h2')].map((node) => node.textContent)"
    assert answered.run(headings) == [BEANS, ROSES]
    answered.click("[1]", ".exchange:first-child button")
    answered.sees("second week of May", "#panel mark")
    answered.ask("And who is the caretaker?")
    answered.answered(3)
    assert answers_in(shared_service, conversation_of(answered)) == 3


def test_source_that_has_changed_is_marked(
    tab: Tab, address: str, service: Service, settings: Settings, folder_of: Writer
) -> None:
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    assert "has changed since" not in tab.text(".proof")
    folder_of(CHANGED)
    build_index(settings)
    service.generations.refresh()
    tab.reload()
    tab.sees("The document has changed since.", ".proof")
    tab.click("[1]")
    tab.sees("second week of May", "#panel mark")
    tab.sees("This is not the current version of the document.", "#panel")


def test_title_starts_a_new_conversation(answered: Tab, shared_service: Service) -> None:
    first = conversation_of(answered)
    answered.click("Assistant")
    answered.sees("Ask about the documents", "#welcome")
    assert answered.count(".exchange") == 0
    answered.ask(ROSES)
    answered.answered()
    assert conversation_of(answered) not in ("", first)
    assert answers_in(shared_service, first) == 1


def test_deleted_conversation_is_not_restored(answered: Tab, shared_service: Service) -> None:
    shared_service.records.delete_conversation("", conversation_of(answered))
    answered.reload()
    answered.sees("Ask about the documents", "#welcome")
    assert conversation_of(answered) == ""
    assert answered.count(".error") == 0


def test_deleting_a_conversation_needs_a_confirmation(
    answered: Tab, shared_service: Service
) -> None:
    stored = conversation_of(answered)
    answered.click("Delete this conversation")
    answered.click("Keep it")
    assert answers_in(shared_service, stored) == 1
    answered.click("Delete this conversation")
    answered.click("Delete")
    answered.sees("Ask about the documents", "#welcome")
    assert conversation_of(answered) == ""
    assert shared_service.records.turns("", stored, 10) == []


def test_feedback_is_stored_with_its_comment(answered: Tab, shared_service: Service) -> None:
    [answer] = shared_service.records.conversation("", conversation_of(answered)).answers
    for label in ("Helpful", "Not helpful"):
        answered.click(label)
        pressed = "document.querySelector('.verdict[aria-pressed=true]')?.textContent"
        answered.until(f"{pressed} === '{label}'")
    answered.run("document.querySelector('.comment input').focus()")
    answered.type("It is <b>June</b>")
    answered.sees("Your comment is stored with the answer.", ".feedback")
    answered.click("Not helpful")  # a second click does not delete the comment
    feedback = shared_service.records.feedback("", answer.id)
    assert feedback and (feedback.verdict, feedback.comment) == ("down", "It is <b>June</b>")


def test_feedback_that_cannot_be_stored_says_so(answered: Tab, shared_service: Service) -> None:
    shared_service.records.delete_conversation("", conversation_of(answered))
    answered.click("Helpful")
    answered.sees("Your feedback was not saved. Not Found", ".feedback [role=alert]")
    assert answered.count(".verdict[aria-pressed=true]") == 0


def test_page_asks_for_a_key_and_forgets_it(tab: Tab, address: str, service: Service) -> None:
    _, key = service.keys.add("tester", ["ask"], [])
    tab.open(address)
    tab.sees("This service requires an API key", "#key-dialog")
    tab.type("schlüssel")
    tab.sees("unaccented letters", "#key-fault")
    tab.type("pa_wrong")
    tab.sees("This key is not valid", "#key-fault")
    tab.type(key)
    tab.sees("2 documents, generation")
    assert not tab.run("document.querySelector('#key-dialog').open")
    tab.ask(BEANS)
    tab.answered()
    tab.reload()
    tab.answered()
    assert tab.run("localStorage.length") == 0
    assert key not in tab.run("document.documentElement.outerHTML")
    tab.click("Forget the key")
    tab.sees("This service requires an API key", "#key-dialog")
    assert tab.count(".exchange") == 0
    assert tab.run("sessionStorage.length") == 0
    tab.click("Not now")
    tab.sees("missing or invalid API key", "#welcome .error")


def test_page_asks_again_after_a_key_was_revoked(tab: Tab, address: str, service: Service) -> None:
    _, key = service.keys.add("first", ["ask"], [])
    _, other = service.keys.add("second", ["ask"], [])
    tab.open(address)
    tab.sees("This service requires an API key", "#key-dialog")
    tab.type(key)
    tab.sees("2 documents, generation")
    service.keys.revoke("first")
    tab.ask(BEANS)
    tab.sees("Your key is no longer valid", "#key-fault")
    tab.type(other)
    tab.answered()


def test_markup_in_documents_and_questions_stays_text(
    tab: Tab, address: str, service: Service, settings: Settings, folder_of: Writer
) -> None:
    sentence = f"Beans are sown in May, {HOSTILE} and not before."
    files = {
        "garden.md": f"# {HOSTILE} garden\n\n## {BEANS}\n\n{sentence}\n",
        f"{HOSTILE.replace('/', '-')}.txt": "Roses.",
    }
    folder_of(files)
    build_index(settings)
    service.generations.refresh()
    tab.open(f"{address}#documents")
    tab.sees("onerror", "#panel .listing")
    tab.press("Escape", 27)
    tab.ask(BEANS)
    tab.answered()
    tab.sees("onerror", ".proof")
    tab.click("[1]")
    tab.sees("<b>bold</b>", "#panel mark")
    tab.ask(f"{HOSTILE} {BEANS}")
    tab.answered(2)
    tab.sees(HOSTILE, ".exchange:last-child h2")
    tab.reload()
    tab.answered(2)
    tab.run(f"location.hash = new URLSearchParams({{ document: {json.dumps(HOSTILE)} }})")
    tab.sees(f'there is no document "{HOSTILE}"', "#panel .error")
    assert tab.count("img, b, script:not([src])") == 0
    assert tab.run("document.title") == "Assistant"


def test_events_are_parsed_wherever_the_stream_is_cut(page: Tab) -> None:
    text = (
        "\ufeffevent: sentence\ndata: one – ünï 🌱\n\n"
        ": ping\n\n"
        "event: sentence\r\ndata:two\r\ndata:  lines\r\n\r\n"
        "id: 7\rretry: 5\rdata: colon: in it\r\r"
        "event: nothing\n\ndata\n\n"
        "event: answer\ndata: {}\n\n"
        "event: cut off\ndata: incomplete\n"
    )
    expected = [
        ["sentence", "one – ünï 🌱"],
        ["sentence", "two\n lines"],
        ["message", "colon: in it"],
        ["message", ""],
        ["answer", "{}"],
    ]
    results = page.run(
        f"""(async () => {{
          const {{ eventsOf }} = await import("/page/stream.js");
          const bytes = new TextEncoder().encode({json.dumps(text)});
          const parse = async (chunks) => {{
            const events = [];
            const pull = (controller) => {{
              if (chunks.length) controller.enqueue(chunks.shift());
              else controller.close();
            }};
            for await (const {{ event, data }} of eventsOf(new ReadableStream({{ pull }}))) {{
              events.push([event, data]);
            }}
            return JSON.stringify(events);
          }};
          const cuts = [[...bytes].map((byte) => Uint8Array.of(byte))];
          for (let cut = 0; cut <= bytes.length; cut += 1) {{
            cuts.push([bytes.slice(0, cut), new Uint8Array(), bytes.slice(cut)]);
          }}
          return [...new Set(await Promise.all(cuts.map(parse)))];
        }})()"""
    )
    assert [json.loads(events) for events in results] == [expected]


def test_ids_are_unique_without_a_secure_context(page: Tab) -> None:
    ids = page.run(
        """(async () => {
          const { newId } = await import("/page/service.js");
          const ids = [newId()];
          Object.defineProperty(crypto, "randomUUID", { value: undefined });
          return [...ids, newId(), newId()];
        })()"""
    )
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f-]{32,36}", each) for each in ids)


def test_page_fits_the_width_of_a_phone(tab: Tab, shared_address: str) -> None:
    tab.call("Emulation.setDeviceMetricsOverride", **{**SIZE, "width": 400, "mobile": True})
    tab.open(shared_address)
    tab.ask(BEANS)
    tab.answered()
    tab.click("Not helpful")
    tab.sees("Send", ".comment")
    assert tab.run("document.documentElement.scrollWidth") == 400
    assert tab.run("document.querySelector('#conversation').scrollWidth") == 400


def test_source_in_a_pdf_opens_it_at_its_page_beside_the_text(tab: Tab, data: Path) -> None:
    corpus = data.parent / "documents"
    corpus.mkdir()
    book = PdfHandbook()
    write_handbook(book)
    (corpus / "handbook.pdf").write_bytes(book.content())
    settings = Settings(corpus=corpus, data=data)
    build_index(settings)
    with opened(settings) as service, listening(service) as (host, port):
        tab.open(f"http://{host}:{port}/")
        tab.ask(SICK)
        tab.answered()
        tab.sees("page 2", ".sources .origin")
        tab.click("[1]")
        tab.sees("fourth day", "#panel mark")
        assert "<!--" not in tab.text("#panel-body")
        tab.click("Show the original at page 2")
        tab.until("!!document.querySelector('#panel-original iframe')")
        source = tab.run("document.querySelector('#panel-original iframe').src")
        assert re.fullmatch(r"blob:http://.*#page=2", source)
