"""What can go wrong with a remote endpoint; each sentence names the host and says what to do."""

from __future__ import annotations

from engine.api import FiresideError


class RemoteError(FiresideError):
    """Base of everything that a remote endpoint causes."""


class RemoteAddressError(RemoteError):
    """What a person entered is no address of an endpoint."""


class RemoteUnreachableError(RemoteError):
    """The endpoint cannot be reached, or the connection ended."""


class RemoteRefusedError(RemoteError):
    """The endpoint answered that it will not; `named` are the parameters that it may be about."""

    def __init__(self, message: str, *, named: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.named = named


class RemoteAnswerError(RemoteError):
    """The endpoint sent something that is no answer, or too much of it."""
