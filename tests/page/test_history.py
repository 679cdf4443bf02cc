"""Trends and events that reach back over days, into what the service keeps on its disk."""

import math
import time

import pytest
from winter_river.store import Keeper
from winter_wire import codec, topics

DAY_S, HOUR_S = 86_400, 3_600
AWAY_H = (10.0, 7.0)  # hours ago: nothing ran
LOW_H = 5.0  # when the battery was used
DRAWN = """() => {
  const canvas = document.querySelector('.chart canvas');
  const {width, height} = canvas;
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  const columns = [];
  const box = canvas.parentElement.querySelector('.u-over').getBoundingClientRect();
  const left = Math.round((box.left - canvas.getBoundingClientRect().left) * devicePixelRatio);
  const right = left + Math.round(box.width * devicePixelRatio);
  for (let x = left; x < right; x++) {
    let coloured = 0;
    for (let y = 0; y < height; y++) {
      const at = (y * width + x) * 4;
      const rgb = [data[at], data[at + 1], data[at + 2]];
      if (data[at + 3] > 200 && Math.max(...rgb) - Math.min(...rgb) > 60) coloured++;
    }
    columns.push(coloured > 0 ? 1 : 0);
  }
  return columns;
}"""


def yesterday(path):
    """What earlier runs kept: a day of ups_a, with three hours in which nothing ran, and a trip."""
    now_s = time.time()
    clock = [now_s - DAY_S]
    keeper = Keeper(path, clock=lambda: clock[0], wall=lambda: clock[0])
    seq = 0
    while clock[0] < now_s - 1:
        ago_h = (now_s - clock[0]) / HOUR_S
        if not AWAY_H[1] < ago_h < AWAY_H[0]:
            seq += 1
            soc = 55.0 + 5 * math.sin(seq / 9) if abs(ago_h - LOW_H) < 0.25 else 98.0 + 2 * math.sin(seq / 40)
            message = {
                "v": 1, "node_id": "ups_a", "type": "ups", "status": "ok", "soc_pct": round(soc, 1),
                "boot": 77, "seq": seq, "uptime": int(clock[0] - now_s + DAY_S),
            }  # fmt: skip
            keeper.offer(topics.topic("ups_a", topics.STATUS), codec.encode("status", message), False, clock[0])
            if seq % 300 == 0:
                keeper.turn()
        clock[0] += 5.0 if ago_h < 1.2 else 30.0
        if abs(ago_h - LOW_H) < 0.003:
            pressed = {"v": 1, "node_id": "ups_a", "id": 1, "t_s": int(clock[0] - now_s + DAY_S), "event": "button",
                       "from": "", "to": "handle bypass"}  # fmt: skip
            keeper.offer(topics.topic("ups_a", topics.EVENT), codec.encode("event", pressed), False, clock[0])
    keeper.turn()
    keeper.stop()


@pytest.fixture
def site(serve):
    served = serve(past=yesterday)
    served.reset()
    return served


@pytest.fixture
def trends(site, read):
    reader = read(site.url, timezone_id="Asia/Kolkata")
    reader.is_live()
    reader.page.keyboard.press("3")
    reader.page.locator(".chips li").first.wait_for()
    while reader.page.locator(".chips li").count() > 1:
        reader.page.locator(".chips li button").last.click()
    assert reader.page.locator(".chips li").inner_text().startswith("ups a")
    return reader


def test_last_day_is_joined_to_what_comes_live_and_hours_without_a_run_are_a_gap(trends) -> None:
    page = trends.page
    page.get_by_label("Span", exact=True).select_option(label="Last day")
    page.locator(".chart canvas").wait_for()
    words = page.locator(".chart .unseen")
    trends.until(lambda: words.inner_text() == "ups_a.soc_pct was between 50.0 and 100.0 %")

    def drawn():
        """The shares of columns in which something is drawn: before, while and after nothing ran."""
        columns = page.evaluate(DRAWN)
        share = len(columns) / 24  # of an hour
        away = columns[round((24 - AWAY_H[0] + 0.3) * share) : round((24 - AWAY_H[1] - 0.3) * share)]
        before = columns[round(0.5 * share) : round((24 - AWAY_H[0] - 0.3) * share)]
        after = columns[round((24 - AWAY_H[1] + 0.3) * share) :]
        return [sum(part) / len(part) for part in (before, away, after)]

    # Up to now, without a seam. Grid lines are grey; nothing is drawn where nothing was heard.
    trends.until(lambda: drawn()[0] >= 0.98 and drawn()[1] <= 0.02 and drawn()[2] >= 0.98, what=drawn())
    trends.shot("history-day")


def test_last_hour_ends_with_what_is_live_now(site, trends) -> None:
    page = trends.page
    page.get_by_label("Span", exact=True).select_option(label="Last hour")
    page.locator(".chart canvas").wait_for()
    page.wait_for_timeout(6_000)  # a node speaks every 5 s
    trends.until(lambda: sum(page.evaluate(DRAWN)[-10:]) >= 9, what="the last half minute")
    trends.shot("history-hour")


def test_times_are_of_the_zone_that_the_reader_chose(trends) -> None:
    page = trends.page
    page.get_by_label("Span", exact=True).select_option(label="Last day")
    told = page.locator(".trends > p.small")
    told.wait_for()
    assert "Asia/Kolkata" in told.inner_text() or "Asia/Calcutta" in told.inner_text()
    page.get_by_label("Time zone").select_option("UTC")
    trends.until(lambda: "UTC" in told.inner_text())

    def day_ago():
        minutes = [time.strftime("%H:%M", time.gmtime(time.time() - DAY_S - ago_s)) for ago_s in (0, 60)]
        return any(f", {minute}" in told.inner_text() for minute in minutes)  # it may have been written a minute ago

    trends.until(day_ago, what=f"the beginning in UTC: {told.inner_text()}")
    page.reload()
    trends.is_live()
    page.keyboard.press("3")
    assert page.get_by_label("Time zone").input_value() == "UTC"


def test_a_span_further_back_is_one_press_away(trends) -> None:
    page = trends.page
    page.get_by_label("Span", exact=True).select_option(label="Last hour")
    page.locator(".chart canvas").wait_for()
    for _ in range(5):
        page.get_by_role("button", name="Earlier").click()
    trends.until(lambda: "between 50.0 and" in page.locator(".chart .unseen").inner_text())
    page.get_by_role("button", name="Now", exact=True).first.click()
    trends.until(lambda: "between 50.0 and" not in page.locator(".chart .unseen").inner_text())


def test_without_a_store_the_page_says_so_and_shows_what_the_run_remembers(serve, read) -> None:
    reader = read(serve().url)
    reader.is_live()
    page = reader.page
    page.keyboard.press("3")
    page.get_by_label("Span", exact=True).select_option(label="Last week")
    told = page.locator(".no-history")
    told.wait_for()
    assert "this run keeps no history" in told.inner_text() and "--no-store" in told.inner_text()
    page.locator(".chart canvas").first.wait_for()
    reader.shot("history-none")
    reader.expects("503")


def test_events_of_earlier_runs_are_listed_with_what_nodes_told_themselves(trends) -> None:
    page = trends.page
    page.keyboard.press("4")
    page.get_by_role("button", name="Earlier, from the history").click()
    row = page.locator(".log li", has_text="button")
    row.wait_for()
    assert "handle bypass" in row.inner_text() and "ups_a" in row.inner_text()
    trends.shot("history-events")


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_history_fits_other_screens(site, read, look):
    options = {"color_scheme": "dark"} if look == "dark" else {"viewport": {"width": 390, "height": 844}}
    reader = read(site.url, **options)
    reader.is_live()
    reader.page.keyboard.press("3")
    reader.page.get_by_label("Span", exact=True).select_option(label="Last day")
    reader.page.locator(".chart canvas").first.wait_for()
    reader.page.wait_for_timeout(500)
    reader.shot(f"history-{look}")
    assert reader.page.evaluate("document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth")
