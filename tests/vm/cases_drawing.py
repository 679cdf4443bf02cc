"""Drawings compared in the VM: each program is drawn by MicroPython's C framebuf and held against our bytes."""

import json

import framebuf


def surface(width, height, stride, start):
    buffer = bytearray(start)
    return buffer, framebuf.FrameBuffer(buffer, width, height, framebuf.MONO_VLSB, stride)


def case_programs_draw_the_same_bytes():
    with open("/data/programs.json") as file:
        programs = json.load(file)
    assert programs
    for number, program in enumerate(programs):
        buffer, target = surface(
            program["width"], program["height"], program["stride"], bytes.fromhex(program["start"])
        )
        icon = surface(8, 8, 8, bytes.fromhex(program["icon"]))[1]
        palette = surface(2, 1, 2, bytes([1, 0]))[1]
        surfaces = {"icon": icon, "palette": palette}
        for name, arguments, after in program["calls"]:
            if name == "blit":
                arguments = [surfaces.get(argument, argument) for argument in arguments]
            getattr(target, name)(*arguments)
            if buffer.hex() != after:
                raise AssertionError(f"program {number} differs after {name}{arguments}")


def case_each_glyph_draws_the_same_bytes():
    with open("/data/glyphs.json") as file:
        glyphs = json.load(file)
    assert len(glyphs) == 96
    for index, columns in enumerate(glyphs):
        buffer, target = surface(8, 8, 8, bytes(8))
        target.text(chr(32 + index), 0, 0)
        assert buffer.hex() == columns, chr(32 + index)


def case_the_same_sizes_are_refused():
    with open("/data/sizes.json") as file:
        for bytes_count, width, height, stride, fits in json.load(file):
            try:
                framebuf.FrameBuffer(bytearray(bytes_count), width, height, framebuf.MONO_VLSB, stride)
            except ValueError:
                assert not fits, (bytes_count, width, height, stride)
            else:
                assert fits, (bytes_count, width, height, stride)
