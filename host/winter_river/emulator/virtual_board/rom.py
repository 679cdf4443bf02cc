"""The boot loader in a chip's ROM, as far as `esptool --no-stub` needs it to find, write, check and read a flash.

Pure: packets in, packets out. Not there: the RAM stub that esptool would load, erasing the whole chip, and time: a real
flash takes seconds for what happens here at once.
Source of the protocol: Espressif, "Serial Protocol", esptool documentation, pages of ESP32, ESP32-S3 and ESP32-C3.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from winter_river.board.chips import CHIPS, Chip
from winter_river.emulator.virtual_board import registers
from winter_river.emulator.virtual_board.flash_memory import FlashMemory

FLASH_BEGIN, FLASH_DATA, FLASH_END = 0x02, 0x03, 0x04
SYNC, WRITE_REGISTER, READ_REGISTER = 0x08, 0x09, 0x0A
SPI_SET_PARAMETERS, SPI_ATTACH, READ_FLASH_SLOW, CHANGE_BAUD = 0x0B, 0x0D, 0x0E, 0x0F
DEFLATE_BEGIN, DEFLATE_DATA, DEFLATE_END, MD5, SECURITY_INFO = 0x10, 0x11, 0x12, 0x13, 0x14
SYNC_ANSWERS = 8  # a real ROM answers each sync so often
SYNC_HEAD = b"\xc0\x00\x08\x24\x00"  # how a sync packet begins on the line
READ_BYTES = 64  # of one READ_FLASH_SLOW
CHECKSUM_SEED = 0xEF
_UNKNOWN_COMMAND, _BAD_CHECKSUM, _BAD_DATA = 0x05, 0x07, 0x0B

_READ_FLASH_ID = 0x9F
_MANUFACTURER = 0xEF40  # Winbond's id and its W25Q family


def awaited(packets: Sequence[bytes]) -> Iterator[bytes]:
    """The packets that somebody still waits for: of syncs right behind each other only the last.

    esptool sends a sync every 0.15 s until one is answered. A chip in download mode answers at once, but this board's
    thread may be late by seconds. Answers to all would come when nobody expects them: esptool 5.6 reads 100 stale ones,
    then takes each later answer for the one before, and in the end an ESP32 for an ESP32-S2.
    """
    for packet, next_one in zip(packets, [*packets[1:], b""], strict=True):
        if not (asks(packet, SYNC) and asks(next_one, SYNC)):
            yield packet


def asks(packet: bytes, command: int) -> bool:
    """Whether a packet is this command."""
    return packet[:2] == bytes((0, command))


def refusal(command: int) -> bytes:
    """The answer to a command that a chip does not know."""
    return _answer(command, 0, b"", error=_UNKNOWN_COMMAND)


@dataclass
class _Writing:
    """One region on its way into the flash."""

    offset: int
    size: int
    block_bytes: int
    inflate: "zlib._Decompress | None"
    position: int


class Rom:
    """One chip in download mode. handle() takes a packet and gives the answers; `leaves` once it was told to run."""

    def __init__(
        self, flash: FlashMemory, *, chip: Chip = CHIPS["esp32"], mac: bytes = b"\x02\x57\x52\x00\x00\x01"
    ) -> None:
        """mac: six bytes; the default is a local address that no real chip has."""
        self.flash = flash
        self.leaves = False
        self._chip = chip
        self._writing: _Writing | None = None
        self._spi = registers.SPI[chip.name]
        self._registers = registers.at_reset(chip, mac)
        self._commands: dict[int, Callable[[bytes, int], tuple[int, bytes]]] = {
            READ_REGISTER: self._read_register,
            WRITE_REGISTER: self._write_registers,
            SPI_ATTACH: self._nothing,
            SPI_SET_PARAMETERS: self._nothing,
            CHANGE_BAUD: self._nothing,
            FLASH_BEGIN: self._flash_begin,
            DEFLATE_BEGIN: self._deflate_begin,
            FLASH_DATA: self._flash_data,
            DEFLATE_DATA: self._flash_data,
            FLASH_END: self._flash_end,
            DEFLATE_END: self._flash_end,
            MD5: self._md5,
            READ_FLASH_SLOW: self._read_flash,
        }
        if chip.name != "esp32":  # the oldest of the three does not know it: that is how esptool tells it
            self._commands[SECURITY_INFO] = self._security_info

    def handle(self, packet: bytes) -> list[bytes]:
        """The answers to one packet; none to what is no command."""
        if len(packet) < 8:
            return []
        direction, command, size, checksum = struct.unpack_from("<BBHI", packet)
        if direction != 0:
            return []
        if command == SYNC:
            return [_answer(SYNC, 0x20120707, b"")] * SYNC_ANSWERS
        body = packet[8 : 8 + size]
        try:
            value, data = self._commands[command](body, checksum)
        except KeyError:
            return [refusal(command)]
        except _RefusedError as refused:
            return [_answer(command, 0, b"", error=refused.code)]
        except struct.error:
            return [_answer(command, 0, b"", error=_BAD_DATA)]
        return [_answer(command, value, data)]

    def _nothing(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        return 0, b""

    def _read_register(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        (address,) = struct.unpack("<I", body)
        return self._registers.get(address, 0), b""

    def _write_registers(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        for at in range(0, len(body), 16):
            address, value, _, _ = struct.unpack_from("<IIII", body, at)
            self._registers[address] = value
            if address == self._spi.command and value:
                self._run_spi_command()
        return 0, b""

    def _run_spi_command(self) -> None:
        """The SPI unit runs a command on the flash chip: only its id is known here."""
        answer = 0
        if self._registers.get(self._spi.user2, 0) & 0xFF == _READ_FLASH_ID:
            size_code = len(self.flash.data).bit_length() - 1
            answer = size_code << 16 | (_MANUFACTURER & 0xFF) << 8 | _MANUFACTURER >> 8
        self._registers[self._spi.word0] = answer
        self._registers[self._spi.command] = 0

    def _security_info(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        """A chip as it is sold: nothing locked. Flags, count of encryptions, purposes of seven keys, chip, version."""
        return 0, struct.pack("<IB7xII", 0, 0, self._chip.image_id, 0)

    def _flash_begin(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        return self._begin(body, deflate=False)

    def _deflate_begin(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        return self._begin(body, deflate=True)

    def _begin(self, body: bytes, *, deflate: bool) -> tuple[int, bytes]:
        size, _, block_bytes, offset = struct.unpack_from("<IIII", body)
        if offset + size > len(self.flash.data):
            raise _RefusedError(_BAD_DATA)
        self.flash.erase(offset, size)
        self._writing = _Writing(offset, size, block_bytes, zlib.decompressobj() if deflate else None, offset)
        return 0, b""

    def _flash_data(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        size, number = struct.unpack_from("<II", body)
        block = body[16 : 16 + size]
        found = CHECKSUM_SEED
        for byte in block:
            found ^= byte
        if found != checksum & 0xFF:
            raise _RefusedError(_BAD_CHECKSUM)
        writing = self._writing
        if writing is None:
            raise _RefusedError(_BAD_DATA)
        if writing.inflate is not None:
            try:
                block = writing.inflate.decompress(block)
            except zlib.error:
                raise _RefusedError(_BAD_DATA) from None
        else:
            writing.position = writing.offset + number * writing.block_bytes
        # A last block is padded to the full size; what lies beyond the region belongs to somebody else.
        block = block[: writing.offset + writing.size - writing.position]
        self.flash.write(writing.position, block)
        writing.position += len(block)
        return 0, b""

    def _flash_end(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        (stays,) = struct.unpack_from("<I", body)
        self.leaves = stays == 0
        self._writing = None
        return 0, b""

    def _md5(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        offset, size = struct.unpack_from("<II", body)
        digest = hashlib.md5(self.flash.data[offset : offset + size], usedforsecurity=False)
        return 0, digest.hexdigest().encode()

    def _read_flash(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        offset, size = struct.unpack_from("<II", body)
        return 0, bytes(self.flash.data[offset : offset + min(size, READ_BYTES)]).ljust(READ_BYTES, b"\0")


class _RefusedError(Exception):
    """The ROM refuses a command with a code of its own."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _answer(command: int, value: int, data: bytes, *, error: int = 0) -> bytes:
    """An answer: data, then four bytes of status as these ROMs send them."""
    status = bytes((1, error, 0, 0)) if error else bytes(4)
    return struct.pack("<BBHI", 1, command, len(data) + len(status), value) + data + status
