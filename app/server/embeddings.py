"""POST /v1/embeddings: texts in, a vector for each out; `engine.embedding` says what the vectors are."""

from __future__ import annotations

import base64
import json
from array import array
from contextlib import aclosing
from typing import Any

from app.server.desk import HARMLESS, Desk, client_of
from app.server.engine_link import batches
from app.server.exchange import Request, Response
from app.server.fields import Fields
from engine.api import Embedded, EmbedRequest

MOST_TEXTS = 2048
FLOAT_BYTES = 4


async def embed(desk: Desk, request: Request) -> Response:
    """Answer one request. Raises `ApiError`."""
    fields = Fields.of(request.body)
    model, texts, client = fields.text("model"), fields.texts("input", most=MOST_TEXTS), client_of(request, fields)
    dimensions = fields.whole("dimensions", None, least=1, most=1 << 20)
    form = fields.text("encoding_format", "float")
    if form not in ("float", "base64"):
        raise fields.wrong("encoding_format", "must be float or base64", code="unsupported_value")
    fields.finish(unsupported={}, harmless=HARMLESS)
    found: list[Embedded] = []
    async with desk.turn(client, model):
        wanted = EmbedRequest(desk.engine.next_request_id(), texts)
        async with aclosing(batches(desk.engine, wanted)) as events:
            async for batch in events:
                found += [event for event in batch if isinstance(event, Embedded)]
                width = len(found[0].vector) // FLOAT_BYTES if found else None
                if width is not None and dimensions not in (None, width):
                    raise fields.wrong("dimensions", f"can only be {width} for this model", code="unsupported_value")
    tokens = sum(one.tokens for one in found)
    data = [
        {"object": "embedding", "index": number, "embedding": _spelt(one.vector, form)}
        for number, one in enumerate(found)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Response(json.dumps({"object": "list", "data": data, "model": model, "usage": usage}).encode())


def _spelt(vector: bytes, form: str) -> Any:
    """A vector as the client wants it: base64 of little-endian float32, or numbers."""
    return base64.b64encode(vector).decode() if form == "base64" else array("f", vector).tolist()
