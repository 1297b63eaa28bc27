"""MessageMenuController: the menu of a message: copying, another reply by another model, and how it was made."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication

from app.controllers.chat import ChatController
from app.controllers.models import ModelsController
from app.controllers.open_chat import OpenChat
from app.core.plain_text import plain_text
from app.core.reply_facts import ReplyFacts, reply_facts
from app.core.store import StoreError
from app.views.main_window import MainWindow
from app.views.message_menu import MessageMenu
from app.views.model_words import template_title
from app.views.value_texts import value_texts


class MessageMenuController(QObject):
    """Also tells a reply's figures while a person looks at it. `compareRequested(message id)`."""

    compareRequested = Signal(str)

    def __init__(self, chat: ChatController, models: ModelsController, window: MainWindow) -> None:
        super().__init__()
        self._chat, self._models, self._window = chat, models, window
        self._regenerating: tuple[OpenChat, str] | None = None  # once the other model is loaded
        window.transcript.menuRequested.connect(self.open_menu)
        window.transcript.figuresWanted.connect(self._show_figures)
        models.modelReady.connect(lambda _loaded: self._regenerate_now())
        models.loadFailed.connect(lambda _sentence: self._forget())

    def open_menu(self, message_id: str, place: QPoint) -> None:
        """Open the menu of a message at a place of the screen."""
        tree = self._chat.shown.tree
        if message_id not in tree:
            return
        menu = MessageMenu(
            self._window.model_picker.choices,
            self._window,
            is_reply=tree.get(message_id).role == "assistant",
            is_running=self._chat.is_replying,
        )
        menu.copyTextRequested.connect(lambda: self.copy(message_id, is_markdown=False))
        menu.copyMarkdownRequested.connect(lambda: self.copy(message_id, is_markdown=True))
        menu.regenerateWithRequested.connect(lambda path: self.regenerate_with(message_id, path))
        menu.compareRequested.connect(lambda: self.compareRequested.emit(message_id))
        menu.detailsRequested.connect(lambda: self.show_details(message_id))
        menu.popup(place)

    def copy(self, message_id: str, *, is_markdown: bool) -> None:
        """Put a message on the clipboard, as it was written or without Markdown's marks."""
        if message_id in self._chat.shown.tree:
            message = self._chat.shown.tree.get(message_id)
            is_plain = is_markdown or message.role == "user"  # a person writes plain text
            QGuiApplication.clipboard().setText(message.text if is_plain else plain_text(message.text))

    def regenerate_with(self, message_id: str, model_path: str) -> None:
        """Load another model, then let it write another version of a reply."""
        if not self._chat.is_busy():
            self._regenerating = (self._chat.shown, message_id)
            self._models.open(model_path)

    def show_details(self, message_id: str) -> None:
        """Show how a reply was made."""
        from app.views.details_dialog import DetailsDialog

        chat = self._chat.shown
        if message_id not in chat.tree:
            return
        facts = self._facts(message_id)
        written = QDateTime.fromSecsSinceEpoch(round(chat.tree.get(message_id).created_at))
        date = QLocale().toString(written, QLocale.FormatType.ShortFormat)
        DetailsDialog([(self.tr("Written"), date), *self._rows(facts)], self._window).open()

    def _regenerate_now(self) -> None:
        wanted, self._regenerating = self._regenerating, None
        if wanted is not None and wanted[0] is self._chat.shown:
            self._chat.regenerate(wanted[1])

    def _forget(self) -> None:
        self._regenerating = None

    def _facts(self, message_id: str) -> ReplyFacts:
        try:
            return reply_facts(self._chat.shown.store.record(message_id))
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return ReplyFacts()

    def _show_figures(self, message_id: str) -> None:
        if message_id not in self._chat.shown.tree:
            return
        facts = self._facts(message_id)
        if facts.decode_tok_s is None or facts.ttft_s is None:
            return
        speed, first = QLocale().toString(facts.decode_tok_s, "f", 1), QLocale().toString(facts.ttft_s, "f", 1)
        sentence = self.tr("{speed} tok/s · {seconds} s to the first word").format(speed=speed, seconds=first)
        self._window.transcript.show_figures(message_id, sentence)

    def _rows(self, facts: ReplyFacts) -> list[tuple[str, str]]:
        rows = [
            (self.tr("Model"), facts.model_name),
            (self.tr("Quantisation"), facts.quantisation),
            (self.tr("Remote model of"), facts.host),
            (self.tr("Address") if facts.host else self.tr("Model file"), facts.model_path),
            (self.tr("SHA-256 of the model"), facts.model_sha256),
            (self.tr("Device"), facts.device.upper()),
            (self.tr("Context"), self._tokens(facts.context_length)),
            (self.tr("Chat template"), template_title(facts.chat_template)),
            (self.tr("Speed"), self._speed(facts.decode_tok_s)),
            (self.tr("Time to the first word"), self._seconds(facts.ttft_s)),
            (self.tr("Reading the prompt"), self._seconds(facts.prefill_s)),
            (self.tr("Writing"), self._seconds(facts.decode_s)),
            (self.tr("Prompt"), self._tokens(facts.prompt_tokens)),
            (self.tr("Of these, already cached"), self._tokens(facts.reused_tokens)),
            (self.tr("Reply"), self._tokens(facts.generated_tokens)),
            (self.tr("Guessed ahead"), self._guesses(facts)),
            (self.tr("Longest reply"), self._tokens(facts.max_tokens)),
            (self.tr("Ended by"), self._stop_reason(facts.stop_reason)),
            (self.tr("Seed"), "" if facts.seed is None else str(facts.seed)),
        ]
        texts = value_texts()
        for name, value in facts.sampler.items():
            if name != "seed":
                rows.append((texts[name].title if name in texts else name.replace("_", " "), value))
        rows.append((self.tr("Version of Fireside"), facts.engine_version))
        return [row for row in rows if row[1]]

    def _tokens(self, count: int | None) -> str:
        return "" if count is None else self.tr("%Ln token(s)", "", count)

    def _guesses(self, facts: ReplyFacts) -> str:
        if not facts.guessed_tokens or facts.right_guesses is None:
            return ""
        number = QLocale()
        return self.tr("{right} of {guessed} tokens were right").format(
            right=number.toString(facts.right_guesses), guessed=number.toString(facts.guessed_tokens)
        )

    def _seconds(self, seconds: float | None) -> str:
        return "" if seconds is None else self.tr("{seconds} s").format(seconds=QLocale().toString(seconds, "f", 2))

    def _speed(self, tok_s: float | None) -> str:
        return "" if tok_s is None else self.tr("{speed} tok/s").format(speed=QLocale().toString(tok_s, "f", 1))

    def _stop_reason(self, reason: str) -> str:
        match reason:
            case "end_token":
                return self.tr("the model")
            case "stop_string":
                return self.tr("a stop text")
            case "max_tokens":
                return self.tr("the longest reply that the settings allow")
            case "context_full":
                return self.tr("the full context")
            case "cancelled":
                return self.tr("you")
        return reason.replace("_", " ")
