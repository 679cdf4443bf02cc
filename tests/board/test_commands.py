"""`winter-river board` as a user meets it, on a virtual board."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from winter_river.compact import compact, sources

WIFI_PASSWORD = "drowssap-ifiw"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(tmp_path):
    """program(*arguments): a finished `winter-river`, in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "winter_river", *arguments],
            cwd=folder,
            env={**environment, "WINTER_RIVER_CACHE_DIR": str(tmp_path / "cache")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    run.folder = folder
    return run


@pytest.fixture
def credentials_file(program, broker):
    file = program.folder / "credentials.toml"
    file.write_text(
        f'[wifi]\nssid = "net"\npassword = "{WIFI_PASSWORD}"\n[broker]\nhost = "{broker.host}"\nport = {broker.port}\n'
    )
    file.chmod(0o600)
    return file


@pytest.fixture
def drivers_cache(tmp_path):
    """The drivers of this machine in the user's cache of the test: nothing is fetched."""
    from winter_river import drivers

    target = tmp_path / "cache" / "drivers" / drivers.path().name
    target.parent.mkdir(parents=True)
    target.symlink_to(drivers.path())


@pytest.mark.parametrize("board", ["esp32_devkit_v1", "esp32_c3_mini"], indirect=True)
def test_flash_then_deploy_as_a_user_does(program, board, virtual, image, credentials_file, drivers_cache):
    common = ("ups_b", "--port", virtual.port, "--board", board.name)
    flashed = program("board", "flash", *common, "--image", str(image), "--esptool-flags=--no-stub")
    assert (flashed.returncode, flashed.stderr) == (0, "")
    assert "ups_b is on its board" in flashed.stdout
    assert json.loads(virtual.files()["node.json"])["id"] == "ups_b"

    deployed = program("board", "deploy", *common)
    assert (deployed.returncode, deployed.stderr) == (0, "")
    assert "0 changed, 0 gone" in deployed.stdout
    for text in (flashed.stdout, deployed.stdout):
        assert WIFI_PASSWORD not in text


def test_without_credentials_it_says_where_to_write_them(program, virtual):
    done = program("board", "flash", "ups_a", "--port", virtual.port)
    assert done.returncode == 1
    assert "there are no Wi-Fi and broker credentials" in done.stderr
    assert "[wifi]" in done.stderr


def test_a_broker_that_is_not_there_is_told_before_the_board_is_touched(program, virtual, credentials_file, image):
    text = credentials_file.read_text()
    credentials_file.write_text(text[: text.index("port = ")] + "port = 9\n")
    done = program("board", "flash", "ups_a", "--port", virtual.port, "--image", str(image))
    assert done.returncode == 1
    assert "no broker at mqtt://127.0.0.1:9" in done.stderr
    assert "--no-wait" in done.stderr
    assert virtual.blocks_written == 0


def test_an_unknown_node_gets_the_nearest_name(program, virtual, credentials_file):
    done = program("board", "flash", "ups_aa", "--port", virtual.port)
    assert done.returncode == 2
    assert "did you mean ups_a?" in done.stderr


def test_a_port_that_is_not_there_is_told(program, credentials_file):
    done = program("board", "flash", "ups_a", "--port", "/dev/ttyNOWHERE")
    assert done.returncode == 1
    assert "there is no port /dev/ttyNOWHERE" in done.stderr


def test_list_names_every_board(program):
    done = program("board", "list", "--json")
    assert [row["board"] for row in json.loads(done.stdout)["supported"]] == [
        "esp32_c3_mini",
        "esp32_devkit_v1",
        "esp32_s3_devkit",
    ]


def test_info_shows_pins(program):
    assert "GPIO 8, lit when low" in program("board", "info", "--board", "esp32_c3_mini").stdout


def test_check_takes_a_board_file(program):
    good = program("check", str(REPOSITORY / "boards" / "esp32_devkit_v1.toml"))
    assert (good.returncode, good.stdout) == (0, "esp32_devkit_v1: ESP32 DevKit V1, ESP32: no fault\n")
    bad = program.folder / "bad.toml"
    bad.write_text('title = "x"\nchip = "esp32"\n')
    done = program("check", "bad.toml")
    assert done.returncode == 1
    assert "bad.toml:1:1: [image] is missing" in done.stdout


@pytest.mark.parametrize(
    ("target", "settings", "wanted"),
    [
        (
            "flash",
            ["NODE=ups_a", "PORT=/dev/ttyUSB0", "BOARD=b", "FACILITY=f.yaml", "IMAGE=i.bin", "ESPTOOL_FLAGS=--no-stub"],
            "board flash ups_a --port '/dev/ttyUSB0' --board 'b' --facility 'f.yaml' --image 'i.bin' --esptool-flags='--no-stub'",
        ),
        ("deploy", ["NODE=ups_a"], "board deploy ups_a"),
        ("mount", ["NODE=ups_a"], "board mount ups_a"),
        ("monitor", ["PORT=/dev/ttyUSB0"], "board monitor --port '/dev/ttyUSB0'"),
        ("boards", [], "board list"),
    ],
)
def test_make_calls_the_program(target, settings, wanted):
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target, *settings],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert wanted in " ".join(done.stdout.replace("\\\n", " ").split())


def test_make_flash_without_a_node_says_how():
    done = subprocess.run(
        ["make", "--no-print-directory", "flash"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "make flash NODE=ups_a" in done.stdout


def test_an_error_of_a_board_is_explained_in_the_words_of_the_sources(program):
    made = compact({name: source.read_bytes() for name, source in sources().items()})
    there = next(name for name, ours in made.names.items() if "winter_node.core.Core.on_tick" in ours)
    (program.folder / "console.txt").write_text(f'  File "node", line 1, in {there}\nKeyError: 7\n')
    done = program("board", "explain", "console.txt")
    assert "winter_node.core.Core.on_tick" in done.stdout, done.stderr
