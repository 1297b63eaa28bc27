"""Who must not come in, and what must not hurt: pages, foreign names, guesses, floods, huge and slow clients."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator

import pytest
from fakes import FakeEngine
from served import MODEL, TOKEN, Served, served

from app.core.secrets import Secrets
from app.core.server_token import new_server_token, server_token
from app.server import http
from app.server.errors import ApiError
from app.server.exchange import Request
from app.server.gate import Gate
from app.server.turnstile import Turnstile

BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(FakeEngine()) as running:
        yield running


def connected(server: Served) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    made.settimeout(10)
    return made


def said(connection: socket.socket) -> bytes:
    """All that the server says until it closes."""
    found = b""
    while data := connection.recv(65536):
        found += data
    return found


def request(
    path: str = "/v1/chat/completions", body: bytes = BODY, *, method: str = "POST", **headers: str | None
) -> bytes:
    lines = {
        "host": "127.0.0.1:11535",
        "authorization": f"Bearer {TOKEN}",
        "content-length": str(len(body)),
        "connection": "close",
    }
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[misc]  # None: left out
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def status(server: Served, data: bytes) -> int:
    with connected(server) as connection:
        connection.sendall(data)
        answer = said(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    code = int(head.split()[1])
    if code != 200:
        assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}
    return code


def test_an_honest_request_is_answered(server: Served) -> None:
    assert status(server, request()) == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, 403),  # its name was made to lead here
        ({"host": "evil.example:11535"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "192.168.1.5"}, 403),
        ({"host": "[fe80::1]:80"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost:11535"}, 200),
        ({"host": "[::1]:11535"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:11535"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"authorization": None}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": f"Bearer {TOKEN}x"}, 401),
        ({"authorization": "Bearer \xff"}, 401),
    ],
)
def test_who_comes_in(server: Served, headers: dict[str, str | None], code: int) -> None:
    assert status(server, request(**headers)) == code


def test_a_page_is_refused_before_anything_else_and_learns_nothing_from_a_preflight(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(request(method="OPTIONS", body=b"", origin="https://evil.example", authorization=None))
        answer = said(connection)
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"access-control" not in answer.lower()


def test_whether_it_runs_may_be_asked_without_a_token_but_not_by_a_page(server: Served) -> None:
    ask = {"path": "/health", "method": "GET", "body": b"", "authorization": None}
    assert status(server, request(**ask)) == 200  # type: ignore[arg-type]
    assert status(server, request(**ask, origin="https://evil.example")) == 403  # type: ignore[arg-type]


def test_without_a_token_pages_and_foreign_names_stay_out() -> None:
    gate = Gate(None)
    gate.admit(Request("POST", "/v1/completions", {"host": "localhost"}, "127.0.0.1"))
    for headers in ({"host": "evil.example"}, {"host": "localhost", "origin": "null"}, {}):
        with pytest.raises(ApiError, match=r"name|pages"):
            gate.admit(Request("POST", "/v1/completions", headers, "127.0.0.1"))


def test_on_a_network_it_is_known_by_addresses_and_by_the_names_that_were_given() -> None:
    gate = Gate("t", is_loopback=False, host_names=("desk.local",))
    for host in ("192.168.1.5:11535", "desk.local", "[fe80::1]:80"):
        gate.admit(Request("GET", "/health", {"host": host}, "192.168.1.9"))
    with pytest.raises(ApiError, match="not known by that name"):
        gate.admit(Request("GET", "/health", {"host": "evil.example"}, "192.168.1.9"))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (request(path="/v1/nothing"), 404),
        (request(method="GET", body=b""), 405),
        (request(body=b"{"), 400),
        (request(body=b"[]"), 400),
        (request(body=b"[" * 100_000), 400),
        (request(body=b'{"model": "\xff"}'), 400),
        (request(content_length=str(http.MOST_BODY_BYTES + 1)), 413),
        (request(content_length="9" * 30), 400),
        (request(content_length="5, 6"), 400),
        (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), 400),
        (b"GET /" + b"a" * (http.MOST_HEADER_BYTES + 1), 431),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 10_000, 431),
    ],
)
def test_what_is_no_good_request_is_answered_with_a_reason(server: Served, data: bytes, code: int) -> None:
    assert status(server, data) == code


def test_a_body_that_does_not_say_its_length_is_cut_off(server: Served) -> None:
    head = request(body=b"", content_length=None, transfer_encoding="chunked")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with connected(server) as connection:
        connection.sendall(head)
        try:
            for _ in range(http.MOST_BODY_BYTES // 0x10000 + 50):
                connection.sendall(chunk)
        except OSError:
            pass  # it closed
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")


def test_clients_that_never_end_their_headers_are_cut_off(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEADERS_S", 0.3)
    with connected(server) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\n")
        started = time.monotonic()
        with pytest.raises(OSError, match=r"reset|Broken|Connection"):  # each byte keeps no time
            while time.monotonic() - started < 5:
                connection.sendall(b"x: y\r\n")
                time.sleep(0.05)
        assert time.monotonic() - started < 3


def test_a_body_that_does_not_come_is_not_waited_for(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_S", 0.2)
    with connected(server) as connection:
        connection.sendall(request()[:-5])
        assert connection.recv(10) == b""


def test_a_client_that_reads_nothing_is_cut_off(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SEND_S", 0.3)
    monkeypatch.setattr(http, "SEND_BUFFER_BYTES", 1 << 12)
    server.fake.replies = [["x" * 100_000] * 1000, ["Hello"]]
    streamed = json.dumps({**json.loads(BODY), "stream": True}).encode()
    with connected(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request(body=streamed))
        assert status(server, request()) == 200  # the turn is free again


def test_many_silent_connections_leave_room_for_an_honest_one(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_CONNECTIONS", 8)
    silent = [connected(server) for _ in range(30)]
    try:
        assert status(server, request()) == 200
    finally:
        for connection in silent:
            connection.close()


def test_requests_one_after_the_other_share_a_connection(server: Served) -> None:
    with connected(server) as connection:
        for _ in range(3):
            connection.sendall(request(connection="keep-alive"))
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"}")


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (request("/health", b"", method="HEAD"), b"HTTP/1.1 405"),
        (request(upgrade="h2c", connection="upgrade, close"), b"HTTP/1.1 200"),
        (request(expect="100-continue"), b"HTTP/1.1 100"),
        (request(body=b"", method="CONNECT"), b"HTTP/1.1 405"),
    ],
)
def test_what_http_knows_beside_plain_requests_does_no_harm(server: Served, data: bytes, answer: bytes) -> None:
    with connected(server) as connection:
        head, _, body = data.partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        time.sleep(0.05)
        connection.sendall(body)
        assert said(connection).startswith(answer)
    assert status(server, request()) == 200


def test_past_the_queue_clients_are_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeEngine([["Hello"]])
    fake.gate.clear()
    monkeypatch.setattr(Turnstile.__init__, "__defaults__", (3,))
    with served(fake) as server:
        waiting = [connected(server) for _ in range(4)]
        for connection in waiting:
            connection.sendall(request())
        time.sleep(0.3)  # all four have come: one is answered, three wait
        with connected(server) as connection:
            connection.sendall(request())
            answer = said(connection)
        assert answer.startswith(b"HTTP/1.1 429")
        assert b"retry-after: 1" in answer
        fake.gate.set()
        for connection in waiting:
            assert said(connection).startswith(b"HTTP/1.1 200")
            connection.close()


def test_clients_take_turns_and_each_ones_requests_keep_their_order() -> None:
    order: list[str] = []

    async def asks(turnstile: Turnstile, name: str) -> None:
        async with turnstile.turn(name[0]):
            order.append(name)
            await asyncio.sleep(0)

    async def everybody() -> None:
        turnstile = Turnstile()
        await asyncio.gather(*(asks(turnstile, name) for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1")))

    asyncio.run(everybody())
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_who_leaves_the_queue_is_never_let_through() -> None:
    async def everybody() -> list[str]:
        turnstile, order = Turnstile(), list[str]()

        async def asks(name: str) -> None:
            async with turnstile.turn(name):
                order.append(name)
                await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(asks(name)) for name in "abcd"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0.011)
        tasks[2].cancel()  # at about the moment when its turn comes
        await asyncio.gather(*tasks, return_exceptions=True)
        assert turnstile.waiting == 0
        return order

    order = asyncio.run(everybody())
    assert "b" not in order
    assert order[-1] == "d"


def test_the_token_lies_in_the_keyring_and_can_be_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str] = {}
    monkeypatch.setattr(Secrets, "get", lambda _self, address: kept.get(address))
    monkeypatch.setattr(Secrets, "set", lambda _self, address, token: bool(kept.update({address: token})) or True)
    first = server_token(Secrets())
    assert len(first) >= 32
    assert server_token(Secrets()) == first
    assert new_server_token(Secrets()) != first
    assert server_token(Secrets()) != first
