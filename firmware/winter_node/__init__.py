"""The node: what runs on the board, unchanged on CPython and MicroPython."""

VERSION = "0.1.0"
