"""The systemd units, the hotspot and the script that installs them: into a folder, with the real service started from it."""

import configparser
import os
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from held_ports import held_port
from winter_node import settings as board
from winter_river.deploy import GENERATORS, hotspot
from winter_river.service.supervision import FEED_S_MIN
from winter_river.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
UNITS = ("winter-river.service", "winter-river-broker.service")
EXPOSURE_MAX = 2.0  # `systemd-analyze security`: 0 is shut in, 10 is open; Debian's own mosquitto.service has 9.2


def unit(text: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(text)
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the real script puts into a folder, on the environment that the tests run in."""
    destination = tmp_path_factory.mktemp("machine")
    environment = os.environ | {"DESTDIR": str(destination), "ENVIRONMENT": str(ROOT / ".venv"), "HOTSPOT": "wlan0"}
    done = subprocess.run(
        [ROOT / "tools" / "service", "install"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "nothing was started" in done.stderr
    return destination


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("SKIPPED, for there is no systemd-analyze; apt install systemd")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("nodes", ["mixed", "vm"])
def test_systemd_finds_nothing_wrong_with_the_units(installed: Path, tmp_path: Path, nodes: str) -> None:
    for name, text in GENERATORS["systemd"].make(Settings(nodes=nodes)).items():
        if name in UNITS:  # verify wants the program to be there
            (tmp_path / name).write_text(text.replace("=/opt/", f"={installed}/opt/"))
    done = analyze("verify", *(tmp_path / name for name in UNITS))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_the_units_are_shut_in(installed: Path, name: str) -> None:
    file = installed / "etc/systemd/system" / name
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}", file)
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def test_script_puts_every_file_where_it_belongs_with_its_mode(installed: Path) -> None:
    modes = {
        "etc/systemd/system/winter-river.service": 0o644,
        "etc/systemd/system/winter-river-broker.service": 0o644,
        "etc/winter-river/mosquitto.conf": 0o644,
        "etc/winter-river/winter-river.env": 0o640,
        "etc/NetworkManager/system-connections/WinterRiver-AP.nmconnection": 0o600,
        "usr/local/bin/winter-river": 0o755,
    }
    assert {name: (installed / name).stat().st_mode & 0o777 for name in modes} == modes
    for name in UNITS:
        made = GENERATORS["systemd"].make(Settings())[name]
        assert (installed / "etc/systemd/system" / name).read_text() == made


def test_second_installation_keeps_what_a_person_changed(tmp_path: Path) -> None:
    environment = os.environ | {"DESTDIR": str(tmp_path), "ENVIRONMENT": str(ROOT / ".venv"), "HOTSPOT": "wlan0"}
    install = [ROOT / "tools" / "service", "install"]
    subprocess.run(install, env=environment, capture_output=True, check=True)
    settings = tmp_path / "etc/winter-river/winter-river.env"
    password = tmp_path / "etc/NetworkManager/system-connections/WinterRiver-AP.nmconnection"
    before = password.read_text()
    settings.write_text("WINTER_RIVER_FACILITY=seed-8\n")
    again = subprocess.run(install, env=environment, capture_output=True, text=True, check=True)
    assert settings.read_text() == "WINTER_RIVER_FACILITY=seed-8\n"
    assert "kept your" in again.stderr
    assert password.read_text() == before


def test_uninstalling_leaves_settings_and_purging_leaves_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"DESTDIR": str(tmp_path), "ENVIRONMENT": str(ROOT / ".venv")}
    script = ROOT / "tools" / "service"
    subprocess.run([script, "install"], env=environment, capture_output=True, check=True)
    subprocess.run([script, "uninstall"], env=environment, capture_output=True, check=True)
    left = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == ["etc/winter-river/mosquitto.conf", "etc/winter-river/winter-river.env"]
    subprocess.run([script, "uninstall"], env=environment | {"PURGE": "1"}, capture_output=True, check=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (ROOT / ".venv/bin/winter-river").exists()


def here(installed: Path, tmp_path: Path) -> Path:
    """The installed command with the paths of a machine moved into the folders of a test."""
    text = (installed / "usr/local/bin/winter-river").read_text()
    for folder in ("/etc/", "/opt/"):
        text = text.replace(folder, f"{installed}{folder}")
    script = tmp_path / "winter-river"
    script.write_text(text.replace("/var/", f"{tmp_path}/var/"))
    script.chmod(0o755)
    return script


def test_the_installed_command_looks_where_the_service_keeps_its_data(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run([here(installed, tmp_path), "audit"], capture_output=True, text=True, check=False)
    assert f"{tmp_path}/var/lib/winter-river/audit: there is no audit here" in done.stderr
    done = subprocess.run([here(installed, tmp_path), "status"], capture_output=True, text=True, check=False)
    assert "no broker at mqtt://127.0.0.1:1883" in done.stderr or done.returncode == 0  # whoever has one there


def test_the_installed_command_without_the_right_to_its_settings_says_sudo(installed: Path, tmp_path: Path) -> None:
    script = here(installed, tmp_path)
    script.write_text(script.read_text().replace("winter-river.env", "nothing.env"))
    done = subprocess.run([script, "alarms", "rules"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1][-31:]) == (1, "cure: sudo winter-river alarms rules"[-31:])


def test_a_command_of_the_same_name_that_is_not_ours_is_kept(tmp_path: Path) -> None:
    other = tmp_path / "usr/local/bin/winter-river"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\necho mine\n")
    environment = os.environ | {"DESTDIR": str(tmp_path), "ENVIRONMENT": str(ROOT / ".venv")}
    for act in ("install", "uninstall"):
        subprocess.run([ROOT / "tools" / "service", act], env=environment, capture_output=True, check=True)
        assert other.read_text() == "#!/bin/sh\necho mine\n", act


def test_hotspot_is_the_one_that_boards_look_for() -> None:
    profile = unit(GENERATORS["hotspot"].make(Settings())[hotspot.FILE_NAME])
    assert profile["wifi"]["ssid"] == board.SSID == "WinterRiver-AP"
    assert (profile["wifi"]["mode"], profile["wifi"]["band"], profile["wifi"]["channel"]) == ("ap", "bg", "6")
    assert profile["ipv4"]["address1"] == f"{board.HOST}/24" == "192.168.4.1/24"
    assert profile["wifi-security"]["psk"] == hotspot.PASSWORD_PLACE


def test_installed_hotspot_has_a_password_of_this_machine(installed: Path) -> None:
    text = (installed / "etc/NetworkManager/system-connections/WinterRiver-AP.nmconnection").read_text()
    password = unit(text)["wifi-security"]["psk"]
    assert 8 <= len(password) <= 63, "IEEE 802.11: a WPA passphrase has 8 to 63 letters"
    assert hotspot.PASSWORD_PLACE not in text
    assert unit(text)["connection"]["interface-name"] == "wlan0"


@pytest.fixture
def broker(installed: Path, tmp_path: Path):
    """The broker's unit started as systemd would, on a free port; gives that port."""
    command = shlex.split(unit((installed / "etc/systemd/system" / UNITS[1]).read_text())["Service"]["ExecStart"])
    if not Path(command[0]).exists():
        pytest.skip("SKIPPED: the service's broker is mosquitto, and it is not installed")
    ports = [held_port(), held_port()]
    config = (installed / "etc/winter-river/mosquitto.conf").read_text()
    config = config.replace("listener 1883 ", f"listener {ports[0]} ").replace(
        "listener 9001 ", f"listener {ports[1]} "
    )
    (tmp_path / "mosquitto.conf").write_text(config)
    with subprocess.Popen([command[0], "-c", tmp_path / "mosquitto.conf"]) as process:
        try:
            yield ports[0]
        finally:
            process.kill()


def test_the_installed_service_tells_it_is_ready_is_fed_for_and_stops_when_it_is_told(
    installed: Path, broker: int, tmp_path: Path
) -> None:
    service = unit((installed / "etc/systemd/system" / UNITS[0]).read_text())["Service"]
    settings = dict(
        line.split("=", 1)
        for line in (installed / "etc/winter-river/winter-river.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert settings["WINTER_RIVER_BROKER"] == "mqtt://127.0.0.1:1883"
    settings |= {"WINTER_RIVER_BROKER": f"mqtt://127.0.0.1:{broker}", "WINTER_RIVER_PAGE": "false"}
    folders = {f"WINTER_RIVER_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "LOG", "CONFIG")}
    program, *arguments = shlex.split(service["ExecStart"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(90)
        environment = os.environ | settings | folders | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        with subprocess.Popen(
            [f"{installed}{program}", *arguments], env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        ) as process:
            try:
                assert manager.recv(4096).decode().startswith("READY=1\nSTATUS=block-2n-24, 24 nodes")
                for _ in range(3):
                    assert manager.recv(4096) == b"WATCHDOG=1"
                assert float(service["WatchdogSec"]) > 4 * FEED_S_MIN, "a watchdog wants twice its rate, and some room"
                process.send_signal(signal.SIGTERM)
                words = []
                while b"STOPPING=1" not in words:
                    words.append(manager.recv(4096))
                assert process.wait(90) == 0
            finally:
                process.kill()
            assert "Traceback" not in (process.stderr.read() if process.stderr else "")


@pytest.mark.soak
def test_whole_installation_runs_from_its_own_environment(tmp_path: Path) -> None:
    """Wheel, environment, pinned dependencies: needs the network, or pip's own settings for a folder of wheels."""
    environment = os.environ | {"DESTDIR": str(tmp_path)}
    done = subprocess.run(
        [ROOT / "tools" / "service", "install"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    program = tmp_path / "opt/winter-river/current/bin/winter-river"
    folders = {f"WINTER_RIVER_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "LOG", "CONFIG")}
    run = subprocess.run(
        [program, "run", "seed-8", "--no-ui", "--for", "2s", "--mqtt-port", "0"],
        env=os.environ | folders, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "8 of 8 nodes online" in run.stdout
