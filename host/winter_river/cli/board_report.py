"""Shows work on a board in the terminal: steps, details, a progress bar."""

import sys

BAR_CELLS = 30
QUARTERS = 4  # a log gets a line for each, not a bar that is redrawn


class TerminalReport:
    """A Report (see winter_river.board.report) on standard output."""

    def __init__(self) -> None:
        self._redraws = sys.stdout.isatty()
        self._told = ("", -1)
        self._open_line = False

    def step(self, text: str) -> None:
        self._close_line()
        print(f"> {text}", flush=True)

    def detail(self, text: str) -> None:
        self._close_line()
        print(f"  {text}", flush=True)

    def progress(self, text: str, part: float) -> None:
        if self._redraws:
            full = round(part * BAR_CELLS)
            print(f"\r  [{'#' * full}{'.' * (BAR_CELLS - full)}] {part:4.0%} {text:<40.40}", end="", flush=True)
            self._open_line = True
            return
        told = (text, int(part * QUARTERS))
        if told != self._told:
            self._told = told
            print(f"  {part:4.0%} {text}", flush=True)

    def _close_line(self) -> None:
        if self._open_line:
            print()
            self._open_line = False
