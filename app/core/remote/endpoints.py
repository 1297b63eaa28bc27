"""Endpoints: the remote servers that a person added, with the models that each names; kept as JSON, without any key.

A remote model is known by its address: the endpoint's base URL, `#`, and the name that the server has for the model.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from app.core.json_file import JsonFile
from app.core.remote.errors import RemoteAddressError
from app.core.remote.plain_line import plain_line

FILE_VERSION = 1
USUAL_PATH = "/v1"  # of a server whose address was given without one
LONGEST_NAME = 200  # letters, of a model or an endpoint
MOST_MODELS = 2000  # of one endpoint
_ENDINGS = ("/chat/completions", "/completions", "/models")  # of addresses that are copied from a manual
LARGEST_CONTEXT = 1 << 32  # tokens


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model as its server names it; `context_length` is None where the server does not say."""

    name: str
    context_length: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`is_allowed`: the person said that messages may go there. Its key lies in the keyring, under the base URL."""

    name: str
    base_url: str
    models: tuple[RemoteModel, ...] = ()
    is_allowed: bool = False

    @property
    def host(self) -> str:
        """Where messages go, as a person reads it."""
        return host_of(self.base_url)

    def address(self, model: RemoteModel) -> str:
        """How one of its models is known."""
        return f"{self.base_url}#{model.name}"


class Endpoints:
    """What is known; `last` is the address of the remote model that replied last, None when a local one did.

    What changes it raises OSError when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The list of remote endpoints")
        self.notice = self._file.notice
        listed = self._file.content.get("endpoints")
        found = [_parsed(one) for one in listed] if isinstance(listed, list) else []
        self._by_url = {one.base_url: one for one in found if one is not None}
        last = self._file.content.get("last")
        self.last = last if isinstance(last, str) and self.find(last) is not None else None

    def all(self) -> tuple[Endpoint, ...]:
        """The endpoints in the order in which they were added."""
        return tuple(self._by_url.values())

    def get(self, base_url: str) -> Endpoint | None:
        """The endpoint of this base URL."""
        return self._by_url.get(base_url)

    def find(self, address: str) -> tuple[Endpoint, RemoteModel] | None:
        """The model of this address and its endpoint."""
        base_url, _, name = address.partition("#")
        endpoint = self._by_url.get(base_url)
        model = next((one for one in endpoint.models if one.name == name), None) if endpoint is not None else None
        return None if endpoint is None or model is None else (endpoint, model)

    def put(self, endpoint: Endpoint, *, instead_of: str | None = None) -> None:
        """Keep an endpoint, in the place of the one of this base URL if it is there."""
        place = instead_of if instead_of in self._by_url else endpoint.base_url
        if place not in self._by_url:
            self._keep([*self.all(), endpoint])
        else:
            others = [one for one in self.all() if one.base_url not in (place, endpoint.base_url)]
            at = [*self._by_url].index(place)
            self._keep([*others[:at], endpoint, *others[at:]])

    def remove(self, base_url: str) -> None:
        """Forget an endpoint."""
        self._keep([one for one in self.all() if one.base_url != base_url])

    def remember(self, address: str | None) -> None:
        """Begin the next time with this remote model; None: with one of this machine."""
        if address != self.last:
            self.last = address
            self._keep(self.all())

    def _keep(self, endpoints: Sequence[Endpoint]) -> None:
        self._by_url = {one.base_url: one for one in endpoints}
        if self.last is not None and self.find(self.last) is None:
            self.last = None
        self._file.write({"endpoints": [_encoded(one) for one in endpoints], "last": self.last})


def is_remote(address: str) -> bool:
    """Whether a model that is known by this lies on another machine."""
    return address.startswith(("https://", "http://"))


def host_of(address: str) -> str:
    """The host of an address, with its port where that is not the usual one."""
    return urlsplit(address).netloc


def is_here(address: str) -> bool:
    """Whether an address leads to this machine."""
    return _is_this_machine(urlsplit(address).hostname or "")


def is_open_to_readers(address: str) -> bool:
    """Whether what is sent there can be read on the way: without encryption and not to this machine."""
    return address.startswith("http:") and not is_here(address)


def base_url_of(entered: str) -> str:
    """The base URL that a person means, such as https://api.example.com/v1. Raises `RemoteAddressError`."""
    text = entered.strip()
    try:
        if "://" not in text:
            text = f"{'http' if _is_this_machine(urlsplit(f'//{text}').hostname or '') else 'https'}://{text}"
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError as error:  # of a host, a port or brackets
        raise _no_address(entered) from error
    if parts.scheme not in ("http", "https") or not host or not text.isprintable() or " " in text:
        raise _no_address(entered)
    if parts.username is not None or parts.password is not None:
        raise RemoteAddressError("The address holds a name or password; enter a key in the field for it instead.")
    if parts.query or parts.fragment:
        raise _no_address(entered)
    path = parts.path.rstrip("/")
    for ending in _ENDINGS:
        path = path.removesuffix(ending)
    shown_host = f"[{host}]" if ":" in host else host
    is_usual = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{shown_host}{'' if is_usual else f':{port}'}{path or USUAL_PATH}"


def listed_models(rows: Iterable[object]) -> tuple[RemoteModel, ...]:
    """The models in what a server lists; what has no usable name is left out, and each comes once."""
    found: dict[str, RemoteModel] = {}
    for row in rows:
        if isinstance(row, Mapping):
            name = row.get("id", row.get("name"))
            if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and plain_line(name) == name:
                found.setdefault(name, RemoteModel(name, _context_length(row)))
        if len(found) == MOST_MODELS:
            break
    return tuple(found.values())


def is_of_llama_cpp(rows: Iterable[object]) -> bool:
    """Whether llama.cpp lists these models: what it says there may be more than the context that it keeps."""
    return any(isinstance(row, Mapping) and row.get("owned_by") == "llamacpp" for row in rows)


def _context_length(row: Mapping[str, object]) -> int | None:
    """vLLM and SGLang call it max_model_len, llama.cpp meta.n_ctx_train, others context_length."""
    meta = row.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    candidates = (row.get("max_model_len"), row.get("context_length"), meta.get("n_ctx"), meta.get("n_ctx_train"))
    return next((one for one in candidates if type(one) is int and 0 < one <= LARGEST_CONTEXT), None)


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_address(entered: str) -> RemoteAddressError:
    return RemoteAddressError(f"“{plain_line(entered):.80}” is no address; it should look like https://host/v1.")


def _parsed(stored: object) -> Endpoint | None:
    if not isinstance(stored, Mapping):
        return None
    name, base_url, models = stored.get("name"), stored.get("base_url"), stored.get("models")
    if not isinstance(name, str) or not isinstance(base_url, str):
        return None
    try:
        if base_url_of(base_url) != base_url:
            return None
    except RemoteAddressError:
        return None
    kept = listed_models(models if isinstance(models, list) else ())
    return Endpoint(plain_line(name)[:LONGEST_NAME], base_url, kept, stored.get("is_allowed") is True)


def _encoded(endpoint: Endpoint) -> dict[str, object]:
    models = [{"name": one.name, "context_length": one.context_length} for one in endpoint.models]
    return {
        "name": endpoint.name,
        "base_url": endpoint.base_url,
        "is_allowed": endpoint.is_allowed,
        "models": models,
    }


def with_models(endpoint: Endpoint, models: Iterable[RemoteModel]) -> Endpoint:
    """The endpoint with these models, each once."""
    return replace(endpoint, models=tuple({one.name: one for one in models}.values())[:MOST_MODELS])
