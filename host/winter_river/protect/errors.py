"""What stops us from guarding a site, told with the place and the cure."""


class ProtectError(RuntimeError):
    """The secrets of a site are missing, torn or open to others; the text names the file and the cure."""

    def __init__(self, cause: str, cure: str = "") -> None:
        super().__init__(f"{cause}\ncure: {cure}" if cure else cause)
        self.cause, self.cure = cause, cure
