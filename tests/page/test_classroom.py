"""The instructor's seat with a trainee in front of it: exams, links, lock-out tags, alarms, what-ifs, saved runs."""

import ast

import pytest
from winter_river.scenario import parse_scenario

from .conftest import run_by_name

ROW = "server_rack_a1"


@pytest.fixture
def site(serve):
    served = serve()
    served.reset()
    yield served
    served.reset()


@pytest.fixture
def instructor(site, read):
    opened = read(site.url)
    opened.is_live()
    opened.page.wait_for_selector("#node-ups_a")
    return opened


@pytest.fixture
def link_for(instructor):
    """Makes a link on the page, as the instructor does; gives its address."""

    def make(name, role="Trainee"):
        page = instructor.page
        run_by_name(page, "Links")
        page.get_by_placeholder("a name, or nothing").fill(name)
        page.get_by_role("button", name=role, exact=True).click()
        address = page.get_by_label(f"Link for {name}").input_value()
        page.keyboard.press("Escape")
        page.wait_for_selector(".sheet", state="detached")
        return address

    return make


@pytest.fixture
def trainee(read, link_for):
    """Ada, in a browser of her own."""
    opened = read(link_for("Ada"))
    opened.is_live()
    opened.page.wait_for_selector("#node-ups_a")
    return opened


def start(reader, scenario):
    reader.page.get_by_label("Scenario").select_option(scenario)
    reader.page.get_by_role("button", name="Start", exact=True).click()
    # Not for .exercise: the one that ended last is shown until the next has begun, and what is done before is not its.
    reader.page.locator("button:enabled", has_text="End with debrief").wait_for()


def asked_past_the_page(reader, path, body):
    """The status of a request that this browser makes with its own cookie."""
    asked = """([path, body]) => fetch(path, {
      method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"}
    }).then((answer) => answer.status)"""
    reader.expects("403")
    return reader.page.evaluate(asked, [f"/api/v1{path}", body])


def test_an_exam_takes_freeze_and_the_way_back_from_everybody(site, instructor):
    page = instructor.page
    page.get_by_label("Scenario").select_option("utility-a-lost")
    run_by_name(page, "Start for a trainee")
    page.get_by_label("Trainee's name").fill("Ada")
    page.get_by_label("As an exam").check()
    page.locator("dialog").get_by_role("button", name="Start").click()
    page.locator(".exercise", has_text="Exam · Ada").wait_for()
    controls = page.get_by_role("toolbar", name="Instructor")
    instructor.until(
        lambda: [text.strip() for text in controls.locator("button").all_inner_texts()] == ["Start", "End with debrief"]
    )
    assert page.get_by_role("button", name="Hint").count() == 0

    timeline = site.ask("/state")[1]["clock"]["timeline"]
    page.locator("#node-utility_b").focus()
    for key in ("b", "."):
        page.keyboard.press(key)
    page.keyboard.press("m")
    page.get_by_label("Find a command").fill("")
    offered = page.locator(".palette li").all_inner_texts()
    assert offered
    assert not [words for words in offered if words.startswith(("Step", "Initial"))]
    page.keyboard.press("Escape")
    assert asked_past_the_page(instructor, "/clock", {"action": "freeze"}) == 403
    assert asked_past_the_page(instructor, "/clock", {"action": "back", "value": 5}) == 403
    now = site.ask("/state")[1]["clock"]
    assert (now["frozen"], now["timeline"]) == (False, timeline)

    with instructor.context.expect_page():
        page.get_by_role("button", name="End with debrief").click()
    page.get_by_role("button", name="Freeze").wait_for()


def test_a_link_made_on_the_page_lets_a_trainee_operate_the_controls_and_nothing_else(site, instructor, trainee):
    page = trainee.page
    assert "k=" not in page.url
    assert page.get_by_role("toolbar", name="Instructor").count() == 0
    page.locator(f"#node-{ROW}").click()
    page.get_by_text("Nothing of it is yours to operate.").wait_for()  # before an exercise begins
    start(instructor, "breaker-open-and-trip")
    page.locator(".device").get_by_role("button", name="Open", exact=True).click()
    trainee.until(lambda: site.service.site.view(ROW)["state"] == "OFF", what="her own control moves")

    page.locator("#node-ups_a").click()
    page.locator(".device h2", has_text="UPS A").wait_for()
    assert page.locator(".device .operate").count() == 0
    assert page.get_by_role("button", name="Break it").count() == 0
    reset = {"command": "reset", "params": {}}
    assert asked_past_the_page(trainee, "/nodes/ups_a/command", reset) == 403
    assert asked_past_the_page(trainee, "/clock", {"action": "freeze"}) == 403
    assert asked_past_the_page(trainee, "/exercise/end", {}) == 403
    assert asked_past_the_page(trainee, "/links", {"role": "admin", "name": "Ada"}) == 403


def test_a_link_that_is_taken_back_opens_nothing(instructor, link_for, read):
    address = link_for("Bob", "Operator")
    run_by_name(instructor.page, "Links")
    instructor.page.locator(".picks li", has_text="Bob").get_by_role("button", name="Take back").click()
    instructor.page.locator(".picks li", has_text="Bob").wait_for(state="detached")
    late = read(address)
    assert late.page.locator(".controls, #node-ups_a").count() == 0
    late.expects("401")


def test_nobody_operates_what_is_locked_out_until_its_owner_takes_the_tag_off(site, instructor, trainee):
    start(instructor, "breaker-open-and-trip")
    page = trainee.page
    page.locator("#node-server_rack_a3").click()
    page.get_by_label("Text on the tag").fill("<b>hands</b> inside")
    page.get_by_role("button", name="Tag out").click()
    instructor.page.locator("#node-server_rack_a3").click()
    instructor.page.locator(".tag", has_text="Locked out by Ada: <b>hands</b> inside").wait_for()

    instructor.page.locator(".device").get_by_role("button", name="Open", exact=True).click()
    instructor.page.locator(".notice.bad", has_text="locked out by Ada").wait_for()
    instructor.page.get_by_role("button", name="Take off").click()
    instructor.page.locator(".notice.bad", has_not_text="locked out by").wait_for()
    instructor.expects("403")
    instructor.expects("409")
    assert site.service.site.view("server_rack_a3")["power_kw"] > 90

    page.get_by_role("button", name="Take off").click()
    instructor.page.locator(".tag").wait_for(state="detached")
    instructor.page.locator(".device").get_by_role("button", name="Open", exact=True).click()
    instructor.until(lambda: site.service.site.view("server_rack_a3")["state"] == "OFF")


def test_alarms_are_acknowledged_one_by_one_and_all_at_once(site, instructor):
    page = instructor.page
    start(instructor, "breaker-open-and-trip")
    alarms = page.locator(".alarms .row")
    for number, node_id in enumerate(("utility_a", "utility_b", "generator_b"), 1):
        site.ask(f"/nodes/{node_id}/command", {"command": "set_fault", "params": {"state": True}})
        instructor.until(lambda number=number: alarms.count() == number, what=f"the alarm of {node_id}")
    alarms.filter(has_text="utility_a").get_by_role("button", name="Acknowledge").click()
    instructor.until(lambda: alarms.count() == 2)
    assert alarms.filter(has_text="utility_a").count() == 0
    page.get_by_role("button", name="Acknowledge all 2").click()
    instructor.until(lambda: alarms.count() == 0)


# How many points right of the middle of the first chart have the colour of a line.
GHOST_POINTS = """() => {
  const canvas = document.querySelector(".chart canvas");
  if (!canvas) return -1;
  const probe = document.createElement("i");
  document.body.append(probe);
  const lines = ["--trend-0", "--trend-1"].map((name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color.match(/[0-9]+/g).map(Number);
  });
  probe.remove();
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(width / 2, 0, width / 2, height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (lines.some((line) => line.every((part, k) => Math.abs(data[at + k] - part) < 30))) found += 1;
  }
  return found;
}"""


def test_the_what_if_form_draws_a_ghost_line_of_what_has_not_happened(site, instructor):
    page = instructor.page
    page.keyboard.press("w")
    page.locator("dialog").get_by_label("Device").select_option("utility_a")
    page.locator("dialog").get_by_label("What happens").select_option("malfunction: outage")
    page.get_by_role("button", name="Run ahead").click()
    page.locator(".banner.ghost", has_text="utility_a malfunction: outage").wait_for()
    assert "cooling_a Normal → Off" in page.locator(".ahead").inner_text()
    page.wait_for_selector(".chart canvas")
    instructor.until(lambda: page.evaluate(GHOST_POINTS) > 50, what="a dashed line in the ten minutes ahead")
    assert site.service.site.view("utility_a")["state"] == "GRID_OK"
    page.get_by_role("button", name="Forget it").click()
    page.wait_for_selector(".banner.ghost", state="detached")
    instructor.until(lambda: page.evaluate(GHOST_POINTS) == 0, what="no line ahead any more")


def test_a_run_is_saved_as_a_scenario_and_as_a_test_with_what_was_clicked(site, instructor):
    page = instructor.page
    page.locator(f"#node-{ROW}").click()
    page.locator(".device").get_by_role("button", name="Open", exact=True).click()
    instructor.until(lambda: site.service.site.view(ROW)["state"] == "OFF")
    texts = {}
    for kind in ("scenario", "pytest"):
        with page.expect_download() as saved:
            run_by_name(page, f"Save this run as a {kind}")
        texts[kind] = saved.value.path().read_text()
    scenario = parse_scenario(texts["scenario"])
    assert (ROW, "open") in [
        (step.action.node_id, step.action.verb) for step in scenario.steps if hasattr(step.action, "verb")
    ]
    functions = [node.name for node in ast.walk(ast.parse(texts["pytest"])) if isinstance(node, ast.FunctionDef)]
    assert any(name.startswith("test_") for name in functions)
    assert ROW in texts["pytest"]
