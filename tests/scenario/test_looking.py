"""One look at a site is of one moment, whatever is asked of it and in whatever order."""

from types import SimpleNamespace

import pytest
from winter_river.scenario.looking import Views


class RunsOn:
    """A live site: a second later at each question. Every view tells its moment."""

    def __init__(self):
        self.t_s = 0.0

    def view(self, node_id):
        self.t_s += 1.0
        return {"t_s": self.t_s}

    def sight(self):
        now = self.view("")
        return SimpleNamespace(t_s=self.t_s, views={"a": now, "b": now}, balance=now, weather=now)


@pytest.mark.parametrize("first", ["a", "facility", "weather"])
def test_the_site_as_a_whole_and_the_weather_are_of_the_moment_of_the_nodes(first):
    views = Views(RunsOn())
    asked = (first, "facility", "a", "weather", "b")
    assert [views(node_id)["t_s"] for node_id in asked] == [1.0] * 5
    assert views.t_s() == 1.0


def test_what_is_forgotten_is_taken_anew_with_its_moment():
    views = Views(RunsOn())
    views("facility")
    views.forget()
    assert (views.t_s(), views("weather")["t_s"], views("a")["t_s"]) == (2.0, 2.0, 2.0)
