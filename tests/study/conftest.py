"""Small sites whose availability can be worked out by hand, and the studies as tests call them."""

from collections.abc import Callable, Sequence

import pytest
from winter_river import load_facility
from winter_river.engine import Device
from winter_river.study.assumptions import Assumptions
from winter_river.study.availability import Row, runner, summary
from winter_river.study.contingency import HORIZON_S, Outcome, combinations
from winter_river.study.contingency import runner as losses_runner
from winter_river.study.tallies import Tallies

SOUND = {"failures_per_year": 0.0}  # never fails by itself
UTILITY = {"voltage_v": 480.0, "short_circuit_mva": 100.0}
RACK = {"load_kw": 40.0, "load_kw_max": 80.0, "rated_a": 100.0, "breaker_failures_per_year": 0.0}
BOARD = {"rated_a": 200.0, **SOUND, "breaker_failures_per_year": 0.0}


@pytest.fixture
def chain() -> tuple[Device, ...]:
    """Utility, distribution, rack in a row: fed while all three are up."""
    return (
        Device("utility", "utility", (), {**UTILITY, "failures_per_year": 4.0, "repair_h": 20.0}),
        Device("board", "distribution", ("utility",), {**BOARD, "failures_per_year": 2.0, "repair_h": 50.0}),
        Device("rack", "server", ("board",), {**RACK, "breaker_failures_per_year": 1.0, "breaker_repair_h": 30.0}),
    )


@pytest.fixture
def two_utilities() -> tuple[Device, ...]:
    """A rack behind a switchgear with two utilities and nothing that bridges the transfer."""
    return (
        Device("utility_1", "utility", (), {**UTILITY, "failures_per_year": 20.0, "repair_h": 40.0}),
        Device("utility_2", "utility", (), {**UTILITY, "failures_per_year": 10.0, "repair_h": 60.0}),
        Device("gear", "switchgear", ("utility_1", "utility_2"), {**BOARD, "transfer_failure_ratio": 0.0}),
        Device("rack", "server", ("gear",), RACK),
    )


@pytest.fixture
def standby() -> tuple[Device, ...]:
    """A utility and a generator that starts three times out of four, and nothing that bridges its start."""
    generator = {"power_kw": 100.0, "power_kva": 125.0, "voltage_v": 480.0, "fuel_gal": 2000.0}
    fails = {"fail_to_start_ratio": 0.25, "run_h_to_failure": 0.0, "available_ratio": 1.0, "repair_h": 30.0}
    return (
        Device("utility", "utility", (), {**UTILITY, "failures_per_year": 20.0, "repair_h": 10.0}),
        Device("generator", "generator", (), {**generator, **fails}),
        Device("gear", "switchgear", ("utility", "generator"), {**BOARD, "transfer_failure_ratio": 0.0}),
        Device("rack", "server", ("gear",), RACK),
    )


Study = Callable[..., tuple[tuple[Row, ...], Tallies]]


@pytest.fixture
def study() -> Study:
    """Runs worlds: devices, how many, years each, seed; gives the rows and the tallies."""

    def run(
        devices: Sequence[Device],
        *,
        worlds: int,
        years: float,
        seed: int = 1,
        remember: bool = True,
        compiled: bool = False,
        laws_every: int = 10,
    ) -> tuple[tuple[Row, ...], Tallies]:
        print(f"seed {seed}")
        options = {"remember": remember, "compiled": compiled, "laws_every": laws_every}
        make = runner(devices, "training", seed=seed, world_years=years, assumptions=Assumptions(), **options)
        tallies = make(range(worlds))
        return summary(devices, tallies, years), tallies

    return run


@pytest.fixture
def losses() -> Callable[..., dict[tuple[str, ...], Outcome]]:
    """Every combination of losses of a built-in site, by what is lost."""

    def run(
        name: str, order: int, *, calibration: str = "training", horizon_s: float = HORIZON_S
    ) -> dict[tuple[str, ...], Outcome]:
        devices = load_facility(name).devices()
        found = losses_runner(devices, calibration, horizon_s)(combinations(devices, order))
        return {outcome.lost: outcome for outcome in found}

    return run
