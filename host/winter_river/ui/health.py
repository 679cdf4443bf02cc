"""What the header of the live view says about the run itself."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """The run at a glance.

    broker: address of the bus, or what runs instead of one. lag_ms: how late the last step was.
    source_kw: power from utilities and generators. it_kw: power of the servers. pue: 0 where there is none.
    note: something the operator must know now, such as a lost broker; empty when all is well.
    alarms: how many wait to be acknowledged, and the worst of them; empty for none.
    """

    broker: str
    nodes: int
    online: int
    lag_ms: float
    seed: int
    source_kw: float
    it_kw: float
    pue: float
    note: str = ""
    alarms: str = ""


HealthOf = Callable[[], Health]
