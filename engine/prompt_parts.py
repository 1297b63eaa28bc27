"""A part of a prompt to tokens: a control token as itself, all else as plain text, whatever it spells.

A reply whose tokens are known is made of those. `engine.chat` asks; what was encoded before is remembered.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from engine.tokenizers import Tokenizer
from engine.tokenizers.part_memory import EncodedPart, KnownReply, Part


def encoded_part(part: Part, tokenizer: Tokenizer) -> EncodedPart:
    """The tokens of a part and where they end in it. Raises `TokenizerError`."""
    found = tokenizer.part_memory.get(part)
    if found is None:
        found = _encode(part, tokenizer)
        tokenizer.part_memory.keep(part, found)
    return found


def _encode(part: Part, tokenizer: Tokenizer) -> EncodedPart:
    text, is_control, replies = part
    ids: list[int] = []
    ends = array("I")
    at_byte = 0
    pieces: Iterable[tuple[str, Sequence[int]]] = _pieces(text, replies, tokenizer)
    if is_control:
        pieces = [(text, [tokenizer.control_tokens[text]])]
    for piece, encoded in pieces:
        reached = list(accumulate(map(len, map(tokenizer.token_bytes, encoded)), initial=at_byte))
        size = len(piece.encode("utf-8", "replace"))
        surplus = max(reached[-1] - at_byte - size, 0)  # a space that the tokenizer adds itself
        ids += encoded
        ends.extend([max(end - surplus, at_byte) for end in reached[1:]] if surplus else reached[1:])
        at_byte += size
    return EncodedPart(tuple(ids), ends, at_byte)


def _pieces(plain: str, replies: Sequence[KnownReply], tokenizer: Tokenizer) -> Iterator[tuple[str, Sequence[int]]]:
    """Plain text in pieces with their tokens; each reply is a piece of its own."""
    at = 0
    for reply in replies:
        known = _plain_tokens(reply.ids, tokenizer)
        raw = b"".join(map(tokenizer.token_bytes, known)).decode("utf-8", "replace")
        lead, trail = raw[: len(raw) - len(raw.lstrip())], raw[len(raw.rstrip()) :]
        # Its own spaces around it, or those that the template writes in their place.
        start = reply.start - len(lead) if lead and plain[at : reply.start].endswith(lead) else reply.start
        end = reply.end + len(trail) if plain[reply.end :].startswith(trail) else reply.end
        if start > at:
            yield plain[at:start], tokenizer.encode(plain[at:start], is_start=at == 0)
        yield plain[start:end], _with_known(plain[start:end], known, tokenizer, is_start=start == 0)
        at = end
    if at < len(plain):
        yield plain[at:], tokenizer.encode(plain[at:], is_start=at == 0)


def _plain_tokens(known: Sequence[int], tokenizer: Tokenizer) -> Sequence[int]:
    """The known tokens up to the first that a text cannot hold: a control token, or none of this vocabulary."""
    controls, size = set(tokenizer.control_tokens.values()), tokenizer.vocab_size
    stop = next((at for at, token in enumerate(known) if not 0 <= token < size or token in controls), len(known))
    return known[:stop]


def _with_known(text: str, known: Sequence[int], tokenizer: Tokenizer, *, is_start: bool) -> list[int]:
    """Tokens of `text`: as many of the known ones as spell its beginning, the rest encoded."""
    if tokenizer.decode(known) == text:  # also where bytes that are no UTF-8 are shown as U+FFFD
        return list(known)
    wanted = text.encode("utf-8", "replace")
    hidden = b" " if tokenizer.hides_first_space and not wanted.startswith(b" ") else b""
    spelt, used, used_bytes = b"", 0, 0
    for count, token in enumerate(known, 1):
        spelt += tokenizer.token_bytes(token)
        if not (hidden + wanted).startswith(spelt) and not wanted.startswith(spelt):
            break
        length = len(spelt) - (len(hidden) if hidden and spelt.startswith(hidden) else 0)
        if length == len(wanted) or wanted[length] & 0xC0 != 0x80:  # not inside of a character
            used, used_bytes = count, length
    rest = wanted[used_bytes:].decode("utf-8", "replace")
    return [*known[:used], *(tokenizer.encode(rest, is_start=is_start and not used) if rest else ())]
