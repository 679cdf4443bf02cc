"""The alarms as an operator sees them: one for each cause, the worst first, acknowledged by mouse and by keyboard."""

import re

import pytest


@pytest.fixture
def site(serve):
    served = serve()
    served.reset()
    served.ask("/alarms/acknowledge", {})
    yield served
    served.reset()


@pytest.fixture
def operator(site, read):
    reader = read(site.url)
    reader.is_live()
    reader.page.keyboard.press("6")
    return reader


def lose(site, reader, node_id="utility_a", **fault):
    site.ask(f"/nodes/{node_id}/command", {"command": "set_fault", "params": {"state": True, **fault}})


def test_alarm_is_counted_in_the_bar_and_listed_with_its_cure_and_consequences(site, operator):
    page = operator.page
    page.get_by_text("No alarm stands. All is well.").wait_for()
    operator.shot("alarms-none")
    lose(site, operator)
    row = page.locator('.alarm[data-alarm="utility_lost/utility_a"]')
    row.wait_for()
    operator.until(lambda: page.locator(".tabs .alarm-count b").last.inner_text() == "1")
    assert page.locator(".alarm").count() == 1
    assert "see that the generator takes over" in row.inner_text()
    row.locator("details.under").wait_for()
    row.locator("summary").click()
    operator.shot("alarms-one")
    row.get_by_role("button", name="why").click()
    page.locator(".chain li", has_text="utility_a").first.wait_for()
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Acknowledge").click()
    page.locator('.alarm.acknowledged[data-alarm="utility_lost/utility_a"]').wait_for()
    page.locator(".alarm-count").wait_for(state="detached")


def test_alarms_are_worked_with_the_keyboard_alone(site, operator):
    page = operator.page
    lose(site, operator, "utility_a")
    lose(site, operator, "generator_b")
    page.locator(".alarm.unacknowledged").nth(1).wait_for()
    first, critical = page.locator(".alarm").first, "generator_failed/generator_b"
    operator.until(lambda: first.get_attribute("data-alarm") == critical, what="the critical one comes first")
    page.keyboard.press("ArrowDown")
    operator.until(lambda: first.evaluate("row => row === document.activeElement"))
    page.keyboard.press("a")
    page.locator('.alarm.acknowledged[data-alarm="generator_failed/generator_b"]').wait_for()
    page.keyboard.press("Shift+A")
    operator.until(lambda: page.locator(".alarm.unacknowledged").count() == 0, what="all are acknowledged")


def test_alarm_is_shelved_with_a_reason_and_brought_back(site, operator):
    page = operator.page
    lose(site, operator)
    row = page.locator('.alarm[data-alarm="utility_lost/utility_a"]')
    row.get_by_role("button", name="Shelve …").click()
    shelve = row.get_by_role("button", name="Shelve", exact=True)
    assert shelve.is_disabled(), "not without a reason"
    row.get_by_label("Why").fill("the grid's operator works on the line")
    operator.shot("alarms-shelving")
    shelve.click()
    page.get_by_text("No alarm stands, but one is put aside").wait_for()
    page.get_by_text("more follows").wait_for()
    operator.shot("alarms-shelved")
    page.get_by_role("button", name="Put aside").click()
    aside = page.locator(".alarm.shelved", has_text=re.compile(r"works on the line, (30|29|28) min left"))
    aside.locator("summary").click()
    aside.locator("details.under li", has_text="generator_a runs").wait_for()
    page.get_by_role("button", name="Bring back").click()
    page.get_by_role("button", name="Standing").click()
    page.locator('.alarm.unacknowledged[data-alarm="utility_lost/utility_a"]').wait_for()


def test_alarm_is_spoken_once_with_its_priority(site, operator):
    lose(site, operator)
    live = operator.page.locator('[data-live="events"]')
    operator.until(lambda: live.inner_text() == "Alarm, high: utility_a is lost", what="the live region")


def test_priority_is_told_by_number_shape_and_word(site, operator):
    page = operator.page
    lose(site, operator, "utility_a")
    lose(site, operator, "generator_b")
    lose(site, operator, "utility_b", kind="sag", severity=0.12)
    page.locator(".alarm").nth(2).wait_for()
    looks = page.evaluate(
        """() => [...document.querySelectorAll('.alarm > .priority')].map((mark) => {
          const style = getComputedStyle(mark);
          return [mark.innerText.trim(), style.clipPath + style.borderRadius].join('|');
        })"""
    )
    assert len(looks) == len(set(looks)) == 3, looks
    operator.shot("alarms-priorities")


def test_viewer_sees_alarms_and_no_button_to_act(site, read):
    _, made = site.ask("/links", {"role": "viewer"})
    lose(site, None)
    viewer = read(made["url"])
    viewer.is_live()
    viewer.page.keyboard.press("6")
    viewer.page.locator(".alarm").first.wait_for()
    for name in ("Acknowledge", "Acknowledge all 1", "Shelve …"):
        assert viewer.page.get_by_role("button", name=name, exact=True).count() == 0, name


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_list_fits_other_screens(site, read, look):
    options = {"color_scheme": "dark"} if look == "dark" else {"viewport": {"width": 390, "height": 844}}
    reader = read(site.url, **options)
    reader.is_live()
    reader.page.keyboard.press("6")
    lose(site, reader)
    lose(site, reader, "generator_a")
    reader.page.locator(".alarm").nth(1).wait_for()
    reader.shot(f"alarms-{look}")
    assert reader.page.evaluate("document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth")
