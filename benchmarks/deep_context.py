"""How much slower a reply gets behind a long text: decode at almost no context and at almost 8,000 tokens."""

from __future__ import annotations

from argparse import Namespace
from typing import cast

from benchmarks.engines import WARM_UP_TOKENS, KeepsText, open_engine, warm_up
from benchmarks.figures import Figures


def deep_context(name: str, options: Namespace) -> Figures:
    """Decode at both ends, the near one before and after the far one.

    The long text is read in the first round only: its cache is put aside in the scratch folder.
    """
    count = max(options.new_tokens // 2, 1)
    engine = cast(KeepsText, open_engine(name, options, options.past_tokens + count + 16))  # a part chooses who can
    line = warm_up(engine)
    near, far = line * WARM_UP_TOKENS, (line * options.past_tokens)[: options.past_tokens]
    engine.prefill(near[:WARM_UP_TOKENS])
    near_s = engine.decode(count)
    figures: Figures = {}
    kept = options.scratch / f"{name} {options.past_tokens}"
    if not kept.exists():
        figures["prefill_8k_tok_s"] = options.past_tokens / engine.prefill(far)
        engine.save(kept)
    engine.restore(kept)
    engine.decode(8)
    far_s = engine.decode(count)
    engine.prefill(near[:WARM_UP_TOKENS])
    near_s += engine.decode(count)
    return {**figures, "decode_0_tok_s": 2 * count / near_s, "decode_8k_tok_s": count / far_s}
