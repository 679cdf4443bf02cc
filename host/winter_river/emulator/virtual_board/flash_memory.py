"""The flash chip of the virtual board: bytes that outlive a reset, and a file when they are to outlive the process."""

from pathlib import Path

ERASED = 0xFF


class FlashMemory:
    """`data` is the whole chip. flip_at: offsets where the next write sets a wrong bit, as a worn cell does."""

    def __init__(self, size: int, *, file: Path | None = None) -> None:
        """file: read when it is there and has the right size, written by save().

        Raises ValueError for a size that is no power of two, or a file of another size.
        """
        if size <= 0 or size & (size - 1):
            raise ValueError(f"flash size is {size} bytes; a chip has a power of two")
        self.data = bytearray([ERASED]) * size
        self.flip_at: set[int] = set()
        self.writes = 0
        self._file = file
        if file is not None and file.is_file():
            content = file.read_bytes()
            if len(content) != size:
                raise ValueError(f"{file} has {len(content)} bytes; this chip has {size}")
            self.data[:] = content

    def erase(self, offset: int, size: int) -> None:
        self.data[offset : offset + size] = bytes([ERASED]) * size

    def write(self, offset: int, block: bytes) -> None:
        self.data[offset : offset + len(block)] = block
        self.writes += 1
        for at in [at for at in self.flip_at if offset <= at < offset + len(block)]:
            self.data[at] ^= 0x01
            self.flip_at.discard(at)

    def save(self) -> None:
        """Keep the content in the file, where there is one."""
        if self._file is not None:
            self._file.write_bytes(self.data)
