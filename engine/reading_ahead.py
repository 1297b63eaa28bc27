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

ANOTHER_END = " \N{CURRENCY SIGN}"  # no word begins so
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
    other = replace(draft, content=_without_last_word(draft.content) + ANOTHER_END)
    ids = plan_prompt(request, tokenizer, limit=limit, cancelled=cancelled).ids
    others = plan_prompt(replace(request, prompt=(*before, other)), tokenizer, limit=limit, cancelled=cancelled).ids
    return list(ids[: common_prefix(ids, others)])


def _without_last_word(text: str) -> str:
    """The text up to the word that may still grow, and without the spaces before it."""
    end = text[-2 * LONGEST_END :]
    found = _LAST_WORD.search(end)
    return text if found is None else text[: len(text) - len(end) + found.start()]
