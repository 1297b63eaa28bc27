"""SearchController: searches while a person types, beside the window's thread, and jumps to what was found."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.controllers.background import Background
from app.controllers.chat import ChatController
from app.controllers.messages import MessagesController
from app.core.catalogue import SearchHit
from app.views.main_window import MainWindow

DEBOUNCE_MS = 120
MOST_HITS = 200


class SearchController(QObject):
    """One search runs at a time; its result is dropped when the query has changed meanwhile."""

    def __init__(
        self,
        background: Background,
        chat: ChatController,
        messages: MessagesController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._background = background
        self._chat, self._messages, self._window = chat, messages, window
        self._is_running = False
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(DEBOUNCE_MS)
        self._waiting.timeout.connect(self._search)
        window.sidebar.queryChanged.connect(self._query_changed)
        window.sidebar.hitChosen.connect(self.jump)

    def jump(self, conversation_id: str, message_id: str) -> None:
        """Show a message that was found in its branch; the query stays, so that the next hit is one key away."""
        if conversation_id != self._chat.conversation_id:
            self._chat.open(conversation_id)
        self._messages.jump(message_id)

    def _query_changed(self, query: str) -> None:
        self._waiting.stop()
        if query:
            self._waiting.start()
        else:
            self._window.sidebar.show_all()

    def _search(self) -> None:
        query = self._window.sidebar.query()
        tags, words = self._window.sidebar.model.split_query(query)
        if not words and query:
            self._window.sidebar.show_tagged(tags)
            return
        if not query or self._is_running:
            return  # when the running one ends, it looks at the query again
        self._is_running = True
        job = self._background.start_on_store(
            lambda store, _control: store.search(words, limit=MOST_HITS), name="search"
        )
        job.succeeded.connect(lambda hits: self._show(query, tags, hits))
        job.failed.connect(self._window.message_bar.show_error)
        job.ended.connect(lambda: self._ended(query))

    def _show(self, query: str, tags: tuple[str, ...], hits: tuple[SearchHit, ...]) -> None:
        if query == self._window.sidebar.query():
            self._window.sidebar.show_hits(hits, tags)

    def _ended(self, query: str) -> None:
        self._is_running = False
        if query != self._window.sidebar.query() and not self._waiting.isActive():
            self._search()
