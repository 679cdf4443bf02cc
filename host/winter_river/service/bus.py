"""The connection to the broker. The only importer of paho; works with paho 1.6 and 2.x.

One thread owns the client and the socket: paho's calls that are meant for an outside event loop are used, so nothing
of paho runs in two threads, no callback can end the thread, and both queues are ours and bounded:
 - in: at most inbox_max messages wait for take(); what comes while it is full is dropped and counted;
 - out: at most outbox_max wait to be written; paho is given more only while its socket takes it. While there is no
   connection, QoS 0 messages (they would be out of date) are passed over and QoS 1 messages wait.

A broker that has frozen is noticed within 2 x KEEPALIVE_S: before the silence of the nodes it carries counts as theirs.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from winter_wire import schema

from winter_river.address import Address, parse_url, tls_fault
from winter_river.service.bus_faults import HUNG_UP, fault_of
from winter_river.service.messages import Incoming, Link, Message

KEEPALIVE_S = 5  # chosen: see above; a node is offline after 20 s of silence
CONNECT_S_MAX = 2.0
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 4.0)  # chosen: the service is near its broker; the last one repeats
STEADY_S = 10.0  # chosen: a connection that lasted less counts as a failure, so that two of one name take turns slowly
JITTER = 0.2  # chosen: +-20 %, so that many clients do not come back in step
STOP_S = 1.5  # of the 2 s a clean stop may take
POLL_S = 0.5  # how often paho's own timers are looked at
READS_MAX = 200  # packets read before the outbox has its turn
INBOX_MAX = 20_000  # chosen: two seconds of the busiest bus we promise to follow
OUTBOX_MAX = 20_000  # chosen: four full sets of views of the largest site we measure
UNACKED_MAX = 1_000  # QoS 1 messages the broker has not confirmed
PAYLOAD_BYTES_MAX = max(schema.BYTES_MAX.values()) + 1  # a longer payload is cut here and refused for its size later


class BusError(OSError):
    """The broker cannot be reached or does not want us; says which, and what to do where that is known."""

    def __init__(self, cause: str, cure: str = "") -> None:
        super().__init__(f"{cause}\ncure: {cure}" if cure else cause)
        self.cause, self.cure = cause, cure


@dataclass(slots=True)
class Traffic:
    """Counters of one connection."""

    received: int = 0
    dropped: int = 0  # came in while the inbox was full
    sent: int = 0
    unsent: int = 0  # QoS 0 while there was no connection
    refused: int = 0  # going out while the outbox or paho's own queue was full
    connects: int = 0
    errors: int = 0  # surprises of the client library that cost a reconnect


class Bus:
    """A connection that looks after itself: start() it, publish(), wait() and take() what comes, stop() it."""

    def __init__(
        self,
        broker: str | Address,
        *,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        will: Callable[[], Message] | None = None,
        inbox_max: int = INBOX_MAX,
        outbox_max: int = OUTBOX_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """broker: its address; a URL of mqtts:// trusts whom this machine trusts.

        subscriptions: (topic filter, QoS), made anew after each connect. will: asked before each connect. Raises
        ValueError for what is no address, or certificates that are none.
        """
        self.address = parse_url(broker) if isinstance(broker, str) else broker
        self._next: Address | None = None  # the broker to leave this one for
        self._roused = threading.Event()  # ends a pause before the next connect
        self.traffic = Traffic()
        self.why_down, self._cure = "not connected yet", ""
        self._complaint = ""  # what paho last said of an error on the line
        secure = self.address.certificates
        self._tls = secure.context() if secure is not None else None
        self._client_id, self._subscriptions, self._will, self._clock = client_id, list(subscriptions), will, clock
        self._inbox_max, self._outbox_max = inbox_max, outbox_max
        self._news = threading.Condition()  # guards inbox, woken and up
        self._inbox: deque[Incoming | Link] = deque()
        self._woken = False
        self._up = False
        self._outbox: deque[Message] = deque()
        self._outbox_lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._failures = 0  # connects in a row that came to nothing
        self._up_since_s: float | None = None  # of this connection; None: it has come to nothing so far
        self._random = random.Random()
        self._client = self._new_client()
        self._thread = threading.Thread(target=self._run, name=f"bus {client_id}", daemon=True)

    # for any thread

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and our subscriptions."""
        return self._up

    def start(self) -> None:
        """Begins connecting, and goes on trying."""
        self._thread.start()

    def stop(self, last_words: Iterable[Message] = ()) -> None:
        """Sends what waits and last_words, says goodbye to the broker and ends the thread, within 2 s."""
        with self._outbox_lock:
            self._outbox.extend(last_words)
        self._stopping.set()
        self._roused.set()
        self._poke()
        if self._thread.is_alive():
            self._thread.join(STOP_S + POLL_S)
        if not self._thread.is_alive():
            self._wake_read.close()
            self._wake_write.close()
        self.wake()

    def move(self, broker: Address, last_words: Iterable[Message] = ()) -> None:
        """Leaves for another broker: what waits and last_words still go to this one, what cannot goes to that one."""
        with self._outbox_lock:
            self._outbox.extend(last_words)
        with self._news:
            self._next = broker
        self._roused.set()
        self._poke()

    def publish(self, messages: Iterable[Message]) -> None:
        """Puts messages in line to be sent; never blocks."""
        with self._outbox_lock:
            for message in messages:
                if message.qos == 0 and not self._up:
                    self.traffic.unsent += 1
                elif len(self._outbox) >= self._outbox_max:
                    self.traffic.refused += 1
                else:
                    self._outbox.append(message)
        self._poke()

    def wait(self, timeout_s: float) -> None:
        """Returns when something has come, after wake(), or when the time is up."""
        with self._news:
            if not self._inbox and not self._woken:
                self._news.wait(timeout_s)
            self._woken = False

    def wake(self) -> None:
        """Ends a wait() at once."""
        with self._news:
            self._woken = True
            self._news.notify_all()

    def take(self, count_max: int = 5_000) -> list[Incoming | Link]:
        """What has come since, oldest first."""
        with self._news:
            count = min(count_max, len(self._inbox))
            return [self._inbox.popleft() for _ in range(count)]

    def wait_connected(self, timeout_s: float) -> None:
        """Returns once connected and subscribed; raises BusError with the cause when that does not happen in time."""
        with self._news:
            if not self._news.wait_for(lambda: self._up and self._next is None, timeout_s):
                raise BusError(f"no broker at {self._next or self.address}: {self.why_down}", self._cure)

    # the thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._up_since_s = None
            self._roused.clear()
            try:
                self._turn_to_next()
                self._prepare()
                self._client.reconnect()
                self._serve()
            except (OSError, ValueError) as error:
                self._down(*fault_of(error, self.address))
            except Exception as error:  # noqa: BLE001 - a fault inside paho must cost a reconnect, not the bus
                self.traffic.errors += 1
                self._down(f"{type(error).__name__}: {error}")
                self._client = self._new_client()
            if self._next is not None:
                self._failures = 0
                continue
            steady = self._up_since_s is not None and self._clock() - self._up_since_s >= STEADY_S
            self._failures = 1 if steady else self._failures + 1
            delay_s = BACKOFF_S[min(self._failures, len(BACKOFF_S)) - 1]
            self._roused.wait(delay_s * self._random.uniform(1 - JITTER, 1 + JITTER))

    def _turn_to_next(self) -> None:
        if self._next is None:
            return
        with self._news:
            self.address, self._next = self._next, None
            self.why_down, self._cure = "not connected yet", ""
        secure = self.address.certificates
        self._tls = secure.context() if secure is not None else None
        self._client = self._new_client()

    def _prepare(self) -> None:
        with self._outbox_lock:
            self._outbox = deque(message for message in self._outbox if message.qos)
        if self._will is not None:
            will = self._will()
            self._client.will_set(will.topic, will.payload, will.qos, will.retain)

    def _serve(self) -> None:
        """Moves bytes until the connection ends."""
        client = self._client
        connection = client.socket()
        if connection is None:
            return
        # A command must not wait for the acknowledgement of the view before it: that costs 40 ms a time.
        if isinstance(connection, socket.socket):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
            writing = True
            while client.socket() is connection and not self._is_leaving():
                for key, _ in selector.select(POLL_S):
                    if key.fileobj is self._wake_read:
                        self._wake_drain()
                self._read(client)
                self._write(client)
                client.loop_misc()
                if client.socket() is connection and writing != client.want_write():
                    writing = not writing
                    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
                    selector.modify(connection, events)
        if self._is_leaving():
            self._leave(client)

    def _is_leaving(self) -> bool:
        return self._stopping.is_set() or self._next is not None

    def _read(self, client: mqtt.Client) -> None:
        """Reads while packets keep coming, then tells the waiting thread once."""
        before = self.traffic.received
        for _ in range(READS_MAX):
            count = self.traffic.received
            if client.loop_read() or (self.traffic.received == count and not _decrypted(client.socket())):
                break
        if self.traffic.received != before:
            with self._news:
                self._news.notify_all()

    def _write(self, client: mqtt.Client) -> None:
        """Gives paho messages for as long as its socket takes them."""
        if client.want_write():
            client.loop_write()
        while self._up and not client.want_write():
            with self._outbox_lock:
                if not self._outbox:
                    return
                message = self._outbox.popleft()
            code = client.publish(message.topic, message.payload, message.qos, message.retain).rc
            if code == mqtt.MQTT_ERR_QUEUE_SIZE:
                self.traffic.refused += 1
            else:
                self.traffic.sent += 1

    def _leave(self, client: mqtt.Client) -> None:
        """Sends what is left and disconnects, so that the broker keeps our last will to itself."""
        until_s = time.monotonic() + STOP_S / 2
        while time.monotonic() < until_s and client.socket() is not None and (self._outbox or client.want_write()):
            self._write(client)
            client.loop_read()
            time.sleep(0.005)
        client.disconnect()
        while time.monotonic() < until_s + STOP_S / 2 and client.socket() is not None and client.want_write():
            client.loop_write()
            time.sleep(0.005)
        self._down("stopped" if self._stopping.is_set() else "left for another broker")

    def _poke(self) -> None:
        with contextlib.suppress(OSError):  # enough wake-up bytes are waiting already, or we have been stopped
            self._wake_write.send(b"\0")

    def _wake_drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass

    def _down(self, why: str, cure: str = "") -> None:
        with self._news:
            was, self._up = self._up, False
            self.why_down, self._cure = why, cure
            if was:
                self._inbox.append(Link(False, self._clock(), why))
            self._news.notify_all()

    # paho's callbacks: they note what happened and cannot fail

    def _new_client(self) -> mqtt.Client:
        if hasattr(mqtt, "CallbackAPIVersion"):
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=True)
            client.connect_timeout = CONNECT_S_MAX
        else:  # paho 1.6
            client = mqtt.Client(client_id=self._client_id, clean_session=True)
        client.max_queued_messages_set(UNACKED_MAX)
        if self.address.user is not None:
            client.username_pw_set(self.address.user, self.address.password)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_log = self._on_log
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.connect_async(self.address.host, self.address.port, KEEPALIVE_S)
        return client

    def _on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any = None) -> None:
        if code != 0:
            words = str(code) if hasattr(code, "is_failure") else mqtt.connack_string(code)
            self.why_down = f"the broker refused the connection: {words}"
        elif self._subscriptions:
            client.subscribe(self._subscriptions)
        else:
            self._is_up()

    def _on_subscribe(self, client: mqtt.Client, userdata: Any, mid: Any, codes: Any, properties: Any = None) -> None:
        if any(getattr(code, "value", code) >= 128 for code in codes):  # 128: the protocol's "failure"
            self.why_down = "the broker refused a subscription: ask who runs it for the rights to read"
            client.disconnect()
        else:
            self._is_up()

    def _is_up(self) -> None:
        with self._news:
            if not self._up:
                self._up = True
                self._up_since_s = self._clock()
                self.traffic.connects += 1
                self._inbox.append(Link(True, self._clock()))
            self._news.notify_all()

    def _on_disconnect(self, client: mqtt.Client, userdata: Any, *codes: Any) -> None:
        complaint, self._complaint = self._complaint, ""
        if self._up:
            self._down(f"connection lost ({codes[1] if len(codes) > 1 else mqtt.error_string(codes[0])})")
        elif "refused" in self.why_down:
            self._down(self.why_down)
        elif self._tls is not None and "SSL" in complaint:
            # With TLS 1.3 a broker looks at our certificate after we have called the connection made.
            self._down(*tls_fault(complaint.partition(": ")[2], self.address.host))
        else:
            self._down(*HUNG_UP[self._tls is not None])

    def _on_log(self, client: mqtt.Client, userdata: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            self._complaint = text

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        self.traffic.received += 1
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # no topic of ours: counted where unknown topics are
        payload = bytes(message.payload[:PAYLOAD_BYTES_MAX])
        with self._news:
            if len(self._inbox) >= self._inbox_max:
                self.traffic.dropped += 1
            else:
                self._inbox.append(Incoming(topic, payload, bool(message.retain), self._clock()))


def _decrypted(connection: object) -> int:
    """Bytes that TLS has read and that no selector will tell of."""
    return connection.pending() if isinstance(connection, ssl.SSLSocket) else 0
