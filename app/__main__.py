"""`fireside` and `python -m app VERB`: without a verb the window opens; verbs do what its menus do.

`fireside FILE` is short for `fireside open FILE`, which is what file managers run.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import sys
import time
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Container
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NoReturn

from app.core.log_format import LogFormatter
from app.core.paths import DataFolder, data_folder
from app.core.settings import CHAT_TEMPLATES, USUAL_PORT
from app.server import LOOPBACK
from engine.api import FiresideError, RequestError
from engine.version import installed_version

LOG_BYTES = 1 << 20


def main(arguments: list[str] | None = None) -> int:
    """Run one verb. Exit status: 0 done, 1 a one-line error, 2 wrong usage, 130 interrupted."""
    started = time.perf_counter()
    multiprocessing.freeze_support()  # a packaged Fireside is also the process that reads a PDF
    arguments = sys.argv[1:] if arguments is None else arguments
    given, words = _everywhere().parse_known_args(arguments, Namespace(data_dir=None))
    if words[:1] == ["engine"]:
        from engine.__main__ import main as run_engine

        return run_engine(words[1:], program="fireside engine")
    options = _parsed(words, given)
    try:
        folder = data_folder(options.data_dir)
        _log_to(folder)
        if options.verb not in (None, "open"):
            options.run(options, folder)
            sys.stdout.flush()
            return 0
        file = None if options.file is None else _existing(options.file)
        gc.disable()  # what a start makes is there to stay; `Application` switches it on again when a model is there
        from app.application import run

        return run(folder, started=started, file=file)
    except FiresideError as error:
        return _complain(" ".join(str(error).split()))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except KeyboardInterrupt:
        return 130


def _complain(sentence: str) -> int:
    print(f"fireside: {sentence}", file=sys.stderr)
    return 1


def _existing(file: str) -> Path:
    path = Path(file).expanduser().absolute()  # a window that is open already stands in another folder
    if not path.exists():
        raise RequestError(f"“{path.name}” does not exist; check the path {path}.")
    return path


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"fireside: {message}\n")


def _everywhere() -> _Parser:
    """What may stand before a verb and behind it."""
    parser = _Parser(prog="fireside", add_help=False, allow_abbrev=False, argument_default=SUPPRESS)
    parser.add_argument("--data-dir", metavar="DIR", help="keep everything in this folder; before or after VERB")
    return parser


def _parsed(words: list[str], given: Namespace) -> Namespace:
    parser, verbs = _parser()
    if len(words) == 1 and words[0] not in verbs and Path(words[0]).exists():
        words = ["open", *words]
    return parser.parse_args(words, given)


def _parser() -> tuple[ArgumentParser, Container[str]]:
    from app import commands

    everywhere = _everywhere()
    parser = _Parser(
        prog="fireside",
        usage="%(prog)s [-h] [--version] [--data-dir DIR] [FILE | VERB ...]",
        description="Chat with a model on your own machine. FILE is a model to chat with.",
        parents=[everywhere],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fireside {installed_version() or 'not installed'}")
    parser.set_defaults(file=None)
    verbs = parser.add_subparsers(prog="fireside", dest="verb", metavar="VERB")

    def verb(name: str, help_text: str) -> _Parser:
        return verbs.add_parser(name, help=help_text, parents=[everywhere])

    opening = verb("open", "open the window with a file, as if it were dropped on it")
    opening.add_argument("file", metavar="FILE", help="a model, conversations to import, or a file to attach")
    verb("engine", "the engine on its own: `fireside engine --help`")

    models = verb("models", "list the models known on this machine")
    models.set_defaults(run=commands.models)
    conversations = verb("conversations", "list the conversations")
    conversations.set_defaults(run=commands.conversations)
    for listing in (models, conversations):
        listing.add_argument("--json", action="store_true", help="print JSON")

    export = verb("export", "write conversations to files")
    export.add_argument("--format", required=True, choices=commands.FORMATS)
    export.add_argument("--output", required=True, metavar="PATH", help="a file, a folder for many, or a name.zip")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--conversation", metavar="ID", action="append", help="can be given again for more")
    which.add_argument("--folder", metavar="NAME", help="the conversations of a folder and of those inside it")
    which.add_argument("--all", action="store_true", help="every conversation")
    export.add_argument("--tree", action="store_true", help="every branch, not only the path that is shown")
    export.add_argument("--settings", action="store_true", help="with the model, settings and timings of each reply")
    export.add_argument("--no-thinking", dest="thinking", action="store_false", help="without what models thought")
    export.add_argument("--no-attachments", dest="attachments", action="store_false", help="without files and images")
    export.add_argument("--replace", action="store_true", help="replace what is there already")
    export.set_defaults(run=commands.export)

    importing = verb("import", "take in conversations from other programs or another Fireside")
    importing.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder or a zip")
    importing.add_argument("--dry-run", action="store_true", help="only say what would come in")
    importing.add_argument("--json", action="store_true", help="print JSON")
    importing.set_defaults(run=commands.import_)

    serve = verb("serve", "let other programs use a model, through OpenAI's protocol")
    serve.add_argument("model", nargs="?", metavar="MODEL", help="a file, a folder or a name from `models`")
    serve.add_argument("--chat-template", metavar="NAME", help=f"for this model: {', '.join(CHAT_TEMPLATES)}")
    serve.add_argument("--port", type=int, default=USUAL_PORT, help=f"{USUAL_PORT}, if nothing is said")
    serve.add_argument("--host", default=LOOPBACK, metavar="ADDRESS", help=f"{LOOPBACK}, if nothing is said")
    serve.add_argument("--host-name", action="append", default=[], metavar="NAME", help="what clients may call it")
    serve.add_argument("--no-token", dest="token", action="store_false", help="let in every program on this machine")
    serve.add_argument("--other-models", action="store_true", help="load any known model that a request names")
    serve.set_defaults(run=commands.serve)

    backup = verb("backup", "write everything to one file")
    backup.add_argument("--output", required=True, metavar="PATH", help="a new file")
    backup.set_defaults(run=commands.backup)
    restore = verb("restore", "take back what a backup has and is missing here")
    restore.add_argument("file", metavar="FILE", help="a backup, or the database of another Fireside")
    restore.set_defaults(run=commands.restore)
    rescue = verb("rescue", "save what can be read of a damaged database")
    rescue.add_argument("file", metavar="FILE", help="the damaged database, which is only read")
    rescue.add_argument("--output", required=True, metavar="PATH", help="a new JSON file, for import")
    rescue.set_defaults(run=commands.rescue)
    return parser, verbs.choices


def _log_to(folder: DataFolder) -> None:
    handler = RotatingFileHandler(folder.log, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(LogFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


if __name__ == "__main__":
    raise SystemExit(main())
