"""A campus with storage, array and meter: its own symbols, and a storage that is told to discharge from the page."""

FACILITY = "campus-bess"


def state_of(site, node_id):
    return site.ask("/state")[1]["nodes"][node_id]


def test_a_storage_is_told_to_discharge_and_the_page_shows_what_comes_of_it(site, reader):
    page = reader.page
    reader.until(lambda: page.locator("#state-bess").text_content() == "CHARGING")
    reader.shot("campus-noon")
    page.locator("#node-bess").click()
    form = page.locator("form.field").filter(has=page.get_by_text("Discharge", exact=True))
    power = form.get_by_label("power_kw in kW")
    assert power.get_attribute("max") == "250"  # its nameplate, not the contract's limit
    power.fill("200")
    reader.shot("campus-discharge-form")
    form.get_by_role("button", name="Set").click()
    reader.until(lambda: page.locator("#state-bess").text_content() == "DISCHARGING")
    # Into the bus that feeds it: the arrow turns round.
    reader.until(lambda: page.locator("#flow-lv_switchgear-bess").text_content().startswith("▴"))
    reader.until(lambda: state_of(site, "meter")["power_kw"] < 50)
    reader.shot("campus-discharging")


def test_the_array_and_the_meters_show_their_values(reader):
    page = reader.page
    reader.until(lambda: "W/m²" in page.locator("#val-array-1").text_content())
    assert "kWh" in page.locator("#val-meter-1").text_content()
    assert page.locator("#node-array").get_attribute("class").startswith("node type-pv")
