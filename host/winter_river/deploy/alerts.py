"""Prometheus alert rules, from the same table as the alarms of a run: same thresholds, hold times and cures.

They are for whoever scrapes a site's /metrics. One alarm for each cause, acknowledging and shelving are the run's own;
Prometheus sees each condition for itself, so its Alertmanager groups them by node.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from winter_river.alerts.judging import meant, state_meant
from winter_river.alerts.model import Rule, Test
from winter_river.alerts.rules import built_in
from winter_river.alerts.wording import NODE, PLACE, SUBJECT
from winter_river.settings import Settings

PREFIX = "winter_river"
# Field of a view -> (family of /metrics, what one of the field is in its unit); see web.metrics.
_FIELDS: Mapping[str, tuple[str, float]] = {
    "soc_pct": ("node_soc_ratio", 0.01),
    "fuel_pct": ("node_fuel_ratio", 0.01),
    "health_pct": ("node_health_ratio", 0.01),
    "hot_spot_c": ("node_hot_spot_celsius", 1.0),
    "inlet_c": ("node_inlet_celsius", 1.0),
    "boot_returns": ("node_boot_returns", 1.0),
    "tripped": ("node_tripped", 1.0),
}


def _share(failures: str, done: str) -> str:
    """PromQL: the part of all tries of the last five minutes that failed."""
    failed, well = (f"increase({PREFIX}_store_{name}_total[5m])" for name in (failures, done))
    return f"{failed} / ({well} + {failed})"


_GAUGES: Mapping[str, tuple[str, float]] = {
    "engine_lag_ms": (f"{PREFIX}_engine_lag_seconds", 0.001),
    "laws_broken": (f"{PREFIX}_engine_laws_broken_total", 1.0),
    "store_lag_s": (f"{PREFIX}_store_lag_seconds", 1.0),
    "bus_connected": (f"{PREFIX}_bus_connected", 1.0),
    "rival_engines": (f"{PREFIX}_engine_rivals", 1.0),
    "commands_per_s": (f"{PREFIX}_commands_per_second", 1.0),
    "command_pending_s": (f"{PREFIX}_command_pending_seconds", 1.0),
    "unaudited": (f"{PREFIX}_audit_missing", 1.0),
    "certificate_days": (f"{PREFIX}_certificate_left_seconds", 86_400.0),
    "store_silent_s": (f"{PREFIX}_store_silent_seconds", 1.0),
    "disk_free_pct": (f"{PREFIX}_store_disk_free_ratio", 0.01),
    "store_write_failures_pct": (_share("write_failures", "writes"), 0.01),
    "store_read_failures_pct": (_share("read_failures", "reads"), 0.01),
}


def make(_settings: Settings) -> Mapping[str, str]:
    """The one file, as `rule_files` of prometheus.yml takes it."""
    made = [(rule, expression(rule)) for rule in built_in()]
    left_out = ", ".join(rule.id for rule, text in made if not text)
    lines = [
        "# Generated: winter-river generate alerts. Thresholds are those of `winter-river alarms rules`.",
        "# Prometheus has no hysteresis: an alert ends where its condition does, and keep_firing_for keeps it from chattering.",
        f"# /metrics does not tell what these are judged by: {left_out}.",
        "groups:",
        f"  - name: {PREFIX}",
        "    rules:",
    ]
    for rule, text in made:
        if text:
            lines += _rule(rule, text)
    return {"winter-river.rules.yml": "\n".join(lines) + "\n"}


def _rule(rule: Rule, text: str) -> list[str]:
    name = "".join(word.capitalize() for word in rule.id.split("_"))
    labels = {NODE: "{{ $labels.node_id }}", SUBJECT: "{{ $labels.subject }}"}
    figure = "{{ $labels.state }}" if "_node_state{" in text else f"{{{{ $value{_shown_as(text)} }}}}"
    summary = PLACE.sub(lambda match: labels.get(match[1], figure), rule.message)
    lines = [f"      - alert: {name}", f"        expr: {json.dumps(text)}"]
    if rule.hold_s:
        lines.append(f"        for: {rule.hold_s:g}s")
    if rule.off_s:
        lines.append(f"        keep_firing_for: {rule.off_s:g}s")
    return [
        *lines,
        "        labels:",
        f"          severity: {rule.priority}",
        "        annotations:",
        f"          summary: {json.dumps(summary)}",
        f"          description: {json.dumps(rule.cure)}",
    ]


def _shown_as(text: str) -> str:
    """How Prometheus writes the value of an expression for a person."""
    if "_ratio" in text or " / " in text:
        return " | humanizePercentage"
    return " | humanizeDuration" if "_seconds" in text else ""


def expression(rule: Rule) -> str:
    """The rule's condition in PromQL; "" where /metrics does not tell what it is judged by."""
    states = [tests[0].value for tests in rule.when if len(tests) == 1 and tests[0][:2] == ("state", "=")]
    if len(states) == len(rule.when):
        return _in_state(rule, [str(state) for state in states])
    if len(rule.when) != 1 or len(rule.when[0]) != 1:
        return ""
    return _compared(rule, rule.when[0][0])


def _in_state(rule: Rule, states: Sequence[str]) -> str:
    """Nodes in one of these states, by the words that their types have for them."""
    types_by_words: dict[str, list[str]] = {} if rule.types else {"|".join(states): []}
    for type_name in meant(rule):
        words = "|".join(state_meant(rule, type_name, state) for state in states)
        types_by_words.setdefault(words, []).append(type_name)
    return " or ".join(
        f"{PREFIX}_node_state{{{_labels(types, f'state=~{json.dumps(words)}')}}} == 1"
        for words, types in types_by_words.items()
    )


def _compared(rule: Rule, test: Test) -> str:
    if test[:3] == ("presence", "=", "offline"):
        return f"{PREFIX}_node_up == 0"
    table = _GAUGES if rule.gauge else _FIELDS
    if test.field not in table or isinstance(test.value, str):
        return ""
    family, scale = table[test.field]
    limit = f"{test.value * scale:.6g}"
    operator = "==" if test.operator == "=" else test.operator
    if rule.gauge:
        return f"{family} {operator} {limit}"
    labels = _labels(meant(rule))
    return f"{PREFIX}_{family}{f'{{{labels}}}' if labels else ''} {operator} {limit}"


def _labels(types: Sequence[str], *others: str) -> str:
    """Labels that choose nodes of these types, of all where there are none."""
    chosen = [f"type=~{json.dumps('|'.join(types))}"] if types else []
    return ",".join([*chosen, *others])
