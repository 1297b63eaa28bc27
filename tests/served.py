"""A server before the fake engine, as `fireside serve` puts it together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes import INFO, FakeEngine
from openai import OpenAI

from app.server.gate import Gate
from app.server.models import Models, ServedModel
from app.server.server import Server
from app.worker import EngineThread
from engine.api import ModelLoaded

MODEL = "Fake model"
TOKEN = "the-token"


@dataclass
class Served:
    """A running server; `client` is the official one."""

    fake: FakeEngine
    engine: EngineThread
    models: Models
    port: int
    client: OpenAI


@contextmanager
def served(fake: FakeEngine, gate: Gate | None = None) -> Iterator[Served]:
    """A server that has the fake model loaded, and may load "Other model"."""

    async def load(model: ServedModel) -> ModelLoaded:
        return ModelLoaded(0, INFO, device="cpu", context_length=2048, load_s=0.0)

    engine = EngineThread(lambda: fake)
    engine.start()
    models = Models(load)
    models.loaded = ModelLoaded(0, INFO, device="cpu", context_length=2048, load_s=0.0)
    models.own = ServedModel(MODEL, Path("/models/fake.gguf"), 1_700_000_000)
    server = Server(engine, models, gate or Gate(TOKEN))
    server.start(port=0)
    client = OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key=TOKEN, max_retries=0, timeout=20)
    try:
        yield Served(fake, engine, models, server.port, client)
    finally:
        client.close()
        server.stop()
        assert engine.shutdown()
