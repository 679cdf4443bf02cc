"""A site on one page: engine, nodes, what the broker remembers, power, alarms. Pure: a dump of the bus in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from winter_wire import topics

from winter_river.service.health import Picture, rows
from winter_river.service.presence import OFFLINE, ONLINE

UNWELL_MAX = 40  # chosen: a page; the rest are counted
ABSENT = "absent"
AIR = ("outdoor_c", "cold_aisle_c", "hot_aisle_c", "fans_running", "air_mode")  # of the facility's status


def overview(
    seen: Picture, types: Mapping[str, str], alarms: Sequence[Mapping[str, Any]], *, now_s: float, wall_s: float
) -> dict[str, Any]:
    """Everything as plain values. types: of the facility's nodes, empty where unknown. alarms: as the run keeps them.

    now_s: our clock, as in the dump. wall_s: seconds since 1970."""
    table = rows(seen, types, now_s=now_s, wall_s=wall_s)
    engine: Mapping[str, Any] = seen.statuses.get(topics.ENGINE, {})
    site: Mapping[str, Any] = seen.statuses.get(topics.FACILITY, {})
    counts = Counter(row.presence for row in table)
    states = Counter(str(alarm["state"]) for alarm in alarms)
    return {
        "engine": {
            "running": bool(engine) and engine.get("status") != OFFLINE and topics.ENGINE in seen.fresh_s,
            **{name: engine.get(name) for name in ("uptime", "t_s", "speed", "frozen", "lag_ms", "timeline", "fw")},
            "counters": {name: engine.get(name, 0) for name in ("rejected", "unknown", "dropped", "laws_broken")},
        },
        "nodes": {
            "of_the_site": len(types) or len(table),
            **{word: counts[word] for word in (ONLINE, "stale", OFFLINE, ABSENT)},
        },
        "unwell": [
            {"node": row.id, "presence": row.presence, "state": row.state, "status": row.status, "fault": row.fault}
            for row in table
            if row.presence != ONLINE or row.status not in ("ok", "")
        ],
        "retained": {
            "statuses": sum(node_id not in topics.VIRTUAL for node_id in seen.statuses),
            "of_the_service": sum(node_id in topics.VIRTUAL for node_id in seen.statuses),
            "commands": list(seen.retained_commands),
        },
        "air": {name: site.get(name) for name in AIR},
        "power": {name: site.get(name) for name in ("source_kw", "it_kw", "pue", "served_pct")},
        "alarms": {**dict(sorted(states.items())), "worst": _worst(alarms)},
    }


def _worst(alarms: Sequence[Mapping[str, Any]]) -> str:
    """The first that waits: they come the worst first."""
    return next(
        (
            f"{each['priority']}: {each['message']}"
            for each in alarms
            if each["state"] in ("unacknowledged", "returned")
        ),
        "",
    )


def lines(page: Mapping[str, Any], *, broker: str, facility: str, leases: int | None) -> list[str]:
    """The page as it is printed. leases: boards that the access point has given addresses to, None where there is none."""
    engine, nodes, kept = page["engine"], page["nodes"], page["retained"]
    found = [f"site      {facility or 'unknown'} at {broker}", f"engine    {_engine(engine)}"]
    found.append(f"nodes     {_counts(nodes)}")
    commands = kept["commands"]
    retained = f"{kept['statuses']} statuses of nodes, {kept['of_the_service']} of the service"
    commanded = f"COMMANDS: {', '.join(commands)}" if commands else "no command"
    found.append(f"retained  {retained}, {commanded}")
    if page["power"]["it_kw"] is not None:
        power = page["power"]
        pue = f", PUE {power['pue']:.2f}" if power["pue"] else ""
        found.append(f"power     sources {power['source_kw']:.1f} kW, servers {power['it_kw']:.1f} kW{pue}")
    if page["air"]["fans_running"] is not None:
        found.append(f"air       {_air(page['air'])}")
    found.append(f"alarms    {_alarms(page['alarms'])}")
    if leases is not None:
        found.append(f"leases    {leases} boards have an address of the access point")
    unwell = page["unwell"]
    found += [""] if unwell else []
    for row in unwell[:UNWELL_MAX]:
        fault = f"  fault {row['fault']}" if row["fault"] else ""
        found.append(f"  {row['node']:<24}{row['presence']:<9}{row['state'] or '-'}{fault}")
    if len(unwell) > UNWELL_MAX:
        found.append(f"  and {len(unwell) - UNWELL_MAX} more")
    return found


def _engine(engine: Mapping[str, Any]) -> str:
    if not engine["running"]:
        return "NOT RUNNING: start it with `winter-river run`"
    pace = "frozen" if engine["frozen"] else f"speed {engine['speed']:g}"
    bad = [f"{count} {name.replace('_', ' ')}" for name, count in engine["counters"].items() if count]
    told = f"up {engine['uptime']} s, time {engine['t_s']:.0f} s, {pace}, {engine['lag_ms']:.0f} ms late"
    return ", ".join([told, *bad])


def _air(air: Mapping[str, Any]) -> str:
    places = (("outside", "outdoor_c"), ("cold aisle", "cold_aisle_c"), ("hot aisle", "hot_aisle_c"))
    told = [f"{place} {air[name]:.1f} C" for place, name in places if air[name] is not None]
    told.append(f"{air['fans_running']} fans running")
    return ", ".join(told) + (f", {air['air_mode']}" if air["air_mode"] else "")


def _counts(nodes: Mapping[str, int]) -> str:
    others = [f"{nodes[word]} {word}" for word in ("stale", OFFLINE, ABSENT) if nodes[word]]
    return ", ".join([f"{nodes[ONLINE]} of {nodes['of_the_site']} online", *others])


def _alarms(alarms: Mapping[str, Any]) -> str:
    counts = [f"{count} {state.replace('_', ' ')}" for state, count in alarms.items() if state != "worst"]
    worst = f" ({alarms['worst']})" if alarms["worst"] else ""
    return ", ".join(counts) + worst if counts else "none"
