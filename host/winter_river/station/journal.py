"""What of a run goes into its recording, and how often. Without a folder nothing does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from winter_river.service.messages import Input
from winter_river.station import recording
from winter_river.station.notary import Obeyed
from winter_river.station.past import Moment
from winter_river.station.recorder import Recorder

MOMENT_EVERY_S = 60.0  # chosen: a seek replays at most so much, which takes a few milliseconds
# Chosen: settling a node takes about 6 us (measured at 500 nodes), so a seek into a busy stretch replays 30 ms, and
# what came until the station's next moment. A busy hour of 500 nodes writes 25 MB.
SETTLED_MAX = 5_000
MOMENT_GAP_S = 2.0  # of the wall clock, for runs at high speed
TIME_EVERY_S = 0.5  # of the wall clock; steps of a quiet run come each second, never quite, and none is to be missed


class Journal:
    """One run's recording. now_s: the loop's clock."""

    def __init__(self, folder: Path | None, header: recording.Header, *, nodes: int, begin: Callable[[], str]) -> None:
        """nodes: of the facility. begin: see Recorder. Where the folder cannot be used the run goes on without, and `fault` says why."""
        self._recorder: Recorder | None = None
        self._fault = ""
        self._moment = (-math.inf, -math.inf)  # engine time and clock of the last one written
        self._time = (-math.inf, -math.inf)
        self._begun = False
        self._nodes, self._settled = nodes, 0  # since the last moment: nodes, each as often as a replay settles it
        if folder is not None:
            try:
                self._recorder = Recorder(folder, header, begin=begin)
            except OSError as error:
                self._fault = f"no recording: {folder}: {error.strerror or error}"

    @property
    def path(self) -> Path | None:
        """The file being written, None where there is none."""
        return self._recorder.path if self._recorder else None

    @property
    def fault(self) -> str:
        """Why nothing is written any more, or ""."""
        return self._recorder.fault if self._recorder else self._fault

    def inputs(self, t_s: float, inputs: Sequence[Input]) -> None:
        self._settled += self._nodes
        if self._begun:  # what comes before the first moment is in it
            self._write(recording.input_line(t_s, inputs))

    def act(self, t_s: float, told: Obeyed) -> None:
        if self._begun:
            self._write(recording.act_line(t_s, told.node_id, told.command, told.params, told.by))

    def happened(self) -> None:
        """The engine changed something by itself."""
        self._settled += self._nodes

    def moment(self, moment: Moment, *, why: str, parent: int, now_s: float) -> None:
        """An automatic moment is written when it is time for one, or much has happened; every other at once."""
        last_t_s, last_s = self._moment
        due = moment.t_s - last_t_s >= MOMENT_EVERY_S or self._settled >= SETTLED_MAX
        if why == recording.AUTO and (not due or now_s - last_s < MOMENT_GAP_S):
            return
        self._settled = 0
        self._moment, self._begun = (moment.t_s, now_s), True
        self._write(line_of(moment, why=why, parent=parent))

    def pace(self, t_s: float, *, speed: float, frozen: bool) -> None:
        if self._begun:
            self._write(recording.pace_line(t_s, speed=speed, frozen=frozen))

    def time(self, t_s: float, now_s: float) -> None:
        """Engine time has come so far; written when it is time to."""
        last_t_s, last_s = self._time
        if t_s != last_t_s and now_s - last_s >= TIME_EVERY_S and self._begun:
            self._time = (t_s, now_s)
            self._write(recording.time_line(t_s), may_part=True)

    def end(self, t_s: float, digest: str) -> None:
        """The last line; waits until it is on the disk."""
        if self._recorder is not None:
            self._write(recording.end_line(t_s, digest))
            self._recorder.close()

    def _write(self, line: str, *, may_part: bool = False) -> None:
        if self._recorder is not None:
            self._recorder.write(line, may_part=may_part)


def line_of(moment: Moment, *, why: str, parent: int) -> str:
    """A moment as a line."""
    return recording.moment_line(
        moment.t_s,
        timeline=moment.timeline,
        name=moment.name,
        why=why,
        parent=parent,
        digest=moment.hash,
        own=moment.own,
        packed=moment.packed,
    )
