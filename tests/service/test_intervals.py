"""How often nodes report, told to each of them; a site of answers only, and a hand on the time."""

import pytest
from winter_river.service.intervals import AGAIN_S, Intervals
from winter_river.site import Ack
from winter_wire import codec, schema


class Site:
    """Nodes that take what they are told, but for those that are deaf. meanwhile: done before an answer, once."""

    def __init__(self, *node_ids):
        self.node_ids, self.deaf, self.told, self.meanwhile = node_ids, set(), [], None

    def facts(self):
        return {node_id: {"presence": "online"} for node_id in self.node_ids}

    def reports(self):
        fields = {"v": 1, "type": "ups", "status": "ok", "boot": 7}
        return {node_id: codec.encode("status", {**fields, "node_id": node_id}, "ups") for node_id in self.node_ids}

    def send(self, node_id, verb, params, *, by, timeout_s):
        self.told.append((node_id, params["status_s"]))
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        done = node_id not in self.deaf
        return Ack("", node_id, schema.RESULT_DONE if done else schema.RESULT_FAILED, "" if done else "expired")


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def site():
    return Site("ups_a", "ups_b")


@pytest.fixture
def intervals(site, clock):
    return Intervals(site, clock=lambda: clock[0])


def test_each_node_is_told_once(site, intervals):
    intervals.want(2)
    intervals.look()
    intervals.look()
    assert site.told == [("ups_a", 2), ("ups_b", 2)]


def test_a_node_that_does_not_take_it_is_told_again_later(site, intervals, clock):
    site.deaf = {"ups_a"}
    intervals.want(2)
    for passed_s in (0.0, AGAIN_S - 1.0, 1.0):
        clock[0] += passed_s
        intervals.look()
    assert [told for told in site.told if told[0] == "ups_a"] == [("ups_a", 2)] * 2


def test_what_is_wanted_while_nodes_are_being_told_is_told_at_once(site, intervals):
    site.meanwhile = lambda: intervals.want(1)
    intervals.want(2)
    intervals.look()
    intervals.look()
    assert site.told == [("ups_a", 2), ("ups_a", 1), ("ups_b", 1)]
