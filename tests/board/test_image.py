"""The MicroPython image: taken from a file or the cache, checked against its own partition table, or asked for."""

import dataclasses
import hashlib

import pytest
from winter_river.board import image, loader, partitions
from winter_river.board.errors import BoardError
from winter_river.emulator.virtual_board import stand_in

BOARD = loader.load("esp32_devkit_v1")
UNREACHABLE = dataclasses.replace(
    BOARD, image=dataclasses.replace(BOARD.image, url="https://127.0.0.1:9/resources/an-image.bin")
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WINTER_RIVER_CACHE_DIR", str(tmp_path))
    folder = image.folder()
    folder.mkdir(parents=True)
    return folder


def test_a_given_image_is_taken_with_its_checksum(tmp_path):
    file = tmp_path / "mine.bin"
    file.write_bytes(stand_in.image())
    found = image.get(BOARD, str(file))
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (found.file_system.offset, found.file_system.size) == (0x200000, 0x200000)


# MicroPython pull request 17337: without an entry of its own the file system takes what is behind the last partition.
@pytest.fixture
def offered(tmp_path):
    """offered(data): a board whose image is downloaded from a file here, and that file."""

    def offer(data):
        source = tmp_path / "site" / "an-image.bin"
        source.parent.mkdir()
        source.write_bytes(data)
        return dataclasses.replace(BOARD, image=dataclasses.replace(BOARD.image, url=source.as_uri())), source

    return offer


def test_the_official_image_is_downloaded_once_and_its_checksum_told(cache, offered):
    board, source = offered(stand_in.image())
    told = []
    found = image.get(board, progress=told.append)
    assert (found.path, found.sha256) == (cache / "an-image.bin", hashlib.sha256(stand_in.image()).hexdigest())
    assert told == [f"Downloading {board.image.url} ..."]
    source.unlink()
    assert image.get(board, progress=told.append) == found
    assert len(told) == 1


def test_a_page_that_comes_instead_of_the_image_is_not_kept(cache, offered):
    """As a hotel's network answers before one has logged in."""
    board, _ = offered(b"<html>Welcome</html>")
    with pytest.raises(BoardError, match="what came is no image") as caught:
        image.get(board)
    assert board.image.url in caught.value.cure
    assert list(cache.iterdir()) == []


def test_a_kept_image_that_is_none_is_to_be_deleted(cache):
    (cache / "an-image.bin").write_bytes(b"<html>")
    with pytest.raises(BoardError, match="is no MicroPython image") as caught:
        image.get(UNREACHABLE)
    assert "delete it" in caught.value.cure and str(cache / "an-image.bin") in caught.value.cure


@pytest.mark.parametrize("megabytes", [4, 8, 16])
def test_the_file_system_takes_the_rest_of_a_larger_flash(tmp_path, megabytes):
    file = tmp_path / "mine.bin"
    file.write_bytes(stand_in.image())
    found = image.get(BOARD, str(file), flash_bytes=megabytes << 20)
    assert found.file_system == partitions.Region(0x200000, (megabytes - 2) << 20)


def test_an_entry_for_the_file_system_counts():
    table = partitions.pack(
        (
            partitions.Partition("factory", 0, 0, 0x10000, 0x1F0000),
            partitions.Partition("vfs", 1, 0x81, 0x310000, 0xF0000),
        )
    )
    assert partitions.file_system(partitions.parse(table), flash_bytes=8 << 20) == partitions.Region(0x310000, 0xF0000)


def test_without_internet_it_is_said_what_to_fetch_and_where_to_put_it(cache):
    with pytest.raises(BoardError, match="could not download") as caught:
        image.get(UNREACHABLE)
    assert UNREACHABLE.image.url in caught.value.cure
    assert str(cache) in caught.value.cure
    assert list(cache.iterdir()) == []


def test_an_image_put_into_the_cache_by_hand_is_taken(cache):
    (cache / "an-image.bin").write_bytes(stand_in.image())
    assert image.get(UNREACHABLE).path == cache / "an-image.bin"


def test_a_pinned_checksum_is_insisted_on(cache):
    (cache / "an-image.bin").write_bytes(stand_in.image())
    pinned = dataclasses.replace(UNREACHABLE, image=dataclasses.replace(UNREACHABLE.image, sha256="0" * 64))
    with pytest.raises(BoardError, match="the board's file pins 0000"):
        image.get(pinned)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>not found</html>" * 5000, id="a web page"),
        pytest.param(b"\x00" + stand_in.image()[1:], id="no boot loader"),
        pytest.param(stand_in.image()[:0x3000], id="cut short"),
        pytest.param(b"\xe9" * 0x1000 + stand_in.image(), id="for another offset"),
    ],
)
def test_what_is_no_image_for_the_board_is_refused(tmp_path, data):
    file = tmp_path / "mine.bin"
    file.write_bytes(data)
    with pytest.raises(BoardError, match="is no MicroPython image for an ESP32"):
        image.get(BOARD, str(file))


def test_an_image_for_another_chip_is_refused(tmp_path):
    file = tmp_path / "mine.bin"
    data = bytearray(stand_in.image())
    data[12:14] = b"\x09\x00"  # ESP32-S3; esptool's IMAGE_CHIP_ID
    file.write_bytes(data)
    with pytest.raises(BoardError, match="is for another chip than an ESP32"):
        image.get(BOARD, str(file))


def test_an_image_larger_than_the_flash_is_refused(tmp_path):
    file = tmp_path / "mine.bin"
    file.write_bytes(stand_in.image())
    with pytest.raises(BoardError, match="leaves no room for files in a flash of 2 MB"):
        image.get(BOARD, str(file), flash_bytes=2 << 20)
