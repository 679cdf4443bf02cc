"""How a command ends: 0 ok, 1 a check failed, 2 used wrongly; and what is said about it in one line."""

OK, FAILED, USAGE = 0, 1, 2


class CommandError(Exception):
    """A command cannot go on. The text says where, what and how to cure it, in as many lines as there are faults."""

    def __init__(self, text: str, *, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


class UsageError(CommandError):
    """The command was called with something it cannot mean."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=USAGE)
