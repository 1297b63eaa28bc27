"""What the verbs of `python -m engine` do; `engine.__main__` parses the arguments and reports errors."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import torch

from engine.__main__ import model_path
from engine.api import (
    FiresideError,
    GenerateRequest,
    LoadRequest,
    Message,
    ReplyFinished,
    RequestError,
    SamplerSettings,
    TokenGenerated,
)
from engine.builtin_templates import chosen_template
from engine.chat import build_prompt
from engine.device import peak_rss_bytes
from engine.engine import Engine
from engine.model import Model, load_model, open_blueprint
from engine.tokenizers import Tokenizer, load_tokenizer

MESSAGE_FILE_LIMIT = 64 << 20  # bytes


def info(options: Namespace) -> None:
    """Print what a model is, from its header."""
    path = model_path(options.model)
    blueprint = open_blueprint(path)
    with blueprint.checkpoint:
        facts = asdict(blueprint.info(load_tokenizer(blueprint.checkpoint)))
    if options.json:
        _print_json(facts)
        return
    for key, value in facts.items():
        print(f"{key.replace('_', ' '):18} {value}")


def generate(options: Namespace) -> None:
    """Stream a reply to standard output."""
    if options.raw and options.messages:
        raise RequestError("--raw continues a plain --prompt; it cannot be used with --messages.")
    if options.raw and options.system:
        raise RequestError("--raw uses no chat template, so --system has no place in it.")
    if options.raw and options.chat_template != "auto":
        raise RequestError("--raw uses no chat template; leave out --chat-template.")
    prompt: tuple[Message, ...] | str
    if options.raw:
        prompt = options.prompt
    else:
        turns = _read_messages(options.messages) if options.messages else (Message("user", options.prompt),)
        prompt = (*_system(options), *turns)
    engine = _engine(options)
    request = GenerateRequest(
        1,
        prompt=prompt,
        sampler=_sampler(options, _recommended(engine)),
        max_tokens=options.max_tokens,
        stop=tuple(options.stop),
        json_schema=_read_text(options.json_schema) if options.json_schema else None,
    )
    finished = _stream(engine, request, silent=options.json)
    if options.json:
        _print_json(
            {
                "text": finished.text,
                "token_ids": finished.token_ids,
                "prompt_tokens": finished.timings.prompt_tokens,
                "stop_reason": finished.stop_reason,
                "seed": finished.seed,
                "timings": {
                    **asdict(finished.timings),
                    "prefill_tok_s": finished.timings.prefill_tok_s,
                    "decode_tok_s": finished.timings.decode_tok_s,
                },
            }
        )
    else:
        print()


def chat(options: Namespace) -> None:
    """Chat in the terminal."""
    engine = _engine(options)
    messages = list(_system(options))
    request_id = 0
    while True:
        try:
            typed = input("› " if sys.stdin.isatty() else "")
        except EOFError:
            break
        if not typed.strip():
            break
        messages.append(Message("user", typed))
        request_id += 1
        request = GenerateRequest(
            request_id,
            tuple(messages),
            sampler=_sampler(options, _recommended(engine)),
            max_tokens=options.max_tokens,
        )
        finished = _stream(engine, request, silent=False)
        print("\n")
        messages.append(Message("assistant", finished.text, finished.token_ids))


def tokenize(options: Namespace) -> None:
    """Print token ids and pieces of a text."""
    tokenizer = _tokenizer(options.model)
    text = options.text if options.file is None else _read_text(options.file)
    ids = tokenizer.encode(text, parse_special=options.special)
    if options.json:
        _print_json({"ids": ids, "pieces": [tokenizer.piece(i) for i in ids]})
    else:
        print(",".join(map(str, ids)))


def detokenize(options: Namespace) -> None:
    """Print the text of token ids."""
    tokenizer = _tokenizer(options.model)
    _check_ids(options.ids, tokenizer.vocab_size)
    text = tokenizer.decode(options.ids)
    if options.json:
        _print_json({"text": text})
    else:
        print(text)


def render(options: Namespace) -> None:
    """Print the prompt that messages become."""
    tokenizer = _tokenizer(options.model)
    prompt = build_prompt(
        chosen_template(options.chat_template, tokenizer.chat_template),
        _read_raw_messages(options.messages),
        tokenizer,
        add_generation_prompt=not options.no_generation_prompt,
    )
    if options.json:
        _print_json({"text": prompt.text, "ids": prompt.ids, "spans": [asdict(span) for span in prompt.spans]})
    else:
        print(prompt.text)


def logits(options: Namespace) -> None:
    """Write the logits [T, V] of token ids as safetensors."""
    from safetensors.torch import save_file

    model = load_model(model_path(options.model), options.device, options.dtype, options.threads)
    _check_ids(options.ids, model.decoder.vocabulary)
    result = model.forward(torch.tensor([options.ids]))[0].float().cpu().contiguous()
    save_file({"logits": result}, options.output)
    if options.json:
        _print_json({"output": options.output, "shape": list(result.shape)})


def perplexity(options: Namespace) -> None:
    """Print how well a model predicts a text: by the reference path, or as in a reply when a cache type is named."""
    from engine.scoring import perplexity as measure

    kept = options.cache_type
    model = load_model(model_path(options.model), options.device, threads=options.threads, cache_type=kept or "auto")
    ids = model.tokenizer.encode_with_specials(_read_text(options.file), add_special=True, parse_special=False)
    result = measure(
        model,
        ids,
        context=options.context,
        stride=options.stride,
        forward=None
        if kept is None
        else lambda window: model.decoder(window, model.decoder.new_cache(window.shape[1])),
        progress=lambda done, total: print(f"\r{done}/{total} tokens", end="", file=sys.stderr),
    )
    print(file=sys.stderr)
    if options.json:
        _print_json(asdict(result))
    else:
        print(f"perplexity {result.perplexity:.4f} ({result.nll:.5f} nats per token, {result.tokens} tokens)")


def score(options: Namespace) -> None:
    """Print how likely a model finds each token of a text, or of the last reply of messages, as in a reply."""
    from engine import scoring

    model = _model(options)
    tokenizer = model.tokenizer
    if options.messages:
        *messages, reply = _read_messages(options.messages)
        if not messages or reply.role != "assistant":
            raise RequestError(f"{Path(options.messages).name} must end with the assistant's reply to score.")
        prompt = build_prompt(tokenizer.chat_template, messages, tokenizer).ids
        ids = [*prompt, *tokenizer.encode(reply.content, is_start=False)]
        parts = scoring.score(model, ids, first=len(prompt))
    else:
        ids = tokenizer.encode_with_specials(_read_text(options.file), add_special=True, parse_special=False)
        parts = scoring.score_in_windows(model, ids, context=options.context, stride=options.stride)
    scored = [
        {"id": token, "piece": tokenizer.piece(token), "logprob": logprob, "rank": rank, "entropy": entropy}
        for part in parts
        for token, logprob, rank, entropy in zip(
            part.ids, part.logprobs.tolist(), part.ranks.tolist(), part.entropies.tolist(), strict=True
        )
    ]
    nll = -statistics.fmean(token["logprob"] for token in scored)
    if options.json:
        _print_json({"nll": nll, "tokens": scored})
        return
    for token in scored:
        print(f"{token['logprob']:9.3f} {token['rank']:6} {token['entropy']:7.3f}  {token['piece']!r}")
    print(f"{nll:.5f} nats per token, {len(scored)} tokens")


def inspect(options: Namespace) -> None:
    """Print what led to a token: the likeliest behind each layer, and what each layer's heads read."""
    from engine.inspection.look import look

    model = _model(options)
    tokenizer = model.tokenizer
    messages = _read_messages(options.messages)
    is_begun = len(messages) > 1 and messages[-1].role == "assistant"
    ids = build_prompt(tokenizer.chat_template, messages, tokenizer, continue_last=is_begun).ids
    position = len(ids) if options.position is None else options.position
    if not 0 < position <= len(ids) or options.top < 1:
        raise RequestError(
            f"--position must be from 1 to {len(ids)}, the tokens that are read, and --top at least 1."
        )
    seen = look(model, ids[:position])
    logprobs, likely = (column.tolist() for column in seen.guesses(options.top))
    guesses = [
        [{"id": token, "piece": tokenizer.piece(token), "logprob": value} for token, value in zip(*row, strict=True)]
        for row in zip(likely, logprobs, strict=True)
    ]
    if options.json:
        attention = [{"layer": layer, "weights": seen.attention[layer].tolist()} for layer in sorted(seen.attention)]
        read = [{"id": token, "piece": tokenizer.piece(token)} for token in ids[:position]]
        _print_json({"position": position, "read": read, "layers": guesses, "attention": attention})
        return
    for layer, row in enumerate(guesses):
        shares = seen.attention[layer].mean(0) if layer in seen.attention else None
        most = "no attention" if shares is None else repr(tokenizer.piece(ids[int(shares.argmax())]))
        spelt = "  ".join(f"{one['piece']!r} {math.exp(one['logprob']):.0%}" for one in row[:4])
        print(f"{layer:3}  read most {most:14}  {spelt}")


def bench(options: Namespace) -> None:
    """Print load time, prefill and decode speed as medians over repeats."""
    if options.prompt_tokens < 2 or options.new_tokens < 2 or options.repeat < 1:
        raise RequestError("bench needs at least 2 prompt tokens, 2 new tokens and 1 repeat.")
    runs: dict[str, list[float]] = {"load_s": [], "prefill_tok_s": [], "decode_tok_s": [], "ttft_s": []}
    options.context, options.chat_template = options.prompt_tokens + options.new_tokens + 8, "auto"
    for _ in range(options.repeat):
        started = time.perf_counter()
        engine = _engine(options)
        runs["load_s"].append(time.perf_counter() - started)
        timings = _bench_once(engine, options)
        for key, value in timings.items():
            runs[key].append(value)
        engine.close()
    results = {key: _spread(values) for key, values in runs.items()}
    results["peak_rss_bytes"] = _spread([peak_rss_bytes()])
    if options.json:
        _print_json(results)
        return
    for key, spread in results.items():
        print(f"{key:16} {spread['median']:>14.4g}  ({spread['min']:.4g} to {spread['max']:.4g})")


def _bench_once(engine: Engine, options: Namespace) -> dict[str, float]:
    """One prompt of plain words, then tokens by the engine's own loop; end tokens do not end it."""
    assert engine.model is not None
    words = engine.model.tokenizer.encode("The quick brown fox jumps over the lazy dog. ") * options.prompt_tokens
    timings = engine.measure(words[: options.prompt_tokens], options.new_tokens)
    return {
        "prefill_tok_s": timings.prefill_tok_s,
        "decode_tok_s": timings.decode_tok_s,
        "ttft_s": timings.ttft_s,
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _model(options: Namespace) -> Model:
    path, template = model_path(options.model), options.chat_template
    return load_model(path, options.device, threads=options.threads, chat_template=template)


def _engine(options: Namespace) -> Engine:
    engine = Engine()
    request = LoadRequest(
        0,
        path=str(model_path(options.model)),
        device=options.device,
        threads=options.threads,
        context_length=options.context,
        cache_type=options.cache_type,
        chat_template=options.chat_template,
        draft_path=None if options.draft is None else str(model_path(options.draft)),
    )
    for _ in engine.run(request):
        pass
    return engine


def _stream(engine: Engine, request: GenerateRequest, *, silent: bool) -> ReplyFinished:
    shown = 0
    for event in engine.run(request):
        if isinstance(event, TokenGenerated) and not silent:
            sys.stdout.write(event.text)
            sys.stdout.flush()
            shown += len(event.text)
        if isinstance(event, ReplyFinished):
            if not silent:
                sys.stdout.write(event.text[shown:])
            return event
    raise FiresideError("The engine ended without a reply.")


def _recommended(engine: Engine) -> Sequence[tuple[str, float]]:
    assert engine.model is not None, "`_engine` has loaded it"
    return engine.model.info.recommended


def _sampler(options: Namespace, recommended: Sequence[tuple[str, float]]) -> SamplerSettings:
    """As the command line says, else as the model's makers recommend."""
    given: dict[str, Any] = {field.name: getattr(options, field.name) for field in fields(SamplerSettings)}
    for name in ("dry_breakers", "logit_bias"):
        given[name] = None if given[name] is None else tuple(given[name])
    said = {name: value for name, value in given.items() if value is not None}
    return replace(SamplerSettings(), **{**dict(recommended), **said})


def _system(options: Namespace) -> tuple[Message, ...]:
    return (Message("system", options.system),) if options.system else ()


def _tokenizer(model: str) -> Tokenizer:
    from engine.loaders import open_checkpoint

    with open_checkpoint(model_path(model)) as checkpoint:
        return load_tokenizer(checkpoint)


def _check_ids(ids: Sequence[int], vocabulary: int) -> None:
    for i in ids:
        if not 0 <= i < vocabulary:
            raise RequestError(f"Token id {i} is outside the vocabulary of {vocabulary} tokens.")
    if not ids:
        raise RequestError("No token ids were given.")


def _read_text(name: str) -> str:
    path = Path(name)
    try:
        if path.stat().st_size > MESSAGE_FILE_LIMIT:
            raise RequestError(f"{path.name} is larger than {MESSAGE_FILE_LIMIT >> 20} MiB.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"{path.name} is not UTF-8 text (byte {error.start}).") from error


def _read_raw_messages(name: str) -> list[dict[str, Any]]:
    try:
        messages = json.loads(_read_text(name))
    except (json.JSONDecodeError, RecursionError) as error:
        raise RequestError(f"{Path(name).name} is not JSON: {error}.") from error
    if not isinstance(messages, list) or not all(isinstance(m, dict) and "role" in m for m in messages):
        raise RequestError(f"{Path(name).name} must hold a list of messages, each with role and content.")
    return messages


def _read_messages(name: str) -> tuple[Message, ...]:
    messages = _read_raw_messages(name)
    if not all(isinstance(m["role"], str) and isinstance(m.get("content"), str) for m in messages):
        raise RequestError(f"{Path(name).name}: role and content of every message must be text.")
    return tuple(Message(m["role"], m["content"]) for m in messages)


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))
