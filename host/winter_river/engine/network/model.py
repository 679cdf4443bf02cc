"""A network for flow alone: buses, lines, transformers, loads, sources; balanced three-phase, by nameplate values."""

from __future__ import annotations

from dataclasses import dataclass

CONSTANT_POWER, CONSTANT_CURRENT, CONSTANT_IMPEDANCE = "P", "I", "Z"
LOAD_MODELS = (CONSTANT_POWER, CONSTANT_CURRENT, CONSTANT_IMPEDANCE)


@dataclass(frozen=True, slots=True)
class Line:
    """A series impedance between two buses of the same nominal voltage; without any it joins them."""

    a: int
    b: int
    resistance_ohm: float
    reactance_ohm: float
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Transformer:
    """impedance_pu, no_load_current_pu: of its own rating power_va. tap_pu: the turns of side a that are in use, of the
    nominal ones, so with nothing drawn side b has 1 / tap_pu of the voltage of side a; the impedance is on side b."""

    a: int
    b: int
    power_va: float
    impedance_pu: float
    load_loss_w: float
    no_load_current_pu: float = 0.0
    no_load_loss_w: float = 0.0
    closed: bool = True
    tap_pu: float = 1.0


Edge = Line | Transformer


@dataclass(frozen=True, slots=True)
class Load:
    """power_w, reactive_var: drawn at nominal voltage, negative for what feeds in. model: one of LOAD_MODELS."""

    bus: int
    power_w: float
    reactive_var: float
    model: str = CONSTANT_POWER

    @property
    def power(self) -> complex:
        """VA at nominal voltage."""
        return complex(self.power_w, self.reactive_var)


@dataclass(frozen=True, slots=True)
class Network:
    """voltages_v: nominal, line to line, one a bus; the other records name a bus by its place there.

    sources: buses held at their nominal voltage, all at the same angle. An edge that is not closed is open at both
    ends. Whoever builds one answers for its values; `case.read_case` checks those of a file.
    """

    voltages_v: tuple[float, ...]
    edges: tuple[Edge, ...]
    loads: tuple[Load, ...]
    sources: tuple[int, ...]
