"""Looks at a site: each node once, and all of them at one moment where the site can be seen so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from winter_wire import topics

from winter_river.site import Site


class Sight(Protocol):
    """All views of a site at one moment."""

    @property
    def t_s(self) -> float:
        """The moment, by the site's time."""

    @property
    def views(self) -> Mapping[str, Mapping[str, object]]:
        """Each node's view."""

    @property
    def balance(self) -> Mapping[str, object]:
        """Of the site as a whole."""

    @property
    def weather(self) -> Mapping[str, object]:
        """The air outside."""


@runtime_checkable
class Seen(Protocol):
    """A site that goes on while it is looked at, so that only all views together are of one moment."""

    def sight(self) -> Sight:
        """Everything as it is now."""


class Views:
    """The site's views, taken once until forgotten; of one moment, where the site can be seen so."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seen = site if isinstance(site, Seen) else None
        self._known: dict[str, Mapping[str, object]] = {}
        self._t_s: float | None = None

    def __call__(self, node_id: str) -> Mapping[str, object]:
        self._take()
        if node_id not in self._known:
            self._known[node_id] = self._site.view(node_id)
        return self._known[node_id]

    def t_s(self) -> float:
        """The moment of the views."""
        self._take()
        return self._site.t_s if self._t_s is None else self._t_s

    def forget(self) -> None:
        """The site may have changed."""
        self._known.clear()
        self._t_s = None

    def _take(self) -> None:
        """All of it at once, where the site can be seen so and has not been yet."""
        if self._seen is not None and self._t_s is None:
            sight = self._seen.sight()
            self._known = {**sight.views, topics.FACILITY: sight.balance, topics.WEATHER: sight.weather}
            self._t_s = sight.t_s
