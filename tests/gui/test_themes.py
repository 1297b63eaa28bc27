"""The themes: complete, legible, chosen or as the desktop wants them, and in the size that a person chose."""

from __future__ import annotations

from itertools import product

import pytest
from conftest import OpenWindow
from contrast import contrast
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget
from window_steps import find

from app.controllers.appearance import wanted_theme
from app.core.themes import THEME_NAMES, load_theme, with_text_size
from app.theme import code_font, palette, style_sheet, text_font

GROUNDS = ("background", "surface", "surface_raised")
TINTS = ("doubt_1", "doubt_2", "doubt_3", "doubt_4", "token_chosen", "found")
TEXTS = (  # colours of text, and everything they are written on
    (("text",), (*GROUNDS, "hover", "selected", "code_background", "selection", "error_background", "user_bubble")),
    (("text",), TINTS),
    (("text_muted",), (*GROUNDS, "hover", "selected", "code_background", "error_background")),
    (("link",), (*GROUNDS, "hover", "error_background")),
    (("accent", "error", "remote"), GROUNDS),
    (("error",), ("error_background",)),
    (("on_accent",), ("accent", "accent_hover")),
)
LINES = ((("control_border", "accent", "disabled"), GROUNDS), (("accent",), ("hover", "selected")))


@pytest.mark.parametrize("name", THEME_NAMES)
def test_text_stands_out_from_what_it_is_written_on(name: str) -> None:
    colors = load_theme(name).colors
    least = 7.0 if name.startswith("contrast") else 4.5
    pairs = [pair for texts, grounds in TEXTS for pair in product(texts, grounds)]
    assert {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs} == {
        pair: pytest.approx(21, abs=21 - least) for pair in pairs
    }


@pytest.mark.parametrize("name", THEME_NAMES)
def test_edges_of_controls_stand_out_from_what_is_around_them(name: str) -> None:
    colors = load_theme(name).colors
    pairs = [pair for lines, grounds in LINES for pair in product(lines, grounds)]
    assert [pair for pair in pairs if contrast(colors[pair[0]], colors[pair[1]]) < 3] == []


def test_every_theme_has_every_token() -> None:
    assert len({frozenset(load_theme(name).colors) for name in THEME_NAMES}) == 1
    for name in THEME_NAMES:
        assert "$" not in style_sheet(load_theme(name))


@pytest.mark.parametrize("name", THEME_NAMES)
def test_what_the_style_sheet_leaves_out_is_legible_too(name: str) -> None:
    colors = palette(load_theme(name))
    for text, ground in (
        (QPalette.ColorRole.WindowText, QPalette.ColorRole.Window),
        (QPalette.ColorRole.Text, QPalette.ColorRole.Base),
        (QPalette.ColorRole.Text, QPalette.ColorRole.AlternateBase),
        (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Base),
        (QPalette.ColorRole.ButtonText, QPalette.ColorRole.Button),
        (QPalette.ColorRole.HighlightedText, QPalette.ColorRole.Highlight),
        (QPalette.ColorRole.ToolTipText, QPalette.ColorRole.ToolTipBase),
        (QPalette.ColorRole.Link, QPalette.ColorRole.Base),
    ):
        assert contrast(colors.color(text).name(), colors.color(ground).name()) >= 4.5, (text, ground)


@pytest.mark.parametrize("percent", [80, 100, 150, 200])
def test_texts_grow_and_shrink_with_the_size_that_was_chosen(qapp: QApplication, percent: int) -> None:
    usual, chosen = load_theme("light"), with_text_size(load_theme("light"), percent)
    assert chosen.font_size == round(usual.font_size * percent / 100)
    assert text_font(chosen).pointSizeF() == pytest.approx(text_font(usual).pointSizeF() * percent / 100)
    assert code_font(chosen).pixelSize() == chosen.font_size - 1


def test_the_theme_and_the_size_change_in_the_open_window(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    composer = find(application, QWidget, "composer")
    appearance = application.appearance
    before = composer.fontMetrics().height(), application.window.font().pointSizeF()
    appearance.choose("contrast-dark", text_percent=200)
    assert appearance.choice == "contrast-dark"
    image = application.window.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 4) == QColor("#000000")
    assert composer.fontMetrics().height() > 1.8 * before[0]
    assert application.window.font().pointSizeF() == pytest.approx(2 * before[1])
    appearance.choose("light")
    assert (composer.fontMetrics().height(), application.window.font().pointSizeF()) == before


def test_an_unknown_theme_counts_as_the_desktops(open_window: OpenWindow) -> None:
    appearance = open_window(FakeEngine).appearance
    appearance.choose("solarized")
    assert appearance.choice == "system"


@pytest.mark.parametrize(
    ("scheme", "preference", "name"),
    [
        (Qt.ColorScheme.Dark, Qt.ContrastPreference.NoPreference, "dark"),
        (Qt.ColorScheme.Light, Qt.ContrastPreference.NoPreference, "light"),
        (Qt.ColorScheme.Unknown, Qt.ContrastPreference.NoPreference, "light"),
        (Qt.ColorScheme.Light, Qt.ContrastPreference.HighContrast, "contrast-light"),
        (Qt.ColorScheme.Dark, Qt.ContrastPreference.HighContrast, "contrast-dark"),
    ],
)
def test_the_desktop_decides_when_nothing_was_chosen(
    scheme: Qt.ColorScheme, preference: Qt.ContrastPreference, name: str
) -> None:
    assert wanted_theme("system", scheme, preference) == name
    assert wanted_theme("dark", scheme, preference) == "dark"


def test_texts_are_resized_by_keys_within_their_limits(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    action, preferences = application.window.action, application.preferences
    action.larger_text.trigger()
    assert preferences.settings.text_percent == application.appearance.theme.text_percent == 110
    for _ in range(20):
        action.smaller_text.trigger()
    assert preferences.settings.text_percent == 80
    action.usual_text.trigger()
    assert application.appearance.theme.text_percent == 100


@pytest.mark.parametrize("text", ["输入消息", "Hello", "一\n二\n三", "word " * 400])
def test_the_composer_is_as_high_as_its_letters(open_window: OpenWindow, text: str) -> None:
    """Chinese letters come from a font of their own, which is higher than the desktop's."""
    application = open_window(FakeEngine)
    application.preferences.change("text_percent", 200)
    composer = find(application, QPlainTextEdit, "composer")
    composer.setPlainText(text)
    QApplication.processEvents()
    layout, block, height, lines = composer.document().documentLayout(), composer.document().begin(), 0.0, 0
    while block.isValid():
        height, lines = height + layout.blockBoundingRect(block).height(), lines + block.lineCount()
        block = block.next()
    assert composer.viewport().height() >= height * min(1, 8 / lines)
    assert composer.verticalScrollBar().isVisible() == (lines > 8)
