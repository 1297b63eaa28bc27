"""The engine's command line: `python -m engine VERB`; results go to stdout, all else to stderr."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import NoReturn

from engine.api import FiresideError, RequestError


def main(arguments: list[str] | None = None, *, program: str = "python -m engine") -> int:
    """Run one verb. Exit status: 0 done, 1 a one-line error, 2 wrong usage, 130 interrupted.

    `program` is what help says is typed.
    """
    options = _parser(program).parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except FiresideError as error:
        print(f"fireside: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"fireside: {error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def model_path(given: str | None) -> Path:
    """The model named on the command line, or the starter model."""
    if given is not None:
        return Path(given).expanduser()
    from engine.starter import starter_model_path

    starter = starter_model_path()
    if starter is None:
        raise RequestError("The starter model is not installed; run `make run` once, or name a MODEL.")
    return starter


def _parser(program: str) -> ArgumentParser:
    from engine import commands
    from engine.builtin_templates import TEMPLATE_NAMES

    class Parser(ArgumentParser):
        def error(self, message: str) -> NoReturn:
            self.print_usage(sys.stderr)
            self.exit(2, f"fireside: {message}\n")

    parser = Parser(prog=program, description="Fireside's engine on the command line.")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)

    def verb(name: str, help_text: str, *, optional_model: bool = True, json: bool = True) -> ArgumentParser:
        added = verbs.add_parser(name, help=help_text, description=help_text)
        added.add_argument(
            "model", metavar="MODEL", nargs="?" if optional_model else None, help="GGUF file or folder"
        )
        if json:
            added.add_argument("--json", action="store_true", help="print one JSON object")
        added.set_defaults(run=getattr(commands, name))
        return added

    verb("info", "What a model is, read from its header.")

    generate = verb("generate", "Stream a reply.")
    source = generate.add_mutually_exclusive_group(required=True)
    source.add_argument("--prompt", metavar="TEXT", help="what to say to the model")
    source.add_argument("--messages", metavar="FILE", help="a JSON list of messages with role and content")
    generate.add_argument("--raw", action="store_true", help="continue the prompt without the chat template")
    generate.add_argument("--stop", action="append", default=[], metavar="TEXT", help="end the reply before TEXT")
    generate.add_argument("--json-schema", metavar="FILE", help="constrain the reply to a JSON schema")
    chat = verb("chat", "Chat in the terminal; an empty line or Ctrl+D ends it.", json=False)
    for added in (generate, chat):
        added.add_argument("--system", metavar="TEXT", help="system message")
        added.add_argument("--max-tokens", type=int, metavar="N")
        _add_samplers(added)
        added.add_argument("--context", type=int, metavar="N", help="tokens of context")
        _add_machine(added)
        _add_draft(added)

    tokenize = verb("tokenize", "Token ids of a text.", optional_model=False)
    text = tokenize.add_mutually_exclusive_group(required=True)
    text.add_argument("--text")
    text.add_argument("--file")
    tokenize.add_argument("--special", action="store_true", help="let control tokens in the text be parsed")

    detokenize = verb("detokenize", "The text of token ids.", optional_model=False)
    detokenize.add_argument("--ids", required=True, type=_ids, metavar="1,2,3")

    render = verb("render", "The prompt that messages become.", optional_model=False)
    render.add_argument("--messages", required=True, metavar="FILE.json")
    render.add_argument("--no-generation-prompt", action="store_true")

    logits = verb("logits", "Logits of token ids, written as safetensors.", optional_model=False)
    logits.add_argument("--ids", required=True, type=_ids, metavar="1,2,3")
    logits.add_argument("--output", required=True, metavar="FILE.safetensors")
    logits.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
    _add_machine(logits)

    perplexity = verb("perplexity", "How well a model predicts a text.", optional_model=False)
    perplexity.add_argument("--file", required=True)
    perplexity.add_argument("--context", type=int, default=512)
    perplexity.add_argument("--stride", type=int)
    _add_machine(perplexity)
    _add_cache_type(perplexity, default=None)

    score = verb("score", "How likely a model finds each token of a text or a reply.", optional_model=False)
    text = score.add_mutually_exclusive_group(required=True)
    text.add_argument("--file", metavar="TEXT", help="a text file, scored in windows")
    text.add_argument("--messages", metavar="FILE.json", help="messages, of which the last is the reply to score")
    score.add_argument("--context", type=int, default=512, help="tokens of a window")
    score.add_argument("--stride", type=int, help="tokens between two windows; default: half of one")
    _add_machine(score)

    inspect = verb("inspect", "What led to a token: layer by layer, and what each head read.", optional_model=False)
    inspect.add_argument("--messages", required=True, metavar="FILE.json")
    inspect.add_argument("--position", type=int, metavar="N", help="the token behind the first N (default: the next)")
    inspect.add_argument("--top", type=int, default=8, metavar="N", help="tokens shown of each layer")
    _add_machine(inspect)

    bench = verb("bench", "How fast the engine is here.")
    bench.add_argument("--prompt-tokens", type=int, default=512, metavar="N")
    bench.add_argument("--new-tokens", type=int, default=128, metavar="N")
    bench.add_argument("--repeat", type=int, default=3, metavar="N")
    _add_machine(bench)
    _add_draft(bench)
    for added in (generate, chat, bench):
        _add_cache_type(added, default="auto")
    for added in (generate, chat, render, score, inspect):
        added.add_argument(
            "--chat-template", default="auto", metavar="NAME", help=f"auto, {', '.join(TEMPLATE_NAMES)}"
        )
    return parser


def _add_samplers(parser: ArgumentParser) -> None:
    """The fields of `SamplerSettings`; one that is not named keeps its default."""
    for name, kind, help_text in (
        ("temperature", float, "0: always the likeliest token"),
        ("temperature-range", float, "how far a dynamic temperature goes to both sides; 0: off"),
        ("temperature-exponent", float, "how a dynamic temperature follows the entropy"),
        ("top-k", int, "0: off"),
        ("typical-p", float, "1: off"),
        ("top-p", float, "1: off"),
        ("min-p", float, "0: off"),
        ("top-n-sigma", float, "0: off"),
        ("xtc-probability", float, "0: off"),
        ("xtc-threshold", float, "how likely a token is that XTC may leave out"),
        ("repetition-penalty", float, "1: off"),
        ("repetition-window", int, "tokens that the penalties look back at"),
        ("presence-penalty", float, "0: off"),
        ("frequency-penalty", float, "0: off"),
        ("dry-multiplier", float, "0: DRY is off"),
        ("dry-base", float, "how fast DRY's penalty grows"),
        ("dry-allowed-length", int, "tokens that DRY lets be repeated"),
        ("mirostat-tau", float, "surprise aimed at, in bits; 0: mirostat is off"),
        ("mirostat-eta", float, "how fast mirostat learns"),
        ("seed", int, "the same seed gives the same reply"),
    ):
        parser.add_argument(f"--{name}", type=kind, help=help_text, metavar="N" if kind is int else "X")
    parser.add_argument("--dry-breaker", action="append", dest="dry_breakers", metavar="TEXT", help="ends a sequence")
    parser.add_argument(
        "--logit-bias", action="append", type=_bias, metavar="ID=X", help="add X to the logit of token ID"
    )


def _add_machine(parser: ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--threads", type=int, metavar="N")


def _add_cache_type(parser: ArgumentParser, *, default: str | None) -> None:
    parser.add_argument(
        "--cache-type", default=default, metavar="TYPE", help="keys and values: auto, f32, f16 or q8_0"
    )


def _add_draft(parser: ArgumentParser) -> None:
    parser.add_argument("--draft", metavar="MODEL", help="a smaller model of the same vocabulary that guesses ahead")


def _bias(text: str) -> tuple[int, float]:
    token, _, bias = text.partition("=")
    return int(token), float(bias)


def _ids(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.strip()]


if __name__ == "__main__":
    sys.exit(main())
