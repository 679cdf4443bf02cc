"""Bringing only our files up to date on a board that already runs MicroPython."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from winter_river.board import stage
from winter_river.board.errors import BoardError
from winter_river.board.flashing import Job, await_join, staged
from winter_river.board.joining import Joined, Watch
from winter_river.board.private_folder import private_folder
from winter_river.board.report import Report
from winter_river.board.run_mpremote import Mpremote
from winter_river.compact import MPY_VERSION

WATCHDOG_MS = 120_000  # chosen: longer than a whole deploy; a watchdog that runs cannot be stopped, only slowed
FILES_A_RUN = 8  # chosen: a progress bar that moves, without starting mpremote for each file
_MARK = "winter-river-files "
# Runs on the board: the sha256 of each file, and the version of the compiled files that it reads. Its watchdog goes on while we hold its program.
_LIST = f"""
import binascii, hashlib, json, machine, os, sys
machine.WDT(timeout={WATCHDOG_MS})
found = {{}}
def walk(folder):
    for row in os.ilistdir(folder or "/"):
        path = folder + row[0]
        if row[1] & 0x4000:
            walk(path + "/")
        else:
            digest = hashlib.sha256()
            with open("/" + path, "rb") as file:
                while True:
                    part = file.read(512)
                    if not part:
                        break
                    digest.update(part)
            found[path] = binascii.hexlify(digest.digest()).decode()
walk("")
mpy = getattr(sys.implementation, "_mpy", 0) & 0xFF
print("{_MARK}" + json.dumps({{"files": found, "mpy": mpy}}))
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to happen on the board, by path there."""

    write: tuple[str, ...]
    remove: tuple[str, ...]
    folders: tuple[str, ...]
    same: int


def changes(tree: Mapping[str, bytes], on_board: Mapping[str, str]) -> Changes:
    """What makes the board's files (path to sha256) those of the tree. Files that are not ours stay."""
    write = tuple(name for name, data in tree.items() if on_board.get(name) != hashlib.sha256(data).hexdigest())
    remove = tuple(
        sorted(
            name
            for name in on_board
            if name not in tree and any(name.startswith(f"{folder}/") for folder in stage.OUR_FOLDERS)
        )
    )
    there = {folder for name in on_board for folder in _parents(name)}
    needed = {folder for name in write for folder in _parents(name)}
    return Changes(write, remove, tuple(sorted(needed - there)), len(tree) - len(write))


def deploy(job: Job, report: Report, watch: Watch | None) -> Joined | None:
    """Copies what has changed, restarts the board, and waits until the node reports.

    watch: as for flash. Raises BoardError with cause and cure.
    """
    report.step(f"Ask the board on {job.port} what it has")
    mpremote = Mpremote(job.port)
    on_board, mpy = _on_board(mpremote)
    report.step(f"Stage the files of {job.node.id}")
    tree = staged(job, report, compiled=mpy == MPY_VERSION)
    todo = changes(tree, on_board)
    report.detail(f"{len(todo.write)} changed, {len(todo.remove)} gone, {todo.same} the same")
    if todo.write or todo.remove:
        _copy(mpremote, tree, todo, report)
    report.step("Restart")
    if watch is not None:
        watch.forget()
    # A soft reset out of raw mode would not start main.py.
    mpremote.run("resume", "reset")
    return None if watch is None else await_join(job, report, watch)


def _on_board(mpremote: Mpremote) -> tuple[dict[str, str], int]:
    """Path to sha256 of every file on the board; the version of compiled files that it reads, 0 for none."""
    answer = mpremote.run("exec", _LIST)
    for line in answer.splitlines():
        if line.startswith(_MARK):
            found = json.loads(line[len(_MARK) :])
            return found["files"], found["mpy"]
    raise BoardError("the board did not tell which files it has", "flash it anew: `make flash`")


def _copy(mpremote: Mpremote, tree: Mapping[str, bytes], todo: Changes, report: Report) -> None:
    report.step(f"Copy {len(todo.write)} files")
    commands = [["fs", "mkdir", f":{folder}"] for folder in todo.folders]
    commands += [["fs", "rm", f":{name}"] for name in todo.remove]
    with private_folder() as folder:
        stage.write({name: tree[name] for name in todo.write}, folder)
        commands += [["fs", "cp", "-f", str(folder / name), f":{name}"] for name in todo.write]
        for start in range(0, len(commands), FILES_A_RUN):
            part = commands[start : start + FILES_A_RUN]
            joined = [word for command in part for word in ("+", *command)][1:]
            mpremote.run("resume", *joined)
            report.progress("files", (start + len(part)) / len(commands))


def _parents(name: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(name).parents if str(parent) != "."]
