"""The Prometheus rules say what the table says, of metrics that the page serves; promtool agrees, where there is one."""

import re
import shutil
import subprocess

import pytest
from ruamel.yaml import YAML
from winter_river import Simulation, load_facility
from winter_river.alerts.rules import GAUGES
from winter_river.deploy import GENERATORS
from winter_river.settings import Settings
from winter_river.store.model import StoreHealth
from winter_river.web.metrics import expose

TEXT = GENERATORS["alerts"].make(Settings())["winter-river.rules.yml"]
RULES = {rule["alert"]: rule for rule in YAML(typ="safe").load(TEXT)["groups"][0]["rules"]}

# Worked by hand from the rows: (alert, expression, for).
WANTED = [
    ("NodeDown", "winter_river_node_up == 0", "120s"),
    ("UtilityLost", 'winter_river_node_state{type=~"utility",state=~"OUTAGE|FAULT"} == 1', None),
    (
        "BreakerTripped",
        'winter_river_node_tripped{type=~"switchgear|distribution|pdu|transformer|utility|server"} == 1',
        None,
    ),
    ("DuplicateId", "winter_river_node_boot_returns > 2", None),
    ("LowBattery", "winter_river_node_soc_ratio < 0.2", "1s"),
    ("GeneratorLong", 'winter_river_node_state{type=~"generator",state=~"RUNNING"} == 1', "1200s"),
    ("TransformerHot", 'winter_river_node_hot_spot_celsius{type=~"transformer"} > 120', "5s"),
    ("StoreLag", "winter_river_store_lag_seconds > 300", None),
    ("BusLost", "winter_river_bus_connected < 1", "2s"),
    ("AuditIncomplete", "winter_river_audit_missing > 0", None),
    ("CommandPending", "winter_river_command_pending_seconds > 60", None),
    ("CertificateExpiry", "winter_river_certificate_left_seconds < 2.592e+06", None),  # 30 days
    ("DiskLow", "winter_river_store_disk_free_ratio < 0.2", "10s"),
]


@pytest.mark.parametrize(("alert", "expression", "hold"), WANTED, ids=[row[0] for row in WANTED])
def test_alert_has_the_promised_threshold_in_base_units(alert, expression, hold):
    assert (RULES[alert]["expr"], RULES[alert].get("for")) == (expression, hold)
    assert RULES[alert]["labels"]["severity"] in ("critical", "high", "medium", "low")


def test_every_metric_that_a_rule_names_is_served():
    sim = Simulation(load_facility("block-2n-24"), seed=1)
    sim.advance(1)
    ids = list(sim.facility.nodes)
    served = expose(
        views={node_id: sim.view(node_id) for node_id in ids},
        presences=dict.fromkeys(ids, "online"),
        reports={},
        balance={},
        counters={"lag_ms": 1.0, "laws_broken": 0},
        store=StoreHealth(file="x"),
        boot_returns=dict.fromkeys(ids, 0),
        gauges=dict.fromkeys(GAUGES, 1) | {"certificate_days": {"node ups_a": 3}},
    )
    known = set(re.findall(r"^(winter_river_\w+)[ {]", served, re.MULTILINE))
    named = {name for rule in RULES.values() for name in re.findall(r"winter_river_\w+", rule["expr"])}
    assert named
    assert named <= known, named - known


def test_what_metrics_do_not_tell_is_said_to_be_left_out():
    # There is no replication to another site, so nothing tells how far it is behind; a collapse may last 20 ms.
    assert TEXT.splitlines()[2].endswith("judged by: voltage_collapsed, voltage_weak, voltage_low, replication_lag.")
    assert "ReplicationLag" not in RULES


def test_figures_are_written_for_people():
    assert RULES["CertificateExpiry"]["annotations"]["summary"] == (
        "the certificate of {{ $labels.subject }} ends in {{ $value | humanizeDuration }}"
    )
    assert RULES["DiskLow"]["annotations"]["summary"] == "{{ $value | humanizePercentage }} of the disk is free"
    assert RULES["WriteFailures"]["annotations"]["summary"].startswith(
        "{{ $value | humanizePercentage }} of all writes"
    )


def test_promtool_accepts_the_rules(tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("NO PROMTOOL: the rules are not checked by Prometheus itself; cure: sudo apt install prometheus")
    (tmp_path / "rules.yml").write_text(TEXT)
    done = subprocess.run(
        [promtool, "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout
