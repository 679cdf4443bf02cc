"""Runs before main.py; the node's own libraries live in lib, which MicroPython searches by itself."""

import gc

gc.collect()
