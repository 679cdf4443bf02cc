"""What lands on a board: our files and the drivers, this node's settings, and nothing else; always the same bytes."""

import contextlib
import dataclasses
import json
from pathlib import Path

import pytest
from winter_node import settings as node_settings
from winter_river import load_facility, paths
from winter_river.board import file_system, loader, stage
from winter_river.board.credentials import Credentials
from winter_river.board.errors import BoardError

NODES = load_facility("block-2n-24").nodes
CREDENTIALS = Credentials("a-network", "192.168.4.1", 1883, wifi_password="long enough", user="u", broker_password="p")
DEVKIT = loader.load("esp32_devkit_v1")


def _files(node="ups_a", board=DEVKIT, credentials=CREDENTIALS, **options):
    return stage.files(NODES[node], board, credentials, root="winter-river", **options)


def test_the_plain_tree_is_ours_and_the_two_drivers():
    names = set(_files(plain=True))
    ours = {path.relative_to(paths.firmware_dir()).as_posix() for path in paths.firmware_dir().rglob("*.py")}
    assert names == ours | {"node.json", "lib/umqtt/simple.py", "lib/ssd1306.py"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_tree_for_a_board_is_compiled_but_for_what_micropython_runs_as_source():
    assert {name for name in _files() if not name.endswith(".mpy")} == {"boot.py", "main.py", "node.json"}


def test_certificates_are_staged_and_the_firmware_takes_their_settings():
    pair = {"ca": ("ca.der", b"1"), "cert": ("node.der", b"2"), "key": ("node.key", b"3")}
    tree = _files(credentials=dataclasses.replace(CREDENTIALS, certificates=pair))
    assert (tree["certs/ca.der"], tree["certs/node.der"], tree["certs/node.key"]) == (b"1", b"2", b"3")
    settings, faults = node_settings.check(json.loads(tree["node.json"]))
    assert not faults and settings["broker"]["tls"] is True and settings["broker"]["ca"] == "certs/ca.der"


def test_the_same_input_gives_the_same_bytes():
    first = file_system.build(_files(), size=2 << 20)
    shuffled = dict(reversed(_files().items()))
    assert file_system.build(shuffled, size=2 << 20) == first


def test_only_node_json_differs_between_nodes():
    one, other = _files("ups_a"), _files("utility_a")
    assert {name for name in one if one[name] != other[name]} == {"node.json"}


@pytest.mark.parametrize("board", loader.names())
@pytest.mark.parametrize("node", NODES)
def test_the_firmware_takes_the_settings_of_every_node_on_every_board(node, board):
    text = stage.node_json(NODES[node], loader.load(board), CREDENTIALS, root="winter-river")
    settings, faults = node_settings.check(json.loads(text))
    assert faults == []
    assert (settings["id"], settings["type"]) == (node, NODES[node].type)


def test_node_json_holds_pins_limits_and_credentials():
    text = stage.node_json(NODES["server_rack_a1"], loader.load("esp32_c3_mini"), CREDENTIALS, root="lab/one")
    settings = json.loads(text)
    assert settings["board"]["sda"] == 6
    assert settings["board"]["led_low"] is True
    assert settings["load_kw_max"] == 200  # block-2n-24.yaml
    assert settings["root"] == "lab/one"
    assert settings["wifi"] == {"ssid": "a-network", "password": "long enough"}
    assert settings["broker"] == {"host": "192.168.4.1", "port": 1883, "user": "u", "password": "p"}


def test_settings_that_the_firmware_would_refuse_are_not_staged():
    with pytest.raises(BoardError, match=r"wifi\.ssid"):
        _files(credentials=dataclasses.replace(CREDENTIALS, ssid="x" * 33))


def test_written_files_are_private(tmp_path: Path):
    stage.write(_files(), tmp_path)
    assert (tmp_path / "node.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "winter_node/settings.mpy").is_file()


def test_linked_files_follow_the_sources(tmp_path: Path):
    stage.link(_files(), tmp_path)
    assert (tmp_path / "main.py").resolve() == paths.firmware_dir() / "main.py"
    assert not (tmp_path / "node.json").is_symlink()


def test_what_does_not_fit_is_named():
    with pytest.raises(file_system.FileSystemError, match=r"big\.bin \(3000000 bytes\) does not fit"):
        file_system.build({"big.bin": b"x" * 3_000_000}, size=2 << 20)


def test_an_update_touches_only_what_changed():
    before = file_system.build({"a.txt": b"one", "lib/b.txt": b"two" * 3000}, size=1 << 20)
    after = file_system.update(before, {"lib/b.txt": b"two" * 3000, "c.txt": b"three"})
    assert file_system.read(after) == {"lib/b.txt": b"two" * 3000, "c.txt": b"three"}
    assert sum(one != other for one, other in zip(before, after, strict=True)) < 4096


def test_an_erased_flash_is_no_file_system():
    with pytest.raises(file_system.FileSystemError, match="no littlefs"):
        file_system.read(b"\xff" * (1 << 20))


def test_a_file_system_with_a_block_erased_is_none_or_read_as_far_as_it_goes():
    files = {"a.txt": b"one" * 2000, "lib/b.txt": b"two" * 5000, "lib/c.txt": b"three" * 900}
    whole = file_system.build(files, size=1 << 17)
    found = []
    for at in range(0, len(whole), 4096):
        damaged = whole[:at] + b"\xff" * 4096 + whole[at + 4096 :]
        with contextlib.suppress(file_system.FileSystemError):  # its folders were there
            found.append(file_system.read(damaged).keys())
            file_system.update(damaged, files)
    assert all(names <= files.keys() for names in found)
    assert found.count(files.keys()) > 10  # nothing was there
    assert any(0 < len(names) < len(files) for names in found)
