"""The history of a site: bus -> ingester -> store -> latest, curves, retention, out-box, sinks.

`Keeper` is what a run uses; `reading` has the questions that anyone may ask a store's file.
"""

from __future__ import annotations

from winter_river.store.keeper import Keep, Keeper
from winter_river.store.model import Happening, Point, Reading, Series, Span, StoreHealth
from winter_river.store.tables import StoreError

__all__ = ["Happening", "Keep", "Keeper", "Point", "Reading", "Series", "Span", "StoreError", "StoreHealth"]
