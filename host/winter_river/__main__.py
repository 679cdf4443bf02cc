"""`python -m winter_river` is the same program as `winter-river`."""

import sys

from winter_river.cli import main

if __name__ == "__main__":
    sys.exit(main())
