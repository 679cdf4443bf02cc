"""The form of the settings, in Chromium: changed there, and held by the run at once."""

import contextlib

import pytest
from held_ports import held_port
from winter_river.cli.live import live
from winter_river.facility import load_facility
from winter_river.settings import Settings

from .conftest import run_by_name

LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run with folders of its own."""
    folder = tmp_path_factory.mktemp("run")
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("CONFIG", "DATA", "LOG"):
            patch.setenv(f"WINTER_RIVER_{name}_DIR", str(folder / name.lower()))
        patch.chdir(folder)
        settings = Settings(facility="seed-8", mqtt_port=held_port(), page_port=held_port())
        running = stack.enter_context(live(load_facility("seed-8"), settings, host=LOOPBACK, say=lambda _line: None))
        assert running.service.wait_online(timeout_s=60.0)
        yield running


@pytest.fixture
def form(run, browser):
    """The form, open."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(run.page.url)
    page.locator("#page main").wait_for()
    run_by_name(page, "settings")
    page.locator("form.settings").wait_for()
    yield page
    page.close()


def told(page):
    page.locator(".apply [role=status] p").first.wait_for()
    return page.inner_text(".apply [role=status]")


def test_what_is_typed_holds_at_once_and_the_form_says_what_came_of_it(form, run):
    form.fill("#setting-status_s", "2")
    form.fill("#setting-keep_raw", "30d")
    form.click("text=Change 2 settings")
    words = told(form)
    assert "8 nodes report every 2 s" in words and "readings are kept 30d" in words
    assert run.keeper.keep.raw_s == 30 * 86_400.0
    form.wait_for_selector(".apply button[type=submit]:disabled")  # nothing is left to change


def test_what_needs_a_restart_says_so_and_why(form):
    form.locator("form.settings fieldset").first.locator("summary").click()
    assert "Needs a restart: the site is built of it when it starts." in form.inner_text("#setting-seed-help")


def test_a_value_out_of_its_limits_is_not_sent(form, run):
    form.fill("#setting-status_s", "9")
    form.click(".apply button[type=submit]")
    assert form.locator("#setting-status_s:invalid").count() == 1
    assert form.locator(".apply [role=status] p").count() == 0


def test_a_broker_that_is_not_there_is_refused_with_the_cure_and_what_was_typed_stays(form, run):
    form.fill("#setting-broker", "mqtt://127.0.0.1:9")
    form.click(".apply button[type=submit]")
    assert "no broker to use at 127.0.0.1:9" in told(form)
    assert form.input_value("#setting-broker") == "mqtt://127.0.0.1:9"


def test_the_second_of_two_editors_is_told_who_was_first_and_may_go_on(form, run):
    from playwright.sync_api import expect  # here, as in conftest: not where there is no browser

    held = run.page.desk.plant.settings
    held.change({"keep_sums": "200d"}, tag="", by="admin: Bob")
    form.fill("#setting-keep_raw", "10d")
    form.click(".apply button[type=submit]")
    assert "admin: Bob has changed keep_sums" in told(form)
    assert held.now.keep_raw != "10d"
    expect(form.locator("#setting-keep_sums")).to_have_value("200d", timeout=60_000)
    form.click(".apply button[type=submit]")
    form.locator(".apply .good p").first.wait_for()
    assert held.now.keep_raw == "10d"


def test_a_secret_goes_in_and_is_never_shown_again(form, run):
    form.fill("#setting-webhook_token_file", "s3cret-of-the-hook")
    form.click(".apply button[type=submit]")
    told(form)
    assert form.input_value("#setting-webhook_token_file") == ""
    assert "s3cret" not in form.content()
    assert form.get_attribute("#setting-webhook_token_file", "placeholder") == "set; type another one"
