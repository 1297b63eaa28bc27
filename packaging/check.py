"""Uses the Debian package as a person does, on a system that has nothing but what the package asks for.

`python packaging/check.py` needs root and the tools that README.md names. It lays out a Debian without Python in
build/system, installs dist/fireside_*.deb there, and runs it as a person with an empty home and no network. Pictures
of what is seen go to build/package-check. `make package-check` calls it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from debian import DEPENDS, VERSION

from engine.starter import FILE_NAME

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = ROOT / "build" / "system"
PICTURES = ROOT / "build" / "package-check"
HOME = SYSTEM / "home" / "person"
DATA = HOME / ".local" / "share" / "Fireside"
TOOLS = ("debootstrap", "bwrap", "Xvfb", "xdotool", "import", "desktop-file-validate", "appstreamcli")
QUESTION, ANSWER = "What is the capital of France?", "Paris"
FORMULA = r"It is $$\frac{a}{b} \le \sqrt{c}$$"
REPLY = "SELECT 1 FROM messages JOIN records ON number = message_number WHERE status = 'complete' AND text LIKE ?"
SECRET = "The password is swordfish."
PATIENCE_S = 60.0
SHOWN = ("search", "--sync", "--onlyvisible", "--name", "Fireside$")  # for xdotool: once the window is there
SERVED_NAME = Path(FILE_NAME).stem
SCHEMA = {
    "type": "object",
    "properties": {"city": {"enum": ["Paris"]}},
    "required": ["city"],
    "additionalProperties": False,
}
CALM = {"temperature": 0, "max_tokens": 64}  # the model's own temperature leads it astray now and then
ENDING_ALL = "--unshare-pid"  # of bwrap: what a command leaves running ends with it
SERVED_AT = "http://127.0.0.1:8080/v1"
SERVING = f"""
fireside serve {SERVED_NAME} --no-token --port 8080 >/tmp/served 2>&1 &
for _ in $(seq 100); do exec 3<>/dev/tcp/127.0.0.1/8080 && break; sleep 0.2; done 2>/dev/null
"""
ASKING = """
body='{"model": "%s", "max_tokens": 8, "temperature": 0, "stream": true,
    "messages": [{"role": "user", "content": "%s"}]}'
printf 'POST /v1/chat/completions HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Type: application/json\\r\\n' >&3
printf 'Connection: close\\r\\nContent-Length: %%d\\r\\n\\r\\n%%s' ${#body} "$body" >&3
cat <&3
cat /tmp/served >&2
"""


def main() -> int:
    """Every check in turn; the first that fails ends it."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        print(f"This needs root and {', '.join(missing or TOOLS)}.", file=sys.stderr)
        return 2
    install()
    check_entries()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with screen() as display:
        check_commands(display)
        check_window(display)
        check_exports(display)
        check_remote(display)
        check_crash(display)
    print("The package works.")
    return 0


def install() -> None:
    """The empty system, with the package and a home of nothing in it."""
    if not (SYSTEM / "usr").exists():
        names = [re.split(r" [(|]", needed)[0] for needed in DEPENDS]
        packages = ",".join([*names, "fonts-dejavu-core"])
        run(["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", SYSTEM])
    (package,) = (ROOT / "dist").glob(f"fireside_{VERSION}_*.deb")
    shutil.copy(package, SYSTEM / "fireside.deb")
    run(["chroot", SYSTEM, "dpkg", "--install", "/fireside.deb"])
    (SYSTEM / "fireside.deb").unlink()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)


@contextmanager
def screen() -> Iterator[str]:
    """A screen that nobody sees; its name."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x860x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    try:
        yield f":{os.read(reading, 16).decode().strip()}"
    finally:
        server.terminate()
        server.wait()


def inside(display: str, *command: str | Path) -> list[str | Path]:
    """The command line that runs another as a person on the empty system, without a network."""
    return [
        *("bwrap", "--bind", SYSTEM, "/", "--proc", "/proc", "--dev", "/dev"),
        *("--bind", "/tmp/.X11-unix", "/tmp/.X11-unix", "--unshare-user", "--unshare-net", "--unshare-ipc"),
        *("--uid", "1000", "--gid", "1000"),
        *("--clearenv", "--setenv", "HOME", "/home/person", "--setenv", "PATH", "/usr/bin:/bin"),
        *("--setenv", "DISPLAY", display, "--setenv", "LANG", "C.UTF-8", "--chdir", "/home/person"),
        *("--die-with-parent", *command),
    ]


def check_entries() -> None:
    """What menus and software centres read of the package."""
    share = SYSTEM / "usr" / "share"
    run(["desktop-file-validate", share / "applications" / "fireside.desktop"])
    run(["appstreamcli", "validate", "--no-net", share / "metainfo" / "app.fireside.Fireside.metainfo.xml"])
    print("The menu entry and the description are valid.")


def check_commands(display: str) -> None:
    """What needs no window."""
    assert run(inside(display, "sh", "-c", "command -v python3 || echo none")) == "none\n"
    assert run(inside(display, "fireside", "--version")) == f"fireside {VERSION}\n"
    assert "FILE" in run(inside(display, "fireside", "--help"))
    words = ["engine", "generate", "--prompt", QUESTION, "--max-tokens", "24", "--temperature", "0", "--json"]
    assert ANSWER in json.loads(run(inside(display, "fireside", *words)))["text"]
    (HOME / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    formed = json.loads(run(inside(display, "fireside", *words, "--json-schema", "schema.json")))["text"]
    assert [*json.loads(formed)] == SCHEMA["required"], formed
    listed = json.loads(run(inside(display, "fireside", "models", "--json")))
    assert any(FILE_NAME in json.dumps(model) for model in listed), listed
    answer = run(inside(display, ENDING_ALL, "bash", "-c", SERVING + ASKING % (SERVED_NAME, QUESTION)))
    assert ANSWER in streamed_text(answer) and "data: [DONE]" in answer, answer
    print("Commands and the server answer.")


def check_window(display: str) -> None:
    """Typing, the answer, files of a second start, and a normal end."""
    keep("settings.json", own_values=CALM)
    window = subprocess.Popen(inside(display, "fireside"))
    press(display, *SHOWN)
    press(display, "type", "--delay", "15", QUESTION)
    press(display, "key", "Return")
    wait_for("a reply", lambda: bool(rows(REPLY, f"%{ANSWER}%")))
    picture(display, "answer")
    (HOME / "secret.pdf").write_bytes(pdf(SECRET))
    run(inside(display, "fireside", "/home/person/secret.pdf"))
    wait_for("the PDF", lambda: bool(rows("SELECT 1 FROM drafts WHERE parts LIKE ?", f"%{SECRET}%")))
    shutil.copy(SYSTEM / "usr/lib/fireside/_internal/models" / FILE_NAME, HOME / "mine.gguf")
    run(inside(display, "fireside", "mine.gguf"))
    wait_for("the model", lambda: "mine.gguf" in kept("models.json"))
    picture(display, "files")
    press(display, "key", "ctrl+q")
    assert window.wait(PATIENCE_S) == 0
    assert not (DATA / "crash.log").exists()
    print("The window answers, takes files over, and closes.")


def check_exports(display: str) -> None:
    """What was said, as files."""
    for form in ("html", "markdown"):
        run(inside(display, "fireside", "export", "--all", "--format", form, "--output", form))
        assert any(ANSWER in file.read_text(encoding="utf-8") for file in (HOME / form).iterdir())
    print("Conversations come out.")


def check_remote(display: str) -> None:
    """The model of a server that a file names replies, in a window that speaks Chinese."""
    model = {"name": SERVED_NAME, "context_length": None}
    endpoint = {"name": "here", "base_url": SERVED_AT, "is_allowed": True, "models": [model]}
    keep("endpoints.json", endpoints=[endpoint], last=f"{SERVED_AT}#{SERVED_NAME}")
    keep("settings.json", own_values=CALM, allows_remote=True, language="zh_CN")
    window = subprocess.Popen(inside(display, ENDING_ALL, "bash", "-c", f"{SERVING} exec 3>&-; fireside"))
    press(display, *SHOWN)
    press(display, "type", "--delay", "15", QUESTION)
    press(display, "key", "Return")
    wait_for(
        "a reply from the server", lambda: bool(rows(f"{REPLY} AND record LIKE ?", f"%{ANSWER}%", f"%{SERVED_AT}#%"))
    )
    picture(display, "remote")
    press(display, *SHOWN, "windowfocus", "--sync")
    press(display, "key", "ctrl+comma")
    press(display, "search", "--sync", "--onlyvisible", "--name", "^设置$", "windowfocus", "--sync")
    press(display, "key", "Escape")
    press(display, *SHOWN, "windowfocus", "--sync")
    press(display, "key", "ctrl+q")
    assert window.wait(PATIENCE_S) == 0
    print("A remote model replies, and the window speaks Chinese.")


def check_crash(display: str) -> None:
    """What ends it unexpectedly is told on the next start, which a model from outside brings about.

    The chat that is open then holds a formula: what draws it is imported, and its fonts and tables are read.
    """
    said = [{"from": "human", "value": "Draw a fraction."}, {"from": "gpt", "value": FORMULA}]
    (HOME / "chat.json").write_text(json.dumps([{"id": "formula", "conversations": said}]), encoding="utf-8")
    run(inside(display, "fireside", "import", "chat.json"))
    (chat,) = rows(
        "SELECT conversations.id FROM conversations JOIN messages ON leaf_id = messages.id WHERE text = ?", FORMULA
    )
    keep("settings.json", start_with="last", window={"open_chat": chat})
    hit = "fireside & until [ -e hit ]; do sleep 0.1; done; kill -SEGV $!; wait $!"
    window = subprocess.Popen(inside(display, "sh", "-c", hit))
    press(display, *SHOWN)
    (HOME / "hit").touch()
    window.wait(PATIENCE_S)
    (DATA / "models.json").unlink()
    window = subprocess.Popen(inside(display, "fireside", "mine.gguf"))
    press(display, *SHOWN)
    wait_for("the log", lambda: "Segmentation fault" in kept("crash.last.log"))
    wait_for("the model", lambda: "mine.gguf" in kept("models.json"))
    picture(display, "crash")
    press(display, *SHOWN, "windowfocus", "--sync")
    press(display, "key", "ctrl+q")
    assert window.wait(PATIENCE_S) == 0
    assert "ERROR" not in kept("fireside.log"), kept("fireside.log")
    print("A crash is told, and a formula is drawn.")


def run(command: list[str | Path]) -> str:
    """What it prints; errors go to the terminal."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout


def press(display: str, *words: str) -> None:
    """What `xdotool` is to do."""
    subprocess.run(
        ["xdotool", *words], check=True, env={**os.environ, "DISPLAY": display}, stdout=subprocess.DEVNULL, timeout=60
    )


def picture(display: str, name: str) -> None:
    """Photograph the screen, when it has come to rest."""
    time.sleep(1.5)
    run(["import", "-display", display, "-window", "root", PICTURES / f"{name}.png"])


def keep(name: str, **content: object) -> None:
    """Put a file of JSON into the folder that Fireside keeps everything in."""
    (DATA / name).write_text(json.dumps({"version": 1, **content}), encoding="utf-8")


def kept(name: str) -> str:
    """What a file of that folder says; nothing as long as it is not there."""
    file = DATA / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


def streamed_text(answer: str) -> str:
    """The words in an answer that came in pieces."""
    pieces = (json.loads(piece) for piece in re.findall(r"^data: (\{.*)$", answer, re.MULTILINE))
    return "".join(choice["delta"].get("content", "") for piece in pieces for choice in piece["choices"])


def rows(query: str, *values: str) -> list[str]:
    """The first column of what the database of conversations answers."""
    with closing(sqlite3.connect(f"file:{DATA / 'conversations.sqlite3'}?mode=ro", uri=True)) as database:
        return [first for first, *_ in database.execute(query, values)]


def wait_for(what: str, is_there: Callable[[], bool]) -> None:
    """Ask until it is; raises TimeoutError."""
    ends_at = time.monotonic() + PATIENCE_S
    while not is_there():
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{what} has not come in {PATIENCE_S:g} s")
        time.sleep(0.2)


def pdf(text: str) -> bytes:
    """A page with a line of text."""
    drawing = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
    )
    written, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer << /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return f"{written}xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


if __name__ == "__main__":
    raise SystemExit(main())
