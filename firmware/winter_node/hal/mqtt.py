"""The MQTT connection: umqtt.simple's packets over a socket that never blocks.

What may block, and how long: only open(), when it looks up the name of the broker: not for an address in figures, once
for a name (the address is kept, and asked for anew after LOOKUPS_AFTER failures), until the chip's resolver gives up.
Connecting, writing and reading never wait. With TLS the arithmetic of its handshake takes about a second.
"""

from umqtt.simple import MQTTClient

from winter_node.packets import PacketReader

OUT_BYTES_MAX = 4096  # chosen: four statuses; a link that is further behind is not working
PACKETS_MAX = 8  # chosen: packets taken in a pass, so that a flood does not keep the screen and the button waiting
READS_MAX = 64
LOOKUPS_AFTER = 3  # chosen: after so many failures in a row the broker may have moved to another address
# What a socket says while it is still connecting: EAGAIN, EINPROGRESS, EALREADY and ENOTCONN, as Linux, macOS and the
# ESP32's lwIP number them (there also 118 and 119). The session gives up when it goes on for too long.
_NOT_YET = (11, 35, 36, 37, 57, 107, 114, 115, 118, 119, 120, 128)
_LEFT = (32, 54, 104)  # EPIPE, ECONNRESET: the other end closed it


class _Sink:
    """Stands where umqtt has its socket: gathers one packet, and answers what umqtt waits for after it."""

    def __init__(self):
        self.packet = bytearray()
        self.answer = b""

    def write(self, data, length=None):
        self.packet.extend(data if length is None else data[:length])

    def read(self, count):
        head, self.answer = self.answer[:count], self.answer[count:]
        return head


class Mqtt(MQTTClient):
    """One connection to the broker; poll() moves bytes and gives what came."""

    def __init__(self, hw, settings, will, keepalive_s):
        """settings: node.json, checked. will: (topic, payload), retained, QoS 1."""
        broker = settings["broker"]
        super().__init__(
            settings["id"],
            broker["host"],
            broker["port"],
            broker.get("user") or None,
            broker.get("password") or "",
            keepalive_s,
        )
        self.set_last_will(will[0].encode(), will[1], True, 1)
        self.set_callback(self.poll)  # umqtt insists on one before it subscribes; messages come out of poll() instead
        self._hw = hw
        self._broker = broker
        self._tls = None  # hal.tls where the settings ask for it
        if broker.get("tls"):
            from winter_node.hal import tls

            self._tls = tls
        self.trouble = ""  # why the last connection could not be made, where it is not just that nobody listens
        self.sock = _Sink()
        self._socket = None
        self._plain = None  # the TCP connection that TLS is still to be put around
        self._reader = PacketReader()
        self._out = []  # packets not yet taken up, oldest first
        self._out_bytes = 0  # of them and of what is on its way
        self._going = b""  # the packets that are being written, end to end
        self._written = 0  # bytes of it that have gone
        self._answering = 0  # the packet type that umqtt is waiting for
        self._connected = False  # whether the broker has ever answered on this socket
        self._address = None
        self._failures = 0

    def open(self):
        """Starts a connection and sends CONNECT. Raises OSError where nothing listens."""
        self.close()
        self.trouble = ""
        if self._tls is not None and self._hw.ssl is None:
            self.trouble = self._tls.NO_TLS
            raise OSError(self.trouble)
        try:
            if self._address is None or self._failures >= LOOKUPS_AFTER:
                self._address = self._hw.socket.getaddrinfo(self.server, self.port)[0][-1]
                self._failures = 0
            self._socket = self._hw.socket.socket()
            self._socket.setblocking(False)
            try:
                self._socket.connect(self._address)
            except OSError as error:
                if error.args[0] not in _NOT_YET:
                    raise
        except OSError:
            self._failures += 1
            self.close()
            raise
        if self._tls is not None:
            self._plain = self._socket
        self._connect_packet()
        self._post()

    def close(self):
        """Drops the connection; what was not written is forgotten (QoS 1 stays in the session's outbox)."""
        if self._socket is not None:
            self._socket.close()
        self._socket = self._plain = None
        self._connected = False
        self._reader.reset()
        self._out = []
        self._going = b""
        self._out_bytes = self._written = 0
        self.sock.packet = bytearray()

    def send(self, topic, payload, qos, retain, pid, again):
        """Sends a PUBLISH; False where there is no room for it. again: it was sent before (the DUP flag)."""
        self.pid = pid - 1  # umqtt counts it up before it uses it
        self.sock.answer = b"\x02" + bytes((pid >> 8, pid & 0xFF))
        self._answering = 0x40
        super().publish(topic.encode(), payload, retain, qos)
        if again:
            self.sock.packet[0] |= 0x08
        return self._post()

    def watch(self, topic, qos, pid):
        """Sends a SUBSCRIBE; False where there is no room for it."""
        self.pid = pid - 1
        self.sock.answer = b"\x03" + bytes((pid >> 8, pid & 0xFF, qos))
        self._answering = 0x90
        super().subscribe(topic.encode(), qos)
        return self._post()

    def ping(self):
        """Asks the broker for a sign of life; False where there is no room for it."""
        super().ping()
        return self._post()

    def goodbye(self):
        """Sends DISCONNECT: no last will follows it."""
        self.sock.write(b"\xe0\0")
        self._post()

    def wait_msg(self):
        """umqtt waits here for the broker's answer. The session does that; umqtt is told that it has come."""
        return self._answering

    def flush(self):
        """Writes what the socket takes now; whether nothing is left."""
        if self._socket is not None and self._plain is None:
            try:
                self._write()
            except OSError:
                return True  # the next poll() meets it again and tells
        return not self._out_bytes

    def poll(self):
        """Moves what can be moved now. Gives packets (see winter_node.packets), and ("closed", by the other end?)."""
        events = []
        if self._socket is None:
            return events
        try:
            if self._plain is not None and not self._secure():
                return events
            self._write()
            self._read(events)
        except OSError as error:
            if self._connected or error.args[0] not in _NOT_YET:
                self._judge(error)
                self.close()
                events.append(("closed", error.args[0] in _LEFT))
        except ValueError:  # garbage: nothing on this connection can be believed any more
            self.close()
            events.append(("closed", False))
        return events

    def _secure(self):
        """Puts TLS around the connection once TCP is through; whether it is."""
        select = self._hw.select
        poller = select.poll()
        poller.register(self._plain, select.POLLOUT)
        for _, event in poller.poll(0):
            if event & ~select.POLLOUT:
                raise OSError(111)  # ECONNREFUSED
            self._socket = self._tls.wrap(self._hw, self._plain, self._broker)
            self._plain = None
        return self._plain is None

    def _judge(self, error):
        """Why a secured connection ended. error: None where the other end just closed it."""
        if self._tls is None or self._connected:
            return
        self.trouble = self._tls.words(error) if error else ""
        if not self.trouble and self._plain is None:
            # A broker that does not want our certificate may hang up before its reason has got through.
            self.trouble = self._tls.REFUSED

    def _connect_packet(self):
        """Gathers CONNECT as MQTT 3.1.1 wants it; umqtt's own connect() opens a blocking socket by itself."""
        flags = 0x02  # clean session, by contract
        if self.lw_topic:
            flags |= 0x04 | self.lw_qos << 3 | (0x20 if self.lw_retain else 0)
        parts = [self.client_id.encode()]
        if self.lw_topic:
            parts.extend([self.lw_topic, self.lw_msg])
        if self.user is not None:
            flags |= 0xC0
            parts.extend([self.user.encode(), self.pswd.encode()])
        size = 10
        for part in parts:
            size += 2 + len(part)
        head = bytearray(b"\x10")
        while size > 0x7F:
            head.append(size & 0x7F | 0x80)
            size >>= 7
        head.append(size)
        self.sock.write(head)
        self.sock.write(b"\0\x04MQTT\x04" + bytes((flags, self.keepalive >> 8, self.keepalive & 0xFF)))
        for part in parts:
            self._send_str(part)

    def _post(self):
        """Puts the gathered packet in line; flush() and poll() write it."""
        packet, self.sock.packet = self.sock.packet, bytearray()
        if self._socket is None or self._out_bytes + len(packet) > OUT_BYTES_MAX:
            return False
        self._out.append(packet)
        self._out_bytes += len(packet)
        return True

    def _write(self):
        """Writes the packets of a pass in one go: one by one, each would wait for the other side to acknowledge the
        one before it (Nagle), 40 ms at a time. What could not go is offered again unchanged, as TLS demands."""
        while self._going or self._out:
            if not self._going:
                self._going = b"".join(self._out)
                self._out = []
            count = self._socket.write(memoryview(self._going)[self._written :])
            if not count:
                return
            self._written += count
            if self._written < len(self._going):
                return
            self._out_bytes -= len(self._going)
            self._going = b""
            self._written = 0

    def _read(self, events):
        for _ in range(READS_MAX):
            count = self._socket.readinto(self._reader.room())
            if count is None:
                return
            if count == 0:
                self._judge(None)
                self.close()
                events.append(("closed", True))
                return
            packet = self._reader.took(count)
            if packet is None:
                continue
            self._connected = True
            self._failures = 0
            events.append(packet)
            if packet[0] == "message" and packet[4]:
                # Confirmed before it is acted on: a message that hurts us must not come again and again.
                self.sock.write(b"\x40\x02" + bytes((packet[4] >> 8, packet[4] & 0xFF)))
                self._post()
            if len(events) >= PACKETS_MAX:
                return
