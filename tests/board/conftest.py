"""A private broker, a virtual ESP32, and the job that puts a node on it. Only simulated boards are touched."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from winter_river import load_facility
from winter_river.board import loader
from winter_river.board.credentials import Credentials
from winter_river.board.flashing import Job
from winter_river.board.joining import Watch, address_of
from winter_river.board.model import Board
from winter_river.emulator.virtual_board import VirtualEsp32, stand_in
from winter_river.emulator.vm.package import VmCommand
from winter_river.service.broker import Broker, start_broker

WIFI_PASSWORD, BROKER_PASSWORD = "drowssap-ifiw", "drowssap-rekorb"  # what must not appear anywhere
JOIN_S_MAX = 90.0
WAIT_S_MAX = 60.0


class KeptReport:
    """A Report that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.parts: list[tuple[str, float]] = []
        self.on_progress: Callable[[str, float], None] = lambda text, part: None

    def step(self, text: str) -> None:
        self.lines.append(f"> {text}")

    def detail(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, text: str, part: float) -> None:
        self.parts.append((text, part))
        self.on_progress(text, part)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker("auto", data_dir=tmp_path_factory.mktemp("broker")) as started:
        yield started


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Board:
    """The kind of board; a test may name another one: @pytest.mark.parametrize("board", [name], indirect=True)."""
    return loader.load(getattr(request, "param", loader.DEFAULT))


@pytest.fixture
def virtual(board: Board, vm_command: VmCommand, tmp_path: Path) -> Iterator[VirtualEsp32]:
    """A virtual board with an erased flash."""
    with VirtualEsp32(board, link=tmp_path / "port") as device:
        yield device


@pytest.fixture
def image(board: Board, tmp_path: Path) -> Path:
    """A simulated MicroPython image."""
    file = tmp_path / "stand-in-image.bin"
    file.write_bytes(stand_in.image(board.chip))
    return file


@pytest.fixture
def credentials(broker: Broker) -> Credentials:
    return Credentials("a-network", broker.host, broker.port, wifi_password=WIFI_PASSWORD)


@pytest.fixture
def job(virtual: VirtualEsp32, board: Board, image: Path, credentials: Credentials) -> Job:
    """ups_a on the virtual board."""
    return Job(
        node=load_facility("block-2n-24").nodes["ups_a"],
        board=board,
        credentials=credentials,
        root="winter-river",
        port=virtual.port,
        image_path=str(image),
        flags="--no-stub",
        join_s_max=JOIN_S_MAX,
    )


@pytest.fixture
def watch(job: Job) -> Iterator[Watch]:
    with Watch(address_of(job.credentials), job.node.id, root=job.root, name="test-watch") as listening:
        yield listening


@pytest.fixture
def report() -> KeptReport:
    return KeptReport()


@pytest.fixture
def until(virtual: VirtualEsp32) -> Callable[[Callable[[], Any]], Any]:
    """Waits until something is true and gives it; the board works in its own time."""

    def wait(claim: Callable[[], Any]) -> Any:
        end_s = time.monotonic() + WAIT_S_MAX
        while not (value := claim()):
            assert time.monotonic() < end_s, (
                f"it never came true; the console says ...{virtual.console_text()[-500:]!r}"
            )
            time.sleep(0.02)
        return value

    return wait
