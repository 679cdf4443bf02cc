"""Texts that mean harm: whatever the service says, a page shows it as text, and nothing of it runs."""

import json

HARM = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'
# What a drawing could bring along; the page keeps the drawing and none of these.
HARMFUL_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" class="oneline" onload="window.harmed=1">
<script>window.harmed=1</script><style>@import url(http://example.org/harm.css);</style>
<g id="node-utility_a" data-node="utility_a" tabindex="0" role="button" onclick="window.harmed=1">
<rect width="60" height="40"/><a href="javascript:window.harmed=1"><text id="state-utility_a" x="20" y="20" style="fill:red">GRID_OK</text></a>
<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="window.harmed=1"/></foreignObject>
<image href="http://example.org/harm.png"/></g></svg>"""


def is_unharmed(page):
    assert page.evaluate("window.harmed") is None
    assert page.locator("main img, main script, body > script, iframe, foreignObject, image").count() == 0
    assert page.evaluate("document.querySelectorAll('svg [onclick], svg[onload], svg [href]').length") == 0


def harmful_state(state):
    """The state with harm in every text that a scenario or another person writes."""
    exercise = {
        "title": HARM,
        "about": HARM,
        "trainee": HARM,
        "exam": False,
        "state": "running",
        "stopped": HARM,
        "elapsed_s": 1.0,
        "questions": [{"step": "1", "question": HARM, "choices": [HARM, "none"], "freeze": False}],
        "tasks": [{"id": "t", "title": HARM, "state": "open"}],
        "alarms": [{"node_id": HARM, "t_s": 1.0}],
        "tags": [{"node_id": "utility_a", "owner": HARM, "text": HARM}],
        "hint": HARM,
        "said": [HARM],
        "hints_used": 1,
        "hint_points": 0,
        "hint_available": True,
        "debrief": "",
        "controls": None,
    }
    state["nodes"]["utility_a"] |= {"state": HARM, "fault": HARM, "fw": HARM}
    state["paint"]["state-utility_a"] = HARM
    return state | {"exercise": exercise}


def test_no_text_of_a_scenario_a_node_or_a_person_becomes_markup(serve, read):
    site = serve()
    site.reset()
    state = harmful_state(site.ask("/state")[1])
    event = {"id": 10**6, "t_s": 1.0, "node_id": HARM, "event": HARM, "from": HARM, "to": HARM, "cause": 0}
    lines = [("state", state), ("event", event), ("cue", {"cue": "say", "text": HARM}), ("note", {"text": HARM})]
    stream = "retry: 60000\n\n" + "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in lines)
    reader = read("about:blank")
    page = reader.page
    page.route("**/api/v1/stream", lambda route: route.fulfill(content_type="text/event-stream", body=stream))
    page.route("**/api/v1/state", lambda route: route.fulfill(json=state))
    page.route("**/api/v1/nodes/*/why", lambda route: route.fulfill(json={"text": ["head", HARM]}))
    page.goto(site.url)
    page.locator(".exercise h2", has_text="<img src=x").wait_for()
    reader.until(lambda: page.locator(".exercise").inner_text().count("<script>") >= 8)
    reader.until(lambda: page.locator(".told").inner_text().startswith("<img"))
    page.locator("#node-utility_a").click()
    page.locator(".device .tag", has_text="<img src=x").wait_for()
    page.keyboard.press("4")
    page.locator(".log li", has_text="<img src=x").first.wait_for()
    is_unharmed(page)


def test_ids_and_titles_of_devices_stay_texts_in_every_view(serve, read):
    site = serve()
    site.reset()
    facility, state = site.ask("/facility")[1], site.ask("/state")[1]
    facility |= {"title": HARM, "nodes": {HARM: facility["nodes"]["utility_a"] | {"title": HARM, "feeds": [HARM]}}}
    state["nodes"] = {HARM: state["nodes"]["utility_a"] | {"state": "OUTAGE", "look": "fault", "status": "fault"}}
    stream = f"retry: 60000\n\nevent: state\ndata: {json.dumps(state)}\n\n"
    reader = read("about:blank")
    page = reader.page
    page.route("**/api/v1/stream", lambda route: route.fulfill(content_type="text/event-stream", body=stream))
    page.route("**/api/v1/state", lambda route: route.fulfill(json=state))
    page.route("**/api/v1/facility", lambda route: route.fulfill(json=facility))
    page.goto(site.url)
    page.locator(".attention .pill", has_text="<img src=x").click()
    page.locator(".device h2", has_text="<img src=x").wait_for()
    for key in "12345":
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        is_unharmed(page)
    page.keyboard.press("w")
    page.locator("dialog option", has_text="<img src=x").wait_for(state="attached")
    is_unharmed(page)
    reader.expects("status of 40")  # 400 or 404: what is asked about a device that is not there


def test_a_drawing_brings_no_script_link_or_picture_with_it(serve, read):
    site = serve()
    site.reset()
    reader = read("about:blank")
    page = reader.page
    page.route("**/diagram.svg", lambda route: route.fulfill(content_type="image/svg+xml", body=HARMFUL_DRAWING))
    page.goto(site.url)
    page.locator("#node-utility_a").click()
    page.wait_for_selector(".device")
    is_unharmed(page)
    reader.expects("style")  # the policy forbids the drawing's own style, and is logged


def test_a_harmful_name_stays_a_text_in_the_debrief(serve, read):
    site = serve()
    site.reset()
    site.ask("/exercise", {"scenario": "utility-a-lost", "trainee": HARM[:60], "exam": False})
    status, ended = site.ask("/exercise/end", {})
    assert status == 200
    reader = read(site.url[:-1] + ended["debrief"])
    assert "<img src=x" in reader.page.locator("body").text_content()
    assert reader.page.evaluate("window.harmed") is None
    assert reader.page.locator("img, script").count() == 0
