"""A stand-in for providers of language models: an HTTP server on loopback that speaks the protocols of
OpenAI's chat completions, of Anthropic's messages and of Ollama, with streaming. What it replies is a
function of the data in the prompt."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    refuses_schema: bool = False  # of the reply, with HTTP 400


@dataclass
class ModelServer:
    """The running server; `url` is that of OpenAI's protocol, `root` that of the others. `requests`
    holds the data of each prompt, `schemas` those of the replies, None where the request had none."""

    url: str
    script: Script
    faults: Faults = field(default_factory=Faults)
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    schemas: list[Mapping[str, Any] | None] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    abandoned: threading.Event = field(default_factory=threading.Event)

    @property
    def root(self) -> str:
        """Without a path."""
        return self.url.removesuffix("/v1")


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
        state.keys.append(self.headers.get("authorization") or self.headers.get("x-api-key", ""))
        schema = _schema(body)
        if state.faults.statuses:
            self._refuse(state.faults.statuses.pop(0))
            return
        if schema and state.faults.refuses_schema:
            self._refuse(400)
            return
        messages = {each["role"]: each["content"] for each in body["messages"]}
        data = json.loads(messages["user"])
        state.requests.append(data)
        state.schemas.append(schema)
        reply = state.script(data, messages.get("system") or body["system"])
        self.send_response(200)
        streamed = "application/x-ndjson" if self.path == "/api/chat" else "text/event-stream"
        self.send_header("content-type", streamed)
        self.end_headers()
        try:
            self._stream(reply, state.faults)
        except (BrokenPipeError, ConnectionResetError):
            state.abandoned.set()

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("retry-after", "0")
        self.send_header("content-length", "0")
        self.end_headers()

    def _stream(self, reply: str, faults: Faults) -> None:
        if faults.rubbish:
            self.wfile.write(b'data: {"choices": [{]}\n\n<html>')
            return
        pieces = [reply[n : n + _PIECE] for n in range(0, len(reply), _PIECE)]
        start, chunk, end = _PROTOCOLS[self.path]
        self._send(*start)
        for number, piece in enumerate(pieces, start=1):
            time.sleep(faults.delay)
            self._send(chunk(piece))
            if number == faults.cut_after:
                self.connection.close()
                return
        self._send(*end)

    def _send(self, *events: Mapping[str, Any]) -> None:
        for event in events:
            text = json.dumps(event)
            if self.path == "/api/chat":
                self.wfile.write(f"{text}\n".encode())
            else:
                name = f"event: {event['type']}\n" if "type" in event else ""
                self.wfile.write(f"{name}data: {text}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the reply that a request asks for, in each protocol."""
    if "response_format" in body:
        named: Mapping[str, Any] = body["response_format"]["json_schema"]
        return dict(named["schema"])
    if "output_config" in body:
        return dict(body["output_config"]["format"]["schema"])
    return body.get("format")


def _openai(**fields: Any) -> Mapping[str, Any]:
    common = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    return {**common, "choices": [], **fields}


def _ollama(text: str = "", **fields: Any) -> Mapping[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"model": "scripted", "created_at": "", "message": message, "done": False, **fields}


_Event = Mapping[str, Any]
_TOKENS = (100, 10)
# By path: what a reply starts with, the event for a piece of it, and what it ends with.
_PROTOCOLS: Mapping[str, tuple[Sequence[_Event], Callable[[str], _Event], Sequence[_Event]]] = {
    "/v1/chat/completions": (
        [],
        lambda text: _openai(choices=[{"index": 0, "delta": {"content": text}}]),
        [
            _openai(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
            _openai(
                usage={
                    "prompt_tokens": _TOKENS[0],
                    "completion_tokens": _TOKENS[1],
                    "total_tokens": sum(_TOKENS),
                }
            ),
        ],
    ),
    "/v1/messages": (
        [
            {
                "type": "message_start",
                "message": {
                    "id": "1", "type": "message", "role": "assistant", "model": "scripted",
                    "content": [], "stop_reason": None, "stop_sequence": None,
                    "usage": {"input_tokens": _TOKENS[0], "output_tokens": 0},
                },
            },
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        ],
        lambda text: {
            "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text},
        },
        [
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"input_tokens": _TOKENS[0], "output_tokens": _TOKENS[1]},
            },
            {"type": "message_stop"},
        ],
    ),
    "/api/chat": (
        [],
        _ollama,
        [_ollama(done=True, done_reason="stop", prompt_eval_count=_TOKENS[0], eval_count=_TOKENS[1])],
    ),
}  # fmt: skip
