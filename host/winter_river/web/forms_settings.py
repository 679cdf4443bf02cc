"""The forms of settings, as OpenAPI tells them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from winter_river.web.forms import Form

SETTINGS_MAX = 100
Name = Annotated[str, Field(max_length=40, examples=["keep_raw"])]
SettingText = Annotated[str, Field(max_length=500)]
SettingValue = bool | int | SettingText


class SettingsForm(Form):
    """tag: of the settings that were seen; "" to change whatever holds. secrets: setting that names a file -> the secret
    itself, which is kept in one that nobody else may read."""

    tag: Annotated[str, Field(max_length=64)]
    values: dict[Name, SettingValue] = Field(default_factory=dict, max_length=SETTINGS_MAX)
    secrets: dict[Name, Annotated[str, Field(max_length=4_096)]] = Field(default_factory=dict, max_length=SETTINGS_MAX)


class SettingAnswer(BaseModel):
    """One setting. form: whole, flag, choice, duration, url, path, secret, timezone, broker, address, root, text, words. restart: why a
    change waits for the next start, "" where it acts at once. waits: what is written for it, null where nothing is.
    beaten_by: the option or variable that beats the file."""

    name: str
    title: str
    group: str
    form: str
    words: str
    value: bool | int | str
    default: bool | int | str
    choices: list[str]
    low: int | None
    high: int | None
    unit: str
    live: bool
    restart: str
    waits: bool | int | str | None
    beaten_by: str


class SettingsLast(BaseModel):
    by: str
    unix_s: float
    names: list[str]


class SettingsAnswer(BaseModel):
    """groups: headings, in order. last: the last change of this run."""

    tag: str
    file: str
    groups: list[str]
    fields: list[SettingAnswer]
    last: SettingsLast | None


class SettingsChanged(BaseModel):
    """applied: what holds now. waits: what holds from the next start on. beaten: name -> what will beat the file then.
    notes: what the parts of the run say."""

    applied: list[str]
    waits: list[str]
    beaten: dict[str, str]
    notes: list[str]
    settings: SettingsAnswer
