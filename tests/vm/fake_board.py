"""A board for case files, in both dialects: its modules as main.py wants them, with a broker of a few lines in memory.

Time stands still until it is moved. The broker takes whole packets, answers them at once and counts them.
"""

import io
import json

ADDRESS = 0x3C
FRAME_BYTES = 1024
TICKS_PERIOD = 1 << 30


class Things:
    """Things by name."""

    def __init__(self, **things):
        for name, value in things.items():
            setattr(self, name, value)


class Time:
    def __init__(self):
        self.now_ms = 0

    def ticks_ms(self):
        return self.now_ms % TICKS_PERIOD

    def ticks_diff(self, later, earlier):
        half = TICKS_PERIOD // 2
        return (later - earlier + half) % TICKS_PERIOD - half

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % TICKS_PERIOD

    def sleep_ms(self, ms):
        self.now_ms += ms

    def time(self):
        return self.now_ms // 1000

    def gmtime(self, seconds):
        return (2000, 1, 1, 0, 0, 0, 5, 1)


class File(io.StringIO):
    """A file that is kept when it is closed."""

    def keep_in(self, files, name):
        self.files, self.name = files, name
        return self

    def __exit__(self, *error):
        self.files[self.name] = self.getvalue()


class Files:
    """hw.open: text files by name."""

    def __init__(self, **files):
        self.files = files

    def open(self, name, mode="r"):
        if "w" in mode:
            return File().keep_in(self.files, name)
        if name not in self.files:
            raise OSError(2)
        return io.BytesIO(self.files[name].encode()) if "b" in mode else io.StringIO(self.files[name])


class Pin:
    IN, OUT, PULL_UP = 1, 3, 2

    def __init__(self, number, mode=-1, pull=-1):
        self.level = 1

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level


class I2c:
    """The screen's bus: counts the pictures."""

    frames = 0

    def __init__(self, **pins):
        pass

    def scan(self):
        return [ADDRESS]

    def writeto(self, address, data, stop=True):
        pass

    def writevto(self, address, parts, stop=True):
        for part in parts:
            if len(part) >= FRAME_BYTES:
                I2c.frames += 1


class Wdt:
    feeds = 0

    def __init__(self, timeout=5000):
        self.timeout_ms = timeout

    def feed(self):
        Wdt.feeds += 1


class Gone(SystemExit):
    """The end of a reset."""


def _reset():
    raise Gone


class Station:
    def __init__(self, interface):
        self.joined = False

    def active(self, on=None):
        return True

    def connect(self, ssid, key=None):
        self.joined = True

    def disconnect(self):
        self.joined = False

    def isconnected(self):
        return self.joined

    def status(self, what=None):
        return -55 if what == "rssi" else 0

    def config(self, *args, **kwargs):
        return None

    def ifconfig(self):
        return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")


class Broker:
    """Where the node's socket ends. publishes, puback: what came. up, mute: listens at all, answers at all."""

    def __init__(self):
        self.up, self.mute = True, False
        self.connects = self.publishes = self.pings = 0
        self.last = b""  # the payload of the last PUBLISH, with its topic before it
        self.line = None

    def getaddrinfo(self, host, port, *more):
        return [(2, 1, 0, "", (host, port))]

    def socket(self, *more):
        return Line(self)

    def publish(self, topic, payload, pid=0):
        head = topic.encode()
        body = len(head).to_bytes(2, "big") + head + (pid.to_bytes(2, "big") if pid else b"") + payload
        size = len(body)
        length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
        self.line.coming += (b"\x32" if pid else b"\x30") + length + body

    def take(self, stream):
        """Whole packets, one after the other."""
        while stream:
            at = 2 if stream[1] < 128 else 3
            end = at + (stream[1] if at == 2 else (stream[1] & 0x7F) + (stream[2] << 7))
            self._take_packet(stream[:end], at)
            stream = stream[end:]

    def _take_packet(self, packet, at):
        kind = packet[0] & 0xF0
        if kind == 0x10:
            self.connects += 1
            answer = b"\x20\x02\0\0"
        elif kind == 0x80:
            answer = b"\x90\x03" + packet[at : at + 2] + packet[-1:]
        elif kind == 0xC0:
            self.pings += 1
            answer = b"\xd0\0"
        elif kind == 0x30:
            self.publishes += 1
            self.last = packet[at:]
            topic_end = at + 2 + (packet[at] << 8 | packet[at + 1])
            answer = b"\x40\x02" + packet[topic_end : topic_end + 2] if packet[0] & 6 else b""
        else:
            answer = b""
        if not self.mute:
            self.line.coming += answer


class Line:
    def __init__(self, broker):
        self.broker = broker
        self.coming = bytearray()
        self.ended = False

    def setblocking(self, blocking):
        if blocking:
            raise AssertionError("the node must never wait on a socket")

    def connect(self, address):
        if not self.broker.up:
            raise OSError(111)
        self.broker.line = self
        raise OSError(119)  # under way

    def write(self, data):
        if not self.broker.up:
            raise OSError(104)
        self.broker.take(bytes(data))
        return len(data)

    def readinto(self, room):
        if not self.broker.up:
            return 0
        count = min(len(room), len(self.coming))
        if not count:
            return 0 if self.ended else None
        room[:count] = self.coming[:count]
        self.coming = self.coming[count:]
        return count

    def close(self):
        self.ended = True


class _Poll:
    """select.poll(): every line is always ready to be written."""

    def __init__(self):
        self.found = []

    def register(self, line, events=0):
        self.found = [(line, events)]

    def unregister(self, line):
        self.found = []

    def poll(self, timeout_ms=-1):
        return self.found


class Board:
    """One board with a node.json; step() moves its time and does one pass. slim: see main.start."""

    def __init__(self, main, gc, noise=7, ticks_ms=0, slim=False, **settings):
        self.time, self.broker = Time(), Broker()
        self.time.now_ms = ticks_ms
        self.files = Files(**{"node.json": json.dumps(settings)})
        self.printed = []
        self._noise = noise
        I2c.frames = Wdt.feeds = 0
        machine = Things(
            Pin=Pin, SoftI2C=I2c, I2C=I2c, WDT=Wdt, reset=_reset, reset_cause=lambda: 1,
            PWRON_RESET=1, HARD_RESET=2, WDT_RESET=3, DEEPSLEEP_RESET=4, SOFT_RESET=5, unique_id=lambda: b"\2board",
        )  # fmt: skip
        self.hw = Things(
            machine=machine, network=Things(STA_IF=0, WLAN=Station), time=self.time, socket=self.broker, gc=gc,
            os=Things(urandom=self._urandom), open=self.files.open, print=self._print, ntptime=None, ssl=None,
            select=Things(POLLIN=1, POLLOUT=4, POLLERR=8, POLLHUP=16, poll=_Poll),
        )  # fmt: skip
        self.program = main.start(self.hw, slim=slim)

    def step(self, ms):
        self.time.now_ms += ms
        return self.program.step(self.time.ticks_ms())

    def frames(self):
        return I2c.frames

    def feeds(self):
        return Wdt.feeds

    def _urandom(self, count):
        drawn = []
        for _ in range(count):
            self._noise = (self._noise * 1103515245 + 12345) % (1 << 31)
            drawn.append(self._noise >> 16 & 0xFF)
        return bytes(drawn)

    def _print(self, *parts):
        self.printed.append(" ".join([str(part) for part in parts]))
        if len(self.printed) > 20:
            self.printed.pop(0)
