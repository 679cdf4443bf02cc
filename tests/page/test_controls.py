"""Everything an instructor can press, on a real site."""

import pytest

from .conftest import run_by_name


def clock(site):
    return site.ask("/state")[1]["clock"]


def test_first_screen_has_exactly_six_controls(reader):
    controls = reader.page.get_by_role("toolbar", name="Instructor")
    assert controls.locator("button, select").count() == 6
    names = [text.strip() for text in controls.locator("button").all_inner_texts()]
    assert names == ["Start", "Freeze", "Back 30 s", "End with debrief"]


def test_freeze_step_and_run(site, reader):
    page = reader.page
    page.get_by_role("button", name="Freeze").click()
    reader.until(lambda: clock(site)["frozen"])
    page.get_by_role("button", name="Run", exact=True).wait_for()
    before_s = clock(site)["t_s"]
    run_by_name(page, "Step 10 s")
    reader.until(lambda: clock(site)["t_s"] == pytest.approx(before_s + 10, abs=0.2))
    page.locator("body").click(position={"x": 700, "y": 60})
    page.keyboard.press(" ")
    reader.until(lambda: not clock(site)["frozen"])


def test_speed_and_back(site, reader):
    page = reader.page
    page.get_by_label("Speed").select_option("10")
    reader.until(lambda: clock(site)["speed"] == 10)
    reader.until(lambda: clock(site)["t_s"] > 100)  # the initial condition begins at 60 s, and nothing is before it
    page.get_by_role("button", name="Freeze").click()
    reader.until(lambda: clock(site)["frozen"])
    before = clock(site)
    page.get_by_role("button", name="Back 30 s").click()
    reader.until(lambda: clock(site)["timeline"] != before["timeline"])
    assert clock(site)["t_s"] == pytest.approx(before["t_s"] - 30, abs=0.2)


def test_snapshot_is_taken_and_restored(site, reader):
    page = reader.page
    run_by_name(page, "Snapshots")
    page.get_by_label("Name of the snapshot").fill("before <b>the</b> outage")
    page.get_by_role("button", name="Take a snapshot").click()
    row = page.locator(".picks li.named", has_text="before <b>the</b> outage")
    row.wait_for()
    timeline = clock(site)["timeline"]
    row.get_by_role("button", name="Restore").click()
    reader.until(lambda: clock(site)["timeline"] != timeline)


def test_latest_commands_name_who_asked_and_what_was_refused(site, reader):
    page = reader.page
    site.ask("/nodes/server_rack_a1/command", {"command": "set_load", "params": {"power_kw": 99_999}})
    run_by_name(page, "Latest commands")
    row = page.locator(".audit li", has_text="server_rack_a1").first
    row.wait_for()
    assert "set load power_kw=99999" in row.inner_text() and "failed: schema" in row.inner_text()
    assert "admin: admin, rest" in row.inner_text()


def test_initial_condition_is_loaded(site, reader):
    page = reader.page
    run_by_name(page, "Initial conditions")
    page.locator(".picks li", has_text="40 %").get_by_role("button", name="Load").click()
    reader.until(lambda: site.service.site.view("ups_a")["soc_pct"] < 60)
    reader.until(lambda: "%" in page.locator("#val-ups_a-1").text_content())


def test_load_is_set_with_a_slider_and_shown(site, reader):
    page = reader.page
    page.locator("#node-server_rack_a1").click()
    form = page.locator("form.field", has_text="Set load")
    form.locator("input[type=number]").fill("50")
    form.get_by_role("button", name="Set").click()
    reader.until(lambda: "set_load done" in page.locator(".notice").inner_text())  # it fades; the load stays
    reader.until(lambda: site.service.site.view("server_rack_a1")["power_kw"] == pytest.approx(50, abs=1))


def test_refusal_is_told_in_the_nodes_words(site, reader):
    page = reader.page
    page.locator("#node-ups_a").click()
    # The page offers only what the node has; another page may have taken it away meanwhile.
    page.route("**/nodes/ups_a/command", lambda route: route.continue_(post_data='{"command":"close","params":{}}'))
    page.get_by_role("button", name="Reset").click()
    page.wait_for_selector(".notice.bad.on")
    told = page.locator(".notice.bad").inner_text()
    assert "ups_a" in told and "close" in told
    reader.expects("404")


def test_dead_device_says_why(site, reader):
    page = reader.page
    site.ask("/nodes/utility_a/command", {"command": "set_fault", "params": {"state": True, "kind": "outage"}})
    page.locator("#node-mv_switchgear_a").click()
    page.locator(".why li", has_text="utility_a").first.wait_for()
    page.locator(".device .look.dead").wait_for()


def test_malfunction_is_mended_from_the_panel(site, reader):
    page = reader.page
    page.locator("#node-utility_b").click()
    page.get_by_role("button", name="Break it").click()
    reader.until(lambda: site.service.site.view("utility_b")["state"] == "OUTAGE")
    page.get_by_role("button", name="Mend all").click()
    reader.until(lambda: site.service.site.view("utility_b")["state"] == "GRID_OK")


def test_trends_show_any_field(reader):
    page = reader.page
    page.get_by_role("tab", name="Trends").click()
    page.wait_for_selector(".chart canvas")
    page.get_by_label("Device", exact=True).select_option("cooling_a")
    page.get_by_label("Field", exact=True).select_option("voltage_in")
    page.locator(".chips li", has_text="cooling a").wait_for()
    page.locator(".chart figcaption", has_text="in V").wait_for()
    reader.shot("trends")


def test_run_is_saved_as_a_scenario(reader):
    page = reader.page
    with page.expect_download() as saved:
        run_by_name(page, "Save this run as a scenario")
    assert saved.value.suggested_filename.endswith(".yaml")


def test_button_of_a_screen_turns_its_page(site, reader):
    page = reader.page
    page.get_by_role("tab", name="Screens").click()
    page.locator('.tile[data-node="ups_b"]').click()
    page.wait_for_selector(".device .oled")
    before = site.fleet.nodes["ups_b"].oled.text()
    page.get_by_role("button", name="Press", exact=True).click()
    reader.until(lambda: site.fleet.nodes["ups_b"].oled.text()[2:] != before[2:])


def test_screens_are_pixel_exact(site, reader):
    page = reader.page
    page.get_by_role("tab", name="Screens").click()
    canvas = page.locator('.tile[data-node="utility_b"] canvas')
    canvas.wait_for()
    lit = """canvas => {
      const data = canvas.getContext("2d").getImageData(0, 0, 128, 64).data;
      return Array.from({length: 128 * 64}, (_, at) => data[at * 4] > 100 ? 1 : 0);
    }"""
    glass = site.fleet.nodes["utility_b"].oled
    reader.until(lambda: bytes(canvas.evaluate(lit)) == b"".join(glass.pixels), what="the canvas is the glass")


def test_whole_page_works_with_the_keyboard_alone(site, reader):
    page = reader.page
    page.locator("#node-utility_a").focus()
    page.keyboard.press("ArrowDown")
    reader.until(lambda: page.evaluate("document.activeElement.dataset.node") == "hv_mv_transformer_a")
    page.keyboard.press("Enter")
    page.wait_for_selector(".device")
    page.keyboard.press("Escape")
    page.wait_for_selector(".device", state="detached")
    for key, view in (("2", "wall"), ("3", "trends"), ("4", "events"), ("5", "facility"), ("1", "plant")):
        page.keyboard.press(key)
        page.wait_for_selector(f".stage .{view}")
    page.keyboard.press("?")
    page.wait_for_selector(".keys")
    page.keyboard.press("Escape")
    page.get_by_role("slider", name="Time shown").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".banner.past")
    page.keyboard.press("n")
    page.wait_for_selector(".banner.past", state="detached")


def test_screen_reader_hears_what_happens(site, reader):
    page = reader.page
    site.ask("/nodes/utility_b/command", {"command": "set_fault", "params": {"state": True, "kind": "outage"}})
    live = page.locator("[data-live=events]")
    reader.until(lambda: "utility_b" in live.inner_text(), what="the live region names utility_b")
    reader.until(lambda: "fault" in page.locator("#node-utility_b").get_attribute("aria-label").lower())


def test_a_dialog_that_is_opened_as_another_closes_stays_open(reader):
    page = reader.page
    page.keyboard.press("m")
    page.locator(".palette").wait_for()
    # The key comes with the closing itself: before the browser tells of it, which it does a moment later.
    page.evaluate(
        """() => {
          const close = HTMLDialogElement.prototype.close;
          HTMLDialogElement.prototype.close = function () {
            HTMLDialogElement.prototype.close = close;
            close.call(this);
            document.dispatchEvent(new KeyboardEvent("keydown", { key: "m" }));
            window.closedOnce = new Promise((told) => this.addEventListener("close", () => setTimeout(told, 200)));
          };
        }"""
    )
    page.get_by_role("button", name="Close (Escape)").click()
    page.wait_for_function("() => window.closedOnce")
    page.evaluate("() => window.closedOnce")
    assert page.locator("dialog[open] .palette").is_visible()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    page.keyboard.press("m")
    page.locator("dialog[open] .palette").wait_for()


def test_what_is_typed_as_soon_as_the_page_is_there_is_done(reader):
    page = reader.page
    reader.context.route("**/api/v1/stream", lambda _route: None)  # not a word of it
    page.reload()
    page.locator("#page main").wait_for()
    run_by_name(page, "Latest commands")
    page.locator("dialog[open] .audit").wait_for()
    assert page.get_by_role("toolbar", name="Instructor").locator("button, select").count() == 6
    assert "live" in reader.look_of("node-utility_a")


def test_the_weather_outside_is_a_preset_or_figures_of_ones_own(site, reader):
    page = reader.page

    def outdoor_c():
        return site.ask("/state")[1]["facility"]["outdoor_c"]

    run_by_name(page, "Weather outside")
    page.get_by_role("listitem").filter(has_text="Arizona").get_by_role("button", name="Set").click()
    reader.until(lambda: outdoor_c() == 43.0)
    page.locator("dialog[open]").wait_for(state="detached")  # until then keys go to it
    run_by_name(page, "Weather outside")
    page.get_by_label("Temperature").fill("-3.5")
    page.get_by_role("button", name="Set these").click()
    reader.until(lambda: outdoor_c() == -3.5)
    page.locator("dialog[open]").wait_for(state="detached")
