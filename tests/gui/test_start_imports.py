"""What a start imports: the window, and none of the dialogs, pages, exports and imports that nobody asked for yet."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    *("_dialog", "_page", "_pages", "inspector_views", "attention_view", "lens_view"),
    *("core.exporting", "core.exporters", "core.importing", "core.importers", "core.rescue", "core.comparison"),
    *("pdf_export", "asyncio", "torch"),
)
ALWAYS = ("app.views.settings_page", "app.views.dialog_pages")  # the parts that pages and panels are made of


def test_a_start_imports_nothing_that_only_a_dialog_needs() -> None:
    code = "import sys, app.__main__, app.application; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "app.views.main_window" in loaded
    ours = [name for name in loaded if name.startswith("app.") and name not in ALWAYS]
    assert [name for name in ours if name.endswith(LATER)] == []
    assert [name for name in loaded if name in LATER] == []
