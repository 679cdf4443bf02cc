"""The two edges: what a node may say, and what the engine says back."""

import pytest
from winter_river.engine import apply, balance, step, view
from winter_wire import codec, schema


@pytest.mark.parametrize(
    ("node_id", "fields", "message"),
    [
        ("nobody", {}, "'nobody' is no node"),
        ("ups_a", {"handle": "closed"}, "ups_a.handle is 'closed'; one of online, bypass, off"),
        ("ups_a", {"handle": 1}, "ups_a.handle is 1"),
        ("utility_a", {"fault": "flood"}, "utility_a.fault: 'flood' is none of outage sag swell fault"),
        ("utility_a", {"fault": "sag=9"}, "severity of sag is '9'; from 0 to 1"),
        ("utility_a", {"fault": "sag=much"}, "severity of sag is 'much'"),
        ("utility_a", {"fault": "sag=nan"}, "severity of sag is 'nan'"),
        ("utility_a", {"fault": 3}, "utility_a.fault: '3' is none of"),
        ("server_rack_a1", {"load_set_kw": -1}, "load_set_kw is -1"),
        ("server_rack_a1", {"load_set_kw": True}, "load_set_kw is True"),
        ("server_rack_a1", {"load_set_kw": float("nan")}, "load_set_kw is nan"),
        ("cooling_a", {"fans_running": "many"}, "fans_running is 'many'"),
        ("lv_switchgear_a", {"source_set": "third"}, "source_set is 'third'; one of auto, first, second"),
        ("generator_a", {"fuel_set_pct": 101}, "fuel_set_pct is 101"),
        ("ups_a", {"resets": 1e99}, "resets is 1e+99"),
    ],
)
def test_a_word_or_number_a_node_cannot_have_is_refused_whole(story, node_id, fields, message):
    told = story()
    before = told.hash()
    with pytest.raises(ValueError) as info:
        apply(told.plan, told.world, node_id, {"fault": "", **fields}, present=False)
    assert message in str(info.value)
    assert told.hash() == before
    assert step(told.plan, told.world, 0.0) == []


def test_other_fields_of_a_status_are_not_the_engines(story):
    told = story()
    told.tell("ups_a", voltage_in=3.0, state="FAULT", soc_pct=1.0, uptime=5, mode="local")
    assert told.step(0.0) == []
    assert told.state("ups_a") == "NORMAL"


def test_the_default_severity_is_the_schemas(story):
    told = story()
    told.tell("utility_a", fault="sag")
    told.step(0.0)
    assert told.number("utility_a", "voltage_out") == pytest.approx(0.7 * 230_000, rel=0.001)


def test_a_node_that_starts_counting_resets_again_clears_nothing(story):
    told = story()
    told.tell("server_rack_a1", resets=5, load_set_kw=192.0)
    told.run(300)
    told.tell("server_rack_a1", resets=0)
    told.run(1)
    assert told.view("server_rack_a1")["tripped"] is True
    told.tell("server_rack_a1", resets=1, load_set_kw=96.0)
    told.run(1)
    assert told.view("server_rack_a1")["tripped"] is False


def test_events_of_inputs_say_what_was_asked(story):
    told = story()
    told.tell("utility_a", fault="sag=0.5,outage")
    told.tell("generator_a", handle="run", present=True)
    told.tell("cooling_a", present=False)
    told.step(0.0)
    said = [(e.node_id, e.event, e.from_, e.to, e.cause) for e in told.events if e.event != "state"]
    assert said[:3] == [
        ("utility_a", "fault", "", "outage,sag", 0),
        ("generator_a", "handle", "auto", "run", 0),
        ("cooling_a", "presence", "present", "absent", 0),
    ]


@pytest.mark.parametrize("calibration", ["training", "quick", "realistic"])
def test_every_view_fits_the_contract_all_through_a_story(story, calibration):
    told = story(calibration=calibration)
    told.tell("utility_a", fault="outage")
    told.tell("ups_b", handle="bypass")
    for _ in range(40):
        told.run(1)
        for device in told.plan.devices:
            row = told.view(device.id)
            known = schema.fields("view", device.type)
            assert set(row) <= set(known)
            assert row["state"] in [word for word, _ in schema.TYPES[device.type][schema.STATES]]
            envelope = {"v": 1, "node_id": device.id, "timeline": 0, "t_s": told.world.t_s}
            codec.encode("view", {**envelope, **row}, device.type)


def test_what_a_device_passes_on_is_what_goes_into_those_it_feeds(story):
    told = story()
    told.tell("utility_b", fault="outage")
    for _ in range(30):
        told.run(1)
        for device in told.plan.devices:
            row = told.view(device.id)
            if device.type not in ("utility", "generator"):
                # In + battery = out + loss, at every device.
                given = row["power_in_kw"] + row["battery_kw"]
                assert given == pytest.approx(row["power_kw"] + row["loss_kw"], abs=1e-6)
            fed = [
                d.id for d in told.plan.devices if told.plan.nodes[told.plan.index[d.id]].feed_1 == n_of(told, device)
            ]
            fed = [other for other in fed if told.number(other, "power_in_kw") > 0]
            if device.type != "server" and fed and told.state("lv_switchgear_b") != "GENERATOR":
                total = sum(told.number(other, "power_in_kw") for other in fed)
                assert row["power_kw"] == pytest.approx(total, abs=1e-6)


def n_of(told, device):
    return told.plan.index[device.id]


def test_a_view_of_an_unknown_node_is_a_key_error(story):
    told = story()
    with pytest.raises(KeyError):
        view(told.plan, told.world, "nobody")


@pytest.mark.parametrize("dt_s", [-1.0, float("inf"), float("nan")])
def test_a_step_takes_a_finite_time_forward(story, dt_s):
    told = story()
    with pytest.raises(ValueError, match="dt_s"):
        step(told.plan, told.world, dt_s)


def test_next_change_says_when_something_happens_by_itself(story):
    from winter_river.engine import next_change_s

    told = story()
    assert next_change_s(told.plan, told.world) == float("inf")
    told.tell("utility_a", fault="outage")
    assert next_change_s(told.plan, told.world) == 0.0
    told.step(0.25)
    assert next_change_s(told.plan, told.world) == pytest.approx(0.75)  # the source counts as lost after 1 s


def test_share_served_is_the_energy_the_racks_got_of_what_they_were_set_to_draw(story):
    """Eight racks of 96 kW; one is dark for half an hour, then for an hour set to half. By hand:
    (384 + 336) / 768 kWh = 93.75 %, then (720 + 672) / (768 + 672 + 48) kWh = 93.548 %."""
    told = story(dt_s=60.0)

    def served_pct():
        return balance(told.plan, told.world).get("served_pct")

    assert served_pct() is None
    told.run(1800.0)
    assert served_pct() == 100.0
    told.tell("server_rack_a1", handle="off")
    told.run(1800.0)
    assert served_pct() == pytest.approx(93.75, abs=1e-9)
    then = told.save()
    told.tell("server_rack_a1", handle="off", load_set_kw=48.0)
    told.run(3600.0)
    assert served_pct() == pytest.approx(93.548, abs=5e-4)
    told.go_back(then)
    assert served_pct() == pytest.approx(93.75, abs=1e-9)
