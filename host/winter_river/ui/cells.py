"""What each column of a row says, and how wide it is; pure text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.engine import acting_as
from winter_river.ui import words
from winter_river.ui.tree import Row

_LOADS = acting_as("server", "cooling")  # what is fed has its voltage at the input; everything else at the output
_BAR_WIDTH = 5
NAME_WIDTH_MIN, NAME_WIDTH_MAX = 16, 56  # chosen: 80 columns leave 21, which every id of the library fits into
# state, power, voltage, load, store, time left: as wide as the longest text of each, and a space
WIDTHS = (13, 9, 9, 6, 12, 7)
ALIGNMENTS = ("<", ">", ">", ">", ">", ">")


@dataclass(frozen=True, slots=True)
class Line:
    """One row as text: the columns beside the name, and the health word its style follows."""

    columns: tuple[str, ...]
    health: str


def line(view: Mapping[str, object]) -> Line:
    """The columns of one node from its view: [STATE], power, voltage, load, battery or fuel, time left."""
    health = str(view.get("status") or "off")
    state = words.state_text(view)
    if health == "offline":
        return Line((state, "", "", "", "", ""), health)
    power_kw = words.number(view, "power_kw")
    voltage_v = words.number(view, "voltage_in" if view.get("type") in _LOADS else "voltage_out")
    load_pct = words.number(view, "load_pct")
    store_pct = words.number(view, "soc_pct")
    if store_pct is None:
        store_pct = words.number(view, "fuel_pct")
    runtime_s = words.number(view, "runtime_s")
    columns = (
        state,
        "" if power_kw is None else words.power_text(power_kw),
        "" if voltage_v is None else words.voltage_text(voltage_v),
        "" if load_pct is None else f"{load_pct:.0f} %",
        "" if store_pct is None else f"{words.bar_text(store_pct, _BAR_WIDTH)} {store_pct:3.0f} %",
        "" if runtime_s is None else words.duration_text(runtime_s),
    )
    return Line(columns, health)


def name_width(width: int) -> int:
    """Letters left for the tree and the id in a terminal of that width, the cursor's column taken off."""
    return min(max(width - 2 - sum(WIDTHS), NAME_WIDTH_MIN), NAME_WIDTH_MAX)


def name_text(row: Row, width: int) -> str:
    """The tree, the id and, where there is room, what else may feed it; exactly that wide."""
    text = row.prefix + row.text
    room = width - len(text) - 1
    if row.also:
        also = ", ".join(row.also)
        if len(also) + 2 <= room:
            text += f" ({also})"
    return fit(text, width)


def fit(text: str, width: int) -> str:
    """The text at exactly that width: filled with spaces, or cut with a mark at the end."""
    return text.ljust(width) if len(text) <= width else text[: max(width - 1, 0)] + "…"


def column_texts(columns: Sequence[str]) -> list[str]:
    """The columns beside the name, each at its width."""
    return [
        f"{fit_column(text, width):{align}{width}}"
        for text, width, align in zip(columns, WIDTHS, ALIGNMENTS, strict=True)
    ]


def fit_column(text: str, width: int) -> str:
    """The text, cut where it is wider than its column."""
    return text if len(text) <= width else fit(text, width)
