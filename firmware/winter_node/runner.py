"""The loop's one pass: poll the adapters, feed session and core, perform what they ask, show it, feed the watchdog."""

from winter_node import screen, session, ticks
from winter_node.core import Core

IDLE_MS = 1000  # at most this long between two passes
VITALS_MS = 1000
FRAME_MS = 250  # chosen: four pictures a second are enough to read and leave the processor alone
IDENTIFY_MS = 10000
GUARD_TRIES = 3  # an adapter that fails so often in a row is left alone for
GUARD_REST_MS = 10000
RESTART_MS = 1000  # chosen: time for the last acks and the goodbye to leave before a restart
SOON_MS = 20  # the wait while a button is down or bytes wait to leave
_ADAPTERS = ("wifi", "mqtt", "oled", "button", "pot", "lamp", "clock", "flash")


class Guard:
    """Keeps one adapter from taking the node down: counts its failures and lets it rest after several in a row."""

    def __init__(self):
        self.failures = 0
        self.in_a_row = 0
        self.last = ""
        self._rest_until_ms = None

    def resting(self, now_ms):
        if self._rest_until_ms is not None and ticks.diff(now_ms, self._rest_until_ms) >= 0:
            self._rest_until_ms = None
        return self._rest_until_ms is not None

    def failed(self, error, now_ms):
        """Whether it is to be told of: the first failure, and when it is sent to rest."""
        self.failures += 1
        self.in_a_row += 1
        self.last = repr(error)
        if self.in_a_row >= GUARD_TRIES:
            self.in_a_row = 0
            self._rest_until_ms = ticks.add(now_ms, GUARD_REST_MS)
            return True
        return self.failures == 1


class Runner:
    """One node: step(now_ms) does a pass and says when it next has something to do."""

    def __init__(self, adapters, now_ms):
        """adapters: settings, rng, board, supervisor, keep_settings and those of _ADAPTERS, see starting.adapters."""
        self._adapters = adapters
        self.settings = adapters.settings
        self._board = adapters.board
        settings = dict(adapters.settings)
        settings["epoch"] = adapters.flash.get("epoch", 0)
        self.supervisor = adapters.supervisor
        if self.supervisor.safe():
            settings["safe"] = self.supervisor.why or "crashes"
        self.core = Core(settings, adapters.boot_id, adapters.rng)
        self.core.vitals["reset_cause"] = self._board.reset_cause()
        self.core.commands.keep_settings = adapters.keep_settings
        self.session = session.Session(adapters.rng, now_ms)
        self.page = screen.MAIN
        self.guards = {}  # adapter -> its Guard, from its first failure on
        self._picture = None  # the one on the screen
        self._frame_ms = now_ms
        self._vitals_ms = now_ms
        self._identify_until_ms = None
        self._restart_ms = None

    def step(self, now_ms):
        """One pass; milliseconds until it wants to be called again (sooner when the socket or the button stirs).

        What adapters do wrong is counted and shown. An exception of core or session is ours: it goes up (to failed(),
        by way of main), and the watchdog is not fed.
        """
        adapters = self._adapters
        self._poll_network(now_ms)
        self._poll_hands(now_ms)
        if ticks.diff(now_ms, self._vitals_ms) >= 0:
            self._vitals_ms = ticks.add(now_ms, VITALS_MS)
            self._take_vitals(now_ms)
        self._perform(self.core.on_tick(now_ms), now_ms)
        self._perform_session(self.session.tick(now_ms), now_ms)
        self._show(now_ms)
        if self._restart_ms is None and self.supervisor.leaves_safe_mode(now_ms):
            self._restart_ms = now_ms
        if self._restart_ms is not None and ticks.diff(now_ms, self._restart_ms) >= 0:
            self._restart_ms = None
            self.stop(now_ms)
            self.supervisor.forgive()
            self._board.restart()
        flushed = self._try("mqtt", now_ms, adapters.mqtt.flush)
        if self.supervisor.healthy(now_ms):
            self._board.feed()
        return self._wait_ms(now_ms, flushed is not False)

    def failed(self, error, now_ms):
        """An exception that step() let through; the next pass may do better."""
        self._board.log("in a step: " + repr(error))
        self.supervisor.failed(error, now_ms)

    def stop(self, now_ms):
        """Leaves in good order: says goodbye, so that nobody has to wait for the silence. step() connects again."""
        mqtt = self._adapters.mqtt
        if self.session.state == session.UP:
            topic, payload = self.core.will()
            mqtt.send(topic, payload, 0, True, 0, False)
            mqtt.goodbye()
            mqtt.flush()
        self._perform_session(self.session.on_closed(session.LINK_LOST, now_ms), now_ms)

    def facts(self):
        """What the screen shows; see winter_node.screen."""
        core, wire = self.core, self.session
        age_ms = core.view_age_ms()
        values = dict(core.view) if core.view else {}
        own = core.device.fields()
        for name in own:
            values[name] = own[name]
        errors = [name for name in _ADAPTERS if name in self.guards]
        broker = self.settings["broker"]
        return {
            "node_id": core.node_id, "type": core.type, "state": core.state(), "mode": own["mode"],
            "handle": own["handle"], "fault": own["fault"], "values": values, "stale": core.stale(),
            "connected": core.connected, "trouble": wire.trouble(),
            "age_s": None if age_ms is None else age_ms // 1000, "rssi": core.vitals["wifi_rssi"],
            "safe": core.safe, "boots": self.supervisor.boots, "ssid": self.settings["wifi"]["ssid"], "address": self._adapters.address,
            "broker": "%s:%d" % (broker["host"], broker["port"]), "lost": wire.counters["losses"],
            "unsent": wire.unanswered(), "note": self._adapters.note, "fw": core.vitals["fw"], "uptime_s": core.uptime_ms // 1000,
            "heap_free": core.vitals["heap_free"], "reset_cause": core.vitals["reset_cause"],
            "refused": core.counters["rejected"], "errors": "! " + " ".join(errors) if errors else "",
        }  # fmt: skip

    def picture(self, now_ms):
        """The picture of the page that is turned up."""
        if self._identifying(now_ms):
            return screen.identify_page(self.core.node_id)
        return screen.page(self.page, self.facts())

    def _poll_hands(self, now_ms):
        adapters = self._adapters
        if adapters.button is not None:
            for name in self._try("button", now_ms, adapters.button.poll, now_ms) or ():
                self._perform(self.core.on_input(name, now_ms), now_ms)
        if adapters.pot is not None:
            part = self._try("pot", now_ms, adapters.pot.poll, now_ms)
            if part is not None:
                self._perform(self.core.on_dial(part, now_ms), now_ms)

    def _poll_network(self, now_ms):
        adapters = self._adapters
        joined, cause = self._try("wifi", now_ms, adapters.wifi.poll, now_ms) or (self.session.linked, session.NO_WIFI)
        self._perform_session(self.session.on_link(joined, cause, now_ms), now_ms)
        events = self._try("mqtt", now_ms, adapters.mqtt.poll)
        if events is None and self.session.state != session.DOWN and not self._rests("mqtt", now_ms):
            events = (("closed", False),)
        for event in events or ():
            self._on_packet(event, now_ms)

    def _on_packet(self, event, now_ms):
        kind = event[0]
        if kind == "closed":
            opening = self.session.state == session.OPENING
            cause = self._adapters.mqtt.trouble or (session.NO_BROKER if opening else session.LINK_LOST)
            self._perform_session(self.session.on_closed(cause, now_ms, by_peer=event[1]), now_ms)
            return
        self.session.on_heard(now_ms)
        if kind == "message":
            if not event[3]:  # what the broker kept is no sign of anybody
                self.session.on_message()
            self._perform(self.core.on_message(event[1], event[2], event[3], now_ms), now_ms)
        elif kind == "connack":
            self._perform_session(self.session.on_connack(event[1], now_ms), now_ms)
        elif kind == "puback":
            self.session.on_puback(event[1])
        elif kind == "suback":
            self._perform_session(self.session.on_suback(event[1], event[2], now_ms), now_ms)

    def _perform(self, actions, now_ms):
        """Does what the core asks."""
        for action in actions:
            kind = action[0]
            if kind == "publish":
                _, topic, payload, qos, retain = action
                self._perform_session(self.session.publish(topic, payload, qos, retain, now_ms), now_ms)
            elif kind == "subscribe":
                self._perform_session(self.session.subscribe(action[1], action[2], now_ms), now_ms)
            elif kind == "page":
                self.page = (self.page + 1 if action[1] < 0 else action[1]) % screen.PAGES
                self._identify_until_ms = None
            elif kind == "identify":
                self._identify_until_ms = ticks.add(now_ms, IDENTIFY_MS)
            elif kind == "epoch":
                self._try("flash", now_ms, self._adapters.flash.put, "epoch", action[1])
            elif kind == "restart":
                self._restart_ms = ticks.add(now_ms, RESTART_MS)
            elif kind == "log":
                self._board.log(action[1])

    def _perform_session(self, actions, now_ms):
        """Does what the session asks."""
        mqtt = self._adapters.mqtt
        for action in actions:
            kind = action[0]
            if kind == "open":
                try:
                    mqtt.open()
                except OSError:
                    self.session.on_closed(mqtt.trouble or session.NO_BROKER, now_ms)
            elif kind == "close":
                mqtt.close()
            elif kind == "up":
                self._take_vitals(now_ms)  # the birth tells the signal strength too
                self._perform(self.core.on_connected(now_ms), now_ms)
            elif kind == "down":
                self._perform(self.core.on_disconnected(now_ms, action[1]), now_ms)
            elif not self._send(mqtt, action):
                self.session.on_full(action)

    def _send(self, mqtt, action):
        if action[0] == "publish":
            _, topic, payload, qos, retain, pid, again = action
            return mqtt.send(topic, payload, qos, retain, pid, again)
        if action[0] == "subscribe":
            return mqtt.watch(action[1], action[2], action[3])
        return mqtt.ping()

    def _take_vitals(self, now_ms):
        adapters = self._adapters
        vitals = self.core.vitals
        vitals["heap_free"] = self._board.heap_free()
        self.supervisor.heap(vitals["heap_free"])
        vitals["wifi_rssi"] = self._try("wifi", now_ms, adapters.wifi.rssi) or 0
        adapters.address = self._try("wifi", now_ms, adapters.wifi.address) or ""
        if adapters.clock is not None:
            if self.session.linked:
                self._try("clock", now_ms, adapters.clock.poll, now_ms)
            vitals["ts"] = self._try("clock", now_ms, adapters.clock.unix_s) or 0

    def _show(self, now_ms):
        adapters = self._adapters
        identifying = self._identifying(now_ms)
        pattern = "identify" if identifying else "calm" if self.core.connected else "trouble"
        self._try("lamp", now_ms, adapters.lamp.show, pattern, now_ms)
        if ticks.diff(now_ms, self._frame_ms) < 0:
            return
        self._frame_ms = ticks.add(now_ms, FRAME_MS)
        if self._try("oled", now_ms, adapters.oled.poll, now_ms):
            self._picture = None
        if not adapters.oled.present():
            return
        picture = self.picture(now_ms)
        if picture != self._picture and not self._rests("oled", now_ms):
            self._picture = picture
            self._try("oled", now_ms, adapters.oled.show, picture)

    def _identifying(self, now_ms):
        if self._identify_until_ms is not None and ticks.diff(now_ms, self._identify_until_ms) >= 0:
            self._identify_until_ms = None
        return self._identify_until_ms is not None

    def _try(self, name, now_ms, call, *args):
        """Calls an adapter; None where it fails or rests."""
        if self._rests(name, now_ms):
            return None
        self.supervisor.passed(name, now_ms)
        try:
            result = call(*args)
        except Exception as error:  # noqa: BLE001 (drivers raise all sorts of things; none may stop the node)
            if name not in self.guards:
                self.guards[name] = Guard()
            guard = self.guards[name]
            if guard.failed(error, now_ms):
                self._board.log("{}: {}".format(name, guard.last))
            return None
        if name in self.guards:
            self.guards[name].in_a_row = 0
        return result

    def _rests(self, name, now_ms):
        return name in self.guards and self.guards[name].resting(now_ms)

    def _wait_ms(self, now_ms, flushed):
        wait_ms = min(IDLE_MS, self.core.due_ms(now_ms), self.session.due_ms(now_ms))
        button = self._adapters.button
        if not flushed or (button is not None and button.busy()):
            wait_ms = min(wait_ms, SOON_MS)
        if self._adapters.oled.present():
            wait_ms = min(wait_ms, max(0, ticks.diff(self._frame_ms, now_ms)))
        return wait_ms
