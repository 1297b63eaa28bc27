"""Models: which models may be asked for, and the one that is loaded; GET /v1/models."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.server.errors import ApiError
from app.server.exchange import Response
from engine.api import ModelLoaded


@dataclass(frozen=True)
class ServedModel:
    """A model by the name that programs call it; `created_s` is the age of its file, in seconds since 1970."""

    name: str
    path: Path
    created_s: int


def served(name: str, path: Path) -> ServedModel:
    """A model of a library."""
    try:
        return ServedModel(name, path, int(path.stat().st_mtime))
    except OSError:
        return ServedModel(name, path, 0)


Load = Callable[[ServedModel], Awaitable[ModelLoaded]]


class Models:
    """`loaded` and what else may be asked for; set on any thread, each as a whole.

    `own` is the window's model, loaded or put away for a while; `others` are those that a request may have loaded.
    """

    def __init__(self, load: Load) -> None:
        """`load` raises `ApiError`."""
        self._load = load
        self.loaded: ModelLoaded | None = None
        self.own: ServedModel | None = None
        self.others: tuple[ServedModel, ...] = ()

    async def use(self, name: str) -> ModelLoaded:
        """The model of this name, loaded. Raises `ApiError` 404, and what loading it says."""
        loaded = self.loaded
        if loaded is not None and self.own is not None and self.own.name == name:
            return loaded
        wanted = self._named(name)
        if wanted is None:
            raise _unknown(name)
        return await self.load(wanted)

    async def load(self, model: ServedModel) -> ModelLoaded:
        """Load a model. Raises `ApiError`."""
        loaded = await self._load(model)
        self.own, self.loaded = model, loaded
        return loaded

    def check(self, name: str) -> None:
        """Raises `ApiError` 404 when no model of this name may be asked for."""
        if self._named(name) is None:
            raise _unknown(name)

    def listed(self) -> Response:
        """Answer GET /v1/models."""
        listed = [self._described(one) for one in self._all()]
        return Response(json.dumps({"object": "list", "data": listed}).encode())

    def described(self, name: str) -> Response:
        """Answer GET /v1/models/NAME. Raises `ApiError` 404."""
        found = self._named(name)
        if found is None:
            raise _unknown(name)
        return Response(json.dumps(self._described(found)).encode())

    def _described(self, model: ServedModel) -> dict[str, Any]:
        """With the length of the context, as vLLM calls it, where the model is loaded."""
        told: dict[str, Any] = {"id": model.name, "object": "model", "created": model.created_s}
        if self.loaded is not None and model == self.own:
            told["max_model_len"] = self.loaded.context_length
        return told | {"owned_by": "fireside"}

    def _named(self, name: str) -> ServedModel | None:
        return next((one for one in self._all() if one.name == name), None)

    def _all(self) -> list[ServedModel]:
        """Each name once: the first model that has it."""
        every = (*(() if self.own is None else (self.own,)), *self.others)
        return list({one.name: one for one in reversed(every)}.values())[::-1]


def _unknown(name: str) -> ApiError:
    return ApiError(
        404,
        f"The model “{name:.100}” is not served here; GET /v1/models lists those that are.",
        parameter="model",
        code="model_not_found",
    )
