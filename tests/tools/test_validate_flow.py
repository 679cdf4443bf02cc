"""The check of reference cases: what it prints of each, and when it ends with 1."""

import json

import pytest
import validate_flow

CABLE = {"t": "line", "a": 0, "b": 1, "r": 0.02, "x": 0.04}
# The closed form of this case, from the reference file V01: conj(v) = |v|^2 + z conj(S).
CASE = {
    "name": "two",
    "network": {"vn": [480, 480], "edges": [CABLE], "loads": [{"n": 1, "p": 2e5, "q": 4e4, "m": "P"}], "sources": [0]},
    "v_pu": [[1.0, 0.0], [0.974044177208, -0.03125]],
}


@pytest.fixture
def folder(tmp_path):
    def make(**cases):
        for name, text in cases.items():
            (tmp_path / f"{name}.json").write_text(text if isinstance(text, str) else json.dumps(text))
        return str(tmp_path)

    return make


def test_the_reference_cases_of_this_checkout_pass(checkout, capsys):
    assert validate_flow.main([str(checkout / "tests/engine/data")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("V0")]) == 5
    assert lines[-1] == "5 cases, all within 1e-08 pu"


def test_one_line_a_case_with_its_method_and_difference(folder, capsys):
    assert validate_flow.main([folder(a=CASE)]) == 0
    name, buses, _, dead, _, method, difference, *rest = capsys.readouterr().out.split("\n")[0].split()
    assert (name, buses, dead, method) == ("a", "2", "0", "sweep")
    assert float(difference) < 1e-11
    assert rest == ["pu", "at", "bus", "1"]


def test_a_difference_above_1e_8_pu_fails_and_says_where(folder, capsys):
    off = {**CASE, "v_pu": [[1.0, 0.0], [0.974044197208, -0.03125]]}  # 2e-8 pu off
    assert validate_flow.main([folder(a=off, b=CASE)]) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.endswith("pu at bus 1  FAILED")
    assert not second.endswith("FAILED")
    assert last == "2 cases, 1 failed"


def test_losses_that_are_off_fail_and_say_by_how_much(folder, capsys):
    # By hand, three-phase: |S|^2 / V^2 R, 203.96 kVA at 0.974545 of 480 V through 0.02 ohm.
    loss_w = 0.02 * (abs(2e5 + 4e4j) / (480 * 0.97454534099346)) ** 2
    assert validate_flow.main([folder(a={**CASE, "total_loss_W": loss_w})]) == 0
    assert validate_flow.main([folder(a={**CASE, "total_loss_W": loss_w + 0.1})]) == 1
    assert "losses 1.0e-01 W  FAILED" in capsys.readouterr().out
    assert validate_flow.main([folder(a={**CASE, "total_loss_W": "low"})]) == 1
    assert "total_loss_W" in capsys.readouterr().out


def test_a_case_with_no_load_at_all_may_lose_what_magnetises(folder):
    trafo = {"t": "trafo", "a": 0, "b": 1, "sn": 1e6, "uk": 0.05, "pk": 1e4, "i0": 0.01, "p0": 2000.0}
    network = {"vn": [34500, 480], "edges": [trafo], "loads": [], "sources": [0]}
    solution = validate_flow.solve(validate_flow.read_case(json.dumps({"network": network, "v_min_pu": 1.0})).network)
    assert solution.loss_w == pytest.approx(2000.0, rel=1e-3)  # by hand: p0, at all but the whole voltage
    case = {"network": network, "v_min_pu": min(map(abs, solution.v_pu)), "total_loss_W": solution.loss_w * (1 + 1e-12)}
    assert validate_flow.main([folder(a=case)]) == 0
    assert validate_flow.main([folder(a={**case, "total_loss_W": solution.loss_w * 1.001})]) == 1


def test_a_bus_that_should_be_dead_and_is_not_fails(folder):
    assert validate_flow.main([folder(a={**CASE, "v_pu": [[1.0, 0.0], None]})]) == 1


def test_a_case_that_cannot_be_read_fails_with_place_and_cure_and_the_rest_goes_on(folder, capsys):
    assert validate_flow.main([folder(a="{", b={**CASE, "network": {}}, c=CASE)]) == 1
    first, second, third, _ = capsys.readouterr().out.splitlines()
    assert "UNREADABLE" in first
    assert "cure: " in first
    assert "network.vn is null; a list" in second
    assert "sweep" in third


def test_a_case_without_solution_fails_and_names_node_and_load(folder, capsys):
    heavy = json.loads(json.dumps(CASE))
    heavy["network"]["loads"][0]["p"] = 1e7
    assert validate_flow.main([folder(a=heavy)]) == 1
    assert "% of the loads can be carried; bus 1 is then at" in capsys.readouterr().out


def test_an_empty_folder_fails(folder, capsys):
    assert validate_flow.main([folder()]) == 1
    assert "no case there" in capsys.readouterr().out


def test_without_a_folder_it_says_how_it_is_used(capsys):
    assert validate_flow.main([]) == 2
    assert capsys.readouterr().out.startswith("usage:")
