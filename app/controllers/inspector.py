"""InspectorController: which reply and which of its tokens a person looks into; the views of the panel follow it.

It reads the reply, has its tokens spelt, maps clicks in the transcript to tokens, and marks the chosen one there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QTextCharFormat

from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiries
from app.controllers.models import ModelsController
from app.core.inspected_reply import InspectedReply
from app.core.token_map import TokenMap
from app.core.token_text import token_text
from app.views.inspector_view import InspectorView
from app.views.main_window import MainWindow
from app.views.text_surface import Tint
from engine.api import Event
from engine.inspection.api import SpellRequest, TokensSpelt

CHOSEN = "token_chosen"  # the ground of the chosen token

TokenTint = tuple[int, str, QTextCharFormat.UnderlineStyle]  # a token, its ground by name, and the line below it


class InspectorController(QObject):
    """`replyChosen(InspectedReply or None)`, then `tokenChosen(message id or "", index or None)`.

    `opening()` comes before the panel shows anything, each time that it opens. `reply`, `index` and `tokens` (the
    `TokenMap`, once the tokens are spelt) say what is looked at, `texts` what each token spells; of other tokens
    `text_of` says it, once `spell` has asked, and `end_ids` which end a reply.
    """

    opening = Signal()
    replyChosen = Signal(object)
    tokenChosen = Signal(str, object)

    def __init__(
        self, inquiries: Inquiries, chat: ChatController, models: ModelsController, window: MainWindow
    ) -> None:
        super().__init__()
        self.inquiries = inquiries
        self._chat, self._window, self._panel = chat, window, window.inspector_panel
        self.reply: InspectedReply | None = None
        self.index: int | None = None
        self.tokens: TokenMap | None = None
        self._tints: Sequence[TokenTint] = ()
        self._tints_over: Sequence[TokenTint] | None = None
        self.texts: Sequence[str] = ()
        self.end_ids: set[int] = set()
        self._pieces: dict[int, bytes] = {}  # of the model in use
        self._next: int | None = None  # the token to look at in the reply that is being made
        self._clicked: int | None = None  # a character of a reply whose tokens are not spelt yet
        window.action.look_inside.toggled.connect(self._open_or_close)
        window.transcript.lookInsideRequested.connect(self.look)
        window.transcript.textClicked.connect(self._choose_at)
        window.transcript.messagesChanged.connect(self._forget_unseen)
        self._panel.tokenRequested.connect(self.choose)
        chat.replyFinished.connect(self._take_finished)
        models.modelReady.connect(lambda _loaded: self._take_model())

    @property
    def asked_about(self) -> InspectedReply | None:
        """The reply that is looked at, where the model in use can be asked about its tokens."""
        reply = self.reply
        return None if reply is None or self.tokens is None or reply.is_remote else reply

    def add_view(self, view: InspectorView) -> None:
        """Offer a view in the panel."""
        self._panel.add_view(view)

    @property
    def is_open(self) -> bool:
        """Whether the panel is open."""
        return self._window.action.look_inside.isChecked()

    def look(self, message_id: str, index: int | None = None) -> None:
        """Open the panel on a reply, and one of its tokens."""
        reply, self._clicked = self._chat.inspected(message_id), None
        if reply is None:
            return
        self.reply, self.index, self.tokens = reply, index, None
        self._tints = ()
        if not self.is_open:
            self._window.action.look_inside.setChecked(True)
        self._spell_reply()
        self._panel.focus_first()

    def choose(self, index: int | None) -> None:
        """Look at another token of the reply."""
        if self.reply is None or self.tokens is None:
            return
        self.index = None if index is None else min(max(index, 0), len(self.reply.token_ids) - 1)
        self._panel.show_token(self.reply.message.id, self.index)
        self._mark()
        self.tokenChosen.emit(self.reply.message.id, self.index)

    def spell(self, token_ids: Iterable[int], then: Callable[[], None]) -> None:
        """Call `then` when the texts of these tokens are known: at once, or when the engine told them."""
        unknown = tuple({token for token in token_ids if token not in self._pieces})
        if not unknown:
            then()
            return
        pieces = self._pieces

        def take(event: Event) -> None:
            if isinstance(event, TokensSpelt):
                pieces.update(zip(unknown, event.pieces, strict=True))
                if pieces is self._pieces:  # of a model that is still in use
                    self.end_ids.update(event.end_ids)
                    then()

        inquiry = self.inquiries.ask(lambda number: SpellRequest(number, unknown))
        inquiry.told.connect(take)
        inquiry.failed.connect(self._show_nothing)

    def bytes_of(self, token_id: int) -> bytes:
        """What a token spells, which `spell` has asked for."""
        return self._pieces[token_id]

    def text_of(self, token_id: int) -> str:
        """A token as it is written alone."""
        return token_text(self._pieces[token_id])

    def take_scores(self, reply: InspectedReply, token_ids: tuple[int, ...], alternatives: bytes) -> None:
        """The model in use has read the reply: look at its tokens and at what it would have said itself."""
        self._chat.keep_scores(reply.message.id, token_ids, alternatives)
        if self.reply is reply:
            request = replace(reply.request, begun_ids=token_ids)
            self.reply = scored = replace(reply, request=request, alternatives=alternatives)
            self.spell(token_ids, lambda: self._show_reply(scored))

    def branch(self, token_id: int, *, instead_of_end: bytes = b"") -> None:
        """Let the reply go on with another token in the place of the chosen one, as another version.

        With the record of the reply's end (`EndScored`) it goes on behind its last token.
        """
        reply, index, tokens = self.reply, self.index, self.tokens
        if reply is None or index is None or tokens is None:
            return
        if instead_of_end:
            reply, index = replace(reply, alternatives=reply.alternatives + instead_of_end), len(reply.token_ids)
        text = tokens.begun_text(index, self._pieces[token_id])
        if self._chat.branch(reply, index=index, token_id=token_id, text=text):
            self._next = index

    def tell(self, sentence: str) -> None:
        """Say what went wrong, in the window's message bar."""
        self._window.message_bar.show_error(sentence)

    def tint(self, tints: Sequence[TokenTint]) -> None:
        """Put grounds and lines below tokens of the reply, under that of the chosen token."""
        self._tints = tints
        self._mark()

    def tint_over(self, tints: Sequence[TokenTint] | None) -> None:
        """Put others in their place for as long as a person looks at them; None: no more."""
        self._tints_over = tints
        self._mark()

    def _open_or_close(self, is_open: bool) -> None:
        if not is_open:
            self.inquiries.cancel_all()
            self._window.transcript.show_tints("", ())
            return
        self.opening.emit()
        focused = self._window.transcript.focused_reply()
        if focused is not None and (self.reply is None or focused != self.reply.message.id):
            self.look(focused)
            return
        if self.reply is None:
            replies = [message for message in self._chat.shown.tree.path() if message.role == "assistant"]
            if replies:
                self.look(replies[-1].id)
                return
            self._show_nothing("")
        self._mark()
        self._panel.focus_first()

    def _take_finished(self, message_id: str) -> None:
        """Look into the reply that was just made."""
        wanted, self._next = self._next, None
        if self.is_open and message_id in self._chat.shown.tree:
            focus = self._window.focusWidget()
            self.look(message_id, wanted)
            if focus is not None:
                focus.setFocus()  # a person who writes goes on writing
        elif self.is_open and self.reply is not None and self.tokens is None:
            self._spell_reply()  # which a reply in another chat came before

    def _take_model(self) -> None:
        self._pieces, self.end_ids = {}, set()
        if self.reply is None:
            return
        if self.is_open:
            self.look(self.reply.message.id, self.index)
        else:  # its tokens are spelt anew when the panel opens
            self.reply = self.tokens = self.index = None
            self._tints = ()

    def _forget_unseen(self) -> None:
        """Another chat or version is shown, in which the reply is not."""
        if self.reply is not None and all(
            message.id != self.reply.message.id for message in self._chat.shown.tree.path()
        ):
            self.reply = self.tokens = self.index = None
            self._tints = ()
            self._show_nothing(self.tr("The reply is being written.") if self._chat.is_replying else "")

    def _spell_reply(self) -> None:
        reply, loaded = self.reply, self._chat.model
        assert reply is not None
        if reply.is_remote and reply.told_count:
            self._show_reply(reply)
        elif reply.is_remote:
            self._show_nothing(
                self.tr("This reply was made by a remote model; only one on this machine can be looked into.")
            )
        elif loaded is None:
            self._show_nothing(self.tr("No model is loaded; what its tokens spell is known when it is."))
        elif not reply.token_ids:
            self._show_nothing(
                self.tr("What this reply was made of is not known: it was imported, edited or cut off.")
            )
        elif not reply.is_by(loaded.info.path, loaded.info.name, loaded.info.quantisation):
            self._show_nothing(
                self.tr("This reply was made by another model ({name}); open that one to look inside.").format(
                    name=reply.model_name
                )
            )
        else:
            self.spell(reply.token_ids, lambda: self._show_reply(reply))

    def _show_reply(self, reply: InspectedReply) -> None:
        if self.reply is not reply:
            return
        spelt = reply.told[: reply.told_count] or [self._pieces[token] for token in reply.token_ids]
        note = ""
        if reply.is_remote:
            note = self.tr(
                "This reply was made by a remote model. Its server told how sure the model was; more cannot be known."
            )
        self.tokens = TokenMap(spelt, reply.message)
        self.texts = [piece.decode("utf-8", "replace") for piece in spelt]
        self._panel.show_reply(reply.message.id, [token_text(piece) for piece in spelt], note=note)
        self.replyChosen.emit(reply)
        clicked = None if self._clicked is None else self.tokens.token_at(self._clicked)
        self.choose(self.index if clicked is None else clicked)

    def _show_nothing(self, sentence: str) -> None:
        self.tokens, self.texts = None, ()
        self._panel.show_reply("" if self.reply is None else self.reply.message.id, (), note=sentence)
        self._mark()
        self.replyChosen.emit(self.reply)

    def _choose_at(self, point: QPoint) -> None:
        if not self.is_open:
            return
        found = self._window.transcript.text_at(point)
        if found is None:
            return
        message_id, offset = found
        if self.reply is None or self.reply.message.id != message_id:
            self.look(message_id)
        if self.tokens is None:
            self._clicked = offset
            return
        index = self.tokens.token_at(offset)
        if index is not None:
            self.choose(index)

    def _mark(self) -> None:
        """Show grounds and the chosen token in the transcript."""
        reply, tokens = self.reply, self.tokens
        if reply is None or tokens is None or not self.is_open:
            self._window.transcript.show_tints("", ())
            return
        text: list[Tint] = []
        thinking: list[Tint] = []
        shown = [*(self._tints if self._tints_over is None else self._tints_over)]
        if self.index is not None:
            shown = [tint for tint in shown if tint[0] != self.index]
            shown.append((self.index, CHOSEN, QTextCharFormat.UnderlineStyle.NoUnderline))
        for index, ground, line in sorted(shown, key=lambda tint: tint[0]):
            for place, tints in ((tokens.place_of(index), text), (tokens.thinking_place_of(index), thinking)):
                if place is not None:
                    tints.append(Tint(place, ground, line))
        self._window.transcript.show_tints(reply.message.id, text, thinking)
