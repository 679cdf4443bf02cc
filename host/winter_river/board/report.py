"""How work on a board is told while it goes on."""

from typing import Protocol


class Report(Protocol):
    """Told what happens; a terminal draws it, a test keeps it."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def detail(self, text: str) -> None:
        """Something worth knowing about the step."""

    def progress(self, text: str, part: float) -> None:
        """part of the step is done, 0 to 1; told often."""
