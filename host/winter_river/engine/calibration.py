"""The delays of a site in three calibrations: training, quick (the same story ten times shorter), realistic.

Where nothing else is said a figure is chosen: training is paced so that a trainee sees each step happen.
"""

from dataclasses import dataclass

from winter_river.engine.units import NEVER_S


@dataclass(frozen=True)
class Calibration:
    """One set of delays, in seconds unless the name says otherwise."""

    name: str
    source_bad_s: float = 1.0  # a source is lost when its voltage was low this long
    source_good_s: float = 1.0  # an open incomer closes on a source that was good this long
    retransfer_s: float = 30.0  # the normal source is taken back after this long without a relapse
    gap_dead_s: float = 0.3  # break before make, leaving a dead source
    gap_live_s: float = 0.5  # leaving a live one: the residual voltage of motors must decay first
    start_s: float = 8.7  # crank and run-up: NFPA 110 Type 10 counts 10 s to live load terminals
    crank_s: float = 15.0  # NFPA 110: cycle cranking, three cranks of 15 s with 15 s rests
    rest_s: float = 15.0
    cooldown_s: float = 60.0
    rectifier_wait_s: float = 1.0
    walk_in_s: float = 4.0  # real ones take 5 to 30 s, after a delay of up to 3 s (Mitsubishi 9800A specification)
    bypass_good_s: float = 1.0
    overload_calm_s: float = 10.0  # back from bypass after this long without overload
    stagger_s: float = 1.0  # between racks that come back behind one feeder
    restart_s: float = 10.0  # after a drop-out on low voltage; chosen: about half of what REALISTIC has
    fan_ramp_s: float = 5.0
    reconnect_s: float = 10.0  # what follows the grid comes back to one that was good this long
    battery_factor: float = 1.0  # of the stated battery_kwh
    peukert: float = 1.0
    # Per cent of rated kVA and the seconds allowed up to it; beyond the last row OVERLOAD_BEYOND_S.
    # After the data sheet of a Riello unit; a model's own sheet may differ.
    overload_1_pct: float = 102.0
    overload_2_pct: float = 110.0
    overload_2_s: float = 1800.0
    overload_3_pct: float = 130.0
    overload_3_s: float = 30.0
    overload_4_pct: float = 150.0
    overload_4_s: float = 10.0


TRAINING = Calibration(name="training")

# The two gaps stay: they are physics (residual voltage), and the laws hold them to 0.3 s.
QUICK = Calibration(
    name="quick",
    source_bad_s=0.1,
    source_good_s=0.1,
    retransfer_s=3.0,
    start_s=0.6,
    crank_s=1.5,
    rest_s=1.5,
    cooldown_s=6.0,
    rectifier_wait_s=0.1,
    walk_in_s=0.4,
    bypass_good_s=0.1,
    overload_calm_s=1.0,
    stagger_s=0.1,
    restart_s=1.0,
    fan_ramp_s=0.5,
    reconnect_s=1.0,
    battery_factor=0.1,
)

REALISTIC = Calibration(
    name="realistic",
    retransfer_s=300.0,
    cooldown_s=300.0,
    walk_in_s=10.0,
    stagger_s=5.0,
    # A server's power supply starts again by itself, for ever: 2.5 s at most until its outputs stand (Intel SC5650HCBRP,
    # table 28), and its management controller needs some 20 s before it lets it draw (Intel S1600JP, "Power Restore Delay").
    restart_s=22.5,
    reconnect_s=300.0,  # IEEE 1547-2018, table 4: the delay of entering service
    battery_factor=65.8 / 10.96,  # 600 s in place of 100 s behind the same UPS
    peukert=1.15,
    # Liebert Series 610: 125 % for 10 min, 150 % for 30 s.
    overload_1_pct=104.0,
    overload_2_pct=125.0,
    overload_2_s=600.0,
    overload_3_pct=150.0,
    overload_3_s=30.0,
    overload_4_pct=150.0,
    overload_4_s=30.0,
)

CALIBRATION_BY_NAME = {row.name: row for row in (TRAINING, QUICK, REALISTIC)}
CALIBRATIONS = tuple(CALIBRATION_BY_NAME)

OVERLOAD_BEYOND_S = 0.5  # beyond the last row; after the data sheet of a Riello unit
OVERLOAD_RESET_S = 60.0  # chosen: a full integral is forgotten in a minute below the first row


def overload_s(calibration: Calibration, load_pct: float) -> float:
    """Seconds an inverter carries this load (per cent of rated kVA); infinite up to the first row."""
    if load_pct <= calibration.overload_1_pct:
        return NEVER_S
    if load_pct <= calibration.overload_2_pct:
        return calibration.overload_2_s
    if load_pct <= calibration.overload_3_pct:
        return calibration.overload_3_s
    if load_pct <= calibration.overload_4_pct:
        return calibration.overload_4_s
    return OVERLOAD_BEYOND_S
