"""Shared fixtures: where reference data and the starter model lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder with reference models, vocabularies, templates and quantisation tables."""
    folder = Path(os.environ.get("FIRESIDE_FIXTURES", REPOSITORY.parent / "shared" / "fixtures"))
    assert folder.is_dir(), f"reference data is missing: {folder}"
    return folder
