"""The engine: the pure physics of one world. No clock, no I/O, no randomness of its own."""

from winter_river.engine.equipment import CURVES, EQUIPMENT, Device, Equipment, Rating

CALIBRATIONS = ("training", "quick", "realistic")

__all__ = ["CALIBRATIONS", "CURVES", "EQUIPMENT", "Device", "Equipment", "Rating"]
