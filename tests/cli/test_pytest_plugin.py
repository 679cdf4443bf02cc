"""The fixtures that users get, used as a user uses them: in a project of their own."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]


def run(pytester: pytest.Pytester, text: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(text)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)


def test_marker_chooses_facility_calibration_and_seed(pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.mark.facility("seed-8", calibration="quick", seed=3)
        def test_marked(facility, simulation):
            assert (facility.name, facility.calibration, len(facility.nodes)) == ("seed-8", "quick", 8)
            assert simulation.facility is facility

        def test_plain(facility):
            assert facility.name == "block-2n-24"
    """
    run(pytester, text, "--strict-markers").assert_outcomes(passed=2)


def test_wrong_marker_says_what_it_takes(pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.mark.facility("seed-8", sede=3)
        def test_marked(facility):
            pass
    """
    result = run(pytester, text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*it takes name, calibration, seed*"])


def test_seed_is_shown_when_a_test_fails(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(simulation):\n    assert False\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*simulation of block-2n-24, seed 1*"])


def test_clock_moves_only_when_told(pytester: pytest.Pytester) -> None:
    text = """
        def test_clock(clock):
            clock.advance(3.0)
            assert clock.now_s() == 3.0
    """
    run(pytester, text).assert_outcomes(passed=1)


def test_virtual_node_runs_the_firmware_and_has_a_screen(pytester: pytest.Pytester) -> None:
    text = """
        def test_screen(virtual_node, oled):
            node = virtual_node("ups_a")
            for now_ms in range(0, 3000, 100):
                node.step(now_ms)
            assert "ups_a" in oled("ups_a").text()

        def test_unknown(oled):
            try:
                oled("ups_a")
            except ValueError as error:
                assert "none yet" in str(error)
            else:
                raise AssertionError
    """
    run(pytester, text).assert_outcomes(passed=2)


def test_plugin_costs_other_tests_nothing() -> None:
    program = "import sys, winter_river.pytest_plugin as plugin; print(sorted(n for n in sys.modules if n.startswith('winter')))"
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "['winter_river', 'winter_river.pytest_plugin']"
