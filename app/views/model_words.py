"""What people read about a model: sizes, counts and how it fits, in their language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.fit import Fit, Verdict

translate = QCoreApplication.translate


def size_text(size_bytes: int) -> str:
    """A size in decimal units, as shops and file lists say it: `92 MB`, `4.1 GB`."""
    if size_bytes < 1e9:
        return f"{QLocale().toString(size_bytes / 1e6, 'f', 0)} MB"
    return f"{QLocale().toString(size_bytes / 1e9, 'f', 1)} GB"


def parameters_text(parameters: int) -> str:
    """A number of parameters as models are named by it: `135M`, `7.2B`; nothing for none."""
    if parameters <= 0:
        return ""
    if parameters < 1e9:
        return f"{parameters / 1e6:.0f}M"
    return f"{parameters / 1e9:.1f}B"


def tokens_text(tokens: int) -> str:
    """A length in tokens, with the language's separators; nothing for none."""
    return QLocale().toString(tokens) if tokens > 0 else ""


def verdict_text(verdict: Verdict) -> str:
    """How a model fits, in two or three words."""
    return {
        Verdict.WELL: translate("models", "fits well"),
        Verdict.TIGHT: translate("models", "tight"),
        Verdict.NOT: translate("models", "does not fit"),
    }[verdict]


def fit_sentences(fit: Fit) -> str:
    """What a model needs against what there is, and how much context would fit."""
    first = {
        Verdict.WELL: translate("models", "Fits well: it needs {need} of {have} with a context of {context} tokens."),
        Verdict.TIGHT: translate("models", "Tight: it needs {need} of {have} with a context of {context} tokens."),
        Verdict.NOT: translate(
            "models", "Does not fit: it needs {need}, and {have} are free, with a context of {context} tokens."
        ),
    }[fit.verdict].format(
        need=size_text(fit.need_bytes), have=size_text(max(fit.have_bytes, 0)), context=tokens_text(fit.context)
    )
    if not fit.fitting_context:
        return first
    second = translate("models", "Up to {context} tokens would fit.").format(context=tokens_text(fit.fitting_context))
    return f"{first}\n{second}"


def template_title(name: str) -> str:
    """A built-in chat template as a person reads it; those of families are called by their own names."""
    if name == "plain":
        return translate("models", "Plain text")
    return {
        "chatml": "ChatML",
        "command-r": "Command R",
        "deepseek": "DeepSeek",
        "gemma": "Gemma",
        "glm-4": "GLM-4",
        "granite": "Granite",
        "llama-2": "Llama 2",
        "llama-3": "Llama 3",
        "mistral-v3": "Mistral (v3)",
        "mistral-v7": "Mistral (v7)",
        "phi-3": "Phi-3",
        "phi-4": "Phi-4",
    }.get(name, name)


def source_title(key: str) -> str:
    """Who keeps a copy of a model. Programs are called by their own names."""
    return {
        "hugging_face": "Hugging Face",
        "lm_studio": "LM Studio",
        "ollama": "Ollama",
        "jan": "Jan",
        "gpt4all": "GPT4All",
        "llama_cpp": "llama.cpp",
        "folders": translate("models", "Own folder"),
        "fetched": translate("models", "Downloads"),
        "opened": translate("models", "Opened here"),
    }.get(key, key)
