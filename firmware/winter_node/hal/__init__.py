"""Thin shells around the board: each takes `hw`, the namespace of the board's modules, and decides nothing."""
