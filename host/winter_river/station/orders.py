"""Commands to the engine itself, on topic engine/command: checked as a node checks its own, answered by an ack. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from winter_wire import codec, schema, tables, topics

from winter_river.service.messages import Message
from winter_river.service.seal import holds
from winter_river.station.model import SnapshotInfo

ANSWERS_MAX = 16  # the contract: answers kept for repeated ids
APPLIED_LENGTH_MAX = 64  # the contract, field `applied`
NO_ID = "-"  # as the firmware answers the bare form
_DEADLINE_HALF = 0x40000000  # the contract: deadlines are compared modulo 2**31 ms


class Master(Protocol):
    """Who carries the orders out. Each raises ValueError where it cannot be done."""

    def run(self) -> None: ...
    def freeze(self) -> None: ...
    def step(self, seconds: float = ...) -> None: ...
    def set_speed(self, speed: float) -> None: ...
    def back(self, seconds: float) -> None: ...
    def go_to(self, t_s: float) -> None: ...
    def take_snapshot(self, name: str) -> SnapshotInfo: ...
    def restore(self, snapshot_id: str) -> None: ...
    def load_initial_condition(self, condition_id: str) -> None: ...
    def set_weather(self, own: Mapping[str, object], *, by: str) -> str: ...
    def acknowledge_alarm(self, name: str, *, by: str) -> str: ...
    def shelve_alarm(self, name: str, *, minutes: float, reason: str, by: str) -> str: ...
    def unshelve_alarm(self, name: str, *, by: str) -> str: ...


EXAM_TEXT = "an exam is going on: end the exercise first"
_ALLOWED_IN_EXAM = ("snapshot", "acknowledge")  # all others move time, or the weather, or hide alarms

_ACTS: Mapping[str, Callable[[Master, Mapping[str, Any]], object]] = {
    "run": lambda master, _: master.run(),
    "freeze": lambda master, _: master.freeze(),
    "step": lambda master, params: master.step(float(params.get("seconds", 1.0))),
    "speed": lambda master, params: master.set_speed(float(params["times"])),
    "back": lambda master, params: master.back(float(params["seconds"])),
    "go_to": lambda master, params: master.go_to(float(params["t_s"])),
    "snapshot": lambda master, params: master.take_snapshot(params["name"]),
    "restore": lambda master, params: master.restore(params["snapshot"]),
    "load": lambda master, params: master.load_initial_condition(params["condition"]),
}

# Who asked is written down with these, and they answer for themselves.
_SIGNED_ACTS: Mapping[str, Callable[[Master, Mapping[str, Any], str], str]] = {
    "acknowledge": lambda master, params, by: master.acknowledge_alarm(params.get("alarm", ""), by=by),
    "shelve": lambda master, params, by: master.shelve_alarm(
        params["alarm"], minutes=float(params["minutes"]), reason=params["reason"], by=by
    ),
    "unshelve": lambda master, params, by: master.unshelve_alarm(params["alarm"], by=by),
    "set_weather": lambda master, params, by: master.set_weather(params, by=by),
}

VERBS: Mapping[str, Mapping[str, Any]] = {
    topics.ENGINE: {**tables.ENGINE_VERBS, **tables.ALARM_VERBS},
    topics.WEATHER: tables.WEATHER_VERBS,
}


class Orders:
    """Reads orders and writes the answers; the same id gets the same bytes."""

    def __init__(
        self,
        master: Master,
        root: str,
        boot: int,
        *,
        in_exam: Callable[[], bool] = lambda: False,
        keys: Callable[[str], bytes | None] | None = None,
    ) -> None:
        """boot: of this engine; an order that names another one was meant for another life.

        in_exam: whether time runs for everybody alike, and nobody may move it. keys: of profile secured, where an order
        is signed, and bound to this life and a deadline, as a node wants its commands; None in lab.
        """
        self._keys = keys
        self._in_exam = in_exam
        self._master, self._root, self._boot = master, root, boot
        self._answers: deque[tuple[str, Message]] = deque(maxlen=ANSWERS_MAX)

    def obey(
        self, payload: bytes, *, to: str = topics.ENGINE, retained: bool, uptime_s: int, told: Callable[[], str]
    ) -> Message:
        """Carries one order out and gives its ack.

        to: whom it is for, a key of VERBS. told: where time stands then, in a few words.
        """
        if retained:
            return self._ack(to, {}, schema.RESULT_REJECTED, "retained", "", uptime_s)
        message, refused = codec.decode(topics.COMMAND, payload)
        if message is None:
            return self._ack(to, {}, schema.RESULT_REJECTED, refused[0], "", uptime_s)
        reason = self._unproven(to, message, payload) or self._refusal(to, message, uptime_s)
        if reason:
            return self._ack(to, message, schema.RESULT_REJECTED, reason, "", uptime_s)
        for command_id, answer in self._answers:
            if command_id == message.get("id"):
                return answer
        result, reason, applied = schema.RESULT_DONE, "", ""
        try:
            if message["command"] not in _ALLOWED_IN_EXAM and self._in_exam():
                result, reason, applied = schema.RESULT_REJECTED, "interlock", EXAM_TEXT
            elif message["command"] in _SIGNED_ACTS:
                by = message.get("by", "")
                applied = _SIGNED_ACTS[message["command"]](self._master, message.get("params", {}), by)
            else:
                came = _ACTS[message["command"]](self._master, message.get("params", {}))
                applied = _text(came) if isinstance(came, SnapshotInfo) else told()
        except ValueError as error:
            result, reason, applied = schema.RESULT_REJECTED, "schema", str(error).partition("\n")[0]
        answer = self._ack(to, message, result, reason, applied, uptime_s)
        if "id" in message:
            self._answers.append((message["id"], answer))
        return answer

    def turn_away(self, payload: bytes, *, to: str, uptime_s: int) -> Message:
        """The ack of an order that finds too many before it."""
        message, _ = codec.decode(topics.COMMAND, payload)
        return self._ack(to, message or {}, schema.RESULT_REJECTED, "busy", "", uptime_s)

    def _unproven(self, to: str, message: Mapping[str, Any], payload: bytes) -> str:
        """Why an order is not believed in profile secured, or ""."""
        if self._keys is None:
            return ""
        if not {"id", "boot", "deadline"} <= message.keys():
            return "schema"
        key = self._keys(to)
        return "" if key is not None and holds(key, topics.topic(to, topics.COMMAND, self._root), payload) else "mac"

    def _refusal(self, to: str, message: Mapping[str, Any], uptime_s: int) -> str:
        verb = message["command"]
        if verb not in VERBS[to]:
            return "unknown"
        if _misfit(VERBS[to][verb], verb, message.get("params", {})):
            return "schema"
        if message.get("boot", self._boot) != self._boot:
            return "boot"
        left_ms = (message.get("deadline", 0) - uptime_s * 1000) & schema.COUNT_MAX
        return "expired" if "deadline" in message and left_ms >= _DEADLINE_HALF else ""

    def _ack(
        self, to: str, message: Mapping[str, Any], result: str, reason: str, applied: str, uptime_s: int
    ) -> Message:
        fields = {
            "v": schema.VERSION,
            "id": message.get("id", NO_ID),
            "node_id": to,
            "result": result,
            "reason": reason,
            "applied": "".join(letter for letter in applied if letter.isprintable())[:APPLIED_LENGTH_MAX],
            "boot": self._boot,
            "uptime": uptime_s,
        }
        return Message(topics.topic(to, topics.ACK, self._root), codec.encode(topics.ACK, fields), 1, False)


def _text(kept: SnapshotInfo) -> str:
    return f"t_s={kept.t_s:.3f} timeline={kept.timeline} state={kept.hash[:16]}"


def _misfit(table: Sequence[Any], verb: str, params: Mapping[str, Any]) -> str:
    """Why the parameters do not fit the verb, or ""; one that the verb does not know is refused, as nodes do."""
    rows = {row[0]: row for row in table}
    for name in params:
        if name not in rows:
            return f"a parameter that {verb} does not know"
    for name, form, required, low, high in rows.values():
        if name in params:
            why = codec.fault_of(name, (form, 3, low, high), params[name])
            if why:
                return str(why)
        elif required:
            return f"no {name}"
    return ""
