"""The web page: its files, what it may load, and what a real browser makes of it."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path

import pytest
import uvicorn
from browser import HOSTILE, SIZE, TIMEOUT, Tab
from fastapi.testclient import TestClient
from serving import BEANS, CHANGED, GARDEN, ROSES, client_of, opened

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.http.app import PAGE, create_app
from api.settings import Settings
from index.errors import IndexDamaged

Writer = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def settings(folder_of: Writer, data: Path) -> Settings:
    return Settings(corpus=folder_of(GARDEN), data=data)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of a service without an index: the page is there before there are answers."""
    with opened(settings) as service:
        yield client_of(service)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """A service over a published index of the garden."""
    build_index(settings)
    with opened(settings) as service:
        yield service


# --- what the service hands out ------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(path.name for path in PAGE.iterdir()))
def test_every_file_of_the_page_comes_as_what_it_is(client: TestClient, path: str) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
    response = client.get("/" if path == "index.html" else f"/page/{path}")
    assert response.status_code == 200
    assert response.text == (PAGE / path).read_text(encoding="utf-8")
    assert response.headers["content-type"].split(";")[0] == kinds[Path(path).suffix]


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/docs", "/v1/documents", "/nowhere"])
def test_a_browser_is_told_to_load_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_pages_load_only_what_the_service_has(client: TestClient, path: str) -> None:
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', client.get(path).text)
    assert loaded
    for address in loaded:
        assert address.startswith("data:") or client.get(address).status_code == 200


def test_every_module_is_imported_from_the_service() -> None:
    for path in PAGE.glob("*.js"):
        for name in re.findall(r'^import .* from "(.*)";$', path.read_text("utf-8"), re.MULTILINE):
            assert (PAGE / name).is_file()


def test_the_docs_name_every_endpoint(client: TestClient) -> None:
    page = unescape(client.get("/docs").text)
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page


# --- a real browser ------------------------------------------------------------------------------


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """The service over real HTTP, on a free port."""
    server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    yield f"http://{host}:{port}/"
    server.should_exit = True
    thread.join()


class Gatekeeper:
    """Holds up a step of the assistant until the test lets it pass."""

    def __init__(self, service: Service, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._open = threading.Event()
        with service.generations.borrow() as assistant:
            original = getattr(assistant, step)
            monkeypatch.setattr(assistant, step, self._held(original))

    def _held(self, step: Callable[..., object]) -> Callable[..., object]:
        def wait(*arguments: object) -> object:
            assert self._open.wait(TIMEOUT)
            return step(*arguments)

        return wait

    def open(self) -> None:
        self._open.set()


def conversation_of(tab: Tab) -> str:
    """The id of the tab's conversation; empty where it has none."""
    return str(tab.run("sessionStorage.getItem('assistant.conversation') ?? ''"))


# --- asking --------------------------------------------------------------------------------------


def test_an_answer_comes_piece_by_piece_and_its_markers_open_their_sources(
    tab: Tab, address: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Gatekeeper(service, "assess", monkeypatch)
    finishing = Gatekeeper(service, "_answer", monkeypatch)
    tab.open(address)
    tab.sees("2 documents, generation")
    tab.ask(BEANS)
    tab.sees("Found 2 passages in 2 documents: The garden, roses", ".reply")
    judging.open()
    tab.sees("Beans are sown in the second week of May. [1]", ".reply .answer")
    assert tab.text(".facts") == ""
    tab.click("[1]")
    tab.sees("Beans are sown in the second week of May.", "#panel mark")
    tab.run("document.querySelector('.reply .marker').focus()")
    finishing.open()
    tab.answered()
    assert tab.text(".reply") == "Beans are sown in the second week of May. [1]"
    assert tab.run("document.activeElement.matches('.reply .marker')")
    assert "1 source" in tab.text(".proof")
    tab.press("Escape", 27)
    assert not tab.run("document.querySelector('#panel').checkVisibility()")
    tab.click("[1]")
    tab.sees("Beans are sown in the second week of May.", "#panel mark")


def test_a_refusal_offers_what_the_documents_do_answer(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.ask("How tall do the beans grow?")
    tab.sees("The documents do not answer this question.", ".refusal")
    tab.click(BEANS)
    tab.answered(2)
    assert "second week of May" in tab.text(".exchange:last-child")


def test_a_question_in_the_address_is_asked_once(tab: Tab, address: str, service: Service) -> None:
    tab.open(f"{address}#q={ROSES}")
    tab.answered()
    tab.reload()
    tab.answered()
    assert "watered by the caretaker" in tab.text(".reply")
    assert len(service.records.conversation("", conversation_of(tab)).answers) == 1


def test_what_is_stopped_says_so_and_can_be_asked_again(
    tab: Tab, address: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Gatekeeper(service, "assess", monkeypatch)
    tab.open(address)
    tab.ask(BEANS)
    tab.sees("Found 2 passages")
    tab.click("Stop")
    tab.sees("Stopped.", ".reply")
    judging.open()
    deadline = time.monotonic() + TIMEOUT
    while service.concurrency.admitted:  # until then the service may hold the question's key
        assert time.monotonic() < deadline
        time.sleep(0.02)
    tab.click("Try again")
    tab.answered()


def test_a_problem_is_shown_with_what_to_do(tab: Tab, address: str, service: Service) -> None:
    tab.open(address)
    service.concurrency.admitted = 64
    tab.ask(BEANS)
    tab.sees("64 questions are being answered: try again soon", ".error")
    service.concurrency.admitted = 0
    tab.click("Try again")
    tab.answered()


def test_a_problem_in_the_middle_of_a_stream_is_shown(
    tab: Tab, address: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise IndexDamaged(f"{HOSTILE}: run `assistant index --rebuild`")

    with service.generations.borrow() as assistant:
        monkeypatch.setattr(assistant, "assess", broken)
    tab.open(address)
    tab.ask(BEANS)
    tab.sees(f"{HOSTILE}: run `assistant index --rebuild`", ".error")
    assert tab.count("img, b") == 0
    monkeypatch.undo()
    tab.click("Try again")
    tab.answered()


# What becomes of a request is changed between the page and the service.
BROKEN_OFF = """
    const fetched = window.fetch;
    window.fetch = async (path, options) => {
      const response = await fetched(path, options);
      if (path !== "/v1/chat") return response;
      window.fetch = fetched;
      const text = await response.text();
      return new Response(text.slice(0, text.indexOf("event: answer") + 20), response);
    };
"""
NOT_REACHED = """
    const fetched = window.fetch;
    window.fetch = async (path, options) => {
      const response = await fetched(path, options);
      if (path !== "/v1/chat") return response;
      window.fetch = fetched;
      await response.text();
      throw new TypeError("the connection is gone");
    };
"""


@pytest.mark.parametrize(
    ("fault", "told"),
    [(BROKEN_OFF, "The answer broke off"), (NOT_REACHED, "The service cannot be reached")],
)
def test_a_question_whose_answer_was_lost_is_not_asked_twice(
    tab: Tab, address: str, service: Service, fault: str, told: str
) -> None:
    tab.open(address)
    tab.run(fault)
    tab.ask(BEANS)
    tab.sees(told, ".error")
    tab.click("Try again")
    tab.answered()
    assert "second week of May" in tab.text(".reply")
    assert len(service.records.conversation("", conversation_of(tab)).answers) == 1


# --- what the service keeps ----------------------------------------------------------------------


def test_a_reload_shows_the_conversation_again_and_it_goes_on(
    tab: Tab, address: str, service: Service
) -> None:
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    tab.ask(ROSES)
    tab.answered(2)
    tab.reload()
    tab.answered(2)
    questions = tab.run("[...document.querySelectorAll('.exchange h2')].map((n) => n.textContent)")
    assert questions == [BEANS, ROSES]
    tab.click("[1]", ".exchange:first-child button")
    tab.sees("second week of May", "#panel mark")
    tab.ask("And who is the caretaker?")
    tab.answered(3)
    assert len(service.records.conversation("", conversation_of(tab)).answers) == 3


def test_a_source_that_has_changed_is_marked_when_it_is_shown_again(
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


def test_the_title_begins_a_new_conversation(tab: Tab, address: str, service: Service) -> None:
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    first = conversation_of(tab)
    tab.click("Assistant")
    tab.sees("Ask about the documents", "#welcome")
    assert tab.count(".exchange") == 0
    tab.ask(ROSES)
    tab.answered()
    assert conversation_of(tab) not in ("", first)
    assert len(service.records.conversation("", first).answers) == 1


def test_a_conversation_that_is_kept_no_more_is_begun_anew(
    tab: Tab, address: str, service: Service
) -> None:
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    service.records.delete_conversation("", conversation_of(tab))
    tab.reload()
    tab.sees("Ask about the documents", "#welcome")
    assert conversation_of(tab) == ""
    assert tab.count(".error") == 0


def test_a_conversation_is_deleted_after_a_second_click(
    tab: Tab, address: str, service: Service
) -> None:
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    kept = conversation_of(tab)
    tab.click("Delete this conversation")
    assert len(service.records.conversation("", kept).answers) == 1
    tab.click("Keep it")
    tab.click("Delete this conversation")
    tab.click("Delete")
    tab.sees("Ask about the documents", "#welcome")
    assert conversation_of(tab) == ""
    assert tab.count(".exchange") == 0
    assert service.records.turns("", kept, 10) == []


def test_feedback_arrives_with_its_comment(tab: Tab, address: str, service: Service) -> None:
    pressed = "document.querySelector('.verdict[aria-pressed=true]')?.textContent"
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    [answer] = service.records.conversation("", conversation_of(tab)).answers
    tab.click("Helpful")
    assert tab.until(pressed) == "Helpful"
    tab.click("Not helpful")
    tab.until(f"{pressed} === 'Not helpful'")
    feedback = service.records.feedback("", answer.id)
    assert feedback and (feedback.verdict, feedback.comment) == ("down", "")
    tab.run("document.querySelector('.reason input').focus()")
    tab.type("It is <b>June</b>")
    tab.sees("This is kept with the answer.", ".said")
    tab.click("Not helpful")
    feedback = service.records.feedback("", answer.id)
    assert feedback and (feedback.verdict, feedback.comment) == ("down", "It is <b>June</b>")


def test_feedback_that_is_not_kept_says_so(tab: Tab, address: str, service: Service) -> None:
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    service.records.delete_conversation("", conversation_of(tab))
    tab.click("Helpful")
    tab.sees("This was not kept. Not Found", ".said [role=alert]")
    assert tab.count(".verdict[aria-pressed=true]") == 0


# --- keys ----------------------------------------------------------------------------------------


def test_a_service_with_keys_asks_for_one_and_goes_on(
    tab: Tab, address: str, service: Service
) -> None:
    _, key = service.keys.add("tester", ["ask"], [])
    tab.open(address)
    tab.sees("This service asks for a key", "#key-dialog")
    tab.type("schlüssel")
    tab.sees("letters without accents", "#key-fault")
    tab.type("pa_wrong")  # what was typed before is selected
    tab.sees("This key does not count here", "#key-fault")
    tab.type(key)
    tab.sees("2 documents, generation")  # what failed is asked again
    assert not tab.run("document.querySelector('#key-dialog').open")
    tab.ask(BEANS)
    tab.answered()
    tab.reload()
    tab.answered()
    assert tab.run("localStorage.length") == 0
    assert key not in tab.run("document.documentElement.outerHTML")
    tab.click("Forget the key")
    tab.sees("This service asks for a key", "#key-dialog")
    assert tab.count(".exchange") == 0
    assert tab.run("sessionStorage.length") == 0


def test_a_key_that_was_revoked_is_asked_for_again(
    tab: Tab, address: str, service: Service
) -> None:
    _, key = service.keys.add("first", ["ask"], [])
    _, other = service.keys.add("second", ["ask"], [])
    tab.open(address)
    tab.sees("This service asks for a key", "#key-dialog")
    tab.type(key)
    tab.sees("2 documents, generation")
    service.keys.revoke("first")
    tab.ask(BEANS)
    tab.sees("does not count any more", "#key-fault")
    tab.type(other)
    tab.answered()


def test_without_a_key_the_page_says_what_is_missing(
    tab: Tab, address: str, service: Service
) -> None:
    service.keys.add("tester", ["ask"], [])
    tab.open(address)
    tab.sees("This service asks for a key", "#key-dialog")
    tab.click("Not now")
    tab.sees("missing or invalid API key", "#welcome .error")


# --- text is data --------------------------------------------------------------------------------


def test_markup_stays_text_wherever_it_comes_from(
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
    tab.sees(f'no document is called "{HOSTILE}"', "#panel .error")
    assert tab.count("img, b, script:not([src])") == 0
    assert tab.run("document.title") == "Assistant"


# --- the service of the page -----------------------------------------------------------------------


def test_events_are_read_however_the_stream_is_cut(tab: Tab, address: str) -> None:
    text = (
        "\ufeffevent: sentence\ndata: one – ünï 🌱\n\n"
        ": ping\n\n"
        "event: sentence\r\ndata:two\r\ndata:  lines\r\n\r\n"
        "id: 7\rretry: 5\rdata: colon: in it\r\r"
        "event: nothing\n\ndata\n\n"
        "event: answer\ndata: {}\n\n"
        "event: cut off\ndata: never whole\n"
    )
    expected = [
        ["sentence", "one – ünï 🌱"],
        ["sentence", "two\n lines"],
        ["message", "colon: in it"],
        ["message", ""],
        ["answer", "{}"],
    ]
    tab.open(address)
    read = tab.run(
        f"""(async () => {{
          const {{ eventsOf }} = await import("/page/stream.js");
          const bytes = new TextEncoder().encode({json.dumps(text)});
          const read = async (pieces) => {{
            const events = [];
            const stream = new ReadableStream({{
              start(controller) {{
                for (const piece of pieces) controller.enqueue(piece);
                controller.close();
              }},
            }});
            for await (const {{ event, data }} of eventsOf(stream)) events.push([event, data]);
            return JSON.stringify(events);
          }};
          const ways = [[...bytes].map((byte) => Uint8Array.of(byte))];
          for (let cut = 0; cut <= bytes.length; cut += 1) {{
            ways.push([bytes.slice(0, cut), new Uint8Array(), bytes.slice(cut)]);
          }}
          return [...new Set(await Promise.all(ways.map(read)))];
        }})()"""
    )
    assert [json.loads(events) for events in read] == [expected]
    assert len(read) == 1


def test_without_a_secure_context_ids_are_still_made(tab: Tab, address: str) -> None:
    tab.open(address)
    ids = tab.run(
        """(async () => {
          const { newId } = await import("/page/service.js");
          const ids = [newId()];
          Object.defineProperty(crypto, "randomUUID", { value: undefined });
          return [...ids, newId(), newId()];
        })()"""
    )
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f-]{32,36}", each) for each in ids)


def test_on_a_phone_nothing_is_wider_than_the_screen(tab: Tab, address: str) -> None:
    tab.call("Emulation.setDeviceMetricsOverride", **{**SIZE, "width": 400, "mobile": True})
    tab.open(address)
    tab.ask(BEANS)
    tab.answered()
    tab.click("Not helpful")
    tab.sees("Send", ".reason")
    assert tab.run("document.documentElement.scrollWidth") == 400
    assert tab.run("document.querySelector('#conversation').scrollWidth") == 400
