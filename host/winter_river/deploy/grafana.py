"""A Grafana dashboard over the bucket that telegraf.conf and our own sink fill: a row for each type, repeated by node.

Plain data in the form of Grafana 10's dashboard JSON, made from the contract: a type that gets a field gets a curve.
The queries are InfluxQL, which InfluxDB 1 and 2 and Grafana's own data source of that name understand. New nodes appear
by themselves: the variable of each type asks the database who there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from winter_wire import schema, topics

from winter_river.settings import Settings
from winter_river.store.sinks.line import EVENTS, MEASUREMENT

Json = dict[str, Any]

SCHEMA_VERSION = 36  # of Grafana 10.0; later ones bring it up to date when they load it
WIDTH, HEIGHT, COLUMNS = 6, 7, 24  # of a panel, and of Grafana's grid
# Unit of the contract -> Grafana's own name of it; one that is not here is shown as it is.
UNITS: Mapping[str, str] = {
    "V": "volt", "A": "amp", "kW": "kwatt", "kvar": "kvoltampreact", "kWh": "kwatth", "Hz": "hertz", "%": "percent",
    "C": "celsius", "s": "s", "rpm": "rotrpm", "m3/s": "flowcms", "dBm": "dBm", "B": "bytes", "ms": "ms", "h": "h", "W/m2": "Wm2",
    "": "none",
}  # fmt: skip
_NUMBERS = (schema.NUMBER, schema.INTEGER)
# What every node has beside its measurements: its place is the store, not a screen of a site.
_LEFT_OUT = frozenset(("v", "boot", "seq", "ts", "timeline", "t_s", "resets", "uptime", "heap_free", "seed"))
_SOURCE = {"type": "influxdb", "uid": "${source}"}


def make(_settings: Settings) -> Mapping[str, str]:
    """The dashboard, to be imported or provisioned."""
    return {"winter-river.json": json.dumps(dashboard(), indent=2) + "\n"}


def dashboard() -> Json:
    """The dashboard as data."""
    types = (topics.FACILITY, *schema.TYPES, topics.WEATHER, topics.ENGINE)
    panels: list[Json] = []
    top = 0
    for type_name in types:
        row, top = _row(type_name, top, number=len(panels) + 1)
        panels += row
    return {
        "uid": "winter-river",
        "title": "Winter River",
        "description": "Every node of a site, by type. Made by `winter-river generate grafana`.",
        "tags": ["winter-river"],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,  # one crosshair for all panels
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "schemaVersion": SCHEMA_VERSION,
        "annotations": {"list": [_events()]},
        "templating": {"list": [_source(), *(_variable(type_name) for type_name in types)]},
        "panels": panels,
    }


def fields_by_unit(type_name: str) -> dict[str, list[str]]:
    """Unit -> the fields of a type's status that are measured in it, in the contract's order."""
    found: dict[str, list[str]] = {}
    for name in schema.fields("status", type_name):
        _, form, _, _, _, unit = schema.ROWS[name]
        if form in _NUMBERS and name not in _LEFT_OUT:
            found.setdefault(unit, []).append(name)
    return found


def _source() -> Json:
    return {
        "name": "source", "label": "Database", "type": "datasource", "query": "influxdb", "hide": 0, "multi": False,
        "includeAll": False, "refresh": 1, "regex": "", "options": [], "skipUrlSync": False,
    }  # fmt: skip


def _variable(type_name: str) -> Json:
    """The nodes of a type, as the database has them."""
    query = f'SHOW TAG VALUES FROM "{MEASUREMENT}" WITH KEY = "node_id" WHERE "type" = \'{type_name}\''
    return {
        "name": type_name, "label": type_name, "type": "query", "datasource": _SOURCE, "query": query, "hide": 0,
        "multi": True, "includeAll": True, "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [], "refresh": 2, "sort": 1, "regex": "", "skipUrlSync": False,
    }  # fmt: skip


def _events() -> Json:
    """What happened, as marks on every curve."""
    query = f'SELECT "to", "node_id", "event" FROM "{EVENTS}" WHERE $timeFilter'
    return {
        "name": "Events", "datasource": _SOURCE, "enable": True, "hide": False, "iconColor": "orange",
        "query": query, "textColumn": "to", "tagsColumn": "node_id,event", "titleColumn": "event",
    }  # fmt: skip


def _row(type_name: str, top: int, *, number: int) -> tuple[list[Json], int]:
    """The row of a type and its panels, and where the next one begins."""
    row: Json = {
        "id": number, "type": "row", "title": f"{type_name}: ${type_name}", "collapsed": False, "repeat": type_name,
        "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": top}, "panels": [],
    }  # fmt: skip
    panels = [row]
    for place, (unit, fields) in enumerate(fields_by_unit(type_name).items()):
        down, across = divmod(place, COLUMNS // WIDTH)
        box = {"h": HEIGHT, "w": WIDTH, "x": across * WIDTH, "y": top + 1 + down * HEIGHT}
        panels.append(_panel(type_name, unit, fields, box, number=number + 1 + place))
    return panels, panels[-1]["gridPos"]["y"] + panels[-1]["gridPos"]["h"]


def _panel(type_name: str, unit: str, fields: list[str], box: Json, *, number: int) -> Json:
    targets = [
        {
            "refId": f"F{place}", "datasource": _SOURCE, "rawQuery": True, "resultFormat": "time_series",
            "alias": field, "query": query(type_name, field),
        }
        for place, field in enumerate(fields)
    ]  # fmt: skip
    return {
        "id": number,
        "type": "timeseries",
        "title": unit or "numbers",
        "datasource": _SOURCE,
        "gridPos": box,
        "fieldConfig": {"defaults": {"unit": UNITS.get(unit, unit), "custom": {"spanNulls": False}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
        "targets": targets,
    }


def query(type_name: str, field: str) -> str:
    """The curve of a field of the row's node, whatever its status was meanwhile."""
    return (
        f'SELECT mean("{field}") FROM "{MEASUREMENT}" WHERE "node_id" =~ /^${{{type_name}:regex}}$/ AND $timeFilter '
        "GROUP BY time($__interval) fill(none)"
    )
