"""A stream of some nodes only: what stays, what goes, and that the whole is the sum of its parts."""

import pytest
from winter_river import load_facility
from winter_river.web import painting
from winter_river.web.stream import SUBSETS_MAX, Stream, write
from winter_river.web.subset import subset

SITE = load_facility("seed-8")
UPS = subset(SITE, ["ups_a"])


def views():
    return {
        node.id: {"type": node.type, "state": "NORMAL", "status": "ok", "voltage_out": 480.0}
        for node in SITE.nodes.values()
    }


def taken(client):
    found = []
    while not client.queue.empty():
        found.append(client.queue.get_nowait())
    return found


def test_every_painted_element_belongs_to_some_node():
    lines = painting.flows(SITE, views())
    painted = painting.paint(SITE, views(), {}, lines)
    kept = {
        node_id: subset(SITE, [node_id]).narrowed("delta", {"paint": painted, "flows": lines}) for node_id in SITE.nodes
    }
    assert {key for part in kept.values() for key in part["paint"]} == set(painted)
    assert {key for part in kept.values() for key in part["flows"]} == set(lines)


def test_lines_count_at_either_end_and_others_do_not():
    lines = painting.flows(SITE, views())
    kept = UPS.narrowed("delta", {"seq": 1, "flows": lines})
    assert list(kept["flows"]) == ["dist_a-ups_a", "ups_a-pdu_a"]


@pytest.mark.parametrize(
    ("event", "data", "stays"),
    [
        ("event", {"node_id": "ups_a", "id": 4}, True),
        ("event", {"node_id": "gen_a", "id": 5}, False),
        ("note", {"node_id": "", "text": "of all"}, True),
        ("note", {"node_id": "gen_a", "text": "of one"}, False),
        ("cue", {"text": "read the meters"}, True),
        ("delta", {"seq": 7, "nodes": {"gen_a": {"rpm": 3}}}, False),
        ("delta", {"seq": 7, "clock": {"t_s": 3.0}}, True),
    ],
)
def test_messages_that_concern_nobody_here_are_left_out(event, data, stays):
    assert UPS.narrowed(event, data) == (data if stays else None)


def test_same_nodes_share_one_message_and_all_nodes_still_have_the_one_written_first():
    stream = Stream("ours")
    everything = stream.join("", lambda: b"whole")
    twins = [
        stream.join("", lambda: b"part", subset=subset(SITE, nodes))
        for nodes in (["ups_a", "gen_a"], ["gen_a", "ups_a"])
    ]
    message = write("delta", {"seq": 1, "nodes": {"ups_a": {"x": 1}, "srv_a": {"x": 2}}}, run="ours", seq=1)
    stream.post(message)
    assert taken(everything)[1] is message.data
    one, other = (taken(client)[1] for client in twins)
    assert one is other
    assert b"srv_a" not in one
    assert b'"ups_a":{"x":1}' in one


def test_who_comes_back_gets_what_it_missed_of_its_nodes():
    stream = Stream("ours")
    for seq, node_id in enumerate(["ups_a", "gen_a", "ups_a", "gen_a"], 1):
        stream.post(write("delta", {"seq": seq, "nodes": {node_id: {"x": seq}}}, run="ours", seq=seq))
    run = stream.run_of(UPS)
    missed = taken(stream.join(f"{run}-1", lambda: b"whole", subset=UPS))
    assert [data.split(b"\n")[0] for data in missed] == [f"id: {run}-3".encode()]


def test_nobody_goes_on_with_what_was_told_of_other_nodes():
    stream = Stream("ours")
    stream.post(write("delta", {"seq": 1, "clock": {}}, run="ours", seq=1))
    other = subset(SITE, ["gen_a"])
    for last_id, asked in (("ours-0", UPS), (f"{stream.run_of(other)}-0", UPS), (f"{stream.run_of(UPS)}-0", None)):
        assert taken(stream.join(last_id, lambda: b"whole", subset=asked)) == [b"whole"]


def test_different_choices_are_bounded_and_make_room_when_they_leave():
    stream = Stream()
    choices = [subset(load_facility("block-2n-24"), [node_id]) for node_id in load_facility("block-2n-24").nodes]
    joined = [stream.join("", lambda: b"", subset=choice) for choice in choices[:SUBSETS_MAX]]
    assert all(joined)
    assert stream.join("", lambda: b"", subset=choices[SUBSETS_MAX]) is None
    assert stream.join("", lambda: b"", subset=choices[0]) is not None  # one that is there already costs nothing more
    assert stream.join("", lambda: b"") is not None
    stream.leave(joined[5])
    assert stream.join("", lambda: b"", subset=choices[SUBSETS_MAX]) is not None
