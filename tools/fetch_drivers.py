"""Fetches the two drivers the firmware needs into the user's cache; prints where they are."""

import sys

from winter_river import drivers

try:
    print(drivers.path(progress=print))
except drivers.DriversError as error:
    sys.exit(f"fetch_drivers: {error}")
