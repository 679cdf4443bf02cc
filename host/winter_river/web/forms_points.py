"""The forms of devices, points and readings, as OpenAPI tells them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Quality = Literal["good", "uncertain", "bad"]


class DeviceAnswer(BaseModel):
    """One device. last_poll_unix_s: of its newest reading, a bad one too; 0 where there is none."""

    device_id: str
    type: str
    title: str
    feeds: list[str]
    presence: str
    points: int
    quality: Quality
    last_poll_unix_s: float


class PointAnswer(BaseModel):
    """One point. value: null where nothing is known now. last_value: the newest that was known."""

    point_id: str
    device_id: str
    type: str
    field: str
    units: str
    value: float | None
    quality: Quality
    last_poll_unix_s: float
    last_value: float | None
    last_value_unix_s: float


class ReadingAnswer(BaseModel):
    """A row of the view sensor_readings. time: in UTC; value: null where quality is bad."""

    time: str
    unix_ms: int
    site_id: str
    point_id: str
    value: float | None
    quality: Quality
    units: str
    device_id: str
    object_type: str
    object_instance: int
