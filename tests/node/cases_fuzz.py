"""10,000 broken payloads on the command and the view topic: none crashes, none changes anything, each is counted."""

from winter_node import core as cores
from winter_wire import codec

SEED = 20250301
BROKEN = 10000
A_STEP = 250
COMMAND, VIEW = "winter-river/x/command", "winter-river/x/view"
GOOD = {
    COMMAND: b'{"command":"set_fault","params":{"state":true,"kind":"sag","severity":0.25},"id":"a-1","priority":8}',
    VIEW: b'{"v":1,"node_id":"x","timeline":3,"t_s":12.5,"state":"SAG","voltage_in":161000.0,"permit_close":true}',
}
WORDS = (
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"NaN",
    b'""',
    b"[]",
    b"{}",
    b'"\\u0000"',
    b"99999999999999999999",
    b'"command":7',
)


class Draw:
    """Numbers from a small generator that both dialects agree on."""

    def __init__(self, seed):
        self.seed = seed

    def below(self, limit):
        self.seed = (self.seed * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.seed >> 8) % limit


def broken(draw, good):
    """A payload that is not what it was: cut, doubled, bent, swollen or pure noise."""
    how = draw.below(6)
    at = draw.below(len(good))
    if how == 0:
        return good[:at]
    if how == 1:
        return bytes([draw.below(256) for _ in range(draw.below(80))])
    if how == 2:
        return good[:at] + bytes([draw.below(256)]) + good[at + 1 :]
    if how == 3:
        return good[:at] + WORDS[draw.below(len(WORDS))] + good[at + draw.below(9) :]
    if how == 4:
        return b"[" * (1 + draw.below(900))
    return good[:-1] + b',"pad":"' + b"x" * (450 + draw.below(2000)) + b'"}'


def believable(kind, payload):
    """Whether the contract itself would take it: bending a byte of a text can leave a good message."""
    return codec.decode(kind, payload)[1] is None


def case_broken_payloads_neither_crash_nor_change_anything_and_are_counted():
    draw = Draw(SEED)
    core = cores.Core({"id": "x", "type": "utility"}, 77, lambda: 0.5)
    core.on_connected(0)
    core.on_message(VIEW, GOOD[VIEW], False, 1)
    wanted_view, wanted_device = dict(core.view), core.device.snapshot()
    count = number = 0
    while count < BROKEN:
        number += 1
        topic, kind = ((COMMAND, "command"), (VIEW, "view"))[number % 2]
        payload = broken(draw, GOOD[topic])
        if believable(kind, payload):
            continue
        actions = core.on_message(topic, payload, False, 2)
        count += 1
        assert core.counters["rejected"] == count, (SEED, number, payload)
        assert core.view == wanted_view and core.device.snapshot() == wanted_device, (SEED, number, payload)
        for action in actions:
            assert action[0] in ("log", "publish"), (SEED, number, payload)
        if number % A_STEP == 0:
            yield
