"""Downloads from a hub on this machine: searching, resuming, refusing, and a token that goes nowhere else."""

from __future__ import annotations

import errno
import logging
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hub_server import Hub, serving
from safetensors.torch import save

from app.controllers.downloads import check_model
from app.core.downloads import transfer
from app.core.downloads.hub import Offer, file_address, is_safe_path, offers, search
from app.core.downloads.shelf import Shelf, State
from app.core.downloads.transfer import DownloadError, Paused
from app.core.downloads.web import Web, WebError
from benchmarks.tiny_models import tiny_folder
from engine.api import ModelFileError, UnsupportedModelError

CONTENT = random.Random(1).randbytes(3_000_000)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PAUSES_S", (0.0, 0.0, 0.0))


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub({"tiny-Q4_K_M.gguf": CONTENT})) as running:
        yield running


@pytest.fixture
def web(hub: Hub) -> Iterator[Web]:
    opened = Web(hub.address, token="secret")
    yield opened
    opened.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "downloads.json", tmp_path / "models")


def only_offer(web: Web, hub: Hub) -> Offer:
    (offer,) = offers(web, hub.repository)
    return offer


def fetch(shelf: Shelf, web: Web, offer: Offer, **changes: Any) -> Path:
    download = shelf.add(offer)
    given: dict[str, Any] = {
        "check_header": lambda _path: None,
        "progress": lambda _done, _total: None,
        "cancelled": threading.Event(),
    }
    shelf.fetch(download, web, **(given | changes))
    return shelf.model_path(offer)


def parts(shelf: Shelf, offer: Offer) -> list[str]:
    folder = shelf.model_path(offer).parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_search_shows_repositories_and_drops_nonsense(web: Web, hub: Hub) -> None:
    (found,) = search(web, "tiny & more")
    assert (found.repository, found.licence, found.downloads, found.is_gated) == (
        hub.repository,
        "apache-2.0",
        5,
        False,
    )
    assert "search=tiny+%26+more" in hub.requests[0][0] or "search=tiny%20%26%20more" in hub.requests[0][0]


def test_offers_are_whole_models_the_smallest_first(web: Web, hub: Hub) -> None:
    hub.files = {
        "big-Q8_0-00001-of-00002.gguf": b"a" * 900,
        "big-Q8_0-00002-of-00002.gguf": b"b" * 900,
        "lost-Q2_K-00001-of-00003.gguf": b"c" * 90,
        "mmproj-F16.gguf": b"d" * 90,
        "small.Q4_0.gguf": b"e" * 300,
        "../escape.gguf": b"f" * 90,
        "README.md": b"g",
    }
    assert [(offer.name, offer.quantisation, offer.size_bytes) for offer in offers(web, hub.repository)] == [
        ("small.Q4_0", "Q4_0", 300),
        ("big-Q8_0", "Q8_0", 1800),
    ]


def test_a_folder_of_safetensors_comes_with_its_settings(shelf: Shelf, web: Web, hub: Hub) -> None:
    hub.files = {
        "model.safetensors": b"w" * 500,
        "config.json": b"{}",
        "tokenizer.json": b"[]",
        "training.py": b"import os",
        "pytorch_model.bin": b"pickle" * 50,
    }
    path = fetch(shelf, web, only_offer(web, hub))
    assert sorted(file.name for file in path.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]


def test_a_file_gets_its_name_when_its_hash_holds(shelf: Shelf, web: Web, hub: Hub) -> None:
    seen: list[int] = []
    path = fetch(shelf, web, only_offer(web, hub), progress=lambda done, _total: seen.append(done))
    assert path.read_bytes() == CONTENT
    assert parts(shelf, only_offer(web, hub)) == ["tiny-Q4_K_M.gguf"]
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_a_cut_connection_goes_on_where_it_ended(shelf: Shelf, web: Web, hub: Hub) -> None:
    hub.cut_after = 1_200_000
    path = fetch(shelf, web, only_offer(web, hub))
    assert path.read_bytes() == CONTENT
    ranges = [asked for address, asked, _ in hub.requests if "/resolve/" in address]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert all(ranges[1:])


def test_a_pause_and_a_restart_resume_without_fetching_twice(
    shelf: Shelf, web: Web, hub: Hub, tmp_path: Path
) -> None:
    offer, cancelled = only_offer(web, hub), threading.Event()
    with pytest.raises(Paused):
        fetch(shelf, web, offer, progress=lambda _done, _total: cancelled.set(), cancelled=cancelled)
    shelf.set_state(shelf.all()[0].key, State.RUNNING)
    again = Shelf(tmp_path / "downloads.json", tmp_path / "models")
    (download,) = again.all()
    assert download.state is State.PAUSED
    there = again.fetched_bytes(download)
    assert 0 < there < len(CONTENT)
    assert fetch(again, web, download.offer).read_bytes() == CONTENT
    assert hub.requests[-1][1] == f"bytes={there}-"


@pytest.mark.parametrize("change", ["no ranges", "another version"])
def test_what_cannot_be_resumed_begins_anew(shelf: Shelf, web: Web, hub: Hub, change: str) -> None:
    offer, cancelled = only_offer(web, hub), threading.Event()
    with pytest.raises(Paused):
        fetch(shelf, web, offer, progress=lambda _done, _total: cancelled.set(), cancelled=cancelled)
    if change == "no ranges":
        hub.has_ranges = False
    else:
        hub.tag = '"v2"'
    assert fetch(shelf, web, offer).read_bytes() == CONTENT


def test_a_damaged_file_never_gets_its_name(shelf: Shelf, web: Web, hub: Hub) -> None:
    hub.damage = True
    with pytest.raises(DownloadError, match="arrived damaged"):
        fetch(shelf, web, only_offer(web, hub))
    assert parts(shelf, only_offer(web, hub)) == []


@pytest.mark.parametrize("lie", [-1000, 1000])
def test_another_length_than_announced_is_refused(shelf: Shelf, web: Web, hub: Hub, lie: int) -> None:
    hub.lie_size = lie
    with pytest.raises(DownloadError, match="announced"):
        fetch(shelf, web, only_offer(web, hub))


@pytest.mark.parametrize(
    ("status", "match"), [(401, "access token"), (403, "licence"), (404, "does not know"), (500, "error 500")]
)
def test_a_refusal_is_told_in_words(web: Web, hub: Hub, status: int, match: str) -> None:
    hub.status = status
    with pytest.raises(WebError, match=match):
        search(web, "tiny")


def test_a_token_goes_to_no_other_host_and_to_no_log(
    shelf: Shelf, web: Web, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(Hub(hub.files), host="localhost") as mirror:
        hub.redirect_to = mirror.address
        assert fetch(shelf, web, only_offer(web, hub)).read_bytes() == CONTENT
        assert {token for _, _, token in mirror.requests} == {None}
    assert {token for _, _, token in hub.requests} == {"Bearer secret"}
    assert "secret" not in caplog.text


def test_endless_redirects_end(shelf: Shelf, web: Web, hub: Hub) -> None:
    hub.redirect_to = hub.address
    with pytest.raises(WebError, match="circles"):
        fetch(shelf, web, only_offer(web, hub))


def test_a_header_of_no_use_ends_before_the_gigabytes(shelf: Shelf, web: Web, hub: Hub) -> None:
    def refuse(path: Path) -> None:
        assert path.stat().st_size == len(CONTENT)
        raise UnsupportedModelError("The architecture 'odd' is not known.")

    with pytest.raises(UnsupportedModelError, match="odd"):
        fetch(shelf, web, only_offer(web, hub), check_header=refuse)
    assert parts(shelf, only_offer(web, hub)) == []


@pytest.mark.parametrize("fault", ["", "architecture", "offsets"])
def test_safetensors_are_looked_at_before_the_gigabytes(
    shelf: Shelf, web: Web, hub: Hub, tmp_path: Path, fault: str
) -> None:
    """Each shard with the settings that came before it, by the reader that would load it."""
    folder = tiny_folder(tmp_path / "tiny")
    hub.files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.files["model-00001-of-00002.safetensors"] = hub.files.pop("model.safetensors")
    hub.files["model-00002-of-00002.safetensors"] = save({"unused": torch.zeros(2)})
    hub.files["model.safetensors.index.json"] = b'{"weight_map": {"a": "model-00002-of-00002.safetensors"}}'
    match fault:
        case "architecture":
            hub.files["config.json"] = b'{"model_type": "neverheard"}'
        case "offsets":
            content = hub.files["model-00001-of-00002.safetensors"]
            hub.files["model-00001-of-00002.safetensors"] = content.replace(b"[0,", b"[8,", 1)
    offer = only_offer(web, hub)
    if not fault:
        assert (fetch(shelf, web, offer, check_header=check_model) / "model-00002-of-00002.safetensors").is_file()
        return
    with pytest.raises((ModelFileError, UnsupportedModelError), match=r"neverheard|takes \d+ bytes"):
        fetch(shelf, web, offer, check_header=check_model)
    assert not [name for name in parts(shelf, offer) if "00001" in name]


def test_a_damaged_header_is_looked_at_twice(shelf: Shelf, web: Web, hub: Hub) -> None:
    looks: list[bytes] = []

    def refuse(path: Path) -> None:
        looks.append(path.read_bytes()[:4])
        raise ModelFileError("damaged")

    with pytest.raises(ModelFileError, match="damaged"):
        fetch(shelf, web, only_offer(web, hub), check_header=refuse)
    assert looks == [CONTENT[:4]] * 2


def test_a_full_disk_is_told_before_and_while_it_fills(
    shelf: Shelf, web: Web, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = only_offer(web, hub)
    with monkeypatch.context() as patched:
        patched.setattr(transfer, "SPARE_BYTES", 1 << 60)
        with pytest.raises(DownloadError, match="has room for"):
            fetch(shelf, web, offer)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = offer.files[0]
    one = transfer.Transfer(web, file_address(web, offer, file), file, shelf.target(offer, file))
    with monkeypatch.context() as patched:
        patched.setattr(transfer.os, "fsync", full)
        with pytest.raises(DownloadError, match="what was fetched stays"):
            one.run(progress=lambda _done: None, is_cancelled=lambda: False)
    assert fetch(shelf, web, offer).read_bytes() == CONTENT


def test_removing_a_download_removes_what_was_fetched(shelf: Shelf, web: Web, hub: Hub) -> None:
    offer, cancelled = only_offer(web, hub), threading.Event()
    with pytest.raises(Paused):
        fetch(shelf, web, offer, progress=lambda _done, _total: cancelled.set(), cancelled=cancelled)
    shelf.remove(shelf.all()[0].key)
    assert parts(shelf, offer) == []
    assert shelf.all() == ()


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "a\\b", "C:a", "a\0b", ".a", "a/.b", "a.", "", "x" * 300])
def test_paths_that_leave_the_folder_are_refused(path: str) -> None:
    assert not is_safe_path(path)
    assert is_safe_path("Q4/model (1)-00001-of-00002.gguf")


@pytest.mark.parametrize("address", ["", "huggingface.co", "file:///etc", "ftp://a.b", "http://"])
def test_an_endpoint_that_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(WebError, match=r"web address|no address"):
        Web(address)


@pytest.mark.parametrize("content", ["{", '{"version": 1, "downloads": [{"offer": 3}, 4]}', '{"version": 9}'])
def test_a_damaged_list_of_downloads_begins_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "downloads.json").write_text(content)
    assert Shelf(tmp_path / "downloads.json", tmp_path / "models").all() == ()
