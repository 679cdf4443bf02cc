"""Networks at random, for comparing the power flow with others: the same seed gives the same network."""

import dataclasses
import random

from winter_river.engine.network import Line, Load, Network, Transformer

MV_V, LV_V = 34_500.0, 480.0


def random_network(seed: int, *, meshed: bool, taps: bool = False) -> Network:
    """A network of 34.5 kV and 480 V below one to three sources; some lines open, loads of all three kinds.

    meshed: with one to six more lines or transformers between any two buses, and one that has a parallel twin.
    taps: the same with transformers at a tap, most of them of five steps, some of far more; some are connected the other
    way round, so that they step up.
    """
    rng = random.Random(seed)
    sources = tuple(range(rng.randint(1, 3)))
    voltages = [MV_V] * len(sources)
    edges: list[Line | Transformer] = []
    loads: list[Load] = []
    for _ in range(rng.randint(5, 40)):
        a, b = rng.randrange(len(voltages)), len(voltages)
        step_down = voltages[a] > 1000 and rng.random() < 0.5
        voltages.append(LV_V if step_down else voltages[a])
        edges.append(_transformer(rng, a, b) if step_down else _line(rng, a, b, voltages[a]))
        if voltages[b] < 1000 and rng.random() < 0.8:
            kw = rng.uniform(-10, 50)
            loads.append(Load(b, kw * 1e3, abs(kw) * rng.uniform(-0.1, 0.5) * 1e3, rng.choice("PPIZ")))
    if meshed:
        for _ in range(rng.randint(1, 6)):
            a, b = rng.sample(range(len(voltages)), 2)
            if voltages[a] == voltages[b]:
                edges.append(_line(rng, a, b, voltages[a]))
            else:
                high, low = (a, b) if voltages[a] > voltages[b] else (b, a)
                edges.append(_transformer(rng, high, low))
        edges.append(rng.choice(edges))
    if taps:
        edges = [_tapped(rng, edge) if isinstance(edge, Transformer) else edge for edge in edges]
    return Network(tuple(voltages), tuple(edges), tuple(loads), sources)


def _tapped(rng: random.Random, one: Transformer) -> Transformer:
    tap_pu = 1.0 + rng.choice([-0.05, -0.025, 0.0, 0.025, 0.05, rng.uniform(-0.1, 0.1)])
    turned = rng.random() < 0.2
    a, b = (one.b, one.a) if turned else (one.a, one.b)
    return dataclasses.replace(one, a=a, b=b, tap_pu=tap_pu)


def _line(rng: random.Random, a: int, b: int, voltage_v: float) -> Line:
    size = 0.002 if voltage_v < 1000 else 1.0
    closed = rng.random() > 0.04
    return Line(a, b, size * rng.uniform(0.1, 1), size * rng.uniform(0.05, 1), closed)


def _transformer(rng: random.Random, a: int, b: int) -> Transformer:
    power_va = rng.choice([5e5, 1e6, 2e6])
    idle_w = rng.choice([0.0, rng.uniform(0.0005, 0.002)]) * power_va
    impedance_pu, load_loss_w = rng.uniform(0.04, 0.08), power_va * rng.uniform(0, 0.012)
    return Transformer(a, b, power_va, impedance_pu, load_loss_w, rng.choice([0.0, 0.01]), idle_w)
