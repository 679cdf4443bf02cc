"""The firmware in the real MicroPython VM: many boards in one Node.js process, or one case file of the tests."""
