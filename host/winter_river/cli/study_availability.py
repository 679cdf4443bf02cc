"""`study availability`: how available a site is over the years."""


def availability() -> None:
    """Not yet."""
