"""Every single and double loss, held to results worked by hand from the table of the training facility."""

import pytest
from winter_river import engine, load_facility
from winter_river.engine import Device
from winter_river.study.contingency import combinations, runner, together, worst_first
from winter_river.study.contingency_tables import findings, single_points

RACKS_A = tuple(f"server_rack_a{k}" for k in range(1, 5))
RACKS_B = tuple(f"server_rack_b{k}" for k in range(1, 5))


def mirrored(name):
    """The same node on the other side."""
    return name.replace("_a", "_#").replace("_b", "_a").replace("_#", "_b")


def spells(outcome, only=""):
    return [(o.load, o.dead_s, o.back_s) for o in outcome.outages if o.load.startswith(only)]


def test_utility_a_alone_kills_no_rack_and_stops_the_cooling_until_the_generator_carries_it(losses):
    outcome = losses("block-2n-24", 1)["utility_a",]
    # NFPA 110 Type 10: live load terminals ten seconds after the loss.
    assert spells(outcome) == [("cooling_a", 0.0, pytest.approx(10.0))]
    # Then only fuel is used up: 800 gal at 31.5 to 33.6 gal/h (75 to 80 %) last about 25 h.
    assert 24 * 3600 < outcome.next_s < 27 * 3600


def test_utility_a_and_generator_a_take_side_a_s_racks_when_the_battery_is_empty(losses):
    outcome = losses("block-2n-24", 2)["utility_a", "generator_a"]
    # 10.96 kWh at 394.7 kW: 99.97 s.
    dead_s = 10.96 / 394.7 * 3600
    assert spells(outcome, "server") == [(rack, pytest.approx(dead_s, abs=0.2), None) for rack in RACKS_A]
    # Four rows of 96 kW from then to the end of eight hours.
    assert outcome.it_kwh == pytest.approx(4 * 96 * (8 - dead_s / 3600), rel=1e-3)


def test_ups_a_takes_side_a_s_racks_at_once_and_for_good(losses):
    outcome = losses("block-2n-24", 1)["ups_a",]
    assert spells(outcome) == [(rack, 0.0, None) for rack in RACKS_A]
    assert outcome.it_kwh == pytest.approx(4 * 96 * 8, rel=1e-3)
    assert (outcome.side, outcome.next_s) == ("A", None)


def test_seed_8_survives_its_utility_and_its_generator_but_not_both(losses):
    one, two = losses("seed-8", 1), losses("seed-8", 2)
    assert one["util_a",].outages == one["gen_a",].outages == ()
    # 1.14 kWh at 41.1 kW: 99.85 s.
    assert spells(two["util_a", "gen_a"]) == [("srv_a", pytest.approx(1.14 / 41.1 * 3600, abs=0.2), None)]


def test_nothing_on_one_side_touches_the_other(losses):
    for lost, outcome in {**losses("block-2n-24", 1), **losses("block-2n-24", 2)}.items():
        for side, others in (("_a", RACKS_B + ("cooling_b",)), ("_b", RACKS_A + ("cooling_a",))):
            if all(f"{side}" in node for node in lost):
                assert not set(outcome.loads) & set(others), lost


def test_two_like_sides_have_like_outcomes_to_the_bit(losses):
    for order in (1, 2):
        found = losses("block-2n-24", order)
        for lost, outcome in found.items():
            other = found.get(tuple(map(mirrored, lost))) or found[tuple(map(mirrored, lost[::-1]))]
            moved = [(mirrored(load), dead_s, back_s) for load, dead_s, back_s in spells(outcome)]
            assert sorted(moved, key=str) == sorted(spells(other), key=str), lost


def test_a_pair_across_the_sides_is_its_two_single_losses_and_nothing_more(losses):
    one, two = losses("block-2n-24", 1), losses("block-2n-24", 2)
    for (first, second), outcome in two.items():
        if first.replace("_a", "_b") != first and "_b" in second and "_a" not in second:
            assert sorted(spells(outcome)) == sorted(spells(one[first,]) + spells(one[second,])), (first, second)


def test_parts_run_by_themselves_do_what_they_do_in_the_whole_site(losses):
    """The study runs the two sides apart; here the engine runs them together, one second at a time."""
    plan = load_facility("block-2n-24").plan()
    for lost in (("utility_a", "ups_b"), ("utility_b", "generator_a"), ("lv_switchgear_a", "mv_switchgear_b")):
        world = engine.new_world(plan)
        for node_id in lost:
            fault = "outage" if "utility" in node_id else "fault"
            engine.apply(plan, world, node_id, {"fault": fault}, present=True)
        died = {}
        for second in range(200):
            for event in engine.step(plan, world, 0.0 if second == 0 else 1.0):
                if event.event == "state" and event.to in ("FAULT", "OFF") and event.node_id not in lost:
                    died.setdefault(event.node_id, event.t_s)
        outcome = losses("block-2n-24", 2)[tuple(sorted(lost, key=lambda name: name[-1]))]
        loads = {load: dead_s for load, dead_s, _ in spells(outcome)}
        # The study counts from the loss of supply; the state follows when the supplies of a server give up.
        assert {load: died.get(load) for load in loads} == pytest.approx(loads, abs=0.021), lost


def test_worst_come_first_and_ties_keep_the_order_of_the_facility(losses):
    found = losses("block-2n-24", 1)
    order = [outcome.lost[0] for outcome in worst_first(list(found.values()))]
    assert order[:4] == ["ups_a", "ups_b", "lv_switchgear_a", "lv_switchgear_b"]
    # A hall without cooling shuts its racks down two minutes later.
    assert order[4:6] == ["cooling_a", "cooling_b"]
    assert order[6:14] == [*RACKS_A, *RACKS_B]
    assert order[-2:] == ["generator_a", "generator_b"]


def test_only_pairs_of_a_generator_and_what_it_stands_in_for_kill_what_neither_kills_alone(losses):
    one, two = losses("block-2n-24", 1), losses("block-2n-24", 2)
    path = ("utility", "hv_mv_transformer", "mv_switchgear", "mv_lv_transformer")
    wanted = {(f"{device}_{side}", f"generator_{side}") for device in path for side in "ab"}
    assert {lost for lost, outcome in two.items() if together(list(one.values()), outcome)} == wanted


def test_common_causes_are_the_devices_that_several_racks_hang_on(losses):
    one = losses("block-2n-24", 1)
    types = {lost[0]: "server" if "rack" in lost[0] else "cooling" if "cool" in lost[0] else "" for lost in one}
    found = findings(list(one.values()), [], types)
    assert single_points(found, types) == (
        ("ups_a", RACKS_A),
        ("ups_b", RACKS_B),
        ("lv_switchgear_a", RACKS_A),
        ("lv_switchgear_b", RACKS_B),
        ("cooling_a", RACKS_A),
        ("cooling_b", RACKS_B),
    )


def test_a_loss_is_followed_to_the_horizon_only(losses):
    outcome = losses("block-2n-24", 2, horizon_s=50.0)["utility_a", "generator_a"]
    assert spells(outcome, "server") == []
    # The cooling is dark all of it; the battery is what comes next.
    assert [o.down_s for o in outcome.outages] == [50.0]
    assert outcome.next_s > 50.0


def test_longer_batteries_of_the_realistic_calibration_are_no_use_without_cooling(losses):
    outcome = losses("block-2n-24", 2, calibration="realistic")["utility_a", "generator_a"]
    # 65.8 kWh at 394.7 kW are ten minutes; 6 kW a cabinet shut down after -110 s x ln(1 - 21.0 K / (6 x 5.12 K)).
    assert outcome.outages[-1].dead_s == pytest.approx(126.6, rel=0.005)


def test_sides_of_a_dual_cord_rack_are_both(losses):
    utility, board = {"voltage_v": 480.0}, {"rated_a": 200.0}
    devices = (
        Device("utility_1", "utility", (), utility),
        Device("utility_2", "utility", (), utility),
        Device("board_1", "distribution", ("utility_1",), board),
        Device("board_2", "distribution", ("utility_2",), board),
        Device("rack", "server", ("board_1", "board_2"), {"load_kw": 40.0, "load_kw_max": 40.0, "rated_a": 100.0}),
    )
    run = runner(devices, "training")
    found = {outcome.lost: outcome for outcome in run([*combinations(devices, 1), *combinations(devices, 2)])}
    assert found["rack",].side == "A+B"
    assert found["utility_1",].outages == found["board_2",].outages == ()
    assert found["utility_1", "board_2"].loads == ("rack",)
    assert found["utility_1", "board_1"].outages == ()


def test_more_losses_than_devices_are_refused():
    device = Device("utility", "utility", (), {"voltage_v": 480.0})
    with pytest.raises(ValueError, match="2 losses at once; the site has 1 devices"):
        combinations((device,), 2)


@pytest.mark.timeout(900)  # it may compile: see test_compiled.py
def test_compiled_worlds_give_the_same_outcomes():
    pytest.importorskip("numba", reason="the extra `fast` is not installed")
    devices = load_facility("block-2n-24").devices()
    lost = combinations(devices, 2)[::7]
    assert runner(devices, "training", compiled=True)(lost) == runner(devices, "training")(lost)
