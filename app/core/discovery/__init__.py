"""Where models already lie on this machine: one file for each program that keeps some, all read-only and in place.

`app.core.scan` asks every source that is switched on.
"""

from __future__ import annotations

from app.core.discovery import gpt4all, hugging_face, jan, llama_cpp, lm_studio, ollama
from app.core.discovery.fetched import fetched_models
from app.core.discovery.machine import Machine
from app.core.discovery.own_folders import own_folders
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Cancelled, Walk

__all__ = ["SOURCES", "Cancelled", "Found", "Machine", "Source", "Walk", "fetched_models", "own_folders"]

SOURCES: tuple[Source, ...] = (
    hugging_face.SOURCE,
    lm_studio.SOURCE,
    ollama.SOURCE,
    jan.SOURCE,
    gpt4all.SOURCE,
    llama_cpp.SOURCE,
)
