"""The distribution board: a bus behind one breaker or fuse; with two feeds, a transfer between them.

It prefers its first feed; which it takes is its own doing, no command's.
"""

from winter_river.engine.equipment.table import (
    Equipment,
    breaker_ratings,
    feed_ratings,
    fuse_combinations,
    transfer_rating,
)

DISTRIBUTION = Equipment(
    type="distribution",
    ratings=(
        *breaker_ratings(fuse=True),
        transfer_rating(source="chosen: with two feeds a mechanical changeover; sts: a static switch"),
        *feed_ratings("feed", "the busway to it"),
        *feed_ratings("second_feed", "the busway from its second source"),
    ),
    feeds_min=1,
    feeds_max=2,
    fed_by=("utility", "transformer", "switchgear", "generator", "distribution", "ups", "meter"),
    combinations=fuse_combinations,
)
