"""The switchgear: a bus with one incomer, or with two and the transfer between them."""

from winter_river.engine.equipment.table import Equipment, breaker_ratings, feed_ratings

SWITCHGEAR = Equipment(
    type="switchgear",
    ratings=(
        *breaker_ratings(),
        *feed_ratings("feed", "the busway from its first source"),
        *feed_ratings("second_feed", "the busway from its second source"),
    ),
    feeds_min=1,
    feeds_max=2,
    fed_by=("utility", "transformer", "switchgear", "distribution", "generator"),
)
