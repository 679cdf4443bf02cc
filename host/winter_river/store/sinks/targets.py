"""The requests that bring a batch of readings to a sink. Pure: they are values, sending is the sender's work."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from winter_river.store.model import QUALITIES, Happening, Reading
from winter_river.store.sinks.line import BUCKET, lines

Items = Sequence[Reading | Happening]


class Request(NamedTuple):
    """One POST."""

    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """Where a sink's batches go. name: its mark in the out-box goes by it. prepare: what makes room for them where the
    answer is 404, None where nothing does. headers may hold a secret: they are never shown."""

    name: str
    url: str
    encode: Callable[[Items], bytes]
    prepare: Request | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def influx(url: str, *, bucket: str = BUCKET, org: str = "", secret: str = "") -> Target:
    """A database that takes line protocol. url: its address, without a path. org: given, it is spoken to as InfluxDB 2
    (`/api/v2/write`, secret is a token); else as InfluxDB 1 (`/write`, secret is `user:password`), which VictoriaMetrics
    understands, too. Raises ValueError for what is no address."""
    base = _checked(url)
    if org:
        query = urlencode({"org": org, "bucket": bucket, "precision": "ns"}, quote_via=quote)
        headers = {"Authorization": f"Token {secret}"} if secret else {}
        return Target("influx", f"{base}/api/v2/write?{query}", lines, None, headers)
    query = urlencode({"db": bucket, "precision": "ns"}, quote_via=quote)
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    name = bucket.replace('"', '\\"')
    create = Request(f"{base}/query", urlencode({"q": f'CREATE DATABASE "{name}"'}).encode())
    return Target("influx", f"{base}/write?{query}", lines, create, headers)


def webhook(url: str, *, secret: str = "") -> Target:
    """An address that gets JSON: {"readings": [...], "events": [...]}. secret: sent as a bearer token."""
    _checked(url)
    headers = {"Content-Type": "application/json"}
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    return Target("webhook", url, as_json, None, headers)


def as_json(items: Items) -> bytes:
    """The body of a webhook."""
    readings = [
        {
            "unix_s": item.ms / 1000, "node_id": item.node_id, "type": item.type, "status": item.status,
            "state": item.state, "quality": QUALITIES[item.quality], "fields": dict(item.numbers),
        }
        for item in items if isinstance(item, Reading)
    ]  # fmt: skip
    events = [
        {
            "unix_s": item.ms / 1000, "node_id": item.node_id, "id": item.id, "timeline": item.timeline, "t_s": item.t_s, "source": item.source,
            "event": item.event, "from": item.from_, "to": item.to, "cause": item.cause,
        }
        for item in items if isinstance(item, Happening)
    ]  # fmt: skip
    return json.dumps({"readings": readings, "events": events}, ensure_ascii=False, separators=(",", ":")).encode()


def _checked(url: str) -> str:
    """The address without a slash at its end. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"{url!r} is not an address such as http://127.0.0.1:8086 (a secret goes into a file)")
    return url.rstrip("/")
