"""The built-in rules, one row each. Data only; a site's own rules (loader) are added to them or take their place.

Priorities are few at the top, as EEMUA 191 (3rd edition) asks: critical is load that is lost or about to be. Hold times
keep what comes and goes from chattering (ANSI/ISA-18.2-2016, 16: three times a minute is too often).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winter_river.alerts.conditions import parse
from winter_river.alerts.model import CRITICAL, HIGH, LOW, MEDIUM, STEADY, Rule
from winter_river.alerts.strain import RECENT_S, WORSE

# Gauge -> what it tells. Whoever runs a site fills them in; one that is missing is not judged, and says so.
GAUGES: Mapping[str, str] = {
    "bus_connected": "1 while the service is on its broker, 0 while it is not",
    "engine_lag_ms": "how late the engine's last step was",
    "laws_broken": "how often a law of physics did not hold in this run",
    "rival_engines": "other engines that are alive on this bus",
    "commands_per_s": "commands on the bus a second, over the last ten",
    "command_pending_s": "age of the oldest command that waits for its answer",
    "unaudited": "what the audit did not take in the last five minutes: acts, and commands that others gave",
    "disk_free_pct": "free space where the data folder is",
    "store_lag_s": "age of the oldest row that is not in the store yet",
    "replication_lag_s": "age of the oldest row that another site has not got yet",
    "store_write_failures_pct": "writes to the store that failed, of those of the last five minutes",
    "store_read_failures_pct": "reads from the store that failed, of those of the last five minutes",
    "store_silent_s": "seconds since the store last answered",
    "certificate_days": "days until a certificate ends, by whose it is",
}

_S, _MIN = 1.0, 60.0
_TOGETHER_S = 10 * _S  # chosen: nodes of one access point, or one supply, go within it
_TRANSFER_S = 10 * _S  # chosen: a planned retransfer leaves a UPS on its battery for six seconds, which is no alarm
_BUS = ("bus_lost",)
_STORE = ("database_silent",)


def _rule(
    id_: str,
    priority: str,
    when: str,
    message: str,
    cure: str,
    *,
    until: str = "",
    gauge: bool = False,
    types: str = "",
    **more: Any,
) -> Rule:
    names = tuple(types.split())
    known = tuple(GAUGES) if gauge else None
    alternatives = parse(when, types=names, gauges=known)
    end = parse(until, types=names, gauges=known) if until else ()
    clock = {"clock": STEADY} if gauge else {}
    return Rule(id_, priority, message, cure, alternatives, end, gauge=gauge, types=names, **{**clock, **more})


def built_in() -> tuple[Rule, ...]:
    """Every built-in rule; of several with one cause, what comes first is the cause."""
    return (
        # sources
        _rule("utility_lost", HIGH, "state = OUTAGE or state = FAULT", "{node} is lost", "see that the generator takes over; call the grid's operator", types="utility"),
        _rule("utility_poor", LOW, "state = SAG or state = SWELL or state = FREQUENCY", "{node} is poor: {voltage_out}, {frequency_hz}", "wait; a UPS goes to its battery where it is too poor", types="utility", hold_s=5 * _S, off_s=5 * _S),
        _rule("generator_failed", CRITICAL, "state = FAULT", "{node} has failed", "read why in its events, mend it, then reset it", types="generator", stands=True),
        _rule("generator_on", LOW, "state = RUNNING", "{node} runs", "see why the grid is not used; watch its fuel", types="generator", hold_s=2 * _S, source="chosen: a set that runs is worth telling"),
        _rule("generator_long", LOW, "state = RUNNING", "{node} has run for 20 minutes", "plan for its fuel", types="generator", hold_s=20 * _MIN, source="Wildfire Watch: a pump that has run for 1200 s"),
        _rule("fuel_low", MEDIUM, "fuel_pct < 25", "{node} has {fuel_pct} of its fuel left", "call for fuel", until="fuel_pct > 30", types="generator", hold_s=5 * _S, source="chosen: the last quarter of a tank"),
        _rule("voltage_collapsed", HIGH, "flow = collapsed or flow = not_solved", "the voltage behind {node} has collapsed: {gives_way} gives way under {heaviest}", "take load off what gives way, or bring back a second way to it; what starts again by itself collapses it again", asked_by=WORSE, recurs=True, source="the engine: less than 70 % of the voltage is left, and the loads do not get their power"),
        _rule("voltage_weak", MEDIUM, "flow = near_collapse", "{gives_way} behind {node} carries all it can, for {heaviest}", "take load off it before its voltage collapses", hold_s=5 * _S, asked_by=WORSE, recurs=True, source="the engine: the next kilowatt finds no voltage that carries it"),
        _rule("voltage_low", MEDIUM, "flow = undervoltage", "{heaviest} pulls the voltage of {gives_way} too low for what {node} feeds there", "take load off it, or feed it by a shorter or thicker line", asked_by=WORSE, recurs=True, source="the engine: something fed there found its supply under what it takes"),
        # storage
        _rule("ups_lost", CRITICAL, "state = FAULT", "{node} holds nothing any more", "bring its supply back, or put it in bypass", types="ups"),
        _rule("low_battery", HIGH, "soc_pct < 20", "{node} has {soc_pct} of its charge left", "shed load, or bring a source back", until="soc_pct > 25", hold_s=1 * _S, source="BESS multi-site monitoring: low_soc; the low-battery warning of a UPS"),
        _rule("on_battery", MEDIUM, "state = ON_BATTERY", "{node} runs on its battery", "see that a source comes back before it is empty", types="ups", hold_s=_TRANSFER_S, off_s=2 * _S),
        _rule("ups_bypassed", MEDIUM, "state = BYPASS", "{node} is bypassed: its load has no battery", "bring it back online when the work is done", types="ups", hold_s=5 * _S),
        _rule("battery_worn", MEDIUM, "health_pct < 80", "the battery of {node} holds {health_pct} of what a new one does", "have it tested and renewed; until then shed load sooner in an outage", types="ups", hold_s=5 * _S, source="IEEE 1188: a string below 80 % is to be renewed"),
        # distribution
        _rule("breaker_tripped", HIGH, "tripped = true", "{node} has tripped", "find the fault below it, then reset it", types="switchgear distribution pdu transformer utility server", stands=True),
        _rule("equipment_failed", HIGH, "state = FAULT", "{node} has failed", "mend it, then clear its fault", types="transformer switchgear distribution pdu cooling bess", stands=True),
        _rule("overload", HIGH, "state = OVERLOAD", "{node} is overloaded: {load_pct}", "move load away before it trips", types="distribution pdu", hold_s=2 * _S, off_s=2 * _S),
        _rule("transformer_hot", HIGH, "hot_spot_c > 120", "the hot spot of {node} is at {hot_spot_c}", "take load off it; see to its cooling", until="hot_spot_c < 115", types="transformer", hold_s=5 * _S, source="IEC 60076-7: 120 C in normal cyclic loading"),
        # load and air
        _rule("rack_dark", CRITICAL, "state = FAULT", "{node} is dark", "bring one of its supplies back", types="server", off_s=RECENT_S),
        _rule("rack_degraded", LOW, "state = DEGRADED", "{node} has lost a reserve", "see which of its two supplies is not as it should be", types="server", hold_s=_TRANSFER_S, off_s=5 * _S),
        _rule("cooling_poor", MEDIUM, "state = OFF or state = DEGRADED", "{node} does not cool as it should", "bring its supply, fans or water back", types="cooling", hold_s=_TRANSFER_S, off_s=5 * _S),
        _rule("inlet_hot", HIGH, "inlet_c > 32", "{node} takes in air of {inlet_c}", "bring cooling back, or shed load", until="inlet_c < 30", types="server", hold_s=10 * _S, under=("cooling_poor",), gathers_s=10 * _MIN, asked_by=("too_hot",), source="ASHRAE TC 9.9 (2021): 32 C is allowable for class A1"),
        # nodes
        _rule("node_down", HIGH, "presence = offline", "{node} has been gone for two minutes", "power its board and read its screen", clock=STEADY, hold_s=2 * _MIN, under=_BUS, gathers_s=_TOGETHER_S, source="Wildfire Watch: NodeDown after 2 minutes"),
        _rule("node_silent", MEDIUM, "presence = offline", "{node} is silent", "see its power and its Wi-Fi", clock=STEADY, under=_BUS, gathers_s=_TOGETHER_S, source="the contract: 20 s of silence, or its last will"),
        _rule("duplicate_id", MEDIUM, "boot_returns > 2", "two nodes call themselves {node}", 'give one of them its own "id" in node.json', clock=STEADY, off_s=1 * _MIN),
        # the service
        _rule("bus_lost", CRITICAL, "bus_connected < 1", "the broker is lost: nothing is heard of any node", "start the broker again; winter-river doctor tells more", gauge=True, hold_s=2 * _S, off_s=2 * _S),
        _rule("rival_engine", CRITICAL, "rival_engines > 0", "another engine runs on this bus", "end one of the two", gauge=True),
        _rule("laws_broken", HIGH, "laws_broken > 0", "a law of physics did not hold {laws_broken} times: figures are doubtful", "please report it with the facility file and the seed", gauge=True),
        _rule("engine_late", LOW, "engine_lag_ms > 500", "the engine is {engine_lag_ms} late", "fewer nodes or a faster machine", until="engine_lag_ms < 200", gauge=True, hold_s=10 * _S, off_s=10 * _S, source="chosen: half a tick"),
        _rule("command_storm", MEDIUM, "commands_per_s > 20", "{commands_per_s} commands a second are sent", "winter-river watch shows who sends them", until="commands_per_s < 5", gauge=True, hold_s=5 * _S, off_s=10 * _S, source="the contract: the engine takes in 20 changes a second"),
        _rule("command_pending", MEDIUM, "command_pending_s > 60", "a command has waited for its answer for {command_pending_s}", "see whether its node is there, and to the disk of the audit", gauge=True, source="Wildfire Watch: what is pending for 60 s"),
        _rule("audit_incomplete", HIGH, "unaudited > 0", "{unaudited} acts or commands are NOT IN THE AUDIT", "see to its disk; winter-river audit verify tells what is in it", gauge=True, source="an audit with gaps proves nothing"),
        _rule("database_silent", HIGH, "store_silent_s > 60", "the store has been silent for {store_silent_s}", "see to the disk or the database; control goes on without", gauge=True, source="BacPipes: its thresholds"),
        _rule("write_failures", HIGH, "store_write_failures_pct > 5", "{store_write_failures_pct} of all writes to the store fail", "see to the disk or the database", until="store_write_failures_pct < 2", gauge=True, hold_s=10 * _S, under=_STORE, source="BacPipes: its thresholds"),
        _rule("read_failures", MEDIUM, "store_read_failures_pct > 10", "{store_read_failures_pct} of all reads from the store fail", "see to the disk or the database", until="store_read_failures_pct < 5", gauge=True, hold_s=10 * _S, under=_STORE, source="BacPipes: its thresholds"),
        _rule("store_lag", MEDIUM, "store_lag_s > 300", "the store is {store_lag_s} behind", "see to the disk or the database", until="store_lag_s < 60", gauge=True, under=_STORE, source="rows P21, P29"),
        _rule("replication_lag", MEDIUM, "replication_lag_s > 300", "the other site is {replication_lag_s} behind", "see to the link between the sites", until="replication_lag_s < 60", gauge=True, source="BacPipes: its thresholds"),
        _rule("disk_low", MEDIUM, "disk_free_pct < 20", "{disk_free_pct} of the disk is free", "delete what is not needed, or shorten the retention", until="disk_free_pct > 22", gauge=True, hold_s=10 * _S, source="BacPipes: its thresholds"),
        _rule("certificate_expired", HIGH, "certificate_days <= 0", "the certificate of {subject} has ended", "winter-river provision rotate --due", gauge=True),
        _rule("certificate_expiry", LOW, "certificate_days < 30", "the certificate of {subject} ends in {certificate_days}", "winter-river provision rotate --due", gauge=True, source="chosen: a third of the 90 days that a certificate lasts"),
    )  # fmt: skip
