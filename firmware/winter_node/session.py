"""The broker session: when to connect, what to repeat, when a link is dead, and why there is none. Pure.

The runner tells it what happened and performs what it answers, in order:
    ("open",)   ("close",)   ("ping",)   ("up",)   ("down", cause)
    ("subscribe", topic, qos, pid)   ("publish", topic, payload, qos, retain, pid, again)
`up` and `down` go to the core, which answers with its subscriptions and its birth. All `now_ms` are ticks.
"""

from winter_node import ticks

KEEPALIVE_S = 15  # by contract
PING_AFTER_MS = 5000  # chosen: a third of the keepalive; nothing heard or said for this long is a reason to ask
ANSWER_MS = 5000  # chosen: a broker that takes longer for PINGRESP, PUBACK, SUBACK or CONNACK is as good as gone
BACKOFF_MS = 1000
BACKOFF_MS_MAX = 20000  # chosen: every node is back within 30 s of the broker's return
START_SPREAD_MS = 1000  # chosen: boards that get power together do not storm the access point
STABLE_MS = 45000  # chosen: longer than a rival waits, so a session that lives this long has no rival
# chosen: two nodes of one id meet two or three times a minute; and a node whose link just broke twice, which looks the
# same from here, is back within the 30 s that every node has.
TAKEN_OVER_MS = 18000
TAKEN_OVER_SPREAD_MS = 10000
TAKEOVERS_MAX = 2  # cut off this often without ever being stable: somebody else uses our id
OUTBOX_MAX = 16
# chosen: what waited for a broker waits for the service behind it, too, which may be back later than we are (it tries
# again within 5 s, and sends a view within 5 s): a broker has nobody to give it to before. A service that is not there
# is not waited for any longer.
MEET_MS = 15000
PID_MAX = 65535

DOWN, OPENING, UP = "down", "opening", "up"

# Why there is no session, in words that fit a 16-letter line.
NO_BROKER = "NO BROKER"
NO_ANSWER = "NO ANSWER"
LINK_LOST = "LINK LOST"
REFUSED = "REFUSED"
BAD_ID = "BAD ID"
NO_WIFI = "NO WIFI"
DUPLICATE_ID = "DUPLICATE ID"
_CONNACK = {1: REFUSED, 2: BAD_ID, 3: NO_BROKER, 4: REFUSED, 5: REFUSED}  # MQTT 3.1.1, 3.2.2.3


def backoff_ms(tries, rng):
    """How long to wait after so many tries in a row: doubling, capped, the upper half of it random."""
    full_ms = min(BACKOFF_MS_MAX, BACKOFF_MS << min(tries, 10))
    return full_ms // 2 + int(full_ms // 2 * rng())


class Session:
    """One node's session with the broker. Owns packet ids, the outbox of QoS 1 messages and the retry clock."""

    def __init__(self, rng, now_ms):
        """rng: () -> [0, 1)."""
        self._rng = rng
        self.state = DOWN
        self.cause = ""  # why it is down; empty while nothing is wrong
        self.linked = False  # whether the network below is there
        self.counters = {"connects": 0, "losses": 0, "dropped": 0, "repeated": 0}
        self._tries = 0  # since the last stable session
        self._cut_off = 0  # sessions that the other end closed before they were stable
        self._retry_ms = now_ms
        self._since_ms = now_ms  # tick of the last change of state
        self._stable = False
        self._heard_ms = now_ms  # ticks of the last whole packet in and the last packet out
        self._sent_ms = now_ms
        self._asked_ms = None  # tick of a ping without an answer
        self._subscribing = []  # [pid, tick] without an answer
        self._outbox = []  # [topic, payload, retain, pid, tick sent on this link or None, sent before]
        self._alone = None  # whether we wait for somebody to speak to us on this link; None: nobody has on any
        self._pid = 0

    # What happened

    def on_link(self, up, cause, now_ms):
        """The network below came or went."""
        if up == self.linked:
            if not up:
                self.cause = cause
            return []
        self.linked = up
        if up:
            self.cause = ""
            self._retry_ms = ticks.add(now_ms, int(START_SPREAD_MS * self._rng()))
            return []
        actions = self._drop(cause, now_ms, self._tries)
        self._tries = 0
        return actions

    def on_connack(self, code, now_ms):
        """The broker answered our CONNECT: 0 lets us in, the rest is in MQTT 3.1.1."""
        if self.state != OPENING:
            return []
        if code:
            return self._drop(_CONNACK.get(code, REFUSED), now_ms, self._tries)
        self.state = UP
        self.cause = ""
        self.counters["connects"] += 1
        self._since_ms = self._heard_ms = self._sent_ms = now_ms
        self._stable = False
        self._asked_ms = None
        self._subscribing = []
        if self._outbox or self._alone is not None:
            self._alone = True
        for entry in self._outbox:
            entry[4] = None
        return [("up",)]  # what waits in the outbox follows the core's subscriptions, when somebody has spoken to us

    def on_heard(self, now_ms):
        """A whole packet came in."""
        self._heard_ms = now_ms
        self._asked_ms = None

    def on_message(self):
        """Somebody behind the broker spoke to us."""
        self._alone = False

    def on_puback(self, pid):
        """The broker has that message."""
        for index in range(len(self._outbox)):
            if self._outbox[index][3] == pid:
                self._outbox.pop(index)
                return

    def on_suback(self, pid, code, now_ms):
        """The broker took a subscription, or refused it (0x80)."""
        for index in range(len(self._subscribing)):
            if self._subscribing[index][0] == pid:
                self._subscribing.pop(index)
                break
        return self._drop(REFUSED, now_ms, self._tries) if code == 0x80 else []

    def on_closed(self, cause, now_ms, by_peer=False):
        """The connection is gone, or could not be made. by_peer: the other end closed it in good order."""
        if self.state == DOWN:
            return []
        if self.state == OPENING:
            self._cut_off = 0  # a broker that is not there is no rival
        elif by_peer and not self._stable:
            self._cut_off += 1
        if self._cut_off >= TAKEOVERS_MAX:
            actions = self._drop(DUPLICATE_ID, now_ms, self._tries)
            self._retry_ms = ticks.add(now_ms, TAKEN_OVER_MS + int(TAKEN_OVER_SPREAD_MS * self._rng()))
            return actions
        return self._drop(cause, now_ms, self._tries)

    def on_full(self, action):
        """The shell had no room for this action: a QoS 1 message waits, anything else is lost and counted."""
        pid = action[5] if action[0] == "publish" else 0
        for entry in self._outbox:
            if pid and entry[3] == pid:
                entry[4] = None
                return
        self.counters["dropped"] += 1

    # What is wanted

    def publish(self, topic, payload, qos, retain, now_ms):
        """Takes a message to send; QoS 1 is kept until the broker has it, at most OUTBOX_MAX of them."""
        if qos == 0:
            if self.state != UP:
                self.counters["dropped"] += 1
                return []
            self._sent_ms = now_ms
            return [("publish", topic, payload, 0, retain, 0, False)]
        if len(self._outbox) >= OUTBOX_MAX:
            self._outbox.pop(0)  # the oldest is the one most likely to matter to nobody any more
            self.counters["dropped"] += 1
        self._outbox.append([topic, payload, retain, self._next_pid(), None, False])
        return self._flush(now_ms)

    def subscribe(self, topic, qos, now_ms):
        """Subscribes on this link; after a new connect the core asks again."""
        if self.state != UP:
            return []
        pid = self._next_pid()
        self._subscribing.append([pid, now_ms])
        self._sent_ms = now_ms
        return [("subscribe", topic, qos, pid)]

    def tick(self, now_ms):
        """Time has passed: connect, ask, repeat or give up."""
        if self.state == DOWN:
            if not self.linked or ticks.diff(now_ms, self._retry_ms) < 0:
                return []
            self.state = OPENING
            self._since_ms = now_ms
            self._tries += 1
            return [("open",)]
        if self.state == OPENING:
            late = ticks.diff(now_ms, self._since_ms) >= ANSWER_MS
            return self.on_closed(NO_ANSWER, now_ms) if late else []
        if self._answer_is_late(now_ms):
            return self.on_closed(NO_ANSWER, now_ms)
        if not self._stable and ticks.diff(now_ms, self._since_ms) >= STABLE_MS:
            self._stable = True
            self._tries = 0
            self._cut_off = 0
        actions = self._flush(now_ms)
        if self._asked_ms is None and ticks.diff(now_ms, self._quiet_since_ms()) >= PING_AFTER_MS:
            self._asked_ms = self._sent_ms = now_ms
            actions.append(("ping",))
        return actions

    def due_ms(self, now_ms):
        """Milliseconds until tick has something to do; PING_AFTER_MS at most."""
        if self.state == DOWN:
            wait_ms = ticks.diff(self._retry_ms, now_ms) if self.linked else PING_AFTER_MS
        elif self.state == OPENING:
            wait_ms = ANSWER_MS - ticks.diff(now_ms, self._since_ms)
        else:
            wait_ms = PING_AFTER_MS - ticks.diff(now_ms, self._quiet_since_ms())
            for since_ms in self._waiting_since():
                wait_ms = min(wait_ms, ANSWER_MS - ticks.diff(now_ms, since_ms))
        return max(0, min(wait_ms, PING_AFTER_MS))

    def trouble(self):
        """What is wrong, in at most 16 letters; empty when nothing is."""
        return DUPLICATE_ID if self._cut_off >= TAKEOVERS_MAX else self.cause

    def unanswered(self):
        """Messages the broker has not confirmed yet."""
        return len(self._outbox)

    # Inside

    def _drop(self, cause, now_ms, tries):
        was = self.state
        self.cause = cause
        self.state = DOWN
        self._since_ms = now_ms
        self._retry_ms = ticks.add(now_ms, backoff_ms(max(0, tries - 1), self._rng))
        if was == DOWN:
            return []
        if was == OPENING:
            return [("close",)]
        self.counters["losses"] += 1
        return [("close",), ("down", cause)]

    def _flush(self, now_ms):
        actions = []
        if self.state != UP or self._alone and ticks.diff(now_ms, self._since_ms) < MEET_MS:
            return actions
        for entry in self._outbox:
            if entry[4] is None:
                topic, payload, retain, pid, _, again = entry
                actions.append(("publish", topic, payload, 1, retain, pid, again))
                if again:
                    self.counters["repeated"] += 1
                entry[4] = self._sent_ms = now_ms
                entry[5] = True
        return actions

    def _quiet_since_ms(self):
        """The tick since which nothing was heard, or nothing said, whichever is longer ago."""
        return self._heard_ms if ticks.diff(self._sent_ms, self._heard_ms) > 0 else self._sent_ms

    def _waiting_since(self):
        waiting = [entry[4] for entry in self._outbox if entry[4] is not None]
        waiting.extend([since_ms for _, since_ms in self._subscribing])
        if self._asked_ms is not None:
            waiting.append(self._asked_ms)
        return waiting

    def _answer_is_late(self, now_ms):
        for since_ms in self._waiting_since():
            if ticks.diff(now_ms, since_ms) >= ANSWER_MS:
                return True
        return False

    def _next_pid(self):
        """1 to 65535 and round again (umqtt.simple never wraps), past those still in use."""
        while True:
            self._pid = self._pid % PID_MAX + 1
            if not self._in_use(self._pid):
                return self._pid

    def _in_use(self, pid):
        for entry in self._outbox:
            if entry[3] == pid:
                return True
        for waiting, _ in self._subscribing:
            if waiting == pid:
                return True
        return False
