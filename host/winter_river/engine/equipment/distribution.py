"""The distribution board: a bus behind one breaker or fuse."""

from winter_river.engine.equipment.table import Equipment, breaker_ratings, feed_ratings, fuse_combinations

DISTRIBUTION = Equipment(
    type="distribution",
    ratings=(*breaker_ratings(fuse=True), *feed_ratings("feed", "the busway to it")),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "generator", "distribution", "ups", "meter"),
    combinations=fuse_combinations,
)
