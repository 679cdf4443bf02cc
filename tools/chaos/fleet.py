"""The nodes of a generated site in a process of their own: python -m chaos.fleet URL COUNT SEED; until stdin ends."""

import sys

from winter_river.emulator import Fleet
from winter_river.facility import generate


def main(url: str, count: int, seed: int) -> None:
    with Fleet(generate(count), url, seed=seed, screens=False):
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
