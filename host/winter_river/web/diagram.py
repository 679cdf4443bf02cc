"""The one-line diagram of a facility as SVG: for the page, the debrief, the documents and the tests. Pure.

Stable ids (`node-ID`, `edge-FROM-TO`, `val-ID-N`, `flow-FROM-TO`; see painting) are what others may rely on; where things
stand may change. Without a painting everything is drawn at rest and unknown.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape

from winter_river.facility import Facility, Node
from winter_river.web import diagram_sizes as sizes
from winter_river.web.diagram_layout import Layout, lay_out
from winter_river.web.diagram_ranks import sides_of
from winter_river.web.diagram_routes import Bar
from winter_river.web.diagram_sizes import Point, Spot, title_of
from winter_river.web.diagram_symbols import symbol
from winter_river.web.painting import flow_key, has_battery, slots

NO_PAINTING: Mapping[str, str] = {}
RING_LENGTH = 100
CROWDED = 60.0  # ports nearer than this leave no room for words between them

# Colour only repeats what line style and letter say. The page's own sheet may set the six variables.
STYLE = """
.oneline{color:var(--wr-ink,#1f2933);--live:var(--wr-live,#1f2933);--dead:var(--wr-dead,#8a949e);
--fault:var(--wr-fault,#b42318);--warn:var(--wr-warn,#8a5a00);--paper:var(--wr-paper,#fff);
font:11px/1.2 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){.oneline{color:var(--wr-ink,#e6eaee);--live:var(--wr-live,#e6eaee);
--dead:var(--wr-dead,#77828c);--fault:var(--wr-fault,#ff8a7a);--warn:var(--wr-warn,#ffc35a);--paper:var(--wr-paper,#14181c)}}
.oneline text{fill:currentColor;stroke:none}
.oneline path,.oneline rect,.oneline circle{fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.oneline .fine{stroke-width:1}.oneline .thick{stroke-width:4;stroke-linecap:butt}
.oneline .ink{fill:currentColor;stroke:none}.oneline .ink *{fill:currentColor;stroke:none}
.oneline .paper{fill:var(--paper);stroke:none}
.oneline .band path{stroke:var(--dead);stroke-width:1;stroke-dasharray:1 5;opacity:.6}
.oneline .band text,.oneline .side{fill:var(--dead);font-size:12px;font-weight:600}
.oneline .side{font-size:15px;letter-spacing:.08em}
.oneline .edge,.oneline .bar path{color:var(--dead);stroke-width:2}
.oneline .bar .thick{stroke-width:4.5;stroke-linecap:butt}
.oneline .edge.live,.oneline .bar.live path{color:var(--live)}
.oneline .edge.dead,.oneline .bar.dead path{stroke-dasharray:5 5}
.oneline .flow{font-size:10.5px;font-variant-numeric:tabular-nums}
.oneline .title{font-weight:600;font-size:11.5px}
.oneline .state{font-size:10px;letter-spacing:.04em}
.oneline .val{font-variant-numeric:tabular-nums}
.oneline .word{font-size:9px;font-weight:600}.oneline .word.big{font-size:14px}
.oneline .badge circle{fill:currentColor;stroke:var(--paper);stroke-width:1.5}
.oneline .letter{fill:var(--paper);font-size:10px;font-weight:700}
.oneline .node:not(.fault):not(.warning):not(.stale):not(.dead) .badge,.oneline .idle .badge{display:none}
.oneline .node{cursor:pointer;color:var(--live)}
.oneline .node.dead{color:var(--dead)}.oneline .node.dead .symbol>*{stroke-dasharray:4 3}
.oneline .node.idle .symbol>*{stroke-dasharray:none}
.oneline .node.stale .symbol>*{stroke-dasharray:1 3}
.oneline .node.fault{color:var(--fault)}.oneline .node.fault .symbol *{stroke-width:3}
.oneline .node.fault .symbol .ink,.oneline .node.fault .symbol .ink *{stroke-width:0}
.oneline .node.warning .state,.oneline .node.warning .badge{color:var(--warn)}
.oneline .node.warning .state{fill:var(--warn)}
.oneline .node.absent .symbol{opacity:.35}
.oneline .frame{fill:transparent;stroke:none}
.oneline .node:focus{outline:none}
.oneline .node:hover .frame,.oneline .node:focus-visible .frame,.oneline .node.chosen .frame{stroke:currentColor;stroke-width:1.5;stroke-dasharray:none}
.oneline .when-open,.oneline .open .when-closed,.oneline .second .when-closed,.oneline .on-second .first .when-closed{display:none}
.oneline .open .when-open,.oneline .second .when-open,.oneline .on-second .first .when-open{display:inline}
.oneline .on-second:not(.open) .second .when-closed{display:inline}.oneline .on-second:not(.open) .second .when-open{display:none}
.oneline .on-both:not(.open) .second .when-closed{display:inline}.oneline .on-both:not(.open) .second .when-open{display:none}
.oneline .ring-back{stroke:var(--dead);stroke-width:4;opacity:.35}
.oneline .ring{stroke-width:4;stroke-linecap:butt}
.oneline .left{font-size:11px;font-weight:600;font-variant-numeric:tabular-nums}
""".replace("\n", "")

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def draw(facility: Facility, painting: Mapping[str, str] = NO_PAINTING) -> str:
    """The diagram as one SVG element. painting: how it looks now; see painting.paint."""
    layout = lay_out(facility)
    sides = sides_of(facility)
    name = escape(facility.title or facility.name)
    size = (
        f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" width="{layout.width:.0f}" height="{layout.height:.0f}"'
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="oneline" {size} role="group" aria-label="One-line diagram: {name}">',
        f"<style>{STYLE}</style>",
        *_bands(layout),
        *(
            f'<text class="side" x="{_n(x)}" y="{_n(y)}" text-anchor="middle">SIDE {escape(side)}</text>'
            for side, x, y in layout.sides
        ),
    ]
    for node in facility.nodes.values():
        for feeder in node.feeds:
            parts.append(_edge(flow_key(feeder, node.id), layout, painting))
    parts += [_bar(node_id, bar, painting) for node_id, bar in layout.bars.items()]
    for node in facility.nodes.values():
        crowded = len(node.feeds) > 1 and max(layout.spots[node.id].ports) - min(layout.spots[node.id].ports) < CROWDED
        for k, feeder in enumerate(node.feeds):
            parts.append(
                _flow(flow_key(feeder, node.id), layout, painting, spot=layout.spots[node.id], left=crowded and not k)
            )
    parts += [_node(node, layout.spots[node.id], sides[node.id], painting) for node in facility.nodes.values()]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _n(value: float) -> str:
    """A coordinate: one decimal where there is one."""
    return f"{round(value, 1) + 0.0:g}"


def _path(points: Sequence[Point]) -> str:
    """Corner points as path data."""
    text = f"M{_n(points[0][0])} {_n(points[0][1])}"
    before = points[0]
    for x, y in points[1:]:
        text += (
            f"V{_n(y)}"
            if abs(x - before[0]) < 0.05
            else f"H{_n(x)}"
            if abs(y - before[1]) < 0.05
            else f"L{_n(x)} {_n(y)}"
        )
        before = (x, y)
    return text


def _bands(layout: Layout) -> list[str]:
    made = []
    for voltage_v, x, y, width in layout.bands:
        words = f"{voltage_v / 1000:g} kV" if voltage_v >= 1000 else f"{voltage_v:g} V"
        made.append(
            f'<g class="band"><path d="M{_n(x)} {_n(y)}H{_n(x + width)}"/><text x="{_n(x + 8)}" y="{_n(y + 16)}">{words}</text></g>'
        )
    return made


def _edge(key: str, layout: Layout, painting: Mapping[str, str]) -> str:
    look = painting.get(f"edge-{key}", "edge")
    return f'<path id="edge-{escape(key)}" class="{escape(look)}" d="{_path(layout.edges[key])}"/>'


def _flow(key: str, layout: Layout, painting: Mapping[str, str], *, spot: Spot, left: bool) -> str:
    """The power on a line, beside its end; left: of two lines that come in side by side, the left one's."""
    x, y = layout.edges[key][-1]
    y -= 8 if spot.is_bus else 0  # its own words begin higher
    words = escape(painting.get(f"flow-{key}", ""))
    place = f'x="{_n(x - 5)}" y="{_n(y - 8)}" text-anchor="end"' if left else f'x="{_n(x + 6)}" y="{_n(y - 8)}"'
    return f'<text id="flow-{escape(key)}" class="flow" {place}>{words}</text>'


def _bar(node_id: str, bar: Bar, painting: Mapping[str, str]) -> str:
    look = painting.get(f"bar-{node_id}", "bar")
    lines = "".join(f'<path class="thick" d="{_path(line)}"/>' for line in bar.lines)
    stub = f'<path d="{_path(bar.stub)}"/>' if bar.stub else ""
    return f'<g id="bar-{node_id}" class="{escape(look)}">{stub}{lines}</g>'


def _node(node: Node, spot: Spot, side: str, painting: Mapping[str, str]) -> str:
    look = painting.get(f"node-{node.id}", f"node type-{node.type}")
    ports = [port - spot.x for port in spot.ports]
    title = escape(node.title or node.id)
    on_side = f", side {escape(side)}" if side else ""
    right = max([0.0, *ports]) + sizes.HALF + 8
    words = _words(node, spot, right, painting)
    ring = _ring(node, painting) if has_battery(node.type) else ""
    left = sizes.RING_X - sizes.RING_R - 4 if ring else -sizes.HALF - 6
    width = (
        88.0
        if spot.words_below
        else right + 6 + max(sizes.LETTER * len(title_of(node)), sizes.words_width(node)) - left
    )
    frame_x, height = (-44.0, 96.0) if spot.words_below else (left, 52.0)
    return (
        f'<g id="node-{node.id}" class="{escape(look)}" data-node="{node.id}" tabindex="0" role="button" '
        f'aria-label="{title}{on_side}" transform="translate({_n(spot.x)} {_n(spot.y)})">'
        f"<title>{title}</title>"
        f'<rect class="frame" x="{_n(frame_x)}" y="-26" width="{_n(width)}" height="{_n(height)}" rx="6"/>'
        f'<g class="symbol">{symbol(node.type, ports)}</g>{ring}{words}'
        f'<g class="badge" transform="translate(-20 -15)"><circle r="8"/>'
        f'<text id="letter-{node.id}" class="letter" y="3.6" text-anchor="middle">{escape(painting.get(f"letter-{node.id}", ""))}</text></g>'
        "</g>"
    )


def _words(node: Node, spot: Spot, x: float, painting: Mapping[str, str]) -> str:
    """Title, state, values: a line each, below the symbol or beside it (of a bus: above the bar)."""
    if spot.words_below:
        x, anchor, heights = 0.0, "middle", (34.0, 47.0, 60.0)
    else:
        anchor, heights = "start", (-17.0, -4.0, 9.0) if spot.is_bus else (-9.0, 4.0, 17.0)

    def text(line: int, attributes: str, words: str) -> str:
        return f'<text {attributes} x="{_n(x)}" y="{_n(heights[line])}" text-anchor="{anchor}">{words}</text>'

    values = "<tspan> · </tspan>".join(
        f'<tspan id="val-{node.id}-{k}" data-field="{slot[0]}">{escape(painting.get(f"val-{node.id}-{k}", ""))}</tspan>'
        for k, slot in enumerate(slots(node.type))
    )
    state = escape(painting.get(f"state-{node.id}", ""))
    return (
        text(0, 'class="title"', escape(title_of(node)))
        + text(1, f'id="state-{node.id}" class="state"', state)
        + text(2, 'class="val"', values)
    )


def _ring(node: Node, painting: Mapping[str, str]) -> str:
    """The battery: a ring that empties, with the time left inside, and the wire to its owner."""
    x, r = sizes.RING_X, sizes.RING_R
    share = painting.get(f"ring-{node.id}", "0")
    return (
        f'<path class="fine" d="M{_n(x + r + 2)} 0H-19"/><circle class="ring-back" cx="{_n(x)}" r="{_n(r)}"/>'
        f'<circle id="ring-{node.id}" class="ring" cx="{_n(x)}" r="{_n(r)}" pathLength="{RING_LENGTH}" '
        f'stroke-dasharray="{escape(share)} {RING_LENGTH}" transform="rotate(-90 {_n(x)} 0)"/>'
        f'<text id="left-{node.id}" class="left" x="{_n(x)}" y="4" text-anchor="middle">{escape(painting.get(f"left-{node.id}", ""))}</text>'
    )
