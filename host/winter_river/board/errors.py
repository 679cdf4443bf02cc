"""What can go wrong with a board, and what to do about it."""


class BoardError(RuntimeError):
    """Work on a board cannot go on. The text gives the cause and the cure, each in one line."""

    def __init__(self, cause: str, cure: str = "") -> None:
        super().__init__(f"{cause}\ncure: {cure}" if cure else cause)
        self.cause, self.cure = cause, cure
