"""MessageViews: makes the widgets that show messages, and keeps those that are out of sight for other ones."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget
from shiboken6 import delete

from app.theme import Theme
from app.views.message_view import TranscriptMessage
from app.views.person_view import PersonView
from app.views.reply_view import ReplyView

SPARE = 10  # views of each kind kept for other messages: making one takes 3 ms, filling one 1 ms

View = ReplyView | PersonView


class MessageViews:
    """Views in `parent`; `made` is called with each new one, to connect it."""

    def __init__(self, theme: Theme, parent: QWidget, made: Callable[[View], None]) -> None:
        self._theme, self._parent, self._made = theme, parent, made
        self._spare: dict[type[View], list[View]] = {PersonView: [], ReplyView: []}

    def take(self, message: TranscriptMessage) -> View:
        """A view that shows a message: one that was put away, if there is one."""
        kind: type[View] = PersonView if message.role == "user" else ReplyView
        if self._spare[kind]:
            view = self._spare[kind].pop()
            view.show_message(message)
        else:
            view = kind(message, self._theme, self._parent)
            self._made(view)
        return view

    def put_away(self, view: View) -> None:
        """Hide a view that shows nothing any more."""
        view.hide()
        spare = self._spare[type(view)]
        if len(spare) < SPARE and not view.is_in_use:
            spare.append(view)
        else:
            view.deleteLater()

    def forget(self) -> None:
        """Keep none any more: dressing one for another theme costs more than making it when it is needed."""
        for views in self._spare.values():
            for view in views:
                delete(view)
            views.clear()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme for views to come."""
        self.forget()
        self._theme = theme
