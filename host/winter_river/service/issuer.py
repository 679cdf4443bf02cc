"""The one way of a command from any door to a node: written down, sent, repeated, answered, written down again.

Before anything is published the audit has it on the disk as `pending`; then come `executing` (it is on the bus) and
`completed` or `failed`. An answer is given only when the audit has it. Where the audit cannot be written the profiles
differ: in `lab` the command goes on, the run says so loudly and counts it; in `secured` it is refused with the cure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from winter_wire import schema

from winter_river.audit import COMPLETED, EXECUTING, FAILED, PENDING, AuditError, masked
from winter_river.service.desk import TIMEOUT_S, Desk, Order
from winter_river.service.messages import Message
from winter_river.site import Ack

COMMAND = "command"  # the kind of our lines in the audit
ERROR_LENGTH_MAX = 200
REFUSALS_S, REFUSALS_MAX = 60.0, 30  # chosen: whoever hammers on a door must not fill the disk


class Source(NamedTuple):
    """Where a command was asked: terminal, page, rest, cli, exercise, ...; address: of who asked, "" for this process."""

    door: str
    address: str = ""


SERVICE = Source("service")


class Line(Protocol):
    """The bus as an issuer needs it."""

    def held(self) -> AbstractContextManager[object]:
        """While this lasts, desk and bus are ours alone."""

    def now_s(self) -> float:
        """The clock that the desk goes by."""

    @property
    def connected(self) -> bool:
        """Whether there is a broker now."""

    def publish(self, message: Message) -> bool:
        """Puts it in line to be sent; False where there is no connection."""

    def wait(self, seconds: float) -> bool:
        """Returns when something came or the time is up; False when nobody will ever answer. Called while held."""


class Ledger(Protocol):
    """The audit as an issuer needs it; winter_river.audit.Trail is one."""

    def append(self, facts: Mapping[str, Any]) -> int:
        """Returns once it is on the disk; raises AuditError."""


@dataclass(slots=True)
class Issuer:
    """Sends this process's commands. ledger: None keeps no audit, as for a test. wall: seconds since 1970.

    unaudited: lines that the audit did not take. trouble: told in words when that happens.
    answered: told of every answer, on its sender's thread.
    """

    desk: Desk
    line: Line
    ledger: Ledger | None = None
    wall: Callable[[], float] = time.time
    trouble: Callable[[str], None] = lambda _text: None
    answered: Callable[[Ack, str, Mapping[str, object], str, Source], None] = lambda *_: None
    unaudited: int = 0
    _refusals: list[float] = field(default_factory=list)
    _counting: threading.Lock = field(default_factory=threading.Lock)  # of what is counted from any door's thread

    def send(
        self,
        node_id: str,
        verb: str,
        params: Mapping[str, object],
        *,
        by: str,
        source: Source = SERVICE,
        priority: int = schema.PRIORITY_DEFAULT,
        timeout_s: float = TIMEOUT_S,
        confirmed: bool = False,
    ) -> Ack:
        """Asks a node and waits for its answer; see `desk` for what an answer means.

        In profile secured a node obeys a dangerous verb only from who has selected it in the 5 s before, by a command
        of its own. Nobody is spared that: confirmed is for what was confirmed otherwise (a file that was written, a
        question that was answered), and selects it first. Raises ValueError for parameters that cannot be written, and
        in profile secured AuditError where the audit cannot.
        """
        asked = _Asked(node_id, verb, params, by, source, priority)
        if confirmed and self.desk.secured and is_dangerous(verb, params):
            selecting = _Asked(node_id, "select", {"command": verb}, by, source, priority)
            ack = self._carry(selecting, timeout_s)
            if not ack.done:
                return ack
        ack = self._carry(asked, timeout_s)
        self.answered(ack, verb, params, by, source)
        return ack

    @contextmanager
    def acting(
        self, node_id: str, verb: str, params: Mapping[str, object], *, by: str, source: Source
    ) -> Iterator[None]:
        """Around what is done here and not over the bus (time, a finger on a button): audited as a command is.

        What is raised inside makes it failed. Raises AuditError as send does.
        """
        asked = _Asked(node_id, verb, params, by, source, schema.PRIORITY_DEFAULT)
        entry = self._entry(asked)
        self._write(entry, PENDING)
        entry.executed_s = self.wall()
        try:
            yield
        except Exception as error:
            entry.completed_s, entry.result = self.wall(), schema.RESULT_FAILED
            entry.error = str(error).partition("\n")[0][:ERROR_LENGTH_MAX]
            self._write(entry, FAILED, must=False)
            raise
        entry.completed_s, entry.result = self.wall(), schema.RESULT_DONE
        self._write(entry, COMPLETED)

    def _entry(self, asked: _Asked) -> _Entry:
        """Of something that is never sent."""
        with self.line.held():
            now_s = self.line.now_s()
            order = Order(self.desk.next_id(), asked.node_id, asked.verb, Message("", b"", 1, False), now_s, now_s)
        return _Entry(order, asked, self.wall())

    def refused(
        self, node_id: str, verb: str, params: Mapping[str, object], *, by: str, source: Source, why: str
    ) -> None:
        """Writes down what somebody asked and may not ask: it failed, and was never sent. So many a minute, no more."""
        now_s = self.line.now_s()
        with self._counting:
            self._refusals = [at_s for at_s in self._refusals if now_s - at_s < REFUSALS_S]
            if len(self._refusals) >= REFUSALS_MAX:
                self.unaudited += 1
                return
            self._refusals.append(now_s)
        entry = self._entry(_Asked(node_id, verb, params, by, source, schema.PRIORITY_DEFAULT))
        entry.completed_s, entry.result, entry.error = entry.created_s, "refused", why
        self._write(entry, FAILED, must=False)

    def _carry(self, asked: _Asked, timeout_s: float) -> Ack:
        line, desk = self.line, self.desk
        created_s = self.wall()
        with line.held():
            order = desk.order(
                asked.node_id,
                asked.verb,
                asked.params,
                by=asked.by,
                now_s=line.now_s(),
                priority=asked.priority,
                timeout_s=timeout_s,
            )
        entry = _Entry(order, asked, created_s)
        try:
            self._write(entry, PENDING)
        except AuditError:
            with line.held():
                desk.close(order)
            raise
        try:
            # The disk may have taken long: a command that nobody can answer in time any more is not sent.
            with line.held():
                self._await_first_word(order)
                in_time = desk.has_heard(asked.node_id) and line.now_s() < order.until_s
                sent = order.answer is None and in_time and line.publish(order.message)
            if sent:
                entry.executed_s = self.wall()
                self._write(entry, EXECUTING, must=False)  # it is on its way: what comes of it has to be waited for
                self._await(order)
        except BaseException as error:
            entry.error = f"given up: {type(error).__name__}"
            raise
        finally:
            with line.held():
                answer = desk.close(order)
            entry.end(answer, self.wall())
            self._write(entry, COMPLETED if answer.done else FAILED)
        return answer

    def _await_first_word(self, order: Order) -> None:
        """Returns once a node has said what a command is bound by: sent before, it could act in two lives of the node.
        At once while there is no broker, so nobody to be heard."""
        line, desk = self.line, self.desk
        if order.answer is not None or desk.has_heard(order.node_id):
            return
        while not desk.has_heard(order.node_id):
            if not line.connected or (now_s := line.now_s()) >= order.until_s or not line.wait(order.until_s - now_s):
                break
        if desk.has_heard(order.node_id):
            desk.bind(order, line.now_s())

    def _await(self, order: Order) -> None:
        """Returns with the answer or when there can be none any more; sends the command again meanwhile."""
        line = self.line
        with line.held():
            while order.answer is None and (now_s := line.now_s()) < order.until_s:
                again = self.desk.repeat(order, now_s)
                if again is not None:
                    line.publish(again)
                if not line.wait(max(0.0, order.next_s - now_s)):
                    return

    def _write(self, entry: _Entry, state: str, *, must: bool = True) -> None:
        """One change of state to the audit. Raises AuditError in profile secured where it must be there."""
        if self.ledger is None:
            return
        try:
            self.ledger.append(entry.facts(state))
        except AuditError as error:
            with self._counting:
                self.unaudited += 1
            text = f"{entry.asked.node_id} {entry.asked.verb} ({entry.result or state}) IS NOT IN THE AUDIT"
            self.trouble(f"{text}: {error.cause}")
            if self.desk.secured and must:
                raise AuditError(error.path, f"{error.why}; {text}", error.cure) from error


class _Asked(NamedTuple):
    node_id: str
    verb: str
    params: Mapping[str, object]
    by: str
    source: Source
    priority: int


@dataclass(slots=True)
class _Entry:
    """What the audit writes of one command."""

    order: Order
    asked: _Asked
    created_s: float
    executed_s: float | None = None
    completed_s: float | None = None
    result: str = ""
    error: str = ""

    def end(self, answer: Ack, at_s: float) -> None:
        self.completed_s, self.result = at_s, answer.result
        if not answer.done:
            self.error = self.error or " ".join(part for part in (answer.reason, answer.applied) if part)

    def facts(self, state: str) -> dict[str, Any]:
        asked = self.asked
        return {
            "kind": COMMAND,
            "id": self.order.id,
            "node": asked.node_id,
            "verb": asked.verb,
            "params": masked(asked.params),
            "by": asked.by,
            "door": asked.source.door,
            "address": asked.source.address,
            "priority": asked.priority,
            "epoch": self.order.epoch,
            "state": state,
            "created_s": round(self.created_s, 3),
            "executed_s": _rounded(self.executed_s),
            "completed_s": _rounded(self.completed_s),
            "result": self.result,
            "error": self.error,
        }


def is_dangerous(verb: str, params: Mapping[str, object]) -> bool:
    """Whether a command is select-before-operate in profile secured; the firmware asks the same (winter_node.commands)."""
    if verb == "set_handle":
        return params.get("to") in schema.DANGEROUS_HANDLES
    return verb in schema.DANGEROUS


def _rounded(at_s: float | None) -> float | None:
    return None if at_s is None else round(at_s, 3)
