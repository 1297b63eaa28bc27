"""How likely a model finds each token of a document, as a table for other programs (CSV, RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from app.core.table_cells import table_cell
from engine.alternatives import Certainty

HEAD = ("token", "id", "text", "logprob", "rank", "entropy")


def perplexity_table(token_ids: Sequence[int], texts: Sequence[str], certainties: Sequence[Certainty]) -> str:
    """A line for each token: number from 1, id, text, natural log-probability, rank from 1, entropy in nats."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(HEAD)
    rows = zip(token_ids, texts, certainties, strict=True)
    for number, (token_id, text, one) in enumerate(rows, 1):
        table.writerow((number, token_id, table_cell(text), f"{one.logprob:.5f}", one.rank + 1, f"{one.entropy:.5f}"))
    return written.getvalue()
