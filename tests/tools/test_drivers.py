"""The drivers are found, fetched once, and only ever what was pinned. No test here uses the network."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile

import pytest
from winter_river import drivers, package_index, paths
from winter_river.drivers import Archive, DriversError

FILES = {"umqtt/simple.py": b"class MQTTClient: pass\n", "ssd1306.py": b"class SSD1306: pass\n"}


def tar_gz(members):
    """A .tar.gz of (name, content) pairs; content None makes a link to /etc/passwd."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content or b""))
    return stream.getvalue()


@pytest.fixture
def pinned(monkeypatch, tmp_path):
    """Two archives of ours, pinned as the real ones are, and put where a user without a network puts them."""
    monkeypatch.setenv("WINTER_RIVER_CACHE_DIR", str(tmp_path / "a cache"))
    archives = []
    for number, (file, content) in enumerate(FILES.items()):
        name = f"driver{number}"
        data = tar_gz([(f"{name}-1.0/PKG-INFO", b""), (f"{name}-1.0/{file}", content)])
        archive = Archive(name=name, version="1.0", sha256=hashlib.sha256(data).hexdigest(), file=file)
        archives.append(archive)
        drivers.drop_dir().mkdir(parents=True, exist_ok=True)
        (drivers.drop_dir() / archive.file_name).write_bytes(data)
    monkeypatch.setattr(drivers, "ARCHIVES", tuple(archives))
    return archives


def test_dropped_archives_are_unpacked_into_the_cache(pinned):
    folder = drivers.path()
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    assert folder.is_relative_to(paths.cache_dir())


def test_second_call_needs_no_archive(pinned):
    folder = drivers.path()
    for archive in pinned:
        (drivers.drop_dir() / archive.file_name).unlink()
    assert drivers.path() == folder


def test_nothing_half_done_is_left_behind(pinned):
    drivers.path()
    assert sorted(each.name for each in drivers.drop_dir().iterdir() if each.is_dir()) == [drivers.cached_dir().name]


def test_new_pin_does_not_find_old_files(pinned, monkeypatch):
    before = drivers.path()
    changed = Archive(name="driver1", version="1.1", sha256="0" * 64, file="ssd1306.py")
    monkeypatch.setattr(drivers, "ARCHIVES", (pinned[0], changed))
    assert drivers.cached_dir() != before


def test_archive_with_another_hash_is_refused(pinned):
    file = drivers.drop_dir() / pinned[0].file_name
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(DriversError, match=f"the pinned one is {pinned[0].sha256}"):
        drivers.path()
    assert not drivers.cached_dir().exists()


@pytest.mark.parametrize(
    "member",
    [("../outside.py", b"x"), ("/etc/outside.py", b"x"), ("a-1/../../outside.py", b"x"), ("a-1/link", None)],
    ids=["upwards", "absolute", "upwards inside", "symbolic link"],
)
def test_archive_that_reaches_outside_is_refused(member):
    with pytest.raises(DriversError, match="may reach outside"):
        drivers.unpack(tar_gz([("a-1/wanted.py", b"x"), member]), "a-1/wanted.py")


def test_archive_of_enormous_files_is_refused():
    data = tar_gz([("a-1/wanted.py", b"0" * (drivers.FILE_BYTES_MAX + 1))])
    with pytest.raises(DriversError, match="at most"):
        drivers.unpack(data, "a-1/wanted.py")


def test_bytes_that_are_no_archive_are_refused():
    with pytest.raises(DriversError, match="not a readable"):
        drivers.unpack(b"<html>404</html>", "a-1/wanted.py")


def test_archive_without_the_file_is_refused():
    with pytest.raises(DriversError, match="does not hold"):
        drivers.unpack(tar_gz([("a-1/other.py", b"x")]), "a-1/wanted.py")


def test_cache_that_cannot_be_written_is_named_with_its_cure(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made in here")
    monkeypatch.setenv("WINTER_RIVER_CACHE_DIR", str(blocked / "cache"))
    with pytest.raises(DriversError, match=r"cannot write .*file.*: Not a directory\nexport WINTER_RIVER_CACHE_DIR="):
        drivers.path()


def test_without_network_the_error_says_what_to_put_where(checkout, tmp_path):
    settings = {
        "WINTER_RIVER_CACHE_DIR": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",  # port 9 discards; nobody listens there
    }
    command = [sys.executable, str(checkout / "tools/fetch_drivers.py")]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("fetch_drivers: could not fetch micropython-umqtt.simple 1.3.4: ")
    for archive in drivers.ARCHIVES:
        assert f"{archive.file_name}  sha256 {archive.sha256}" in done.stderr
    assert done.stderr.rstrip().endswith(f"into {tmp_path / 'drivers'}")


def test_two_processes_at_once_both_get_the_drivers(pinned, tmp_path):
    program = "import sys; from winter_river import drivers; drivers.ARCHIVES = eval(sys.argv[1], vars(drivers)); print(drivers.path())"
    runs = [
        subprocess.Popen([sys.executable, "-c", program, repr(tuple(pinned))], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = {run.communicate()[0].strip() for run in runs}
    assert answers == {str(drivers.cached_dir())}
    assert {run.returncode for run in runs} == {0}


def test_environment_beats_pips_files():
    listing = ":env:.index-url='https://mine.example/simple'\nglobal.index-url='https://other.example/simple'\nglobal.timeout='60'\n"
    settings = package_index.parse_pip_settings(listing)
    assert settings["index-url"] == "https://mine.example/simple"
    assert settings["timeout"] == "60"


def test_listing_lines_that_are_no_settings_are_passed_over():
    assert package_index.parse_pip_settings("WARNING: global.x=nonsense(\ninstall.user='1'\n\n") == {}


@pytest.mark.parametrize(
    ("variable", "folder"),
    [
        ("WINTER_RIVER_DATA_DIR", paths.data_dir),
        ("WINTER_RIVER_CACHE_DIR", paths.cache_dir),
        ("WINTER_RIVER_CONFIG_DIR", paths.config_dir),
        ("WINTER_RIVER_LOG_DIR", paths.log_dir),
    ],
)
def test_each_folder_can_be_moved(variable, folder, monkeypatch, tmp_path):
    monkeypatch.setenv(variable, str(tmp_path))
    assert folder() == tmp_path
    monkeypatch.setenv(variable, "here")
    with pytest.raises(ValueError, match=f"{variable} is 'here'; it must be an absolute path"):
        folder()


def test_firmware_of_the_checkout_is_found():
    assert {file.name for file in paths.firmware_dir().glob("*.py")} == {"boot.py", "main.py"}
