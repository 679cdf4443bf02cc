"""Every fault, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from chaos import (
    broker_faults,
    clock_faults,
    config_faults,
    forged_faults,
    keep_faults,
    kill_faults,
    link_faults,
    load_faults,
    message_faults,
    page_faults,
    process_faults,
)
from chaos.rig import Rig
from chaos.table import Row


class Fault(NamedTuple):
    """What happens, and the function that does it and looks. quick: whether `make test` tries it, at small size; soak: whether `make soak` does."""

    what: str
    run: Callable[[Rig], Sequence[Row]]
    quick: bool = True
    soak: bool = True


FAULTS: Mapping[str, Fault] = {
    "broker-killed": Fault("SIGKILL of the broker under 1,000 sessions", broker_faults.killed),
    "broker-frozen": Fault("SIGSTOP of the broker for a minute", broker_faults.frozen, quick=False),
    "link-bad": Fault("delay, resets, narrowness, doubling, spoiled bytes", link_faults.bad, quick=False),
    "link-host": Fault("the same between broker and service", link_faults.host, quick=False),
    "link-frozen": Fault("the access point hangs, connections open", link_faults.frozen, quick=False),
    "poison": Fault("payloads that are no message, on every topic", message_faults.poison),
    "giants": Fault("64 KiB payloads to everybody", message_faults.giants),
    "retained": Fault("commands that the broker keeps", message_faults.retained),
    "replayed": Fault("old commands, byte for byte", message_faults.replayed),
    "forged": Fault("strangers, cross-node words, wrong keys", forged_faults.forged),
    "same-id": Fault("two boards with one id", message_faults.same_id, quick=False),
    "clock-jump": Fault("the wall clock an hour on, back, 1970", clock_faults.jump, quick=False),
    "store-frozen": Fault("the history's file held for ten minutes", keep_faults.store_frozen, quick=False),
    "store-held": Fault("the same of a whole run, in pairs", kill_faults.ticks_while_held, quick=False, soak=False),
    "killed-keeping": Fault("SIGKILL of a whole run at any moment", kill_faults.killed_keeping, quick=False),
    "fsync-error": Fault("a disk that does not write", keep_faults.fsync_error),
    "slow-consumer": Fault("a service that does not read", keep_faults.slow_consumer, quick=False),
    "disk-full": Fault("no room left on the disk", process_faults.disk_full),
    "oom-killed": Fault("killed for want of memory", process_faults.oom, quick=False),
    "sigterm": Fault("SIGTERM at any moment", process_faults.sigterm),
    "garbage-config": Fault("spoiled settings and facility files", config_faults.garbage),
    "slowloris": Fault("HTTP requests that never end", page_faults.slowloris, quick=False),
    "stream-flood": Fault("hundreds of streams nobody reads", page_faults.flood, quick=False),
    "crowd": Fault("a thousand light clients beside the nodes", load_faults.crowd, quick=False),
    "broker-away": Fault("no broker for five minutes", load_faults.away, quick=False),
    "ten-minutes": Fault("nothing at all, counted for ten minutes", load_faults.soak, quick=False),
}
