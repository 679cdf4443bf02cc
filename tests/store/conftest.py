"""A keeper on a clock that the test turns, fed with statuses as they come off the bus."""

import sqlite3
from pathlib import Path

import pytest
from winter_river.store import Keep, Keeper, reading
from winter_wire import codec, topics

BEGIN_S = 1_800_000_000.0  # 2027-01-15, a whole five minutes


class Clock:
    """The machine's two clocks: wall() may be set, steady() only passes."""

    def __init__(self) -> None:
        self.passed_s, self.wall_offset_s = 0.0, 0.0

    def steady(self) -> float:
        return self.passed_s

    def wall(self) -> float:
        return BEGIN_S + self.passed_s + self.wall_offset_s

    def ms(self) -> int:
        return int(self.wall() * 1000)


def status(node_id: str = "ups_a", *, type_name: str = "ups", extra: str = "", **fields: object) -> bytes:
    """A status as a node writes it; extra: more JSON members, such as `"vibration_mm_s":1.25`."""
    message = {"v": 1, "node_id": node_id, "type": type_name, "status": "ok", "state": "NORMAL", **fields}
    payload = codec.encode("status", message, type_name)
    return payload[:-1] + b"," + extra.encode() + b"}" if extra else payload


class Bench:
    """A keeper, its clock, and the shortest way to feed and ask it."""

    def __init__(self, path: Path, **options: object) -> None:
        self.clock, self.path = Clock(), path
        self.options = options
        self.keeper = self._open()

    def _open(self) -> Keeper:
        return Keeper(self.path, clock=self.clock.steady, wall=self.clock.wall, **self.options)  # type: ignore[arg-type]

    def say(
        self, node_id: str = "ups_a", *, retained: bool = False, leaf: str = topics.STATUS, **fields: object
    ) -> None:
        """A status of a node, now."""
        self.put(topics.topic(node_id, leaf), status(node_id, **fields), retained=retained)  # type: ignore[arg-type]

    def put(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.keeper.offer(topic, payload, retained, self.clock.steady())

    def turn(self, seconds: float = 0.0) -> bool:
        """Lets time pass, then commits once."""
        self.clock.passed_s += seconds
        return self.keeper.turn()

    def values(self, node_id: str, field: str) -> list[float | None]:
        """Every reading there is, as the file has it."""
        series = self.keeper.ask(lambda c: reading.series(c, node_id, field, from_ms=0, to_ms=2**52))
        return [point.mean for point in series.points]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.path) as connection:
            return connection.execute(sql).fetchall()

    def again(self) -> None:
        """The process ends in order and another begins on the same file."""
        self.keeper.stop()
        self.keeper = self._open()


@pytest.fixture
def bench(tmp_path: Path):
    """A factory of benches: bench(keep=..., queue_max=...)."""
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        made.append(Bench(tmp_path / "history" / "site.sqlite3", **options))
        return made[-1]

    yield make
    for each in made:
        each.keeper.stop()


@pytest.fixture
def keep() -> type[Keep]:
    return Keep
