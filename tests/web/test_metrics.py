"""/metrics, read by Prometheus' own parser of OpenMetrics, which refuses what the standard does."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from winter_river.alerts.model import Alarm, Moment
from winter_river.alerts.rules import built_in
from winter_river.store.model import SinkHealth, StoreHealth
from winter_river.web.metrics import CONTENT_TYPE, Process, expose

UPS = {
    "node_id": "ups_a",
    "type": "ups",
    "status": "ok",
    "state": "NORMAL",
    "power_kw": 412.3,
    "soc_pct": 99.5,
    "voltage_in": 480.0,
}
GENERATOR = {
    "node_id": "generator_a",
    "type": "generator",
    "status": "ok",
    "state": "RUNNING",
    "rpm": 1800,
    "energy_kwh": 2.0,
}


def values(text):
    """(name, labels as text) -> value."""
    return {
        (sample.name, ",".join(f"{name}={label}" for name, label in sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def exposed(**changed):
    parts = {
        "views": {"ups_a": UPS, "generator_a": GENERATOR},
        "reports": {"ups_a": {"heap_free": 57_000, "wifi_rssi": -55, "uptime": 9, "made_up": 1.0, "boot": 3}},
        "presences": {"ups_a": "online", "generator_a": "online"},
        "balance": {"pue": 1.4, "it_kw": 900.0},
        "counters": {"received": 12, "lag_ms": 2.5},
        "store": None,
    }
    return values(expose(**{**parts, **changed}))


def test_fields_are_told_in_base_units() -> None:
    found = exposed()
    ups, generator = "node_id=ups_a,type=ups", "node_id=generator_a,type=generator"
    assert found["winter_river_node_power_watts", ups] == 412_300.0
    assert found["winter_river_node_soc_ratio", ups] == pytest.approx(0.995)
    assert found["winter_river_node_voltage_in_volts", ups] == 480.0
    assert found["winter_river_node_rotation_hertz", generator] == 30.0  # 1,800 turns a minute
    assert found["winter_river_node_energy_joules_total", generator] == 7_200_000.0  # 2 kWh
    assert found["winter_river_node_heap_free_bytes", ups] == 57_000
    assert found["winter_river_facility_pue", ""] == 1.4 and found["winter_river_facility_it_watts", ""] == 900_000.0
    assert (
        found["winter_river_engine_lag_seconds", ""] == 0.0025 and found["winter_river_engine_received_total", ""] == 12
    )


def test_a_trip_and_two_nodes_of_one_id_are_told() -> None:
    found = exposed(
        views={
            "ups_a": UPS | {"tripped": False},
            "pdu_a": {"type": "pdu", "tripped": True, "state": "TRIPPED", "status": "fault"},
        },
        presences={"ups_a": "online", "pdu_a": "online"},
        reports={},
        boot_returns={"ups_a": 4, "pdu_a": 0},
    )
    ups, pdu = "node_id=ups_a,type=ups", "node_id=pdu_a,type=pdu"
    assert found["winter_river_node_tripped", ups] == 0 and found["winter_river_node_tripped", pdu] == 1
    assert found["winter_river_node_boot_returns", ups] == 4 and found["winter_river_node_boot_returns", pdu] == 0


def test_the_service_tells_its_own_processor_memory_and_version() -> None:
    found = exposed(process=Process(2.5, 64_000_000, "1.2.3"))
    assert found["winter_river_process_cpu_seconds_total", ""] == 2.5
    assert found["winter_river_process_resident_bytes", ""] == 64_000_000
    assert found["winter_river_process_info", "version=1.2.3"] == 1


def test_state_is_a_label_and_numbers_of_the_envelope_are_no_metrics() -> None:
    found = exposed()
    assert found["winter_river_node_state", "node_id=ups_a,type=ups,state=NORMAL,status=ok"] == 1
    assert not [name for name, _ in found if "boot" in name or "made_up" in name]


def test_a_node_that_is_not_there_is_down_and_shows_no_old_value() -> None:
    found = exposed(presences={"ups_a": "offline", "generator_a": "online"})
    assert {name: value for (name, labels), value in found.items() if "ups_a" in labels} == {"winter_river_node_up": 0}


def test_the_store_and_its_sinks_tell_how_they_are() -> None:
    store = StoreHealth(
        rows=5, dropped={"queue full": 2}, disk_free_pct=25.0, sinks={"influx": SinkHealth(3, 4, 1, 2, "x")}
    )
    found = exposed(store=store)
    assert found["winter_river_store_rows_total", ""] == 5 and found["winter_river_store_disk_free_ratio", ""] == 0.25
    assert found["winter_river_store_dropped_total", "reason=queue full"] == 2
    assert (
        found["winter_river_sink_waiting", "sink=influx"] == 3
        and found["winter_river_sink_sent_total", "sink=influx"] == 4
    )


def test_alarms_are_told_by_state_and_one_by_one() -> None:
    rule = next(rule for rule in built_in() if rule.id == "utility_lost")
    moment = Moment(0.0, 0.0)
    alarm = Alarm(rule, "utility_a", moment, moment, state="acknowledged", active=True, priority="critical")
    found = exposed(alarms=[alarm])
    assert found["winter_river_alarms", "state=acknowledged"] == 1
    assert found["winter_river_alarms", "state=unacknowledged"] == 0
    labels = "rule=utility_lost,node_id=utility_a,priority=critical,state=acknowledged"
    assert found["winter_river_alarm", labels] == 1


def test_what_the_service_is_judged_by_is_told_in_base_units() -> None:
    found = exposed(gauges={"bus_connected": 1, "command_pending_s": 2.5, "certificate_days": {"node ups_a": 30}})
    assert found["winter_river_bus_connected", ""] == 1
    assert found["winter_river_command_pending_seconds", ""] == 2.5
    assert found["winter_river_certificate_left_seconds", "subject=node ups_a"] == 2_592_000
    assert not [name for name, _ in found if "audit" in name], "what nobody measures is not told"


def test_the_page_of_a_run_serves_them(page, browser, until) -> None:
    answer = browser.get("/metrics")
    assert answer.headers["content-type"] == CONTENT_TYPE
    found = values(answer.text)
    assert {
        labels.split(",")[0].removeprefix("node_id=") for name, labels in found if name == "winter_river_node_up"
    } == set(page.site.facility.nodes)
    assert found["winter_river_store_write_failures_total", ""] == 0

    def alike():
        exposed = values(browser.get("/metrics").text)["winter_river_alarms", "state=unacknowledged"]
        return exposed == browser.get("/api/v1/alarms").json()["count"]["unacknowledged"]

    until(alike, what="as many alarms as the list has")
