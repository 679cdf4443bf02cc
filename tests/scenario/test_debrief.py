"""The debrief is one page that needs nothing but itself and runs nothing; the other reports say the same."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from winter_river import Simulation, load_facility
from winter_river.scenario import IdleTrainee, PerfectTrainee, Result, load_scenario, parse_scenario, run_scenario
from winter_river.scenario.debrief import debrief_html
from winter_river.scenario.reports import junit_xml, result_fields, summary_fields

EVIL = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Page(HTMLParser):
    """Counts tags and gathers attributes; a page that is not well nested shows in `open`."""

    VOID = ("meta", "br", "img", "link", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def done() -> dict[str, Result]:
    scenario = load_scenario("cascade")
    site = load_facility(scenario.facility)
    return {
        name: run_scenario(scenario, Simulation(site, seed=scenario.seed), trainee=trainee)
        for name, trainee in (("perfect", PerfectTrainee()), ("idle", IdleTrainee()))
    }


@pytest.mark.parametrize("who", ["perfect", "idle"])
def test_the_page_is_well_nested_and_needs_nothing_but_itself(who: str, done) -> None:
    text = debrief_html(done[who])
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert not [value for name, value in page.attributes if name in ("src", "href", "onload", "onclick")]
    assert not re.search(r"url\(|@import|https?:", text)
    assert "default-src 'none'" in text


def test_the_page_tells_the_verdict_the_points_and_what_was_missed(done) -> None:
    page = Page(debrief_html(done["idle"])).text
    for words in (
        "not passed",
        "0 of 12 points",
        "8.4 to pass",
        "Side B is lost too.",
        "What to look at again",
        "missed",
    ):
        assert words in page
    page = Page(debrief_html(done["perfect"])).text
    assert "12 of 12 points" in page
    assert "What to look at again" not in page


def test_every_text_is_escaped(toy) -> None:
    evil = json.dumps(EVIL)
    scenario = parse_scenario(
        f"""scenario: {evil}
title: {evil}
about: {evil}
facility: seed-8
until: 5s
steps:
  - {{at: 0s, say: {evil}}}
  - {{at: 0s, id: {evil}, predict: {{ask: {evil}, choices: [{evil}, b], answer: {evil}, because: {evil}}}}}
  - {{at: 1s, expect: {{node: srv_a, state: FAULT}}}}
critical_tasks:
  - {{id: {evil}, title: {evil}, do: [{{tag: srv_a}}], points: 1, because: {evil}}}
out_of_bounds:
  - {{when: srv_a.state = OFF, why: {evil}, stop: false, points: 1}}
"""
    )
    result = run_scenario(dataclasses.replace(scenario, title=EVIL), toy)
    result = dataclasses.replace(result, trainee=EVIL, stopped=EVIL)
    page = Page(debrief_html(result))
    assert "script" not in page.tags and "img" not in page.tags
    assert page.open == []
    assert page.text.count("<script>alert(1)</script>") > 8
    assert ElementTree.fromstring(junit_xml(result).encode()).tag == "testsuites"


def test_the_diagram_of_the_worst_instant_stands_where_there_is_a_painter(done) -> None:
    seen = []
    text = debrief_html(done["idle"], diagram=lambda instant: seen.append(instant) or "<svg id='one-line'></svg>")
    assert "<svg id='one-line'></svg>" in text
    (instant,) = seen
    # Side A is dark from 110 s on; the worst is when side B goes dark too, 122 s after 120 s.
    assert instant.t_s == pytest.approx(242, abs=1.5)
    assert {view["power_kw"] for node_id, view in instant.views.items() if "rack" in node_id} == {0.0}


def test_junit_has_a_case_for_each_step_task_question_and_the_score(done) -> None:
    """8 steps and the steady state, 1 task, 1 question, the score; of the idle one also the bounds."""
    (suite,) = ElementTree.fromstring(junit_xml(done["perfect"]).encode())
    assert (suite.get("tests"), suite.get("failures")) == ("12", "0")
    (suite,) = ElementTree.fromstring(junit_xml(done["idle"]).encode())
    # Failed: the step that was never reached, the task, the question, the bounds, the score.
    assert (suite.get("tests"), suite.get("failures")) == ("13", "5")
    assert len(suite.findall("testcase/failure")) == 5


def test_the_json_is_whole_and_plain(done) -> None:
    fields = json.loads(json.dumps(result_fields(done["idle"]), allow_nan=False))
    assert (fields["scenario"], fields["passed"], fields["points"], fields["points_max"]) == ("cascade", False, 0, 12)
    assert fields["worst"]["nodes"]["server_rack_b1"]["power_kw"] == 0
    lengths = {len(values) for values in fields["series"]["values"].values()} | {len(fields["series"]["t_s"])}
    assert len(lengths) == 1
    assert set(summary_fields(done["idle"])) <= set(fields)


def test_a_long_exercise_stays_a_page(toy) -> None:
    """Three hours: the curves are thinned, the page stays below half a megabyte."""
    scenario = parse_scenario("scenario: long\nfacility: seed-8\nsteps: [{at: 3h, say: bye}]\n")
    result = run_scenario(scenario, toy)
    assert len(result.series.t_s) <= 1800
    assert result.series.t_s[-1] > 10_700
    assert len(debrief_html(result)) < 500_000
