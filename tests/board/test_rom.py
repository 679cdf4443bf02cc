"""The simulated boot loader, packet by packet. The protocol's numbers: Espressif's "Serial Protocol", ESP32 page."""

import hashlib
import struct
import zlib

import pytest
from winter_river.emulator.virtual_board import slip
from winter_river.emulator.virtual_board.flash_memory import FlashMemory
from winter_river.emulator.virtual_board.rom import Rom, awaited

FLASH_BYTES = 1 << 20


def _checksum(data):
    value = 0xEF
    for byte in data:
        value ^= byte
    return value


@pytest.fixture
def rom():
    return Rom(FlashMemory(FLASH_BYTES))


@pytest.fixture
def ask(rom):
    """ask(command, body) -> (value, data, status bytes) of the last answer."""

    def ask(command, body=b"", checksum=0):
        answers = rom.handle(struct.pack("<BBHI", 0, command, len(body), checksum) + body)
        direction, echoed, size, value = struct.unpack_from("<BBHI", answers[-1])
        assert (direction, echoed, size) == (1, command, len(answers[-1]) - 8)
        return value, answers[-1][8:-4], answers[-1][-4:]

    return ask


def _block(data, number):
    return struct.pack("<IIII", len(data), number, 0, 0) + data


def test_sync_is_answered_eight_times(rom):
    assert len(rom.handle(struct.pack("<BBHI", 0, 0x08, 36, 0) + b"\x07\x07\x12\x20" + b"\x55" * 32)) == 8


def test_of_syncs_that_waited_behind_each_other_the_last_is_answered():
    sync = struct.pack("<BBHI", 0, 0x08, 36, 0) + b"\x07\x07\x12\x20" + b"\x55" * 32
    read = struct.pack("<BBHII", 0, 0x0A, 4, 0, 0x40001000)
    assert list(awaited([sync] * 13)) == [sync]
    assert list(awaited([sync, sync, read, read, sync])) == [sync, read, read, sync]


def test_the_chip_says_that_it_is_an_esp32(ask):
    assert ask(0x0A, struct.pack("<I", 0x40001000))[0] == 0x00F01D83  # esptool's CHIP_DETECT_MAGIC_VALUE


def test_an_unknown_command_is_refused(ask):
    assert ask(0x7F)[2][:2] == b"\x01\x05"


@pytest.mark.parametrize("body", [b"", b"\x01", b"\x00" * 3])
def test_a_short_body_is_refused(ask, body):
    assert ask(0x02, body)[2][0] == 1


def test_blocks_land_where_they_belong(rom, ask):
    data = bytes(range(256)) * 8
    ask(0x02, struct.pack("<IIII", 2048, 2, 1024, 0x3000))
    for number in (0, 1):
        block = data[number * 1024 : (number + 1) * 1024]
        assert ask(0x03, _block(block, number), _checksum(block))[2] == bytes(4)
    assert rom.flash.data[0x3000:0x3800] == data
    assert rom.flash.data[0x3800:0x4000] == b"\xff" * 0x800


def test_compressed_blocks_land_unpacked(rom, ask):
    data = b"winter river " * 1000
    packed = zlib.compress(data)
    ask(0x10, struct.pack("<IIII", len(data), 1, 1024, 0x8000))
    for number, start in enumerate(range(0, len(packed), 16)):
        block = packed[start : start + 16]
        assert ask(0x11, _block(block, number), _checksum(block))[2] == bytes(4)
    assert rom.flash.data[0x8000 : 0x8000 + len(data)] == data


def test_padding_of_the_last_block_stays_inside_its_region(rom, ask):
    ask(0x02, struct.pack("<IIII", 100, 1, 1024, 0x3000))
    block = b"\x00" * 1024
    ask(0x03, _block(block, 0), _checksum(block))
    assert rom.flash.data[0x3064:0x3400] == b"\xff" * 0x39C


def test_a_block_with_a_wrong_checksum_is_refused_and_not_written(rom, ask):
    ask(0x02, struct.pack("<IIII", 1024, 1, 1024, 0))
    assert ask(0x03, _block(b"\x01" * 1024, 0), 0)[2][:2] == b"\x01\x07"
    assert rom.flash.data[:1024] == b"\xff" * 1024


def test_a_region_beyond_the_flash_is_refused(ask):
    assert ask(0x02, struct.pack("<IIII", 4096, 4, 1024, FLASH_BYTES - 1024))[2][0] == 1


def test_data_without_a_beginning_is_refused(ask):
    assert ask(0x03, _block(b"\x01", 0), _checksum(b"\x01"))[2][0] == 1


def test_broken_compression_is_refused(ask):
    ask(0x10, struct.pack("<IIII", 4096, 1, 1024, 0))
    assert ask(0x11, _block(b"no zlib stream", 0), _checksum(b"no zlib stream"))[2][0] == 1


def test_md5_is_of_the_flash(rom, ask):
    rom.flash.write(0x100, b"abc")
    assert ask(0x13, struct.pack("<IIII", 0x100, 3, 0, 0))[1] == hashlib.md5(b"abc").hexdigest().encode()


@pytest.mark.parametrize(("stays", "leaves"), [(0, True), (1, False)])
def test_the_end_of_writing_may_start_the_program(rom, ask, stays, leaves):
    ask(0x04, struct.pack("<I", stays))
    assert rom.leaves is leaves


@pytest.mark.parametrize("size", [1, 7, 100])
def test_slip_finds_packets_however_they_are_cut(size):
    packets = [b"\xc0\xdb\xc0", b"plain", bytes(range(256))]
    stream = b"noise" + b"".join(slip.encode(packet) for packet in packets)
    decoder = slip.Decoder()
    found = [packet for at in range(0, len(stream), size) for packet in decoder.feed(stream[at : at + size])]
    assert found == packets


def test_slip_reads_an_escaped_escape_once():
    # 0xDB 0xDC in a packet is sent as DB DD DC; it must not turn into an end.
    assert slip.Decoder().feed(slip.encode(b"\xdb\xdc")) == [b"\xdb\xdc"]


def test_a_flash_has_a_power_of_two_bytes():
    with pytest.raises(ValueError, match="power of two"):
        FlashMemory(3_000_000)
