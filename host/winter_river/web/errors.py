"""What went wrong, in words for whoever asked: {"error": what, "cure": what to do}."""

from __future__ import annotations


class PageFault(Exception):
    """Something that was asked for cannot be done; status: of HTTP, 4xx, or 503 for what this run does not have."""

    def __init__(self, error: str, cure: str = "", *, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.cure, self.status = error, cure, status


def not_found(what: str, cure: str = "") -> PageFault:
    return PageFault(what, cure, status=404)


def conflict(what: str, cure: str = "") -> PageFault:
    """It could be done at another time."""
    return PageFault(what, cure, status=409)


def forbidden(what: str, cure: str = "ask the instructor for a link of another role") -> PageFault:
    return PageFault(what, cure, status=403)


def of_text(error: Exception, *, status: int = 400) -> PageFault:
    """A fault whose text is `what`, then on a line of its own the cure."""
    what, _, cure = str(error).partition("\n")
    return PageFault(what, cure.removeprefix("cure: "), status=status)
