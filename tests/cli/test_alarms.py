"""`winter-river alarms` and the check of rules, without a run."""

import json

GOOD = "rules: mine\nalarms:\n  - {id: rack_hot, types: server, when: inlet_c > 27, hold: 30s, priority: low}\n"
BAD = "rules: mine\nalarms:\n  - {id: rack_hot, types: server, when: inlet_c > warm, priority: urgent}\n"


def test_without_a_run_alarms_say_how_to_start_one(winter_river, tmp_path, monkeypatch):
    monkeypatch.setenv("WINTER_RIVER_DATA_DIR", str(tmp_path))
    ended = winter_river("alarms")
    assert ended.code == 1
    assert "start one with `winter-river run`" in ended.err


def test_rules_are_listed_with_their_thresholds_and_a_files_own_among_them(winter_river, tmp_path):
    (tmp_path / "own.yaml").write_text(GOOD)
    rows = {row["rule"]: row for row in json.loads(winter_river(f"alarms rules {tmp_path / 'own.yaml'} --json").out)}
    assert (rows["low_battery"]["when"], rows["low_battery"]["until"]) == ("soc_pct < 20", "soc_pct > 25")
    assert (rows["rack_hot"]["when"], rows["rack_hot"]["hold"], rows["rack_hot"]["of"]) == (
        "inlet_c > 27",
        "30 s",
        "server",
    )


def test_check_tells_every_fault_of_rules_and_that_there_is_none(winter_river, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(BAD)
    ended = winter_river(f"check {own}")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        f"{own}:3:41: when: inlet_c is a number, not `warm`",
        f"{own}:3:67: unknown priority `urgent` (known: critical, high, medium, low)",
    ]
    own.write_text(GOOD)
    assert "mine: 1 rules of its own" in winter_river(f"check {own}").out
