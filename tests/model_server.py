"""A stand-in for a provider of language models: an HTTP server on loopback that speaks the protocol of
OpenAI's chat completions, with streaming. What it replies is a function of the data in the prompt."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

Script = Callable[[Mapping[str, Any], str], str]
"""The data of the prompt and its instructions to the reply."""

_PIECE = 12  # characters that are streamed at a time


@dataclass
class Faults:
    """How the server misbehaves. `statuses` are sent for the first requests, instead of a reply."""

    statuses: list[int] = field(default_factory=list)
    delay: float = 0.0  # seconds before each piece
    cut_after: int = 0  # pieces after which the connection is dropped; 0: never
    rubbish: bool = False


@dataclass
class ModelServer:
    """The running server. `requests` holds the data of each prompt."""

    url: str
    script: Script
    faults: Faults = field(default_factory=Faults)
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    abandoned: threading.Event = field(default_factory=threading.Event)


@contextmanager
def model_server(script: Script) -> Iterator[ModelServer]:
    """Serves the script until the context ends."""

    class Handler(_Handler):
        server_state: ClassVar[ModelServer]

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.server_state = ModelServer(f"http://127.0.0.1:{server.server_port}/v1", script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Handler.server_state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_state: ClassVar[ModelServer]

    def do_POST(self) -> None:
        state = self.server_state
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        state.keys.append(self.headers.get("authorization", ""))
        if state.faults.statuses:
            self.send_response(state.faults.statuses.pop(0))
            self.send_header("retry-after", "0")
            self.send_header("content-length", "0")
            self.end_headers()
            return
        messages = {each["role"]: each["content"] for each in body["messages"]}
        data = json.loads(messages["user"])
        state.requests.append(data)
        reply = state.script(data, messages["system"])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            self._stream(reply, state.faults)
        except (BrokenPipeError, ConnectionResetError):
            state.abandoned.set()

    def _stream(self, reply: str, faults: Faults) -> None:
        if faults.rubbish:
            self.wfile.write(b'data: {"choices": [{]}\n\n<html>')
            return
        pieces = [reply[n : n + _PIECE] for n in range(0, len(reply), _PIECE)]
        for number, piece in enumerate(pieces, start=1):
            time.sleep(faults.delay)
            self._send({"choices": [{"index": 0, "delta": {"content": piece}}]})
            if number == faults.cut_after:
                self.connection.close()
                return
        self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        self._send({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, chunk: Mapping[str, Any]) -> None:
        common = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        self.wfile.write(f"data: {json.dumps({**common, **chunk})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Prints nothing."""
