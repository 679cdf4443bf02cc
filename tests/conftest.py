"""What every test shares: how Hypothesis draws its cases, and the MicroPython VM."""

import os

import pytest
from hypothesis import settings
from winter_river.emulator.vm import package

# The same cases every run, so that a red test is red again; a slow shared machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
# New cases every run, for a soak; a failure prints the blob that replays it.
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=2_000)


def pytest_configure(config):
    """A soak asked for by its mark alone is one with new cases, as `make soak` is."""
    asked = "soak" if config.option.markexpr == "soak" else "repeatable"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", asked))


@pytest.fixture(scope="session")
def vm_command() -> package.VmCommand:
    """The MicroPython VM. Where it cannot be had, tests that need it say SKIPPED; in .ci/run they fail."""
    try:
        return package.find()
    except package.VmError as error:
        if os.environ.get("SKIPPED_IS_FAILED"):
            pytest.fail(f"in CI there must be a MicroPython VM: {error}", pytrace=False)
        pytest.skip(f"SKIPPED, for there is no MicroPython VM: {error}")
