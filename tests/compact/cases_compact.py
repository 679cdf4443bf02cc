"""A node of one type at work in the VM, from compact files or from the sources; what it says and shows is printed.

/data/job.json: {"type", "modules": imported one by one beforehand, "orders": commands as JSON texts}. Prints JSON lines: {"said": [topic, message]} for
each message and {"shown": a check sum} after each order.
"""

import binascii
import gc
import json

import fake_board

STEP_MS = 50
STEPS = 6  # an order, its status, and a picture


class Steady:
    """A gc that always finds the same memory free: a status tells how much, and that is what may differ."""

    collect = gc.collect

    def mem_free(self):
        return 50000


class Bus(fake_board.I2c):
    """Keeps the last picture."""

    picture = 0

    def writevto(self, address, parts, stop=True):
        for part in parts:
            if len(part) >= fake_board.FRAME_BYTES:
                Bus.picture = binascii.crc32(part)


def _heard(broker):
    """Prints what the node publishes."""
    take = broker._take_packet

    def told(packet, at):
        if packet[0] & 0xF0 == 0x30:
            end = at + 2 + (packet[at] << 8 | packet[at + 1])
            topic, payload = packet[at + 2 : end], packet[end + (2 if packet[0] & 6 else 0) :]
            print(json.dumps({"said": [topic.decode(), payload.decode()]}))
        take(packet, at)

    broker._take_packet = told


def case_story():
    with open("/data/job.json") as file:
        job = json.load(file)
    for name in job["modules"]:
        __import__(name)
        yield
    import main

    fake_board.I2c = Bus
    board = fake_board.Board(main, Steady(), slim=True, id="x", type=job["type"], load_kw_max=200)
    _heard(board.broker)
    yield
    while not board.broker.connects:
        board.step(STEP_MS)
        yield
    view = (
        '{"v":1,"node_id":"x","timeline":1,"t_s":1,"state":"NORMAL","power_kw":38.25,"load_pct":41,"permit_close":true}'
    )
    board.broker.publish("winter-river/x/view", view.encode())
    for number, order in enumerate(job["orders"]):
        board.broker.publish("winter-river/x/command", order.encode(), number + 1)
        for _ in range(STEPS):
            board.step(STEP_MS)
            yield
        print(json.dumps({"shown": Bus.picture}))
    assert board.broker.connects == 1
