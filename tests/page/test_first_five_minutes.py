"""What somebody sees who has just typed `make run`, from the first picture to the debrief, in one story."""

import re
from pathlib import Path

SHOTS = Path(__file__).resolve().parents[2] / "build" / "page"


def test_first_five_minutes(serve, read):
    site = serve()
    site.reset()
    reader = read(site.url)
    page = reader.page

    # A grey picture of two sides, and every little screen.
    reader.is_live()
    page.wait_for_selector("#node-utility_a.live")
    reader.until(lambda: page.locator(".tile .oled").count() == 24)
    reader.until(lambda: page.locator(".attention").inner_text() == "All is well")
    reader.shot("1-plant")

    # The tour begins with a question; time stands still for it.
    page.get_by_label("Scenario").select_option("guided-tour")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("group", name="Prediction").get_by_role("button", name="none").click()
    page.locator(".tasks .open", has_text="Cut Utility A").wait_for()

    # One click opens Utility A, one breaks it.
    page.locator("#node-utility_a").click()
    page.get_by_label("Which").select_option("outage")
    page.get_by_role("button", name="Break it").click()
    reader.until(lambda: "dead" in reader.look_of("edge-utility_a-hv_mv_transformer_a"), what="the line is dead")
    reader.until(lambda: page.locator("#state-ups_a").text_content() == "ON_BATTERY", what="the UPS carries the racks")
    reader.until(
        lambda: re.fullmatch(r"\d+:\d\d", page.locator("#left-ups_a").text_content()), what="how long it lasts"
    )
    assert page.locator("#letter-utility_a").text_content() == "F"
    assert page.locator("#letter-hv_mv_transformer_a").text_content() == "D"
    page.locator(".tasks .done", has_text="Cut Utility A").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_timeout(2000)  # until the ring has moved, for the picture
    reader.shot("2-on-battery")

    # The generator starts by itself and takes over; the racks never went dark.
    reader.until(lambda: page.locator("#state-lv_switchgear_a").text_content() == "GENERATOR")
    assert "live" in reader.look_of("node-server_rack_a1")
    page.get_by_role("tab", name="Events").click()
    cause = page.locator(".log li", has_text="ups_a").locator(".because", has_text="utility_a").first
    cause.click()
    reader.until(lambda: "because" in page.locator("ol.chain").inner_text())
    reader.shot("3-chain")
    page.keyboard.press("Escape")

    # Drag time back: the plant is as it was; now brings it back.
    page.get_by_role("tab", name="Plant").click()
    cut_s = next(event["t_s"] for event in site.ask("/events")[1]["events"] if event["node_id"] == "utility_a")
    bar = page.get_by_role("slider", name="Time shown")
    box = bar.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 2, box["y"] + 15, steps=8)
    page.mouse.up()
    reader.until(lambda: "fault" not in reader.look_of("node-utility_a"), what=f"the plant before {cut_s} s")
    assert page.locator(".banner.past").is_visible()
    reader.shot("4-looking-back")
    page.keyboard.press("n")
    reader.until(lambda: "fault" in reader.look_of("node-utility_a"), what="now again")

    # What if the generator had failed? From before the outage a copy runs ahead: its racks go dark in ghost lines, and
    # nothing of it has happened.
    bar.focus()
    page.keyboard.press("Home")
    page.wait_for_selector(".banner.past")
    page.keyboard.press("m")
    page.get_by_role("button", name="What if generator_a fails to start?").click()
    page.wait_for_selector(".banner.ghost")
    reader.until(lambda: "server_rack_a1" in page.locator(".ahead").inner_text())
    page.wait_for_selector(".chart canvas")
    page.wait_for_timeout(1200)  # one refresh of the trends, for the picture
    reader.shot("5-what-if")
    assert site.service.site.view("generator_a")["state"] == "RUNNING"
    assert site.service.site.view("server_rack_a1")["voltage_in"] > 400

    # The grid comes back; the debrief opens by itself, or when it is asked for.
    page.get_by_role("tab", name="Plant").click()
    page.locator("#node-utility_a").click()
    page.get_by_role("button", name="Mend all").click()
    reader.until(lambda: "live" in reader.look_of("node-utility_a"), what="the grid is back")
    page.keyboard.press("Escape")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="End with debrief").click()
    debrief = opened.value
    debrief.wait_for_load_state()
    assert "/debriefs/" in debrief.url
    debrief.screenshot(path=SHOTS / "6-debrief.png")
    assert "tour" in debrief.locator("body").inner_text().lower()
