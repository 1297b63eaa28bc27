"""Hub: searches Hugging Face, or what speaks like it, and lists what of a repository can be fetched as one model.

Interface: huggingface.co/docs/hub/api. Everything that it answers is text of strangers until parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from app.core.downloads.web import Web, WebError

USUAL_ENDPOINT = "https://huggingface.co"
MOST_FOUND = 40
LARGEST_FILE = 1 << 45  # bytes
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASHES = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SPLIT = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
_QUANTISATION = re.compile(
    r"(?:^|[-._])((?:UD-)?(?:I?Q\d\w*|TQ\d\w*|MXFP4\w*|BF16|FP?16|FP?32))(?=$|[-._])", re.IGNORECASE
)
_BESIDE_WEIGHTS = re.compile(
    r"(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template)\.json"
    r"|chat_template\.jinja|merges\.txt|.*\.safetensors\.index\.json",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class HubModel:
    """A repository as a search shows it."""

    repository: str
    downloads: int
    likes: int
    updated: str  # ISO 8601; empty when unknown
    licence: str
    is_gated: bool


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository: `path` inside it; `digest` is SHA-256, or git's SHA-1 for a small file."""

    path: str
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Files that make one model together, at one commit."""

    repository: str
    commit: str
    name: str
    quantisation: str
    files: tuple[HubFile, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)


def search(web: Web, words: str) -> list[HubModel]:
    """Repositories with GGUF or safetensors weights that `words` find, the most fetched first. Raises `WebError`."""
    exact = words.strip().removeprefix(f"{USUAL_ENDPOINT}/")
    parameters = {"search": exact, "sort": "downloads", "direction": "-1", "limit": str(MOST_FOUND), "full": "true"}
    answer = web.json("/api/models", parameters)
    if not isinstance(answer, list):
        raise WebError("The hub answered a search with something that is no list; check the address.")
    return [model for row in answer[:MOST_FOUND] if (model := _model(row)) is not None]


def offers(web: Web, repository: str) -> list[Offer]:
    """What of a repository can be fetched as a model, the smallest first. Raises `WebError`."""
    if not _REPOSITORY.fullmatch(repository):
        raise WebError(f"“{repository:.80}” is no repository; they look like organisation/name.")
    answer = web.json(f"/api/models/{quote(repository)}", {"blobs": "true"})
    commit = answer.get("sha") if isinstance(answer, dict) else None
    rows = answer.get("siblings") if isinstance(answer, dict) else None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit) or not isinstance(rows, list):
        raise WebError(f"The hub's answer about “{repository}” makes no sense; check the address.")
    files = [file for row in rows if (file := _file(row)) is not None]
    found = [*_gguf_offers(repository, commit, files), *_folder_offers(repository, commit, files)]
    return sorted(found, key=lambda offer: offer.size_bytes)


def file_address(web: Web, offer: Offer, file: HubFile) -> str:
    """Where the file is fetched from."""
    return web.address(f"/{quote(offer.repository)}/resolve/{offer.commit}/{quote(file.path)}")


def is_safe_path(path: str) -> bool:
    """Whether a path of a server stays inside the folder that it is put in, on every system."""
    parts = PurePosixPath(path).parts
    return (
        bool(parts)
        and not path.startswith("/")
        and len(path) <= 200
        and all(re.fullmatch(r"[\w][\w .+()\[\]-]*", part) and not part.endswith((".", " ")) for part in parts)
    )


def _model(row: Any) -> HubModel | None:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not _REPOSITORY.fullmatch(row["id"]):
        return None
    tags = [tag for tag in _listed(row.get("tags")) if isinstance(tag, str)]
    if not {"gguf", "safetensors"} & set(tags):
        return None
    licence = next((tag.removeprefix("license:")[:40] for tag in tags if tag.startswith("license:")), "")
    updated = row.get("lastModified")
    return HubModel(
        row["id"],
        downloads=_count(row.get("downloads")),
        likes=_count(row.get("likes")),
        updated=updated[:32] if isinstance(updated, str) else "",
        licence=licence,
        is_gated=bool(row.get("gated")),
    )


def _file(row: Any) -> HubFile | None:
    if not isinstance(row, dict) or not isinstance(row.get("rfilename"), str) or not is_safe_path(row["rfilename"]):
        return None
    stored = row.get("lfs")
    large: dict[str, Any] = stored if isinstance(stored, dict) else {}
    digest = large.get("sha256") or row.get("blobId")
    size = row.get("size", large.get("size"))
    if not isinstance(digest, str) or not _HASHES.fullmatch(digest) or not 0 < _count(size) <= LARGEST_FILE:
        return None
    return HubFile(row["rfilename"], _count(size), digest)


def _gguf_offers(repository: str, commit: str, files: Iterable[HubFile]) -> list[Offer]:
    groups: dict[str, list[HubFile]] = {}
    for file in files:
        if file.path.lower().endswith(".gguf") and "mmproj" not in file.path.lower():
            split = _SPLIT.fullmatch(file.path)
            groups.setdefault(split["stem"] if split else file.path[: -len(".gguf")], []).append(file)
    found = []
    for stem, parts in groups.items():
        split = _SPLIT.fullmatch(parts[0].path)
        if split is None or len(parts) == int(split["count"]):
            name = PurePosixPath(stem).name
            parts.sort(key=lambda file: file.path)
            found.append(Offer(repository, commit, name, _quantisation(name), tuple(parts)))
    return found


def _folder_offers(repository: str, commit: str, files: Iterable[HubFile]) -> list[Offer]:
    top = [file for file in files if "/" not in file.path]
    weights = [file for file in top if file.path.endswith(".safetensors")]
    names = {file.path for file in top}
    if not weights or not {"config.json", "tokenizer.json"} <= names:
        return []
    beside = [file for file in top if _BESIDE_WEIGHTS.fullmatch(file.path)]
    return [Offer(repository, commit, PurePosixPath(repository).name, "safetensors", (*beside, *weights))]


def _quantisation(name: str) -> str:
    found = _QUANTISATION.findall(name)
    return found[-1].upper() if found else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0
