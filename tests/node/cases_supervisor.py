"""The supervisor's claims: when the watchdog is fed, what counts as a crash, when safe mode begins and ends."""

from winter_node import supervisor as supervisors

HEALTHY_MS = 60000  # issue 3 and ESPHome: a boot is good after a minute


class Flash:
    """What outlives a reboot, and how often it was written. full: it takes nothing."""

    def __init__(self, full=False):
        self.values = {}
        self.writes = 0
        self.full = full

    def get(self, name, default):
        return self.values.get(name, default)

    def put_all(self, values):
        if self.full:
            raise OSError(28)
        self.values.update(values)
        self.writes += 1


def passes(supervisor, until_ms, parts=("wifi", "mqtt", "oled"), now_ms=0):
    """Lets passes come back every half second; whether every one of them was healthy."""
    well = True
    while now_ms < until_ms:
        now_ms += 500
        for part in parts:
            supervisor.passed(part, now_ms)
        well = supervisor.healthy(now_ms) and well
    return well


def crashed(times):
    """The flash after so many boots that the watchdog ended."""
    flash = Flash()
    supervisors.Supervisor(flash, "power", 0)
    for _ in range(times):
        supervisors.Supervisor(flash, "watchdog", 0)
    return flash


def case_boots_are_counted_with_one_write_each():
    flash = Flash()
    for number in range(1, 6):
        assert supervisors.Supervisor(flash, "power", 0).boots == number
        assert flash.writes == number


def case_three_crashes_in_a_row_start_safe_mode_and_two_do_not():
    for times, safe in ((0, False), (2, False), (3, True), (4, True)):
        assert supervisors.Supervisor(crashed(times), "soft", 0).safe() is safe, times


def case_power_cuts_and_restarts_are_no_crashes():
    flash = Flash()
    for cause in ("power", "reset", "soft", "sleep", "unknown") * 5:
        assert not supervisors.Supervisor(flash, cause, 0).safe()


def case_healthy_minute_ends_the_row():
    flash = crashed(2)
    supervisor = supervisors.Supervisor(flash, "soft", 0)
    assert passes(supervisor, HEALTHY_MS - 1000) and flash.values["crashes"] == 2
    assert passes(supervisor, HEALTHY_MS + 1000, now_ms=HEALTHY_MS - 1000) and flash.values["crashes"] == 0
    writes = flash.writes
    assert passes(supervisor, 3600000, now_ms=HEALTHY_MS + 1000) and flash.writes == writes  # an hour without a write


def case_safe_mode_is_left_after_a_minute_of_health_and_not_before():
    supervisor = supervisors.Supervisor(crashed(3), "soft", 0)
    passes(supervisor, HEALTHY_MS - 1000)
    assert not supervisor.leaves_safe_mode(HEALTHY_MS - 1000)
    supervisor.failed(ValueError("again"), HEALTHY_MS - 500)
    assert not supervisor.leaves_safe_mode(HEALTHY_MS + 1000)
    assert supervisor.leaves_safe_mode(2 * HEALTHY_MS)
    supervisor.forgive()
    assert not supervisor.safe() and not supervisor.leaves_safe_mode(3 * HEALTHY_MS)


def case_cause_of_the_crash_is_kept_over_the_reboot_with_one_write_however_often_it_comes():
    flash = crashed(2)
    supervisor = supervisors.Supervisor(flash, "soft", 0)
    writes = flash.writes
    for now_ms in range(0, 30000, 20):
        supervisor.failed(KeyError("state"), now_ms)
    assert flash.writes == writes + 1
    after = supervisors.Supervisor(flash, "watchdog", 0)
    assert after.safe() and after.why in ("KeyError('state')", "KeyError('state',)")  # boards print the second


def case_hang_without_an_exception_is_called_by_its_name():
    assert supervisors.Supervisor(crashed(3), "soft", 0).why == "watchdog"


def case_exception_that_the_node_got_over_is_no_crash():
    flash = Flash()
    supervisors.Supervisor(flash, "power", 0).failed(ValueError("once"), 100)
    after = supervisors.Supervisor(flash, "power", 0)
    assert (after.crashes, after.why) == (0, "")


def case_part_that_hangs_starves_the_watchdog_and_one_that_fails_does_not():
    for hanging in ("wifi", "mqtt", "oled"):
        supervisor = supervisors.Supervisor(Flash(), "power", 0)
        others = [part for part in ("wifi", "mqtt", "oled") if part != hanging]
        assert passes(supervisor, 20000, parts=others), hanging  # an adapter that failed is left alone for ten seconds
        assert not passes(supervisor, 30000, parts=others, now_ms=20000), hanging
        assert passes(supervisor, 40000, now_ms=30000)  # it came back


def case_scarce_memory_starves_the_watchdog():
    supervisor = supervisors.Supervisor(Flash(), "power", 0)
    supervisor.heap(2000)
    assert not passes(supervisor, 1000)
    supervisor.heap(60000)
    assert passes(supervisor, 2000, now_ms=1000)
    supervisor.heap(0)  # nobody knows
    assert passes(supervisor, 3000, now_ms=2000)


def case_flash_that_takes_no_writes_stops_nothing():
    supervisor = supervisors.Supervisor(Flash(full=True), "watchdog", 0)
    supervisor.failed(ValueError(), 0)
    assert passes(supervisor, HEALTHY_MS + 1000) and not supervisor.safe()
