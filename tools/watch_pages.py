"""Many open pages for the bench, in a process of their own: python tools/watch_pages.py URL PAGES CLICKS REST_S

Opens PAGES live streams, rests for REST_S (the bench measures the service meanwhile), then clicks: each click is a
command, timed until a page's stream shows its effect. Prints `rested`, then one line of JSON: milliseconds to the first
and to the last page for each click, and the bytes that all pages were sent.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

NODE_ID, FIELD = "server_rack_a1", "load_set_kw"
CLICK_S_MAX = 5.0


class Pages:
    """The streams, and when each showed what was last asked for."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.wanted: float | None = None
        self.seen_s: list[float] = []
        self.bytes = 0
        self.opened = 0

    async def watch(self) -> None:
        """One page: reads its stream for ever."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=2**24)
        writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n\r\n".encode())
        while line := await reader.readline():
            self.bytes += len(line)
            self.opened += line.startswith(b"event: state")
            if self.wanted is not None and line.startswith(b"data: ") and NODE_ID.encode() in line:
                row = json.loads(line[6:]).get("nodes", {}).get(NODE_ID, {})
                if row.get(FIELD) == self.wanted:
                    self.seen_s.append(time.perf_counter())

    async def click(self, power_kw: float) -> None:
        """One command by HTTP; its answer is read, since a page waits for it too."""
        body = json.dumps({"command": "set_load", "params": {"power_kw": power_kw}}).encode()
        reader, writer = await asyncio.open_connection(self.host, self.port)
        head = f"POST /api/v1/nodes/{NODE_ID}/command HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await reader.read()
        writer.close()


async def run(url: str, count: int, clicks: int, rest_s: float) -> None:
    """Opens, rests, clicks, reports."""
    parts = urlsplit(url)
    pages = Pages(parts.hostname or "", parts.port or 80)
    tasks = [asyncio.create_task(pages.watch()) for _ in range(count)]
    while pages.opened < count:
        await asyncio.sleep(0.05)
    await asyncio.sleep(rest_s)
    print("rested", flush=True)
    first_ms, last_ms = [], []
    for number in range(clicks):
        pages.seen_s, pages.wanted = [], 90.0 + number % 10
        start_s = time.perf_counter()
        answer = asyncio.create_task(pages.click(pages.wanted))
        while len(pages.seen_s) < count and time.perf_counter() - start_s < CLICK_S_MAX:
            await asyncio.sleep(0.001)
        await answer
        if len(pages.seen_s) < count:
            raise RuntimeError(f"a click showed on {len(pages.seen_s)} of {count} pages within {CLICK_S_MAX:g} s")
        first_ms.append((pages.seen_s[0] - start_s) * 1000)
        last_ms.append((pages.seen_s[-1] - start_s) * 1000)
        pages.wanted = None
        await asyncio.sleep(0.13)  # a node tells at most ten statuses a second: measure the way, not the limit
    print(json.dumps({"first_ms": first_ms, "last_ms": last_ms, "bytes": pages.bytes}), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
