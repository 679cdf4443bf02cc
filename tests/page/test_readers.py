"""Who may what, several at once, a stream that breaks, and texts that mean harm."""

import json
from importlib import resources


def link(site, role):
    status, made = site.ask("/links", {"role": role})
    assert status == 200
    return made["url"]


def test_viewer_sees_the_plant_and_no_controls(serve, read):
    site = serve()
    site.reset()
    reader = read(link(site, "viewer"))
    reader.is_live()
    page = reader.page
    page.wait_for_selector("#node-utility_a.live")
    assert "k=" not in page.url
    assert page.get_by_role("toolbar", name="Instructor").count() == 0
    page.locator("#node-utility_a").click()
    page.wait_for_selector(".device")
    assert page.get_by_role("button", name="Break it").count() == 0


def test_trainee_cannot_operate_even_past_the_page(serve, read):
    site = serve()
    site.reset()
    reader = read(link(site, "trainee"))
    reader.is_live()
    body = json.dumps({"command": "set_fault", "params": {"state": True}})
    asked = "body => fetch('/api/v1/nodes/utility_a/command', {method: 'POST', body, headers: {'Content-Type': 'application/json'}}).then(a => a.status)"
    assert reader.page.evaluate(asked, body) == 403
    assert site.service.site.view("utility_a")["state"] == "GRID_OK"
    reader.expects("403")


def test_two_instructors_see_each_others_acts(serve, read):
    site = serve()
    site.reset()
    first, second = read(site.url), read(site.url)
    for reader in (first, second):
        reader.is_live()
    first.page.get_by_role("button", name="Freeze").click()
    second.page.get_by_role("button", name="Run", exact=True).click()
    first.page.get_by_role("button", name="Freeze").wait_for()


def test_page_says_when_the_stream_breaks_and_comes_back(serve, read):
    site = serve()
    site.reset()
    reader = read(site.url)
    reader.is_live()
    site.stop_page()
    reader.expects("500")  # to what was being asked just then
    reader.page.wait_for_selector(".link-state.polling, .link-state.down")
    reader.until(lambda: "10 s" in reader.page.locator(".link-state").inner_text())
    reader.page.locator("main.broken").wait_for()  # what is shown is old, and looks so
    reader.shot("stream-broken")
    site.start_page()
    reader.page.wait_for_selector(".link-state.live")
    before = reader.page.locator(".clock b").inner_text()
    reader.until(lambda: reader.page.locator(".clock b").inner_text() != before, what="time goes on")


HARM = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'


def test_texts_that_mean_harm_stay_texts(serve, read, tmp_path):
    text = (resources.files("winter_river.facility") / "library" / "seed-8.yaml").read_text()
    title = json.dumps(HARM[:70])
    file = tmp_path / "harm.yaml"
    file.write_text(
        text.replace("Eight nodes in a row", title).replace(
            "    type: utility\n", f"    type: utility\n    title: {title}\n"
        )
    )
    site = serve(str(file))
    reader = read(site.url)
    reader.is_live()
    page = reader.page
    page.locator("#node-util_a").click()
    page.wait_for_selector(".device h2")
    assert page.locator(".device h2").inner_text().startswith("<img src=x")
    assert page.evaluate("window.harmed") is None
    assert page.locator("img, body script").count() == 0


def test_trainees_name_stays_a_text(serve, read):
    site = serve()
    site.reset()
    status, _ = site.ask("/exercise", {"scenario": "guided-tour", "trainee": HARM[:60], "exam": False})
    assert status == 200
    reader = read(site.url)
    reader.is_live()
    reader.page.wait_for_selector(".exercise")
    assert "<img src=x" in reader.page.locator(".exercise").inner_text()
    assert reader.page.evaluate("window.harmed") is None
    site.reset()
