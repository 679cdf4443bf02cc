"""What a study of availability takes for granted, stated once and printed with every result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumptions:
    """refuel_h: a tank is filled this long after its set starts and again while it runs. reset_h: this long after a
    trip (or an overload shutdown, or an overcrank) somebody resets all that is tripped."""

    refuel_h: float = 8.0  # chosen: a delivery a shift
    reset_h: float = 1.0  # chosen: somebody comes, looks and resets

    def sentences(self) -> tuple[str, ...]:
        return (
            "Failures are independent, the utilities' too; times to failure and to repair are exponential.",
            "Every repair begins at once; there are always hands and spare parts.",
            "A demand (start, transfer, battery) fails by its ratio; the failure is found then, and its repair begins.",
            f"A tank is filled {self.refuel_h:g} h after its generator starts and again as often; no delivery fails.",
            f"{self.reset_h:g} h after a trip everything tripped is reset; what is broken besides, with its repair.",
            "A UPS whose battery has failed drops its loads with its input and takes them up again with it.",
            "A rack is available while it runs: fed, and not turned off by heat (its `heat_shutdown`); a unit while fed.",
            "A grid fails by outages alone: it never sags, swells or leaves its frequency; dips of sets are followed.",
            "Nothing ages: a battery keeps the capacity it begins with (`battery_age_pct`), as if replaced in time.",
            "No profile is followed: racks draw what they are set to, an array has full sun, a storage its setpoint.",
            "The worlds begin in the long run's mix of sound and broken devices, not all sound.",
        )
