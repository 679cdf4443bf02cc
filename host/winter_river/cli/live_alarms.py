"""The alarms of a run as it is set: a site's own rules, where they are kept, and what is measured of its parts."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from winter_river.cli.errors import CommandError
from winter_river.cli.live_store import secret_of as secret_in
from winter_river.settings import Settings

if TYPE_CHECKING:
    from winter_river.alerts.loader import OwnRules
    from winter_river.alerts.model import Gauge
    from winter_river.alerts.webhook import Route, Webhook
    from winter_river.cli.secured import Secured
    from winter_river.facility import Facility
    from winter_river.service.wiring import Service
    from winter_river.store import Keeper

FOLDER = "alarms"  # of what outlives a run, one file a site, in the data folder
CERTIFICATES_S = 60.0  # chosen: days are counted, and a file is read


def own_rules(facility: "Facility", settings: Settings) -> "OwnRules | None":
    """The site's own rules; None where no file is set. Raises RulesError with every fault."""
    from winter_river.alerts.loader import load_rules

    return load_rules(Path(settings.alarms).expanduser(), facility=facility) if settings.alarms else None


def alarm_file(facility: str) -> Path:
    """Where what was acknowledged and shelved outlives a run."""
    from winter_river import paths

    return paths.data_dir() / FOLDER / f"{facility}.json"


def measure(service: "Service", keeper: "Keeper | None", secured: "Secured | None") -> None:
    """Fills in the gauges of the parts that this run has; the others are not judged."""
    if keeper is not None:
        service.alarms.measure(_store(keeper))
    else:
        service.alarms.measure(_disk)
    if secured is not None:
        service.alarms.measure(_certificates(secured))


class Routing:
    """The rules of a run and the webhooks that are told of its alarms; both can be exchanged while it runs."""

    def __init__(self, service: "Service", facility: "Facility", settings: Settings) -> None:
        """Starts the webhooks. Raises CommandError where one cannot be."""
        self._service, self._facility = service, facility
        self._running: dict[Route, tuple[Webhook, Callable[[], None]]] = {}
        self._serve(routes_of(own_rules(facility, settings), settings))

    def apply(self, _old: Settings, new: Settings) -> str:
        """Reads the rules file anew, the same one too. Raises RefusedError with every fault of it; the rules and
        webhooks of before then go on."""
        from winter_river.alerts.loader import RulesError, all_of
        from winter_river.settings.live import RefusedError

        try:
            own = own_rules(self._facility, new)
            routes = routes_of(own, new)
        except (RulesError, CommandError) as error:
            raise RefusedError(f"{error}\ncure: mend it and set it again; the rules of before go on") from None
        rules = all_of(own)
        self._listen(routes)  # first: what the new rules raise at once is told to the new webhooks
        self._service.alarms.judge_by(rules)
        self._serve(routes)
        return f"{len(rules)} alarm rules are judged, {len(routes)} webhooks told"

    def stop(self) -> None:
        self._serve([])

    def _serve(self, routes: "Sequence[Route]") -> None:
        """One that was there goes on with what waits for it."""
        for route in [route for route in self._running if route not in routes]:
            hook, unlisten = self._running.pop(route)
            unlisten()
            hook.stop()
        self._listen(routes)

    def _listen(self, routes: "Sequence[Route]") -> None:
        from winter_river.alerts.webhook import Webhook

        for route in routes:
            if route not in self._running:
                hook = Webhook(route, site=self._facility.name)
                self._running[route] = hook, self._service.alarms.listen(hook.tell)
                hook.start()


def routes_of(own: "OwnRules | None", settings: Settings) -> "list[Route]":
    """Where alarms go: the webhooks of the rules file, and the one of the settings. Raises CommandError."""
    from winter_river.alerts.webhook import Route, secret_of

    def route(url: str, least: str, file: str) -> Route:
        try:
            return Route(url, least, secret_of(secret_in(file)))
        except ValueError as error:
            raise CommandError(f"{file} cannot be used: {error}") from error

    found = [route(hook.url, hook.least, hook.secret) for hook in (() if own is None else own.hooks)]
    if settings.alarm_webhook_url:
        found.append(route(settings.alarm_webhook_url, settings.alarm_webhook_from, settings.alarm_webhook_secret_file))
    return list(dict.fromkeys(found))


def _store(keeper: "Keeper") -> "Callable[[], dict[str, Gauge]]":
    from winter_river.alerts.measuring import Share

    writes, reads = Share(), Share()

    def read() -> "dict[str, Gauge]":
        health, now_s = keeper.health(), time.monotonic()
        return {
            "store_lag_s": health.lag_s,
            "store_silent_s": health.lag_s if health.fault else 0.0,
            "disk_free_pct": health.disk_free_pct,
            "store_write_failures_pct": writes.pct(
                now_s, tries=health.writes + health.write_failures, failures=health.write_failures
            ),
            "store_read_failures_pct": reads.pct(
                now_s, tries=health.reads + health.read_failures, failures=health.read_failures
            ),
        }

    return read


def _disk() -> "dict[str, Gauge]":
    import shutil

    from winter_river import paths

    folder = paths.data_dir()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    usage = shutil.disk_usage(there)
    return {"disk_free_pct": 100.0 * usage.free / usage.total}


def _certificates(secured: "Secured") -> "Callable[[], dict[str, Gauge]]":
    known: list[tuple[float, dict[str, float]]] = []

    def read() -> "dict[str, Gauge]":
        now_s = time.monotonic()
        if not known or now_s - known[-1][0] >= CERTIFICATES_S:
            wall_s = int(time.time())
            days = {
                f"{each.role} {each.name}": float(each.days_left(wall_s)) for each in secured.site.read().all_current()
            }
            known[:] = [(now_s, days)]
        return {"certificate_days": known[-1][1]}

    return read
