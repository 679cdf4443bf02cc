"""make chaos: every fault, the table, and 1 where something did not hold."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path

from chaos import table
from chaos.catalogue import FAULTS
from chaos.rig import Rig


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description="Does to a real site what happens in the field.")
    parser.add_argument("--only", action="append", metavar="NAME", help="this fault; may stand more than once")
    parser.add_argument("--seed", type=int, help="where randomness starts (default: drawn, and printed)")
    parser.add_argument("--quick", action="store_true", help="at the small size of `make test`")
    parser.add_argument("--list", action="store_true", help="name the faults and end")
    given = parser.parse_args()
    if given.list:
        for name, fault in FAULTS.items():
            print(f"{name:16} {fault.what}")
        return 0
    unknown = [name for name in given.only or () if name not in FAULTS]
    if unknown:
        parser.error(f"no fault is called {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}; again: make chaos ARGS='--seed {seed}'\n", flush=True)
    missed = [name for name in given.only or FAULTS if not _try(name, seed=seed, full=not given.quick)]
    print(f"\n{'every fault was borne' if not missed else 'MISSED: ' + ', '.join(missed)}")
    return 1 if missed else 0


def _try(name: str, *, seed: int, full: bool) -> bool:
    """Does one fault and prints its rows; whether all held."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        try:
            with Rig(Path(folder), seed=seed, full=full) as rig:
                rows = FAULTS[name].run(rig)
        except Exception as error:  # noqa: BLE001 - one fault's trouble must not hide the others' figures
            traceback.print_exc()
            rows = [table.Row(FAULTS[name].what, f"the bench broke: {str(error).splitlines()[0]}", False)]
    for line in table.lines(name, rows):
        print(line)
    print(f"{'':16} ({time.monotonic() - began_s:.0f} s)", flush=True)
    return all(row.held is not False for row in rows)


if __name__ == "__main__":
    sys.exit(main())
