"""What of a prompt is certain while its last message is still being written.

The prompt is made twice, with the draft as it is and with another end, and what both begin with is certain but for
tokens at the draft's end, which may yet merge with what is typed next. Only `engine.engine` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from engine.api import GenerateRequest
from engine.cache import common_prefix
from engine.layers import never
from engine.prompt import plan_prompt
from engine.tokenizers import Tokenizer

WORD = "\N{CURRENCY SIGN}"  # which hardly any text begins a word with
LONGEST_END = 32  # characters; a longer word has tokens that what is typed behind it does not change
# Scripts without spaces between their words: Thai to Myanmar, Khmer, Chinese and Japanese, their wide forms.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_LAST_WORD = re.compile(rf"\s+\Z|\s*[^\s{_UNSPACED}]{{1,{LONGEST_END}}}\Z|[{_UNSPACED}]{{1,4}}\Z")


def certain_ids(
    request: GenerateRequest, tokenizer: Tokenizer, *, limit: int, cancelled: Callable[[], bool] = never
) -> list[int]:
    """The tokens that the prompt of `request` begins with, whatever its last message goes on with.

    Raises as `plan_prompt` does, and `Interrupted` when it is `cancelled`.
    """
    if isinstance(request.prompt, str) or not request.prompt:
        return []
    *before, draft = request.prompt

    def ids(content: str) -> tuple[int, ...]:
        asked = replace(request, prompt=(*before, replace(draft, content=content)))
        return plan_prompt(asked, tokenizer, limit=limit, cancelled=cancelled).ids

    text = draft.content
    found = ids(text + WORD if text[-1:].isspace() else text)  # a template may cut off the space at the end
    return list(found[: common_prefix(found, ids(_ended_otherwise(text)))])


def _ended_otherwise(text: str) -> str:
    """The text with another end in place of the word that may still grow and of the space before it."""
    tail = text[-2 * LONGEST_END :]
    last = _LAST_WORD.search(tail)
    at = len(text) if last is None else len(text) - len(tail) + last.start()
    return text[:at] + (" " if text.startswith("\n", at) else "\n") + WORD
