"""The heat of one room: racks, fans that carry it away, and the mass that takes it up when they stop.

One lump at the temperature of the cold aisle. Racks draw as much air as their load asks for; where the fans bring
less, the rest is drawn over from the hot aisle; where they bring more, the rest goes by unused. What the air does not
carry away warms the mass, and leaks through walls that are as warm as the supply:

    C dT/dt = P (1 - flow / wanted) - (rho c flow + UA) (T - T_supply)          flow = min(of the fans, wanted)

so T runs exponentially, fast first and slowly later, towards an end that is finite even without any flow, and a
smaller flow never has a cooler end. Linear between two changes, so it is closed (engine/exponential.py).

UA and C are chosen such that in the default weather a cabinet of 5 kW without cooling shuts down after 189 s and one
of 10 kW in under a minute (Opengate's study: 3 min 9 s, and under a minute).
"""

from __future__ import annotations

from dataclasses import dataclass

from winter_river.engine.equipment.psychrometrics import AIR_DENSITY_KG_M3, AIR_HEAT_KJ_KG_K
from winter_river.engine.units import NEVER_S

AIR_KW_M3S_K = AIR_DENSITY_KG_M3 * AIR_HEAT_KJ_KG_K  # heat of 1 m3/s of air by 1 K
RACK_RISE_K = 11.0  # chosen: front to back at any load, as 29 m3/s for 384 kW
# Chosen to fit Opengate's study (5 kW: 3 min 9 s; 10 kW: under a minute): of one cabinet R = 5.12 K/kW and tau = 110 s
# give 189 s and 58 s from a supply of 29.0 degrees C; each room has as many as its racks say.
CABINET_LEAK_KW_K = 1.0 / 5.12
CABINET_HEAT_KJ_K = 110.0 / 5.12

ALLOWABLE_C_MAX = 32.0  # ASHRAE: allowable inlet, class A1
CALM_C = 30.0  # chosen: 2 K below it a warning ends
SHUTDOWN_C = 50.0  # chosen: 5 K above ASHRAE's highest allowable inlet of any class (A4): a server turns itself off
RESTART_C = 35.0  # ASHRAE: allowable inlet, class A2; chosen: it may be turned on again from here


@dataclass(slots=True, frozen=True)
class RoomPlan:
    """What the cooling units of one connected part cool together. node: the first of them, which tells its news."""

    node: int
    cabinets: float


@dataclass(slots=True)
class RoomState:
    """The cold aisle as of since_s, and where it runs from there in tau_s (room_heat.py). blown, still, units: sums
    of one pass (heat.py).

    warm: beyond the allowable inlet; hot: the racks have shut down. event: what told of that.
    """

    cold_c: float = 0.0
    end_c: float = 0.0
    tau_s: float = 0.0
    since_s: float = 0.0
    supply_c: float = 0.0
    it_kw: float = 0.0
    flow_m3s: float = 0.0
    blown: float = 0.0
    still: float = 0.0
    units: float = 0.0
    warm: bool = False
    hot: bool = False
    event: int = 0
    due_s: float = NEVER_S


def flow_wanted_m3s(it_kw: float) -> float:
    """The air that the racks draw through themselves."""
    return it_kw / (AIR_KW_M3S_K * RACK_RISE_K)


def flow_used_m3s(fans_m3s: float, it_kw: float) -> float:
    """The part of the fans' air that goes through racks."""
    return min(fans_m3s, flow_wanted_m3s(it_kw))


def cold_aisle_end_c(supply_c: float, it_kw: float, fans_m3s: float, cabinets: float) -> float:
    """Where the cold aisle ends if nothing changes."""
    if it_kw <= 0.0:
        return supply_c
    used = flow_used_m3s(fans_m3s, it_kw)
    left_kw = it_kw * (1.0 - used / flow_wanted_m3s(it_kw))
    return supply_c + left_kw / (AIR_KW_M3S_K * used + CABINET_LEAK_KW_K * cabinets)


def cold_aisle_tau_s(it_kw: float, fans_m3s: float, cabinets: float) -> float:
    """How quickly it gets there. With no load the fans' whole flow flushes the room."""
    used = flow_used_m3s(fans_m3s, it_kw) if it_kw > 0.0 else fans_m3s
    return CABINET_HEAT_KJ_K * cabinets / (AIR_KW_M3S_K * used + CABINET_LEAK_KW_K * cabinets)


def hot_aisle_c(cold_c: float, it_kw: float, fans_m3s: float, supply_c: float) -> float:
    """The air behind the racks, thinned by what the fans bring beyond what the racks draw."""
    wanted = flow_wanted_m3s(it_kw)
    if it_kw <= 0.0:
        return cold_c
    if fans_m3s <= wanted:
        return cold_c + RACK_RISE_K
    return ((cold_c + RACK_RISE_K) * wanted + supply_c * (fans_m3s - wanted)) / fans_m3s
