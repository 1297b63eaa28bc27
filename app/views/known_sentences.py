"""Sentences of the engine and the core in the window's language. They are made in English, where there is no Qt.

A known one is found again by its form, and its values are put into the translation; any other stays as it is. The
forms are those of the source (a test compares them); here stand the ones that a person meets often.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app.views.import_sentences import IMPORT_FORMS
from app.views.rare_sentences import GENERAL_FORMS, RARE_FORMS

FORMS = (
    # The server
    QT_TRANSLATE_NOOP("errors", "The server cannot listen on {host}, port {port} ({reason}); choose another port."),
    # Models
    QT_TRANSLATE_NOOP("errors", "“{name}” does not exist; check the path {path}."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is neither a file nor a folder."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is empty; download it again."),
    QT_TRANSLATE_NOOP("errors", "“{name}” holds no config.json; choose a model's own folder."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is not there any more; open it from its new place."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is not a model file; choose a GGUF file or a folder with config.json."),
    QT_TRANSLATE_NOOP(
        "errors",
        "“{name}” is not a model file; choose a GGUF file or a folder with config.json and safetensors.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "“{name}” is a Python pickle, which can run any code when it is opened, so Fireside does not. "
        "Get the same model as safetensors or GGUF.",
    ),
    QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read ({reason}); check its disk and permissions."),
    QT_TRANSLATE_NOOP(
        "errors", "The folder “{name}” holds no config.json; choose a model's own folder or a GGUF file."
    ),
    QT_TRANSLATE_NOOP("errors", "{part} is missing beside {name}; download all parts."),
    QT_TRANSLATE_NOOP("errors", "{name}: {part} is missing; download all parts of the model."),
    QT_TRANSLATE_NOOP("errors", "{name} is too short to be a safetensors file; download it again."),
    QT_TRANSLATE_NOOP("errors", "{name} ends inside its header; it is cut off, download it again."),
    QT_TRANSLATE_NOOP(
        "errors", "{name}: GGUF version {version} is not known; versions 2 and 3 are. Get a newer conversion."
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "{name}: {tensor} has the unknown block type {type}; "
        "choose a file with another quantisation, such as Q4_K_M.",
    ),
    QT_TRANSLATE_NOOP("errors", "The model architecture {name} is not supported. Supported are: {known}."),
    QT_TRANSLATE_NOOP("errors", "The file holds no tokenizer; get a complete conversion of the model."),
    QT_TRANSLATE_NOOP("errors", "The tokenizer kind {name} is not supported yet."),
    QT_TRANSLATE_NOOP(
        "errors",
        "{name} needs {need} GiB with a context of {context} tokens, but {have} GiB are free on {device}. {advice}",
    ),
    QT_TRANSLATE_NOOP("errors", "A context of {tokens} tokens would fit."),
    QT_TRANSLATE_NOOP("errors", "Choose a smaller model or a stronger quantisation, or close other programs."),
    QT_TRANSLATE_NOOP("errors", "The device {name} is not available on this machine; use auto or cpu."),
    QT_TRANSLATE_NOOP("errors", "Replies are slower than they could be: {reason}"),
    QT_TRANSLATE_NOOP(
        "errors",
        "the compiled kernels are not installed (no C compiler was found when Fireside was installed).",
    ),
    # Replies
    QT_TRANSLATE_NOOP(
        "errors",
        "The newest message needs {tokens} tokens, but the context holds {limit}. "
        "Shorten it, or load the model with a longer context.",
    ),
    QT_TRANSLATE_NOOP("errors", "The prompt has {tokens} tokens, but the context holds {limit}."),
    QT_TRANSLATE_NOOP(
        "errors",
        "There is not enough memory to go on; close other programs or use a smaller model or context.",
    ),
    QT_TRANSLATE_NOOP(
        "errors",
        "The model's output is not a number any more; its file may be damaged. Try another copy.",
    ),
    QT_TRANSLATE_NOOP("errors", "No model is loaded yet; open one first."),
    QT_TRANSLATE_NOOP("errors", "The model's chat template refuses this conversation: {reason}."),
    QT_TRANSLATE_NOOP("errors", "The model's chat template was stopped: {reason}."),
    QT_TRANSLATE_NOOP("errors", "The JSON schema is not valid: {reason}."),
    QT_TRANSLATE_NOOP("errors", "The JSON schema cannot be followed: {reason}."),
    # Remote models
    QT_TRANSLATE_NOOP("errors", "{sentence} It says: {words}"),
    QT_TRANSLATE_NOOP("errors", "“{address}” is no address; it should look like https://host/v1."),
    QT_TRANSLATE_NOOP("errors", "The address holds a name or password; enter a key in the field for it instead."),
    QT_TRANSLATE_NOOP("errors", "The key holds characters that no key has; copy it again."),
    QT_TRANSLATE_NOOP("errors", "{host} was silent for {minutes} minutes; try again later."),
    QT_TRANSLATE_NOOP("errors", "{host} cannot be reached ({reason}); check its address and the connection."),
    QT_TRANSLATE_NOOP(
        "errors",
        "{host} has a certificate that this machine does not trust; nothing was sent. "
        "Install that of its authority, if you trust it.",
    ),
    QT_TRANSLATE_NOOP("errors", "The connection to {host} was cut ({reason}); what arrived is kept. Try again."),
    QT_TRANSLATE_NOOP(
        "errors", "The connection to {host} ended in the middle of the reply; what arrived is kept. Try again."
    ),
    QT_TRANSLATE_NOOP("errors", "{host} sent {what}; check the address, which often ends with /v1."),
    QT_TRANSLATE_NOOP("errors", "a web page"),
    QT_TRANSLATE_NOOP("errors", "an answer that is no JSON"),
    QT_TRANSLATE_NOOP("errors", "{host} lists no models; check the address, which often ends with /v1."),
    QT_TRANSLATE_NOOP(
        "errors",
        "{host} leads to {place}; nothing was sent there. If you trust that place, "
        "enter its own address as an endpoint.",
    ),
    QT_TRANSLATE_NOOP("errors", "{host} does not accept this request (error {status}); {advice}."),
    QT_TRANSLATE_NOOP("errors", "change what it names in the settings of the chat"),
    QT_TRANSLATE_NOOP("errors", "check the model and the address"),
    QT_TRANSLATE_NOOP("errors", "{host} refuses (error {status}): {advice}."),
    QT_TRANSLATE_NOOP("errors", "check the key of this endpoint in the settings"),
    QT_TRANSLATE_NOOP("errors", "check its address and its key in the settings"),
    QT_TRANSLATE_NOOP(
        "errors", "it does not know this model or this address; ask for its models again in the settings"
    ),
    QT_TRANSLATE_NOOP("errors", "{host} had too many requests; try again in {seconds} seconds."),
    QT_TRANSLATE_NOOP("errors", "{host} had too many requests; try again later."),
    QT_TRANSLATE_NOOP("errors", "{host} has trouble of its own (error {status}); try again later."),
    QT_TRANSLATE_NOOP(
        "errors", "The conversation is too long for the model at {host}; begin a new chat, or shorten the message."
    ),
    QT_TRANSLATE_NOOP("errors", "{host} could not go on with the reply; what came before is kept. Try again."),
    QT_TRANSLATE_NOOP("errors", "{host} cannot go on in the middle of a reply; regenerate it instead."),
    QT_TRANSLATE_NOOP("errors", "Only a model on this machine can be looked into; choose one for that."),
    # Attachments
    QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read ({reason}); check its place and permissions."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is empty; there is nothing to attach."),
    QT_TRANSLATE_NOOP("errors", "“{name}” is a folder; attach the files in it that matter."),
    QT_TRANSLATE_NOOP("errors", "“{name}” has {size} MiB; {most} is the most; attach the part that counts."),
    QT_TRANSLATE_NOOP("errors", "“{name}” has {size} characters; {most} is the most; attach the part that counts."),
    # Conversations on disk
    QT_TRANSLATE_NOOP(
        "errors",
        "{what}: {place} is damaged ({reason}); a rescue (`python -m app rescue`) saves what can be read.",
    ),
    QT_TRANSLATE_NOOP("errors", "{what}: {place} is used by another program; close it, then try again."),
    QT_TRANSLATE_NOOP("errors", "{what}: the disk that holds {place} is full; free some space, then try again."),
    QT_TRANSLATE_NOOP(
        "errors",
        "{what}: {place} cannot be written; check the permissions of the file and the folder.",
    ),
    QT_TRANSLATE_NOOP("errors", "{what}: the disk that holds {place} refuses; check its space and its health."),
    QT_TRANSLATE_NOOP("errors", "The conversation cannot be saved"),
    QT_TRANSLATE_NOOP("errors", "The conversations cannot be opened"),
    QT_TRANSLATE_NOOP("errors", "The conversations cannot be read"),
    QT_TRANSLATE_NOOP("errors", "The backup cannot be read"),
    QT_TRANSLATE_NOOP("errors", "The backup cannot be written"),
    QT_TRANSLATE_NOOP("errors", "“{name}” in {folder}"),
    QT_TRANSLATE_NOOP("errors", "“{name}” holds no conversations of Fireside; choose a backup that it made."),
    QT_TRANSLATE_NOOP("errors", "{what} could not be read and begin anew; the old file was kept as “{name}”."),
    QT_TRANSLATE_NOOP("errors", "The settings"),
    QT_TRANSLATE_NOOP("errors", "The list of opened models"),
    # Import and export
    QT_TRANSLATE_NOOP("errors", "Plain text"),
    QT_TRANSLATE_NOOP("errors", "OpenAI messages"),
    QT_TRANSLATE_NOOP("errors", "There is no file or folder {path}."),
    QT_TRANSLATE_NOOP("errors", "{name} holds no conversations in a format that Fireside can read."),
    QT_TRANSLATE_NOOP("errors", "The import was cancelled."),
    QT_TRANSLATE_NOOP("errors", "The export was stopped; nothing was written."),
    QT_TRANSLATE_NOOP("errors", "{name} already exists in {folder}; name a new file or folder."),
    QT_TRANSLATE_NOOP(
        "errors", "“{name}” cannot be written in {folder}: {reason}; choose another place, or free some space."
    ),
    QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read: {reason}."),
    QT_TRANSLATE_NOOP("errors", "{name} cannot be read: {reason}."),
)


def said(sentence: str) -> str:
    """A sentence of the engine or the core in the window's language, when it is known; else as it is."""
    known = known_form(sentence)
    if known is None:
        return sentence
    form, values = known
    return QCoreApplication.translate("errors", form).format(**{name: said(value) for name, value in values.items()})


def known_form(sentence: str) -> tuple[str, dict[str, str]] | None:
    """The form of a sentence, and the values in it."""
    for form, longest_piece, pattern in _patterns():
        if longest_piece in sentence and (found := pattern.fullmatch(sentence)) is not None:
            return form, found.groupdict()
    return None


def all_forms() -> tuple[str, ...]:
    """The forms as they are tried, special ones first."""
    return tuple(map(str, (*RARE_FORMS, *IMPORT_FORMS, *FORMS, *GENERAL_FORMS)))  # Qt declares to return an object


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Each form, a piece of it (to look for that first is fast), and what finds it: a placeholder is anything."""
    made = []
    for form in all_forms():
        pieces = re.split(r"\{(\w+)\}", form)
        pattern = "".join(f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
        made.append((form, max(pieces[::2], key=len), re.compile(pattern, re.DOTALL)))
    return tuple(made)
