"""Checks the text of every file: no addresses of package registries, no paths of one machine, nothing unfinished.

    python tools/check_words.py [CHECKOUT]

Prints one line a fault, `file:line: what is wrong`, and ends with 1 when there is any.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# A letter in brackets matches itself; this file then does not match its own rules.
RULES = (
    (re.compile(r"python[h]osted\.org|pypi\.[o]rg|registry\.[n]pmjs|deb\.[d]ebian\.org"), "names a registry's address"),
    (re.compile(r"(?<![\w.$}~])/(?:w[o]rk|r[o]ot|h[o]me/\w+|U[s]ers/\w+)/"), "names a path of one machine"),
    (re.compile(r"(?<![\w.])/t[m]p/\w"), "names a path of one machine; tests have tmp_path, programs tempfile"),
    (re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b"), "is unfinished: do it, or open an issue"),
    (re.compile(r"BEGIN [A-Z ]*P[R]IVATE KEY"), "holds a private key"),
    (re.compile(r"^(?:<{7}|>{7}) "), "holds a merge conflict"),
)
FILE_BYTES_MAX = 1_000_000  # chosen: three times the largest file of ours; what is larger does not belong in git


def main() -> int:
    checkout = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(checkout)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def check(checkout: Path) -> list[str]:
    """Every fault in the files git knows or would add, as `file:line: what is wrong`."""
    return [fault for name in files_of(checkout) for fault in faults_of(checkout / name, name)]


def files_of(checkout: Path) -> list[str]:
    """Names of the files git has or would add, sorted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in listing.split("\0") if name and (checkout / name).is_file())


def faults_of(file: Path, name: str) -> Iterator[str]:
    size_bytes = file.stat().st_size
    if size_bytes > FILE_BYTES_MAX:
        yield f"{name}:1: has {size_bytes} bytes; at most {FILE_BYTES_MAX}"
        return
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # a picture or the like
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, what in RULES:
            found = pattern.search(line)
            if found:
                yield f"{name}:{number}: {found.group()!r} {what}"


if __name__ == "__main__":
    sys.exit(main())
