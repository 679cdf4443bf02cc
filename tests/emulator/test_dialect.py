"""MicroPython's modules come on demand, hold no state, and leave no `main` behind."""

import subprocess
import sys
import textwrap

import pytest
from winter_river.emulator import dialect


def run_python(code: str) -> str:
    """The output of a program in an interpreter of its own: what is imported here must not matter."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_emulator_registers_nothing() -> None:
    out = run_python(
        """
        import sys
        import winter_river.emulator
        names = ["framebuf", "micropython", "usocket", "umqtt", "ssd1306", "machine", "network", "main"]
        print([name for name in names if name in sys.modules])
        """
    )
    assert out == "[]"


def test_drivers_and_firmware_import_after_install() -> None:
    out = run_python(
        """
        import sys
        from winter_river.emulator import dialect
        dialect.install()
        dialect.install()
        import framebuf, micropython, ssd1306, ujson, usocket, ustruct, utime
        from umqtt.simple import MQTTClient
        main = dialect.firmware_main()
        print(main is dialect.firmware_main(), "main" in sys.modules, "machine" in sys.modules, main.SETTINGS_FILE)
        """
    )
    assert out == "True False False node.json"


def test_a_module_that_is_there_already_is_left_alone() -> None:
    out = run_python(
        """
        import sys, types
        mine = sys.modules["micropython"] = types.ModuleType("micropython")
        mine.const = lambda value: value
        from winter_river.emulator import dialect
        dialect.install()
        print(sys.modules["micropython"] is mine)
        """
    )
    assert out == "True"


def test_constants_are_what_they_say() -> None:
    dialect.install()
    import micropython  # type: ignore[import-not-found]  # there after install()

    assert micropython.const(0x3C) == 0x3C
    seen: list[int] = []
    micropython.schedule(seen.append, 7)
    assert seen == [7]


def test_ticks_of_utime_wrap() -> None:
    dialect.install()
    import utime  # type: ignore[import-not-found]  # there after install()

    assert 0 <= utime.ticks_ms() < 2**30
    assert utime.ticks_diff(utime.ticks_add(2**30 - 1, 2), 2**30 - 1) == 2


def test_a_missing_driver_is_named() -> None:
    out = run_python(
        """
        from pathlib import Path
        from winter_river.emulator import dialect
        try:
            dialect.install(drivers_dir=Path("/nonexistent"))
        except FileNotFoundError as error:
            print("ssd1306.py" in str(error))
        """
    )
    assert out == "True"


@pytest.mark.parametrize("name", ["ubinascii", "ustruct", "ujson", "uos", "urandom"])
def test_renamed_modules_are_pythons_own(name: str) -> None:
    dialect.install()
    assert sys.modules[name] is __import__(name[1:])
