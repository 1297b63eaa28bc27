"""CompareController: opens the dialog that compares two models, asks the engine, and saves what was found."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.appearance import AppearanceController
from app.controllers.background import Background
from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiries, Inquiry
from app.controllers.models import ModelsController
from app.core.conversation import prompt_messages
from app.core.files import safe_file_name, write_atomically
from app.core.fit import Fit, Verdict, estimate
from app.core.known_model import KnownModel
from app.core.library import Library, model_name
from app.core.settings import LoadSettings
from app.views.dialogs import ask_new_file, confirm_replacing
from app.views.known_sentences import said
from app.views.main_window import MainWindow
from app.views.model_words import size_text
from app.worker import free_memory
from engine.api import Event, GenerateRequest, LoadRequest, Message, SamplerSettings
from engine.inspection.api import MOST_KEPT_BYTES, Compared, CompareProgressed, CompareRequest

if TYPE_CHECKING:
    from app.core.comparison import Comparison
    from app.views.compare_dialog import CompareChoice, CompareDialog
    from app.views.compared_column import ComparedModel

LOGIT_BYTES = 4


@dataclass(frozen=True, slots=True)
class _Made:
    """A comparison that was made, on the prompt `of` a reply, and what was chosen for it."""

    message_id: str
    of: GenerateRequest
    made_by: object
    choice: CompareChoice
    found: Comparison


class CompareController(QObject):
    """One dialog at a time; closing it stops what it asked for. The last comparison is kept until Fireside ends."""

    def __init__(
        self,
        inquiries: Inquiries,
        chat: ChatController,
        models: ModelsController,
        window: MainWindow,
        *,
        library: Library,
        appearance: AppearanceController,
        background: Background,
    ) -> None:
        super().__init__()
        self._inquiries, self._chat, self._models, self._library = inquiries, chat, models, library
        self._appearance, self._background, self._window = appearance, background, window
        self._dialog: CompareDialog | None = None
        self._of = GenerateRequest(0, ())  # what both are asked, but for the last message
        self._made_by: object = None  # where the model lies that made the reply, as its record says
        self._asking: Inquiry | None = None
        self._message_id = ""  # of the reply that the dialog was opened on
        self._found: Comparison | None = None
        self._last: _Made | None = None
        window.inspector_panel.compareRequested.connect(self.open)
        window.action.compare.triggered.connect(lambda: self.open(self._reply_in_view()))

    def open(self, message_id: str = "") -> None:
        """Open the dialog on the prompt of a reply, with what was found of it last; by default on an empty one."""
        known = [model for model in self._library.models() if model.is_loadable]
        if not known:
            self._window.message_bar.show_notice(self.tr("Open or download a model first, then compare it."))
            return
        if self._last is not None and self._last.message_id == message_id:
            self._show_last(known, self._last)
            return
        prompt, self._message_id = self._take_prompt(message_id), message_id
        dialog = self._make_dialog(known, prompt)
        for column, (path, cache_type) in zip(dialog.columns, self._proposed(known), strict=True):
            column.choose_model(path, cache_type)
        if (last := self._last) is not None:
            dialog.lastRequested.connect(dialog.close)
            dialog.lastRequested.connect(lambda: self._show_last(known, last))
        self.tell_memory()
        dialog.open()

    def _show_last(self, known: Sequence[KnownModel], last: _Made) -> None:
        """Open the dialog on what was found last."""
        self._message_id, self._of, self._made_by, self._found = last.message_id, last.of, last.made_by, last.found
        dialog = self._make_dialog(known, last.choice.prompt)
        dialog.show_choice(last.choice)
        dialog.show_comparison(last.found)
        self.tell_memory()
        dialog.open()

    def _make_dialog(self, known: Sequence[KnownModel], prompt: str) -> CompareDialog:
        """A dialog about what is asked, `_of`, that is not open yet."""
        from app.views.compare_dialog import CompareDialog

        dialog = self._dialog = CompareDialog(
            [_offered(model) for model in known],
            *(self._appearance.theme, self._window),
            prompt=prompt,
            context=len(self._of.prompt),
            has_last=self._last is not None,
        )
        self._appearance.themeChanged.connect(dialog.apply_theme)
        dialog.choiceChanged.connect(self.tell_memory)
        dialog.compareRequested.connect(self._ask)
        dialog.stopRequested.connect(self._stop)
        dialog.saveRequested.connect(self._save)
        dialog.finished.connect(lambda _result: self._forget(dialog))
        return dialog

    def _reply_in_view(self) -> str:
        """The reply that has the focus, else the last one of the chat; empty: there is none."""
        replies = [message.id for message in self._chat.shown.tree.path() if message.role == "assistant"]
        focused = self._window.transcript.focused_reply()
        return focused if focused in replies else next(reversed(replies), "")

    def _take_prompt(self, message_id: str) -> str:
        """Keep what a reply was asked with; returns the message that it answered."""
        settings = self._chat.settings
        reply = self._chat.inspected(message_id)
        self._made_by = None if reply is None else reply.record.get("model_path")
        if reply is None or isinstance(reply.request.prompt, str):
            self._of = GenerateRequest(
                0,
                prompt_messages([], system_prompt=settings.system_prompt),
                sampler=settings.sampler,
                stop=settings.stop,
                json_schema=settings.json_schema,
            )
            return ""
        messages = [replace(message, token_ids=()) for message in reply.request.prompt]  # those of one model only
        asked = next((at for at in reversed(range(len(messages))) if messages[at].role == "user"), None)
        before = messages if asked is None else messages[:asked]
        self._of = replace(reply.request, prompt=tuple(before), begun_ids=(), continue_last=False)
        return "" if asked is None else messages[asked].content

    def _proposed(self, known: Sequence[KnownModel]) -> Sequence[tuple[str, str]]:
        """The reply's model or the one in use, and another quantisation of it, or another model, or another cache."""
        made = (model for model in known if any(str(place.path) == self._made_by for place in model.places))
        in_use = (model for model in known if self._models.is_in_use(model))
        used = next(chain(made, in_use), known[0])
        others = [model for model in known if model is not used]
        alike = [model for model in others if _is_alike(model, used)]
        second = next(chain(alike, others), None)
        first = (str(used.path), "auto")
        return first, (str(used.path), "q8_0") if second is None else (str(second.path), "auto")

    def tell_memory(self) -> None:
        """Say what the larger of the two needs, before anything is loaded."""
        dialog = self._dialog
        if dialog is None:
            return
        choice, memory = dialog.choice, free_memory()
        fits: list[tuple[str, Fit]] = []
        kept = 0
        for (path, cache_type), name in zip(choice.models, self._names(choice), strict=True):
            known = self._library.at(Path(path))
            if known is not None and known.info is not None:
                fits.append((name, estimate(known.info, memory, self._settings(path, cache_type))))
                kept += min(choice.max_tokens * known.info.vocabulary * LOGIT_BYTES, MOST_KEPT_BYTES)
        if not fits:
            dialog.show_memory("")
            return
        name, fit = max(fits, key=lambda one: one[1].need_bytes)
        sentence = (
            self.tr("{name} does not fit: it needs {need}, and {have} are free. Choose another, or close programs.")
            if fit.verdict is Verdict.NOT
            else self.tr(
                "They are loaded one after the other: {name}, the larger one, needs {need} of {have}. "
                "Up to {kept} lie in a temporary file meanwhile."
            )
        )
        dialog.show_memory(
            sentence.format(
                name=name, need=size_text(fit.need_bytes), have=size_text(fit.have_bytes), kept=size_text(kept)
            )
        )

    def _ask(self, choice: CompareChoice) -> None:
        dialog = self._dialog
        if dialog is None or self._asking is not None:
            return
        if self._chat.is_replying:
            dialog.show_error(self.tr("A reply is being written; stop it first (Esc)."))
            return
        of, names = self._asked(choice), self._names(choice)
        loads = tuple(self._load(path, cache_type) for path, cache_type in choice.models)
        self._found = None
        dialog.begin()
        inquiry = self._asking = self._inquiries.ask(
            lambda number: CompareRequest(number, replace(of, request_id=number), (loads[0], loads[1]))
        )

        def take(event: Event) -> None:
            if self._dialog is not dialog:
                return
            if isinstance(event, CompareProgressed):
                dialog.show_progress(
                    *(event.done, event.total),
                    which=event.which,
                    step=event.step,
                    name=names[event.which],
                    text=event.text,
                )
            elif isinstance(event, Compared):
                from app.core.comparison import comparison

                found = self._found = comparison(event, prompt=choice.prompt, names=names)
                self._last = _Made(self._message_id, self._of, self._made_by, choice, found)
                dialog.show_comparison(found)

        def fail(sentence: str) -> None:
            if self._dialog is dialog:
                dialog.show_error(sentence)

        def end() -> None:
            self._asking = None
            if self._dialog is dialog:
                dialog.end()

        inquiry.told.connect(take)
        inquiry.failed.connect(fail)
        inquiry.ended.connect(end)

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _forget(self, dialog: CompareDialog) -> None:
        self._appearance.themeChanged.disconnect(dialog.apply_theme)
        self._dialog = self._found = None

    def _asked(self, choice: CompareChoice) -> GenerateRequest:
        """What both models are asked."""
        before = self._of.prompt if choice.has_context else ()
        assert not isinstance(before, str)
        seed = self._of.sampler.seed
        drawn = replace(self._of.sampler, seed=secrets.randbits(32) if seed is None else seed)
        return replace(
            self._of,
            prompt=(*before, Message("user", choice.prompt)),
            sampler=SamplerSettings(temperature=0.0, seed=drawn.seed) if choice.is_greedy else drawn,
            max_tokens=choice.max_tokens,
        )

    def _settings(self, path: str, cache_type: str) -> LoadSettings:
        settings = replace(self._models.settings_of(Path(path)), draft_path=None)
        return settings if cache_type == "auto" else replace(settings, cache_type=cache_type)

    def _load(self, path: str, cache_type: str) -> LoadRequest:
        return LoadRequest(0, path, **asdict(self._settings(path, cache_type)), name=self._name(path))

    def _name(self, path: str) -> str:
        known = self._library.at(Path(path))
        return model_name(Path(path)) if known is None else known.name

    def _names(self, choice: CompareChoice) -> tuple[str, str]:
        """What the two are called, so that they can be told apart."""
        first, second = (path for path, _ in choice.models)
        names = self._name(first), self._name(second)
        if names[0] != names[1]:
            return names
        marks = [self._quantisation(path) for path in (first, second)]
        if first == second:
            caches = (self._settings(path, cache).cache_type for path, cache in choice.models)
            marks = [self.tr("usual cache") if cache == "auto" else cache for cache in caches]
        one, other = (self.tr("{name} ({mark})").format(name=names[0], mark=mark) for mark in marks)
        return one, other

    def _quantisation(self, path: str) -> str:
        known = self._library.at(Path(path))
        return "" if known is None or known.info is None else known.info.quantisation

    def _save(self, ending: str) -> None:
        dialog, found = self._dialog, self._found
        if dialog is None or found is None:
            return
        kinds = {"md": self.tr("Markdown (*.md)"), "csv": self.tr("Tables (*.csv)")}
        proposed = Path.home() / safe_file_name(" – ".join(side.name for side in found.sides), ending)
        path = ask_new_file(dialog, self.tr("Save the comparison"), proposed, kinds[ending])
        if path is None or (path.exists() and not confirm_replacing(dialog, path.name)):
            return
        from app.core.comparison import comparison_markdown, comparison_table

        write = {"md": comparison_markdown, "csv": comparison_table}[ending]
        job = self._background.start(lambda _control: write_atomically(path, write(found)), name="comparison")
        saved = self.tr("“{name}” is saved.").format(name=path.name)

        def tell(sentence: str, *, is_error: bool) -> None:
            if self._dialog is dialog:
                (dialog.show_error if is_error else dialog.tell)(sentence)

        job.succeeded.connect(lambda _nothing: tell(saved, is_error=False))
        job.failed.connect(lambda sentence: tell(said(sentence), is_error=True))


def _offered(model: KnownModel) -> ComparedModel:
    from app.views.compared_column import ComparedModel

    facts = [] if model.info is None else [model.info.quantisation]
    return ComparedModel(str(model.path), model.name, "  ".join((*facts, size_text(model.size_bytes))))


def _is_alike(one: KnownModel, other: KnownModel) -> bool:
    """Whether they are the same model in two quantisations, as far as headers say."""
    if one.info is None or other.info is None:
        return False
    shapes = [(info.family, info.layers, info.vocabulary) for info in (one.info, other.info)]
    return shapes[0] == shapes[1] and abs(one.info.parameters - other.info.parameters) < one.info.parameters / 50
