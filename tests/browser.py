"""Chromium for the tests of web pages, over its DevTools protocol; fixtures `browser` and `tab`."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<img src=x onerror=document.title='hacked'><b>bold</b>"
SIZE = {"width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": False}
TIMEOUT = 30.0  # seconds


class Browser:
    """A Chromium process, controlled over the DevTools protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: object) -> dict[str, Any]:
        """Calls a method and returns its result; events that arrive meanwhile are stored."""
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps(call | ({"sessionId": session} if session else {})))
        while True:
            message = json.loads(self._connection.recv(TIMEOUT))
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    @contextmanager
    def tab(self) -> Iterator["Tab"]:
        """Opens a tab with storage of its own. An exception or a logged error in it fails the test."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self, attached["sessionId"])
        yield tab
        tab.run("0")  # all events until now have arrived after this
        events = [event for event in self.events if event.get("sessionId") == tab.session]
        self.call("Target.disposeBrowserContext", browserContextId=context)
        faults = [event for event in events if event["method"] == "Runtime.exceptionThrown"]
        entries = [e["params"]["entry"] for e in events if e["method"] == "Log.entryAdded"]
        # Chromium logs error statuses too; they are not faults of the page.
        assert faults + [entry for entry in entries if entry["source"] != "network"] == []


class Tab:
    """A tab of the browser, controlled by its visible text."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self.session = session
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", **SIZE)
        media = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        self.call("Emulation.setEmulatedMedia", features=media)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        return self._browser.call(method, self.session, **parameters)

    def run(self, script: str) -> Any:
        """Evaluates a script and returns its awaited value."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, script: str) -> Any:
        """Evaluates a script until its value is true, and returns that."""
        return self.wait_for(lambda: self.run(script))

    def wait_for(self, condition: Callable[[], Any]) -> Any:
        """Waits until a condition is true, and returns its value."""
        deadline = time.monotonic() + TIMEOUT
        while not (value := condition()):
            assert time.monotonic() < deadline, self.text("body")
            time.sleep(0.02)
        return value

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def reload(self) -> None:
        self.run("window.isOld = true")
        self.call("Page.reload")
        self.until("!window.isOld && document.readyState === 'complete'")

    def text(self, selector: str) -> str:
        """The visible text of an element, or ""."""
        return str(self.run(_shown(selector)))

    def sees(self, text: str, selector: str = "body") -> None:
        """Waits until an element shows a text."""
        self.until(f"({_shown(selector)}).includes({json.dumps(text)})")

    def count(self, selector: str) -> int:
        return int(self.run(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def click(self, text: str, selector: str = "button, a") -> None:
        """Clicks the visible element with exactly this text."""
        x, y = self.until(
            f"""(() => {{
              const nodes = [...document.querySelectorAll({json.dumps(selector)})];
              const named = (node) => node.textContent.trim() === {json.dumps(text)};
              const node = nodes.find((node) => named(node) && node.checkVisibility());
              node?.scrollIntoView({{ block: "center", behavior: "instant" }});
              const box = node?.getBoundingClientRect();
              return box && [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            place = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, **place)

    def type(self, text: str, *, enter: bool = True) -> None:
        """Types into the focused element."""
        self.call("Input.insertText", text=text)
        if enter:
            self.press("Enter", 13, text="\r")

    def press(self, key: str, code: int, **more: str) -> None:
        for kind in ("keyDown", "keyUp"):
            what = {"key": key, "code": key, "windowsVirtualKeyCode": code, **more}
            self.call("Input.dispatchKeyEvent", type=kind, **what)

    def ask(self, question: str) -> None:
        self.run("document.querySelector('#question').focus()")
        self.type(question)
        self.until("document.querySelector('#question').value === ''")

    def answered(self, count: int = 1) -> None:
        """Waits until this many questions have complete answers."""
        self.until(f"document.querySelectorAll('.exchange .facts').length === {count}")


def _shown(selector: str) -> str:
    """A script for the visible text of an element."""
    node = f"document.querySelector({json.dumps(selector)})"
    return f"{node}?.checkVisibility() ? {node}.innerText : ''"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    profile = tmp_path_factory.mktemp("profile")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--remote-debugging-port=0", f"--user-data-dir={profile}",
    ]  # fmt: skip
    place = profile / "DevToolsActivePort"
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not place.exists() or len(place.read_text().splitlines()) < 2:
            assert process.poll() is None and time.monotonic() < until, (
                profile / "log"
            ).read_text()
            time.sleep(0.05)
        port, path = place.read_text().splitlines()
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None) as connection:
            browser = Browser(connection)
            yield browser
            browser.call("Browser.close")
        process.wait(30)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    with browser.tab() as tab:
        yield tab
