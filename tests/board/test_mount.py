"""`make mount`: what the real mpremote is asked for, and from which folder. What it then does needs a real board."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from winter_river.board import file_system, mounting
from winter_river.board.run_mpremote import Mpremote
from winter_river.emulator.virtual_board import stand_in

REPOSITORY = Path(__file__).resolve().parents[2]
WIFI_PASSWORD = "drowssap-ifiw"
# Stands where mpremote would: notes what it is given and what lies in the folder, and ends as it is told to.
STAND_IN = """
import json, os, sys
from pathlib import Path
folder = Path(sys.argv[sys.argv.index("--unsafe-links") + 1])
seen = {"arguments": sys.argv[1:], "mode": folder.stat().st_mode, "files": {}}
for file in sorted(folder.rglob("*")):
    if not file.is_dir():
        real = str(file.resolve()) if file.is_symlink() else ""
        seen["files"][file.relative_to(folder).as_posix()] = [real, file.read_text()]
Path(os.environ["SEEN"]).write_text(json.dumps(seen))
sys.exit(7)
"""


@pytest.fixture
def mount(tmp_path, virtual):
    """mount(port): a finished `winter-river board mount ups_a`, and what the stand-in for mpremote saw of it."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "credentials.toml").write_text(
        f'[wifi]\nssid = "net"\npassword = "{WIFI_PASSWORD}"\n[broker]\nhost = "192.168.4.1"\n'
    )
    (home / "credentials.toml").chmod(0o600)
    package = tmp_path / "stand-in" / "mpremote"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STAND_IN)
    seen = tmp_path / "seen.json"

    def run(port):
        done = subprocess.run(
            [sys.executable, "-m", "winter_river", "board", "mount", "ups_a", "--port", port],
            cwd=home,
            env=os.environ | {"PYTHONPATH": str(package.parent), "SEEN": str(seen), "TMPDIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done, json.loads(seen.read_text()) if seen.exists() else None

    return run


def test_mount_gives_mpremote_links_to_the_sources_and_the_nodes_own_settings(mount, virtual):
    done, seen = mount(virtual.port)
    # mpremote's own words: connect to a port, mount a folder, run a line of Python with it as the current folder.
    port, folder = seen["arguments"][1], seen["arguments"][4]
    assert seen["arguments"][:5] == ["connect", port, "mount", "--unsafe-links", folder]
    assert seen["arguments"][5:] == ["exec", mounting.RUN]
    assert port == virtual.port
    assert stat.S_IMODE(seen["mode"]) == 0o700
    linked = {name: real for name, (real, _) in seen["files"].items() if real}
    firmware = REPOSITORY / "firmware"
    assert linked["main.py"] == str(firmware / "main.py")
    assert linked["winter_node/core.py"] == str(firmware / "winter_node" / "core.py")
    assert linked["lib/winter_wire/codec.py"] == str(firmware / "lib" / "winter_wire" / "codec.py")
    assert {"lib/umqtt/simple.py", "lib/ssd1306.py"} <= set(linked)
    assert set(seen["files"]) - set(linked) == {"node.json"}
    settings = json.loads(seen["files"]["node.json"][1])
    assert (settings["id"], settings["watchdog"], settings["wifi"]["password"]) == ("ups_a", False, WIFI_PASSWORD)
    assert WIFI_PASSWORD not in done.stdout + done.stderr + " ".join(seen["arguments"])


def test_mount_ends_as_mpremote_does_and_leaves_nothing_behind(mount, virtual):
    done, seen = mount(virtual.port)
    assert done.returncode == 7
    assert not Path(seen["arguments"][4]).exists()


def test_mount_on_a_port_that_is_not_there_says_so(mount):
    done, seen = mount("/dev/ttyNOWHERE")
    assert (done.returncode, seen) == (1, None)
    assert "there is no port /dev/ttyNOWHERE" in done.stderr
    assert "make boards" in done.stderr


def test_mounted_files_win_over_those_on_the_board(virtual, until):
    """What mount runs, in the real MicroPython, with the mounted folder as a plain one."""
    old, new = b"__version__ = 'old'\n", b"__version__ = 'new'\n"
    files = {"lib/winter_wire/__init__.py": old, "remote/lib/winter_wire/__init__.py": new}
    files |= {
        "winter_node/__init__.py": old,
        "remote/winter_node/__init__.py": new,
        "remote/main.py": b"import winter_node, winter_wire\n"
        b"def run():\n    print('ran', winter_node.__version__, winter_wire.__version__)\n",
    }
    start = virtual.board.chip.boot_offset
    image = stand_in.image(virtual.board.chip)
    virtual.flash.data[start : start + len(image)] = image
    virtual.flash.data[0x200000:] = file_system.build(files, size=0x200000)
    virtual.unplug()
    virtual.plug_in()
    until(lambda: ">>>" in virtual.console_text())
    # `mpremote mount` makes the mounted folder the current one.
    assert Mpremote(virtual.port).run("exec", f"import os; os.chdir('/remote'); {mounting.RUN}") == "ran new new\n"
