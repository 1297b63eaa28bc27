"""`fireside serve`: the server without a window, for one model of the library; ends on an interrupt or SIGTERM."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, replace
from pathlib import Path

from app.commands import look_for_models
from app.core.library import Library, model_name, model_path
from app.core.paths import DataFolder
from app.core.secrets import Secrets
from app.core.server_token import server_token
from app.core.settings import Settings, SettingsFile
from app.server.engine_link import batches
from app.server.gate import Gate
from app.server.models import Models, ServedModel, served
from app.server.server import Server
from app.worker import EngineLike, EngineThread, create_engine
from engine.api import LoadRequest, ModelLoaded, RequestError
from engine.builtin_templates import chosen_template

TOKEN = "FIRESIDE_TOKEN"  # the environment variable that may name one


def serve_until_told(
    options: Namespace, folder: DataFolder, *, make_engine: Callable[[], EngineLike] = create_engine
) -> None:
    """Load the model and serve it. Raises `FiresideError`."""
    is_loopback = _is_loopback(options.host)
    if not options.token and not is_loopback:
        raise RequestError("Without a token only this machine may be served; leave out --no-token or --host.")
    if options.chat_template is not None:
        chosen_template(options.chat_template, own=None)  # a wrong name is told before anything is read
    library, settings = Library(folder.models), SettingsFile(folder.settings).settings
    if options.model is not None or options.other_models:
        look_for_models(library, settings, folder)
    own = _chosen(options.model, library)
    token = (os.environ.get(TOKEN) or server_token(Secrets())) if options.token else None
    engine = EngineThread(make_engine)
    engine.start()
    try:
        models = _models(engine, library, settings, templates={own.path: options.chat_template})
        if options.other_models:
            models.others = tuple(served(one.name, one.path) for one in library.models() if one.is_loadable)
        asyncio.run(models.load(own))
        server = Server(engine, models, Gate(token, is_loopback=is_loopback, host_names=options.host_name))
        server.start(options.host, options.port)
        try:
            print(f"fireside: {own.name} at http://{options.host}:{server.port}/v1", file=sys.stderr)
            print(
                "fireside: no token is needed" if token is None else f"fireside: the token is {token}",
                file=sys.stderr,
            )
            _wait_for_the_end()
        finally:
            server.stop()
    finally:
        engine.shutdown()


def _models(
    engine: EngineThread, library: Library, settings: Settings, *, templates: Mapping[Path, str | None]
) -> Models:
    """Models that the engine loads as the library and the settings say, some with another chat template."""

    async def load(model: ServedModel) -> ModelLoaded:
        how = library.load_settings(model.path) or settings.load
        how = replace(how, chat_template=templates.get(model.path) or how.chat_template)
        request = LoadRequest(engine.next_request_id(), str(model.path), **asdict(how), name=model.name)
        async with aclosing(batches(engine, request)) as found:
            async for batch in found:
                if isinstance(batch[-1], ModelLoaded):
                    return batch[-1]
        raise AssertionError("a load ends with the model or with an error")

    return Models(load)


def _chosen(wanted: str | None, library: Library) -> ServedModel:
    """The model that a person named by its place or its name, or the one that the window would open."""
    if wanted is None:
        known = library.default()
        if known is None:
            raise RequestError("No model is known on this machine; name a file or a folder.")
        return served(known.name, known.path)
    named = next((one for one in library.models() if one.name == wanted), None)
    if named is not None:
        return served(named.name, named.path)
    path = model_path(wanted)
    return served(model_name(path), path)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise RequestError(f"“{host}” is no address; name one such as 127.0.0.1 or 0.0.0.0.") from error


def _wait_for_the_end() -> None:
    told = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda _signal, _frame: told.set())
    try:
        while not told.wait(1.0):  # without a limit Windows would not hear an interrupt
            pass
    finally:
        signal.signal(signal.SIGTERM, before)
