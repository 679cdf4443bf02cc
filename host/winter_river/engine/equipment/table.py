"""The rows that describe a type of equipment: its ratings, what may feed it, which combinations are impossible."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from winter_river.engine.equipment.fuse import RATED_A_MAX, RATED_A_MIN
from winter_river.engine.equipment.parts import part_of
from winter_river.engine.equipment.profile import Profile

VOLTAGE_V_MAX = 1_000_000.0  # chosen: above every transmission voltage, and the most the contract carries
CURRENT_A_MAX = 1_000_000.0  # chosen: the most the contract carries
IMPEDANCE_OHM_MAX = 1_000.0  # chosen: far above any cable of a site
POWER_KVA_MAX = 1_000_000.0  # chosen: the most the contract carries

CURVES = ("none", "ieee_mi", "ieee_vi", "ieee_ei", "iec_ni", "iec_vi", "iec_ei", "iec_lti", "iec_sti", "gg")
GG = CURVES.index("gg")  # a fuse in the place of the breaker: see fuse.py


@dataclass(frozen=True)
class Device:
    """One piece of equipment as a facility names it.

    feeds: ids of what feeds it, in order: the normal one (or first cord), then the alternate (or second cord).
    ratings: by name, the unit last in each name; what is missing takes the default of its Rating.
    profile: of engine time; what it multiplies is in the facility's words (`winter-river reference`).
    """

    id: str
    type: str
    feeds: tuple[str, ...] = ()
    ratings: Mapping[str, float] = field(default_factory=dict)
    profile: Profile | None = None


@dataclass(frozen=True)
class Rating:
    """One rating: its name with the unit last, its range, and where the default comes from.

    default: None where the facility must state it. words: where a file writes a word, its number is its place here.
    """

    name: str
    default: float | None
    low: float
    high: float
    source: str
    words: tuple[str, ...] = ()


Combination = tuple[str, str]  # the rating to blame, what is wrong with it


def _anything_goes(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    return ()


@dataclass(frozen=True)
class Equipment:
    """One type: its ratings, how many feeds it has, which types may feed it, which combinations cannot be built.

    combinations: takes every rating by name and gives (rating, message) for each impossible combination.
    says, reliability: of a type that acts as another (its row of the contract says so): a sentence for the reference, by
    word, for the type and for each state and malfunction that no other type has; and what studies read.
    """

    type: str
    ratings: tuple[Rating, ...]
    feeds_min: int
    feeds_max: int
    fed_by: tuple[str, ...]
    combinations: Callable[[Mapping[str, float]], tuple[Combination, ...]] = _anything_goes
    says: Mapping[str, str] = field(default_factory=dict)
    reliability: tuple[Rating, ...] = ()

    @property
    def part(self) -> str:
        """The type whose part it plays in the step: its own, mostly. What that one is in a list of, it is too."""
        return part_of(self.type)


def with_defaults(ratings: tuple[Rating, ...], source: str, **defaults: float) -> tuple[Rating, ...]:
    """The ratings of another type with defaults of one's own, and where those come from.

    Raises ValueError for a name that is not among them, or a default outside its range.
    """
    rows = {rating.name: rating for rating in ratings}
    for name, default in defaults.items():
        if name not in rows:
            raise ValueError(f"{name} is no rating here; there are {', '.join(rows)}")
        if not rows[name].low <= default <= rows[name].high:
            raise ValueError(f"{name} is {default:g}; from {rows[name].low:g} to {rows[name].high:g}")
        rows[name] = dataclasses.replace(rows[name], default=default, source=source)
    return tuple(rows.values())


def feed_ratings(prefix: str, what: str) -> tuple[Rating, ...]:
    """The series resistance and reactance, per phase, of one cable or busway, at the voltage of what feeds it."""
    return (
        Rating(f"{prefix}_resistance_ohm", 0.0, 0.0, IMPEDANCE_OHM_MAX, f"chosen: 0, {what} is short"),
        Rating(f"{prefix}_reactance_ohm", 0.0, 0.0, IMPEDANCE_OHM_MAX, f"chosen: 0, {what} is short"),
    )


def breaker_ratings(prefix: str = "", *, fuse: bool = False) -> tuple[Rating, ...]:
    """The rating and the settings of one breaker: inverse time, short time and instantaneous; 0 A leaves one out.

    fuse: whether a fuse may stand in its place, as the curve `gg`; fuse_combinations goes with it.
    """
    off = "chosen: 0 leaves this element out"
    curves = CURVES if fuse else CURVES[:GG]
    curve_source = "chosen: as moulded cases" + ("; gg: a gG fuse of rated_a, nothing else to set" if fuse else "")
    return (
        Rating(f"{prefix}rated_a", None, 0.1, CURRENT_A_MAX, "nameplate"),
        Rating(f"{prefix}pickup_a", 0.0, 0.0, CURRENT_A_MAX, off),
        Rating(f"{prefix}curve", float(CURVES.index("iec_ei")), 0, len(curves) - 1, curve_source, curves),
        Rating(f"{prefix}time_multiplier", 1.0, 0.01, 30.0, "chosen: the curve as the standard prints it"),
        Rating(f"{prefix}short_time_pickup_a", 0.0, 0.0, CURRENT_A_MAX, off),
        Rating(f"{prefix}short_time_delay_s", 0.3, 0.0, 10.0, "chosen: one selective step above a moulded case"),
        Rating(f"{prefix}instantaneous_pickup_a", 0.0, 0.0, CURRENT_A_MAX, off),
        Rating(f"{prefix}instantaneous_delay_s", 0.02, 0.0, 1.0, "chosen: about one cycle, as moulded cases"),
    )


def transfer_rating(*, source: str) -> Rating:
    """How a board with two feeds changes over between them."""
    return Rating("transfer", 0.0, 0.0, 1.0, source, ("ats", "sts"))


def fuse_combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    """A fuse has a rating and nothing to set."""
    if ratings["curve"] != GG:
        return ()
    found = []
    rated_a = ratings["rated_a"]
    if not RATED_A_MIN <= rated_a <= RATED_A_MAX:
        limits = f"{RATED_A_MIN:g} to {RATED_A_MAX:g} A"
        found.append(("rated_a", f"{rated_a:g} A is outside {limits}, which the curve gg holds for"))
    for name in ("pickup_a", "short_time_pickup_a", "instantaneous_pickup_a"):
        if ratings[name] > 0.0:
            found.append((name, f"{ratings[name]:g} A is a setting, and a fuse (curve gg) has none: leave it out"))
    if ratings["time_multiplier"] != 1.0:
        why = "is a setting, and a fuse (curve gg) has none: leave it out"
        found.append(("time_multiplier", f"{ratings['time_multiplier']:g} {why}"))
    return tuple(found)
