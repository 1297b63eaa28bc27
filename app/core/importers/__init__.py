"""Import formats. To add one: a file here with one `Importer`, and its name in `IMPORTERS`.

A file belongs to the first format whose `sniff` knows it, so formats that could be taken for another come before it.
"""

from __future__ import annotations

from app.core.importers import (
    chatgpt,
    claude,
    fireside_json,
    gpt4all,
    jan,
    llama_cpp,
    lm_studio,
    messages_jsonl,
    open_webui,
    sharegpt,
    silly_tavern,
    text_generation_webui,
)
from app.core.importers.importer import Importer, ImportFileError, Sample, Skipped, Source

__all__ = ["IMPORTERS", "ImportFileError", "Importer", "Sample", "Skipped", "Source"]

IMPORTERS: tuple[Importer, ...] = (
    gpt4all.IMPORTER,
    fireside_json.IMPORTER,
    chatgpt.IMPORTER,
    claude.IMPORTER,
    open_webui.IMPORTER,
    llama_cpp.IMPORTER,
    lm_studio.IMPORTER,
    jan.IMPORTER,
    silly_tavern.IMPORTER,
    text_generation_webui.IMPORTER,
    sharegpt.IMPORTER,
    messages_jsonl.IMPORTER,
)
