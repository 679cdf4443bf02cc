"""Checks the flow against reference cases: files of networks with the voltages that other tools agree on.

    python tools/validate_flow.py DIR [DIR ...]

One line a case: how it was solved, the largest voltage difference of a bus, and the difference of the losses. Ends with 1
when a voltage is off by more than 1e-8 pu, the losses by more than such voltages make, or one cannot be read, or there is
none.
"""

import math
import sys
from pathlib import Path

from winter_river.engine.network import (
    Case,
    CaseError,
    NewtonMissingError,
    Solution,
    collapse_text,
    read_case,
    solve,
)

CLOSE_PU = 1e-8
# Of the power of all loads and losses: a voltage off by CLOSE_PU at either end moves what one branch loses by twice that; chosen:
# ten branches, one behind the other, between a source and a load.
LOSS_CLOSE_PU = 20 * CLOSE_PU
USAGE = "usage: python tools/validate_flow.py DIR [DIR ...]"


def main(folders: list[str]) -> int:
    if not folders or any(folder.startswith("-") for folder in folders):
        print(USAGE)
        return 2
    failed = checked = 0
    for folder in map(Path, folders):
        files = [folder] if folder.is_file() else sorted(folder.glob("*.json"))
        if not files:
            print(f"{folder}: no case there; cure: name a folder with *.json files")
            failed += 1
        for file in files:
            good, line = check(file)
            print(f"{file.stem:32} {line}", flush=True)
            checked += 1
            failed += not good
    print(f"{checked} cases, {failed} failed" if failed else f"{checked} cases, all within {CLOSE_PU:g} pu")
    return 1 if failed else 0


def check(file: Path) -> tuple[bool, str]:
    """(whether the case passes, its line)."""
    try:
        case = read_case(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, CaseError) as error:
        return False, f"UNREADABLE {file}: {error}; cure: the format is in host/winter_river/engine/network/case.py"
    try:
        solution = solve(case.network)
    except NewtonMissingError as error:
        return False, f"FAILED  {error}"
    buses = len(case.network.voltages_v)
    head = f"{buses:7} buses, {len(solution.dead)} dead, {solution.method or 'not solved':16}"
    if not solution.solved:
        return False, f"{head} FAILED  {'; '.join(collapse_text(case.network, one) for one in solution.collapses)}"
    difference_pu, where = largest_difference(case, solution)
    off_w = 0.0 if case.loss_w is None else abs(solution.loss_w - case.loss_w)
    power_va = solution.loss_w + sum(abs(load.power) for load in case.network.loads)
    good = difference_pu <= CLOSE_PU and off_w <= LOSS_CLOSE_PU * power_va
    losses = "" if case.loss_w is None else f", losses {off_w:.1e} W"
    return good, f"{head} {difference_pu:9.2e} pu at {where}{losses}{'' if good else '  FAILED'}"


def largest_difference(case: Case, solution: Solution) -> tuple[float, str]:
    """(pu, where) of the worst bus; of the lowest voltage alone where a case gives no more."""
    found = [0j if v is None else v for v in solution.v_pu]
    if case.v_pu is None:
        assert case.v_min_pu is not None
        live = [abs(v) for v in found if v != 0j]
        return abs(min(live, default=0.0) - case.v_min_pu), "the lowest bus (the case gives no other)"
    differences = [abs(v - expected) for v, expected in zip(found, case.v_pu, strict=True)]
    worst = max(range(len(differences)), key=lambda bus: differences[bus])
    return math.nan if math.isnan(sum(differences)) else differences[worst], f"bus {worst}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
