"""RemotesController: the endpoints that a person adds, the question before messages go to one, and what shows it.

Nothing is contacted unless remote models are switched on, and no message leaves before the yes to its endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from shiboken6 import isValid

from app.controllers.background import Background, Control, Job
from app.controllers.models import ModelsController
from app.controllers.preferences import PreferencesController
from app.core.remote.endpoints import (
    Endpoint,
    Endpoints,
    RemoteModel,
    base_url_of,
    host_of,
    is_of_llama_cpp,
    is_open_to_readers,
    listed_models,
    with_models,
)
from app.core.remote.errors import RemoteAddressError, RemoteError
from app.core.remote.plain_line import plain_line
from app.core.secrets import Secrets
from app.core.settings import Settings
from app.views.main_window import MainWindow
from app.views.model_picker import ModelChoice
from app.views.model_words import tokens_text
from app.views.remote_question import RemoteQuestion
from engine.api import FiresideError, ModelLoaded

if TYPE_CHECKING:
    from app.views.endpoint_dialog import EndpointDialog, EndpointEntry
    from app.views.remote_page import RemotePage


class RemotesController(QObject):
    """Serves a page of the settings and the remote part of the model picker."""

    def __init__(
        self,
        models: ModelsController,
        preferences: PreferencesController,
        background: Background,
        window: MainWindow,
        *,
        endpoints: Endpoints,
        secrets: Secrets,
    ) -> None:
        super().__init__()
        self._endpoints, self._secrets, self._models = endpoints, secrets, models
        self._preferences, self._background, self._window = preferences, background, window
        self._page: RemotePage | None = None
        self._is_on = preferences.settings.allows_remote
        preferences.add_page(self._make_page)
        preferences.changed.connect(self._obey)
        models.remoteRequested.connect(self.choose)
        models.modelReady.connect(self._take_model)
        self._show()

    def open_last(self) -> bool:
        """Let the remote model reply that did so last, if it still may; whether it does."""
        found = None if self._endpoints.last is None else self._endpoints.find(self._endpoints.last)
        if found is None or not found[0].is_allowed or not self._is_on:
            return False
        self._use(*found)
        return True

    def choose(self, address: str) -> None:
        """Let a remote model reply; asks first where messages have never gone."""
        found = self._endpoints.find(address)
        if found is None or not self._is_on:
            self._refuse(self.tr("This remote model is not available; look into the settings, at “Remote”."))
            return
        endpoint, model = found
        if endpoint.is_allowed:
            self._use(endpoint, model)
            return
        question = RemoteQuestion(
            model.name, endpoint.host, self._window, is_readable=is_open_to_readers(endpoint.base_url)
        )
        question.accepted.connect(lambda: self._allow(endpoint, model))
        question.rejected.connect(lambda: self._models.loadFailed.emit(""))
        question.open()

    def show_dialog(self, base_url: str | None = None) -> EndpointDialog:
        """Ask for an endpoint, or for changes of the one with this base URL."""
        from app.views.endpoint_dialog import EndpointDialog

        endpoint = None if base_url is None else self._endpoints.get(base_url)
        page = self._shown_page()
        dialog = EndpointDialog(endpoint, self._window if page is None else page.window())
        dialog.entered.connect(lambda entry: self._enter(dialog, endpoint, entry))
        dialog.open()
        return dialog

    def _make_page(self) -> RemotePage:
        from app.views.remote_page import RemotePage

        page = self._page = RemotePage()
        page.addRequested.connect(self.show_dialog)
        page.editRequested.connect(self.show_dialog)
        page.removeRequested.connect(self._remove)
        page.refreshRequested.connect(self._refresh)
        page.show_endpoints(self._endpoints.all())
        return page

    def _shown_page(self) -> RemotePage | None:
        return self._page if self._page is not None and isValid(self._page) else None

    def _enter(self, dialog: EndpointDialog, before: Endpoint | None, entry: EndpointEntry) -> None:
        """Ask the endpoint that was entered for its models, and keep it when it answers."""
        try:
            base_url = base_url_of(entry.address)
            if not (entry.key.isascii() and entry.key.isprintable()):
                raise RemoteAddressError("The key holds characters that no key has; copy it again.")
        except RemoteAddressError as error:
            dialog.show_problem(str(error))
            return
        is_same = before is not None and before.base_url == base_url
        if not is_same and self._endpoints.get(base_url) is not None:
            dialog.show_problem(self.tr("This endpoint is there already; edit it instead."))
            return
        host = host_of(base_url)
        named = plain_line(entry.model)
        typed = (RemoteModel(named),) if named else ()
        endpoint = Endpoint(plain_line(entry.name) or host, base_url, typed)
        if before is not None and is_same:
            endpoint = replace(before, name=endpoint.name)
        secrets, replaced = self._secrets, None if before is None else before.base_url

        def work(control: Control) -> tuple[Endpoint, bool] | None:
            try:
                listed = _models_of(base_url, entry.key or secrets.get(base_url), control)
            except FiresideError:
                if not typed:
                    raise
                listed = ()
            if listed is None:
                return None
            whole = with_models(endpoint, [*typed, *(listed or endpoint.models)])
            return whole, secrets.set(base_url, entry.key) if entry.key and whole.models else True

        def keep(found: tuple[Endpoint, bool] | None) -> None:
            if found is None or not isValid(dialog):
                return
            whole, is_kept = found
            if not whole.models:
                dialog.show_problem(self.tr("{host} lists no model; enter the name of one.").format(host=host))
                return
            if not self._write(lambda: self._endpoints.put(whole, instead_of=replaced)):
                dialog.show_problem(self.tr("It was not kept."))
                return
            if before is not None and not is_same:
                self._forget_key(before.base_url)
                self._leave(before.base_url)
            dialog.accept()
            self._preferences.change("allows_remote", True)
            self._show()
            if not is_kept:
                self._tell(self.tr("This system has no keyring; the key is forgotten when Fireside closes."))

        dialog.show_waiting(host)
        job = self._background.start(work, name="endpoint")
        dialog.rejected.connect(job.cancel)
        job.succeeded.connect(keep)
        job.failed.connect(lambda sentence: dialog.show_problem(sentence) if isValid(dialog) else None)

    def _refresh(self, base_url: str) -> None:
        """Ask an endpoint anew for its models."""
        endpoint = self._endpoints.get(base_url)
        if endpoint is None:
            return
        if not self._is_on:
            self._tell(self.tr("Remote models are switched off; nothing was asked."))
            return
        self._tell(self.tr("Asking {host} for its models…").format(host=endpoint.host))
        secrets = self._secrets

        def work(control: Control) -> tuple[RemoteModel, ...] | None:
            return _models_of(base_url, secrets.get(base_url), control)

        def keep(listed: tuple[RemoteModel, ...] | None) -> None:
            now = self._endpoints.get(base_url)
            if listed and now is not None:
                self._write(lambda: self._endpoints.put(with_models(now, listed)))
                self._show()
            self._tell("" if listed else self.tr("{host} lists no model.").format(host=host_of(base_url)))

        job: Job = self._background.start(work, name="endpoint")
        job.succeeded.connect(keep)
        job.failed.connect(self._tell)

    def _remove(self, base_url: str) -> None:
        if self._write(lambda: self._endpoints.remove(base_url)):
            self._forget_key(base_url)
            self._leave(base_url)
            self._show()

    def _leave(self, base_url: str) -> None:
        """Let no model of an endpoint reply any more that is not known now."""
        in_use = self._models.in_use
        if in_use is not None and in_use.info.path.startswith(f"{base_url}#"):
            self._models.leave_remote()

    def _forget_key(self, base_url: str) -> None:
        secrets = self._secrets
        self._background.start(lambda _control: secrets.set(base_url, ""), name="keyring")

    def _allow(self, endpoint: Endpoint, model: RemoteModel) -> None:
        now = self._endpoints.get(endpoint.base_url)
        if now is not None and self._write(lambda: self._endpoints.put(replace(now, is_allowed=True))):
            self._use(now, model)

    def _use(self, endpoint: Endpoint, model: RemoteModel) -> None:
        self._models.open_remote(endpoint.address(model), model.name, model.context_length)

    def _refuse(self, sentence: str) -> None:
        self._window.message_bar.show_error(sentence)
        self._models.loadFailed.emit(sentence)

    def _obey(self, settings: Settings) -> None:
        """Without a yes no remote model replies, also not the one that is at it."""
        if settings.allows_remote == self._is_on:
            return
        self._is_on = settings.allows_remote
        if not self._is_on:
            self._models.leave_remote()
        self._show()

    def _take_model(self, loaded: ModelLoaded) -> None:
        """Show where messages go now, and begin so the next time."""
        self._window.show_remote_host(loaded.host)
        self._write(lambda: self._endpoints.remember(loaded.info.path if loaded.host else None))

    def _show(self) -> None:
        page = self._shown_page()
        if page is not None:
            page.show_endpoints(self._endpoints.all())
            page.show_settings(self._preferences.settings)
        self._models.show_remote([_choice(*one) for one in self._all_models()] if self._is_on else ())

    def _all_models(self) -> list[tuple[Endpoint, RemoteModel]]:
        return [(endpoint, model) for endpoint in self._endpoints.all() for model in endpoint.models]

    def _tell(self, sentence: str) -> None:
        page = self._shown_page()
        if page is not None:
            page.show_told(sentence)

    def _write(self, change: Callable[[], None]) -> bool:
        try:
            change()
        except OSError as error:
            self._window.message_bar.show_error(
                self.tr("The list of endpoints cannot be written: {reason}.").format(reason=error.strerror or error)
            )
            return False
        return True


def _choice(endpoint: Endpoint, model: RemoteModel) -> ModelChoice:
    context = "" if model.context_length is None else tokens_text(model.context_length)
    name = "" if endpoint.name == endpoint.host else endpoint.name  # the host stands above
    return ModelChoice(endpoint.address(model), model.name, context, name, host=endpoint.host)


def _models_of(base_url: str, key: str | None, control: Control) -> tuple[RemoteModel, ...] | None:
    """The models that an endpoint lists, None when the person thought better of it. Raises `FiresideError`."""
    from app.core.remote.connection import Connection, GivenUp  # with asyncio, which the window need not wait for

    connection = Connection(base_url, key, control.is_cancelled)
    try:
        rows = connection.models()
        listed = listed_models(rows)
        if len(listed) == 1 and is_of_llama_cpp(rows):
            with suppress(RemoteError):  # an older server, or one that does not tell
                told = connection.context_length()
                listed = (replace(listed[0], context_length=told or listed[0].context_length),)
        return listed
    except GivenUp:
        return None
    finally:
        connection.close()
