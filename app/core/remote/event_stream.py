"""EventStream: bytes of a server-sent event stream -> the data of its events, whatever pieces they come in.

After https://html.spec.whatwg.org/multipage/server-sent-events.html, with bounds, and without lines that end with a
lone carriage return, which no server of chat completions sends.
"""

from __future__ import annotations

from app.core.remote.errors import RemoteAnswerError

LONGEST_LINE = 1 << 20  # bytes
LONGEST_EVENT = 4 << 20  # bytes of all its lines


class EventStream:
    """`feed` each piece as it comes. Bytes that are no UTF-8 become replacement characters."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._waiting = bytearray()  # of a line whose end has not come
        self._data: list[str] = []
        self._size_bytes = 0

    def feed(self, piece: bytes) -> list[str]:
        """The data of the events that this piece completes. Raises `RemoteAnswerError` for what is far too long."""
        events = []
        *lines, rest = piece.split(b"\n")
        for line in lines:
            event = self._end_line(line)
            if event is not None:
                events.append(event)
        self._wait(rest)
        return events

    def _end_line(self, end: bytes) -> str | None:
        self._wait(end)
        line = bytes(self._waiting).removesuffix(b"\r").decode("utf-8", "replace")
        self._waiting.clear()
        if not line:
            event = "\n".join(self._data) if self._data else None
            self._data.clear()
            self._size_bytes = 0
            return event
        name, _, value = line.removeprefix("\ufeff").partition(":")
        if name == "error":  # which older servers of llama.cpp have as a field of its own
            name, value = "data", f'{{"error":{value}}}'
        if name == "data":
            self._data.append(value.removeprefix(" "))
            self._size_bytes += len(value)
            if self._size_bytes > LONGEST_EVENT:
                raise self._too_long()
        return None

    def _wait(self, piece: bytes) -> None:
        self._waiting += piece
        if len(self._waiting) > LONGEST_LINE:
            raise self._too_long()

    def _too_long(self) -> RemoteAnswerError:
        return RemoteAnswerError(
            f"{self._host} sent an event of more than {LONGEST_LINE >> 20} MiB, which is no reply; what came "
            "before is kept. Check the address."
        )
