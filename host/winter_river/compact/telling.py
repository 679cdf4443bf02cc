"""A traceback of compact files in the words of the sources."""

import re
from collections.abc import Mapping

_FRAME = re.compile(r'File "(?P<file>\w+)", line \d+, in (?P<name>\w+)')


def told(text: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """The text, with what a function is called in the sources behind each line of a traceback that names it.

    names: of a Compact. Where several functions go by one name on the board, all of them stand there.
    """
    lines = []
    for line in text.splitlines():
        found = _FRAME.search(line)
        ours = names.get(found["name"], ()) if found else ()
        lines.append(f"{line}   = {' or '.join(ours)}" if ours else line)
    return "\n".join(lines)
