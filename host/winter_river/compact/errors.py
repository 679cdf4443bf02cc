"""What can go wrong when firmware is made compact."""


class CompactError(Exception):
    """A source is good, but not made for this: it runs on a board as it stands. The text says which and why."""


class SourceError(CompactError):
    """A source would not run on a board either. The text says which and why."""
