"""Pours statuses of one node into a broker at a steady rate: python tools/pour_statuses.py URL PER_S SECONDS.

Prints how many were sent and the rate that was reached. A process of its own, so that it does not take the
processor time of what is measured.
"""

import sys
import time
import urllib.parse

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from winter_wire import codec, schema, topics

BURST = 50  # messages between two looks at the clock
NODE = "ups_a"


def _status(seq: int) -> bytes:
    """A whole status, as long as a real one."""
    fields = {"v": schema.VERSION, "node_id": NODE, "type": "ups", "status": "ok", "state": "NORMAL"}
    for name in schema.ELECTRICAL:
        fields[name] = 0.5
    fields |= {"handle": "online", "mode": "auto", "fault": "", "resets": 0, "wifi_rssi": -60, "uptime": 100}
    fields |= {"ts": 0, "boot": 7, "seq": seq, "timeline": 1, "heap_free": 100000, "reset_cause": "power", "fw": "0"}
    payload: bytes = codec.encode("status", fields)
    return payload


def main(url: str, per_s: float, seconds: float) -> None:
    address = urllib.parse.urlsplit(url)
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(address.hostname or "127.0.0.1", address.port or 1883)
    client.loop_start()
    payloads = [_status(seq) for seq in range(1, int(per_s * seconds) + 1)]  # made before: only the pouring is timed
    topic = topics.topic(NODE, topics.STATUS)
    start_s = time.perf_counter()
    for first in range(0, len(payloads), BURST):
        for payload in payloads[first : first + BURST]:
            sent = client.publish(topic, payload)
        ahead_s = start_s + (first + BURST) / per_s - time.perf_counter()
        if ahead_s > 0:
            time.sleep(ahead_s)
    sent.wait_for_publish(30)
    took_s = time.perf_counter() - start_s
    client.disconnect()
    client.loop_stop()
    print(len(payloads), len(payloads) / took_s)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
