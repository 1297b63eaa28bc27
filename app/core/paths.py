"""Where Fireside keeps what it keeps: one folder, the same names on every system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The folder `root` and the files inside it."""

    root: Path

    @property
    def database(self) -> Path:
        """Conversations, as SQLite."""
        return self.root / "conversations.sqlite3"

    @property
    def settings(self) -> Path:
        """How replies are drawn, the theme and the window's place, as JSON."""
        return self.root / "settings.json"

    @property
    def presets(self) -> Path:
        """The person's own presets, as JSON."""
        return self.root / "presets.json"

    @property
    def models(self) -> Path:
        """Models that were opened, as JSON."""
        return self.root / "models.json"

    @property
    def found_models(self) -> Path:
        """What the last scan saw, as JSON; may be deleted at any time."""
        return self.root / "found_models.json"

    @property
    def model_hashes(self) -> Path:
        """The SHA-256 of models that were loaded, as JSON."""
        return self.root / "model_hashes.json"

    @property
    def downloads(self) -> Path:
        """Models that are being fetched, as JSON."""
        return self.root / "downloads.json"

    @property
    def fetched_models(self) -> Path:
        """Models that were fetched: ORGANISATION/NAME/FILE."""
        return self.root / "models"

    @property
    def endpoints(self) -> Path:
        """Remote endpoints that were added, as JSON; their keys are in the system's keyring."""
        return self.root / "endpoints.json"

    @property
    def caches(self) -> Path:
        """What the engine has read of conversations; may be deleted at any time."""
        return self.root / "caches"

    @property
    def log(self) -> Path:
        """What happened; holds no message text."""
        return self.root / "fireside.log"

    @property
    def crash_log(self) -> Path:
        """Where in the program a window was when it ended unexpectedly; without that only while one is open."""
        return self.root / "crash.log"

    @property
    def last_crash_log(self) -> Path:
        """That of the run that ended so last; nothing overwrites it but the next."""
        return self.root / "crash.last.log"

    @property
    def lock(self) -> Path:
        """Held while a window is open on this folder."""
        return self.root / "window.lock"


def data_folder(chosen: str | None = None) -> DataFolder:
    """The folder a person named, else the system's place for such data; made if missing. Raises OSError."""
    root = Path(chosen).expanduser() if chosen else user_data_path("Fireside", appauthor=False)
    root.mkdir(parents=True, exist_ok=True)
    return DataFolder(root.absolute())
