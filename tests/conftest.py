"""What every test shares: how Hypothesis draws its cases."""

import os

from hypothesis import settings

# The same cases every run, so that a red test is red again; a slow shared machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
# New cases every run, for `make soak`; a failure prints the blob that replays it.
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
