"""The program `winter-river`: one file for each group of commands; what is heavy is imported where it is used."""

from winter_river.cli.entry import main

__all__ = ["main"]
