"""TranscriptMarks: what is selected in a transcript, what a search found in it, and grounds below its letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.views.person_view import PersonView
from app.views.reply_view import ReplyView
from app.views.text_surface import Span, Tint
from app.views.transcript_selection import TranscriptSelection


class TranscriptMarks:
    """Remembers it for the messages that have no widgets. Whatever is set shows with the next `show_in`."""

    def __init__(self, selection: TranscriptSelection) -> None:
        self._selection = selection
        self._found: Mapping[tuple[int, int], Sequence[Span]] = {}
        self._current: tuple[int, int, int] | None = None
        self._tints: dict[str, tuple[Sequence[Tint], Sequence[Tint]]] = {}
        self._is_marked = False  # whether something in the views is selected, found or tinted

    def set_found(
        self, found: Mapping[tuple[int, int], Sequence[Span]], current: tuple[int, int, int] | None
    ) -> None:
        """What was found in blocks, by the numbers of message and block; `current` is one span of them."""
        self._found, self._current, self._is_marked = found, current, True

    def set_tints(self, message_id: str, tints: Sequence[Tint], thinking: Sequence[Tint]) -> None:
        """Grounds below characters of one reply and its thinking; those of any other are gone."""
        self._tints = {message_id: (tints, thinking)} if tints or thinking else {}
        self._is_marked = True

    def selection_changed(self) -> None:
        """The selection is another one."""
        self._is_marked = True

    def show_in(self, views: Mapping[int, ReplyView | PersonView]) -> None:
        """Show in every view what of it is marked."""
        if not self._is_marked:
            return
        for number, view in views.items():
            self._selection.show_in(number, view)
            for block, surface in view.built_surfaces():
                found = self._found.get((number, block), ())
                current = self._current
                is_here = current is not None and current[:2] == (number, block)
                surface.show_found(found, current[2] if current is not None and is_here else None)
            if isinstance(view, ReplyView):
                view.show_tints(*self._tints.get(view.message.id, ((), ())))
        self._is_marked = not self._selection.is_empty or bool(self._found or self._tints)
