"""The scenarios that a page can start: the built-in ones, then those of a folder of one's own.

A page names a scenario, never a path: of a folder only names that the folder itself lists are read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from winter_river.facility import Facility
from winter_river.facility.faults import Faults
from winter_river.facility.yaml_lines import read_text
from winter_river.scenario import Scenario, ScenarioError, load_scenario, parse_scenario, scenarios
from winter_river.web.errors import conflict, not_found

SUFFIX = ".yaml"
FILES_MAX = 200  # chosen: a list that a person still looks through
NAME_LENGTH_MAX = 64  # of the request that starts one

_Stamp = tuple[int, int, int]


class Catalogue:
    """Built-in scenarios by their names, those of a folder by the names of their files, such as `first-day.yaml`.

    Safe from any thread.
    """

    def __init__(self, facility: Facility, folder: Path | None) -> None:
        """folder: where scenarios of one's own are; None for nowhere."""
        self._facility, self._folder = facility, folder
        self._lock = threading.Lock()
        self._read: dict[str, tuple[_Stamp, dict[str, Any]]] = {}

    def facts(self) -> list[dict[str, Any]]:
        """Every scenario, with whether it can be started here, and why not. A file is read anew where it has changed."""
        with self._lock:
            own = [self._own_facts(name) for name in self._own_names()]
            self._read = {facts["name"]: self._read[facts["name"]] for facts in own}
            return [*self._built_in, *own]

    def load(self, name: str) -> Scenario:
        """The scenario of that name as it is now; raises PageFault where there is none, or it cannot be started."""
        try:
            if name in scenarios():
                return load_scenario(name, facility=self._facility)
            if name in self._own_names():
                return self._own(name)
        except ScenarioError as error:
            raise conflict(f"{name} does not fit this facility, or has faults", str(error)) from error
        raise not_found(f"there is no scenario {name[:NAME_LENGTH_MAX]!r}", "GET /api/v1/scenarios lists them")

    @cached_property
    def _built_in(self) -> list[dict[str, Any]]:
        """Reading them all takes a while, and they do not change."""
        return [_facts(name, partial(load_scenario, name, facility=self._facility)) for name in scenarios()]

    def _own_names(self) -> list[str]:
        if self._folder is None:
            return []
        try:
            names = sorted(path.name for path in self._folder.iterdir() if path.suffix == SUFFIX and path.is_file())
        except OSError:
            return []
        return [name for name in names if name.isprintable() and len(name) <= NAME_LENGTH_MAX][:FILES_MAX]

    def _own(self, name: str) -> Scenario:
        assert self._folder is not None
        faults = Faults(name)  # a page is not told where our folders are
        text = read_text(self._folder / name, faults)
        if text is None:
            raise ScenarioError(faults.all())
        return parse_scenario(text, path=name, facility=self._facility)

    def _own_facts(self, name: str) -> dict[str, Any]:
        assert self._folder is not None
        try:
            status = (self._folder / name).stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:  # gone since we looked: reading it says so
            stamp = (0, 0, 0)
        known = self._read.get(name)
        if known is None or known[0] != stamp:
            known = self._read[name] = (stamp, _facts(name, partial(self._own, name)))
        return known[1]


def _facts(name: str, load: Callable[[], Scenario]) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": name, "title": name, "about": "", "points": 0.0, "until_s": None}
    try:
        scenario = load()
    except ScenarioError as error:
        return {**facts, "fits": False, "why_not": str(error)}
    facts |= {"title": scenario.title or name, "about": scenario.about, "points": scenario.points}
    return {**facts, "until_s": scenario.until_s, "fits": True, "why_not": ""}
