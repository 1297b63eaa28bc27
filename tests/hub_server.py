"""A hub on this machine for tests: the interface of Hugging Face's, with every fault that a network has."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What it holds and how it misbehaves; `requests` is what it was asked: path, range, authorization."""

    files: dict[str, bytes]
    repository: str = "org/tiny-GGUF"
    has_ranges: bool = True
    cut_after: int = 0  # bytes after which each answer's connection ends; 0: never
    lie_size: int = 0  # added to the size that the list announces
    damage: bool = False  # one byte of the content is another than announced
    tag: str = '"v1"'
    redirect_to: str = ""  # the address of another host that serves the files
    status: int = 200
    slow: threading.Event | None = None  # waited for before the second half of a file
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    address: str = ""

    def listing(self) -> dict[str, Any]:
        def row(name: str, content: bytes) -> dict[str, Any]:
            size = len(content) + self.lie_size
            return {
                "rfilename": name,
                "size": size,
                "blobId": hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest(),
                **(
                    {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": size}}
                    if len(content) > 64
                    else {}
                ),
            }

        return {"sha": COMMIT, "siblings": [row(name, content) for name, content in self.files.items()]}


@contextmanager
def serving(hub: Hub, host: str = "127.0.0.1") -> Iterator[Hub]:
    """The hub at `hub.address` while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            hub.requests.append((self.path, self.headers.get("Range"), self.headers.get("Authorization")))
            if hub.status != 200:
                self._answer(hub.status, b"")
            elif self.path.startswith("/api/models?"):
                tags = ["gguf", "license:apache-2.0"]
                row = {"id": hub.repository, "downloads": 5, "likes": 2, "tags": tags, "lastModified": "2026-01-02"}
                self._answer(200, json.dumps([row, {"id": "../evil", "tags": tags}, 7]).encode())
            elif self.path.startswith(f"/api/models/{hub.repository}"):
                self._answer(200, json.dumps(hub.listing()).encode())
            else:
                self._file()

        def _file(self) -> None:
            name = self.path.partition(f"/resolve/{COMMIT}/")[2]
            content = hub.files.get(name)
            if content is None:
                self._answer(404, b"")
                return
            if hub.redirect_to:
                self._answer(302, b"", {"Location": hub.redirect_to + self.path})
                return
            if hub.damage:
                content = content[:-1] + bytes([content[-1] ^ 1])
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
            is_same = self.headers.get("If-Range") == hub.tag
            if asked and hub.has_ranges and is_same:
                begin = int(asked[1])
                headers = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}", "ETag": hub.tag}
                self._answer(206, content[begin:], headers)
            else:
                self._answer(200, content, {"ETag": hub.tag})

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if hub.cut_after and len(body) > hub.cut_after and status in (200, 206) and headers:
                self.wfile.write(body[: hub.cut_after])
                self.close_connection = True
                return
            half = len(body) // 2 if hub.slow is not None and headers else len(body)
            self.wfile.write(body[:half])
            if hub.slow is not None and headers:
                self.wfile.flush()
                hub.slow.wait(10)
                self.wfile.write(body[half:])

        def handle(self) -> None:
            with suppress(ConnectionError):
                super().handle()

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.address = f"http://{host}:{server.server_port}"
    try:
        yield hub
    finally:
        if hub.slow is not None:
            hub.slow.set()
        server.shutdown()
        thread.join()
        server.server_close()
