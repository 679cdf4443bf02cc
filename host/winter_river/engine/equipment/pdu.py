"""The power distribution unit: a bus behind one breaker or fuse, between a UPS and its racks."""

from winter_river.engine.equipment.table import Equipment, breaker_ratings, feed_ratings, fuse_combinations

PDU = Equipment(
    type="pdu",
    ratings=(*breaker_ratings(fuse=True), *feed_ratings("feed", "the cable to it")),
    feeds_min=1,
    feeds_max=1,
    fed_by=("ups", "distribution", "switchgear", "transformer", "pdu", "meter"),
    combinations=fuse_combinations,
)
