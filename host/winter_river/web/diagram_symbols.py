"""The symbols of the one-line diagram, after IEC 60617 where it has one. Pure text: SVG inside a box of 40 x 40 around 0, 0.

Strokes are `currentColor`; `fine` is a thinner stroke, `ink` is filled. A breaker has both its positions, and the
classes of its node show one: `open` opens all, `second` changes a two-source board over.
Standard: IEC 60617 (database), symbols 02-16-01 (alternating current), 04-15-01 (battery), 05-02 (light that falls in), 06-09-06 (two-winding
transformer), 06-14-05 (converter), 07-13-05 (circuit breaker), drawn by hand after textbook figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from winter_river.engine import acting_as, part_of

TOP, BOTTOM = -20, 20
_BOX_TOP = -14


def symbol(type_name: str, ports: Sequence[float]) -> str:
    """The symbol of a type. ports: x of its incoming lines, relative to its middle.

    A type that acts as another has that one's symbol where it tells what a device does, not what it looks like.
    """
    if type_name in BOARDS:
        return _board(type_name, ports)
    part = part_of(type_name)
    known = _SYMBOLS.get(type_name if part == type_name or part in _LIKENESSES else part)
    top, drawn = known or (_BOX_TOP, _box(type_name, feeds=part not in _LIKENESSES))
    return drawn + "".join(_line(x, TOP, x, top) for x in ports)


def _line(x_1: float, y_1: float, x_2: float, y_2: float, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<path{name} d="M{x_1:g} {y_1:g}L{x_2:g} {y_2:g}"/>'


def _wave(x: float, y: float, size: float = 7) -> str:
    half = size / 2
    return f'<path class="fine" d="M{x - size:g} {y:g}q{half:g} {-size:g} {size:g} 0t{size:g} 0"/>'


def _box(type_name: str, *, feeds: bool) -> str:
    """A type without a symbol of its own: a box with its first letters. feeds: whether a line may leave it."""
    letters = "".join(part[0] for part in type_name.split("_")) if "_" in type_name else type_name[:4]
    words = f'<text class="word" y="4" text-anchor="middle">{letters.upper()[:4]}</text>'
    return f'<rect x="-18" y="-14" width="36" height="28" rx="2"/>{words}{_line(0, 14, 0, BOTTOM) if feeds else ""}'


def breaker(x: float, *, top: float, bottom: float, place: str) -> str:
    """A breaker on a vertical line: contact with a cross, blade straight (closed) or slanted (open). place: a class."""
    upper, lower = top + 8, bottom - 8
    cross = f'<path d="M{x - 4:g} {upper - 4:g}l8 8m0 -8l-8 8"/>'
    closed = f'<path class="when-closed" d="M{x:g} {upper:g}V{lower:g}"/>'
    opened = f'<path class="when-open" d="M{x:g} {lower:g}L{x - 11:g} {upper + 1:g}"/>'
    return f'<g class="{place}">{_line(x, top, x, upper)}{cross}{closed}{opened}{_line(x, lower, x, bottom)}</g>'


def _board(type_name: str, ports: Sequence[float]) -> str:
    """A breaker for each incomer; with several, they meet on a bus that the layout draws."""
    if len(ports) < 2:
        x = ports[0] if ports else 0.0
        return breaker(x, top=TOP, bottom=BOTTOM, place="first")
    return "".join(
        breaker(x, top=TOP, bottom=BOTTOM - 3, place="first" if k == 0 else "second") for k, x in enumerate(ports)
    )


BOARDS = acting_as("switchgear", "distribution", "pdu")
_LIKENESSES = ("server", "cooling", "bess", "pv")  # racks, a fan, cells, panels

_FAN = "".join(
    f'<path class="ink" transform="rotate({turn})" d="M0 0C-6 -3 -6 -11 0 -12C5 -10 4 -4 0 0Z"/>'
    for turn in (0, 120, 240)
)

_RACK = (
    '<rect x="-14" y="-17" width="28" height="36" rx="1.5"/>'
    '<path class="fine" d="M-14 -8H14M-14 1H14M-14 10H14"/>'
    '<path class="fine" d="M-9 -12.5h8M-9 -3.5h8M-9 5.5h8M-9 14.5h8"/>'
    '<g class="ink"><circle cx="9" cy="-12.5" r="1.4"/><circle cx="9" cy="-3.5" r="1.4"/>'
    '<circle cx="9" cy="5.5" r="1.4"/><circle cx="9" cy="14.5" r="1.4"/></g>'
)

# Type -> (y of its upper edge, where lines come in; how it is drawn).
_SYMBOLS: dict[str, tuple[int, str]] = {
    "utility": (
        -19,
        '<rect x="-17" y="-19" width="34" height="28"/>'
        '<path class="fine" d="M-17 -5L-3 -19M-17 9L11 -19M-3 9L17 -11M9 9L17 1'
        'M17 -5L3 -19M17 9L-11 -19M3 9L-17 -11M-9 9L-17 1"/>' + _line(0, 9, 0, BOTTOM),
    ),
    "transformer": (
        -19,
        '<circle cy="-7.5" r="11.5"/><circle cy="7.5" r="11.5"/>' + _line(0, 19, 0, BOTTOM),
    ),
    "generator": (
        -19,
        '<circle cy="-1" r="18"/><text class="word big" y="2" text-anchor="middle">G</text>'
        + _wave(0, 9, 6)
        + _line(0, 17, 0, BOTTOM),
    ),
    "ups": (
        -17,
        '<rect x="-19" y="-17" width="38" height="34" rx="1"/>'
        '<path d="M-19 0H19"/><path class="fine" d="M-19 0L19 -17M-19 17L19 0"/>'
        + _wave(-9, -10, 5)
        + '<path class="fine" d="M6 -5h9m-9 3h9"/>'
        + '<path class="fine" d="M-15 5h9m-9 3h9"/>'
        + _wave(9, 11, 5)
        + _line(0, 17, 0, BOTTOM),
    ),
    "server": (
        -17,
        _RACK,
    ),
    "cooling": (
        -16,
        f'<circle cy="1" r="17"/><g transform="translate(0 1)">{_FAN}<circle r="2.2" class="ink"/></g>',
    ),
    "bess": (
        -14,
        (
            '<rect x="-17" y="-14" width="34" height="28" rx="2"/>'
            '<path d="M-9 -6H9M-9 5H9"/><path class="thick" d="M-4 -1H4M-4 10H4"/>'
        ),
    ),
    "pv": (
        -14,
        (
            '<rect x="-17" y="-14" width="34" height="28"/><path class="fine" d="M-17 0H17M-6 -14V14M6 -14V14"/>'
            '<path class="fine" d="M-31 -17l9 6m-5 -.5l5 .5l-2 -4.500M-31 -7l9 6m-5 -.5l5 .5l-2 -4.500"/>'
        ),
    ),
    "meter": (
        -12,
        '<rect x="-16" y="-12" width="32" height="24"/><path class="fine" d="M-16 -5H16"/>'
        '<text class="word" y="8" text-anchor="middle">kWh</text>' + _line(0, 12, 0, BOTTOM),
    ),
}
