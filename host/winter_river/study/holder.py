"""The records of a study as compiled text takes them."""

from __future__ import annotations

from winter_river.engine.fast.types import holder_at
from winter_river.study.story import Story

story_at = holder_at(Story)
