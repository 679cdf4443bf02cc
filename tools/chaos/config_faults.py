"""What people put into files: settings and facilities that are garbage, given to the real program."""

from __future__ import annotations

import contextlib
import io
import os
import random
from pathlib import Path

from winter_river.cli import main
from winter_river.facility import generate, to_yaml

from chaos.rig import Rig
from chaos.table import Row, none_of

LINES_MAX = 60
LETTER_MAX = 0x2FFF
SETTINGS = 'facility = "seed-8"\nmqtt_port = 1884\nseed = 7\nlan = false\nroot = "winter-river"\nnodes = "none"\n'


def garbage(rig: Rig) -> list[Row]:
    """Files spoiled in every way: each is taken, or refused in a few lines that name it. None may raise, or start."""
    folder = rig.new_folder("config")
    facility = to_yaml(generate(24))
    bad: list[str] = []
    wordless: list[str] = []
    refused = 0
    count = rig.pick(800, 60)
    with _at(folder):
        for number in range(count):
            is_site = number % 2 == 0
            path = Path("site.yaml") if is_site else Path("winter-river.toml")
            path.write_bytes(spoil((facility if is_site else SETTINGS).encode(), rig.rng))
            code, text = _call(["check", "site.yaml"] if is_site else ["generate", "telegraf"])
            if "Traceback" in text or "fault of ours" in text or code not in (0, 1, 2):
                bad.append(f"{path} exit {code}: {text.strip().splitlines()[-1] if text.strip() else ''}")
                (folder.parent / f"bad-{number}-{path.name}").write_bytes(path.read_bytes())
            if code:
                refused += 1
                if path.name not in text and not text.strip():
                    wordless.append(f"exit {code} without a word")
                if len(text.splitlines()) > LINES_MAX:
                    wordless.append(f"{len(text.splitlines())} lines")
            path.unlink()
    return [
        none_of(f"of {count} spoiled files, crashes", bad),
        none_of(f"of {refused} refusals, without a word or with too many", wordless, of=refused),
    ]


def spoil(text: bytes, rng: random.Random) -> bytes:
    """A file as hands, disks and editors spoil it."""
    data = bytearray(text)
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        place = rng.randrange(len(data) + 1)
        act = rng.randrange(7)
        if act == 0:
            data[place : place + 1] = bytes([rng.randrange(256)])
        elif act == 1:
            del data[place : place + rng.randrange(1, 30)]
        elif act == 2:
            data[place:place] = data[place : place + rng.randrange(1, 200)]
        elif act == 3:
            data[place:place] = chr(rng.randrange(1, LETTER_MAX)).encode()
        elif act == 4:
            data[place:place] = rng.choice(
                (b"\t", b": ", b"\n  - ", b"{", b"]", b"&a ", b"*a", b"!!python/x ", b'"', b"1e999")
            )
        elif act == 5:
            lines = bytes(data).splitlines(keepends=True)
            rng.shuffle(lines)
            data = bytearray(b"".join(lines))
        else:
            del data[place:]
    return bytes(data)


def _call(arguments: list[str]) -> tuple[int, str]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = main(arguments)
    return code, output.getvalue()


@contextlib.contextmanager
def _at(folder: Path):  # type: ignore[no-untyped-def]
    before = os.getcwd()
    folders = {f"WINTER_RIVER_{name}_DIR": str(folder / name.lower()) for name in ("DATA", "LOG", "CONFIG")}
    kept = {name: os.environ.get(name) for name in folders}
    os.environ.update(folders)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
