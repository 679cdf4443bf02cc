"""The power distribution unit: a bus behind one breaker or fuse, between a UPS and its racks.

With two feeds it has a static transfer switch in front (static_switch.py), as racks with one cord get it: a cabinet
with an STS changes over in a quarter of a cycle, a rack unit with relays in 8 to 16 ms, both inside the 20 ms that ITIC
lets a supply ride through. It prefers its first feed; which it takes is its own doing, no command's.
"""

from winter_river.engine.equipment.table import Equipment, breaker_ratings, feed_ratings, fuse_combinations

PDU = Equipment(
    type="pdu",
    ratings=(
        *breaker_ratings(fuse=True),
        *feed_ratings("feed", "the cable to it"),
        *feed_ratings("second_feed", "the cable from its second source"),
    ),
    feeds_min=1,
    feeds_max=2,
    fed_by=("ups", "distribution", "switchgear", "transformer", "pdu", "meter"),
    combinations=fuse_combinations,
)
