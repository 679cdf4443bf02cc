"""What changes among the secrets while a run of profile secured starts, and while it lasts."""

import threading
import time

from winter_river.cli.secured import Renewal, Secured
from winter_river.protect.provision import Provision


def test_a_revocation_while_a_run_starts_is_taken_up_by_it(tmp_path):
    """The broker has read its lists when the run comes to look at them again."""
    site = Provision(tmp_path / "secrets")
    site.init(hosts=[], now_s=int(time.time()))
    site.node("ups_a", now_s=int(time.time()))
    secured = Secured(site)
    seen = secured.seen(["ups_a"])
    site.revoke("ups_a", now_s=int(time.time()))
    taken_up = threading.Event()
    with Renewal(secured, since=seen, take_up=[taken_up.set], tell=lambda _line: None):
        assert taken_up.wait(60.0)
