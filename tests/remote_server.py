"""A server of chat completions on this machine for tests, with every fault that such a server can have."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Send = Callable[[bytes], None]


@dataclass
class Asked:
    """One request as it came."""

    path: str
    authorization: str | None
    body: dict[str, Any]


@dataclass
class RemoteServer:
    """How it answers; `asked` is what it was asked.

    `words` are the reply, a chunk each, `others` what each could have been instead. `script` takes over the body of a
    streamed answer, `status` refuses with `refusal` as its JSON, `refuses` are parameters that it refuses by name.
    """

    words: Sequence[str] = ("Hello", " from", " afar", ".")
    thinking: Sequence[str] = ()
    others: Sequence[tuple[str, float]] = ()
    props: object = None  # what llama.cpp tells of itself
    models: object = field(default_factory=lambda: [{"id": "org/big", "max_model_len": 4096}, {"id": "small"}])
    script: Callable[[Send], None] | None = None
    content_type: str = "text/event-stream"
    status: int = 200
    refusal: object = None
    refuses: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)  # cleared: a reply waits behind its first word
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def completions(self) -> list[Asked]:
        return [one for one in self.asked if one.path == "/v1/chat/completions"]


def chunk(delta: dict[str, Any] | None = None, **choice: Any) -> bytes:
    """An event of a stream."""
    content = {"choices": [{"index": 0, "delta": delta or {}, **choice}]}
    return b"data: " + json.dumps(content).encode() + b"\n\n"


@contextmanager
def serving(server: RemoteServer, certified: ssl.SSLContext | None = None) -> Iterator[RemoteServer]:
    """The server at `server.base_url` while the block runs; over TLS where it is `certified`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            server.asked.append(Asked(self.path, self.headers.get("Authorization"), {}))
            told = server.props if self.path == "/props" else {"object": "list", "data": server.models}
            if not self._refuse({}):
                self._answer(200, json.dumps(told).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(Asked(self.path, self.headers.get("Authorization"), body))
            if not self._refuse(body):
                self.send_response(200)
                self.send_header("Content-Type", server.content_type)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                (server.script or self._reply)(self.wfile.write)
            self.close_connection = True

        def _refuse(self, body: dict[str, Any]) -> bool:
            named = next((name for name in server.refuses if name in body), None)
            if named is not None:
                error = {"message": f"Unsupported parameter: '{named}'", "param": named}
                self._answer(400, json.dumps({"error": error}).encode())
            elif server.status != 200:
                self._answer(server.status, json.dumps(server.refusal).encode())
            return named is not None or server.status != 200

        def _reply(self, send: Send) -> None:
            for text in server.thinking:
                send(chunk({"reasoning_content": text}))
            for at, text in enumerate(server.words):
                if at == 1:
                    server.gate.wait(10)
                pairs = [(text, -0.25), *server.others] if server.others else []
                top = [{"token": token, "logprob": logprob, "bytes": [*token.encode()]} for token, logprob in pairs]
                logprobs = {"content": [{"token": text, "logprob": -0.25, "top_logprobs": top}]}
                send(chunk({"content": text}, logprobs=logprobs))
            send(chunk({}, finish_reason="stop"))
            usage = {"prompt_tokens": 12, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
            send(b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\ndata: [DONE]\n\n")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with suppress(ConnectionError):  # of a client that left
                super().handle()

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    if certified is not None:
        httpd.socket = certified.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.address = f"{'http' if certified is None else 'https'}://127.0.0.1:{httpd.server_port}"
    try:
        yield server
    finally:
        server.gate.set()
        httpd.shutdown()
        thread.join()
        httpd.server_close()
