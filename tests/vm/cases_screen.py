"""Every type's pages, drawn in the VM by the firmware on MicroPython's own framebuf, held against the emulator's bytes."""

import json

import framebuf
from winter_node import screen

WIDTH, HEIGHT = 128, 64


def case_pages_draw_the_same_bytes():
    with open("/data/parts.json") as file:
        parts = json.load(file)
    buffer = bytearray(WIDTH * HEIGHT // 8)
    canvas = framebuf.FrameBuffer(buffer, WIDTH, HEIGHT, framebuf.MONO_VLSB)
    done = 0
    for part in range(parts):
        with open(f"/data/pages{part}.json") as file:
            pages = json.load(file)
        for name, argument, expected in pages:
            screen.draw(canvas, getattr(screen, name)(argument))
            assert buffer.hex() == expected, f"{name} {argument}"
            done += 1
        yield
    assert done
