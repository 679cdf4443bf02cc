"""One written message for all readers; who is slow is dropped and counted, who comes back gets what he missed."""

import asyncio

import pytest
from winter_river.web.stream import CLIENTS_MAX, QUEUE_MAX, RING_MAX, Stream, write


def whole():
    return b"whole"


def taken(client):
    found = []
    while not client.queue.empty():
        found.append(client.queue.get_nowait())
    return found


def test_a_new_reader_begins_with_the_whole_state_and_goes_on_with_what_is_new():
    stream = Stream()
    stream.post(write("delta", {"seq": 1}, seq=1))
    client = stream.join("", whole)
    second = write("delta", {"seq": 2}, seq=2)
    stream.post(second)
    assert taken(client) == [b"whole", second.data]


def test_all_readers_hold_the_same_bytes():
    stream = Stream()
    one, other = stream.join("", whole), stream.join("", whole)
    stream.post(write("delta", {}, seq=1))
    assert taken(one)[1] is taken(other)[1]


def test_a_reader_that_comes_back_gets_what_it_missed():
    stream = Stream("ours")
    messages = [write("delta", {"seq": seq}, run="ours", seq=seq) for seq in range(1, 6)]
    for message in messages:
        stream.post(message)
    assert taken(stream.join("ours-3", whole)) == [message.data for message in messages[3:]]
    assert taken(stream.join("ours-5", whole)) == []
    assert taken(stream.join("ours-0", whole)) == [message.data for message in messages]


@pytest.mark.parametrize("last", ["ours-9999999", f"ours-{RING_MAX * 3}", "1", "ours", "ours-", "ours--1", "ours-²"])
def test_an_id_we_never_sent_gets_the_whole_state(last):
    stream = Stream("ours")
    stream.post(write("delta", {}, run="ours", seq=1))
    assert taken(stream.join(last, whole)) == [b"whole"]


def test_an_id_of_another_run_gets_the_whole_state():
    before, now = Stream(), Stream()
    message = write("delta", {}, run=before.run, seq=2)
    last = message.data.decode().splitlines()[0].removeprefix("id: ")
    for stream in (before, now):
        for seq in range(1, 6):
            stream.post(write("delta", {}, run=stream.run, seq=seq))
    assert len(taken(before.join(last, whole))) == 3
    assert taken(now.join(last, whole)) == [b"whole"]


def test_what_is_not_held_any_more_is_the_whole_state():
    stream = Stream("ours")
    for seq in range(1, RING_MAX + 10):
        stream.post(write("delta", {}, run="ours", seq=seq))
    assert taken(stream.join("ours-2", whole)) == [b"whole"]
    assert taken(stream.join(f"ours-{RING_MAX - QUEUE_MAX - 50}", whole)) == [b"whole"]


def test_a_slow_reader_is_dropped_and_counted_and_the_others_go_on():
    stream = Stream()
    slow, quick = stream.join("", whole), stream.join("", whole)
    for seq in range(1, QUEUE_MAX + 5):
        stream.post(write("delta", {}, seq=seq))
        taken(quick)
    assert slow.gone.is_set()
    assert not quick.gone.is_set()
    assert (stream.dropped, stream.clients) == (1, {quick})


def test_readers_are_bounded():
    stream = Stream()
    assert all(stream.join("", whole) for _ in range(CLIENTS_MAX))
    assert stream.join("", whole) is None


def test_closing_lets_every_reader_end():
    async def read_all():
        stream = Stream()
        client = stream.join("", whole)
        stream.close()
        return [data async for data in stream.read(client)]

    assert asyncio.run(read_all())[1:] == [b"whole"]


def test_a_message_cannot_break_out_of_its_line():
    assert write("note", {"text": "a\n\nevent: evil\ndata: {}"}).data.count(b"\n\n") == 1


def test_who_comes_back_for_as_much_as_a_queue_holds_is_not_dropped_by_the_next_message():
    stream = Stream("ours")
    for seq in range(1, QUEUE_MAX + 2):
        stream.post(write("delta", {}, run="ours", seq=seq))
    client = stream.join("ours-1", whole)
    assert client.queue.qsize() == QUEUE_MAX  # what it missed
    for seq in range(QUEUE_MAX + 2, 2 * QUEUE_MAX + 2):  # and then it reads nothing
        stream.post(write("delta", {}, run="ours", seq=seq))
    assert not client.gone.is_set()
    stream.post(write("delta", {}, run="ours", seq=2 * QUEUE_MAX + 2))
    assert client.gone.is_set()
    assert stream.dropped == 1
