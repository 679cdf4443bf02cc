"""The one-line diagram of a facility as SVG: for the page, the debrief, the documents and the tests. Pure.

Stable ids (`node-ID`, `edge-FROM-TO`, `val-ID-N`, `flow-FROM-TO`; see painting) are what others may rely on; where things
stand may change. Without a painting everything is drawn at rest and unknown.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from winter_river.facility import Facility, Node
from winter_river.web import diagram_layout as layouts
from winter_river.web.diagram_layout import Bar, Layout, Point, Spot, lay_out, title_of
from winter_river.web.diagram_ranks import sides_of
from winter_river.web.diagram_symbols import symbol
from winter_river.web.painting import flow_key, has_battery, slots

NO_PAINTING: Mapping[str, str] = {}
RING_LENGTH = 100

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
.oneline .when-open,.oneline .open .when-closed,.oneline .second .when-closed,.oneline .on-second .first .when-closed,
.oneline .open.on-second .second .when-closed{display:none}
.oneline .open .when-open,.oneline .second .when-open,.oneline .on-second .first .when-open,.oneline .on-second .second .when-closed{display:inline}
.oneline .on-second .second .when-open{display:none}.oneline .open.on-second .second .when-open{display:inline}
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
        for feeder in node.feeds:
            parts.append(_flow(flow_key(feeder, node.id), layout, painting))
    parts += [_node(node, layout.spots[node.id], sides[node.id], painting) for node in facility.nodes.values()]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _n(value: float) -> str:
    """A coordinate: one decimal where there is one."""
    return f"{round(value, 1) + 0.0:g}"


def _path(points: list[Point] | tuple[Point, ...]) -> str:
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
    return f'<path id="edge-{escape(key)}" class="{escape(look)}" d="{_path(tuple(layout.edges[key]))}"/>'


def _flow(key: str, layout: Layout, painting: Mapping[str, str]) -> str:
    x, y = layout.edges[key][-1]
    words = escape(painting.get(f"flow-{key}", ""))
    return f'<text id="flow-{escape(key)}" class="flow" x="{_n(x + 6)}" y="{_n(y - 8)}">{words}</text>'


def _bar(node_id: str, bar: Bar, painting: Mapping[str, str]) -> str:
    look = painting.get(f"bar-{node_id}", "bar")
    lines = "".join(f'<path class="thick" d="{_path(tuple(line))}"/>' for line in bar.lines)
    return f'<g id="bar-{node_id}" class="{escape(look)}"><path d="{_path(tuple(bar.stub))}"/>{lines}</g>'


def _node(node: Node, spot: Spot, side: str, painting: Mapping[str, str]) -> str:
    look = painting.get(f"node-{node.id}", f"node type-{node.type}")
    ports = [port - spot.x for port in spot.ports]
    title = escape(node.title or node.id)
    on_side = f", side {escape(side)}" if side else ""
    right = max([0.0, *ports]) + layouts.HALF + 8
    words = _words_below(node, painting) if spot.words_below else _words_beside(node, right, painting)
    ring = _ring(node, painting) if has_battery(node.type) else ""
    left = layouts.RING_X - layouts.RING_R - 4 if ring else -layouts.HALF - 6
    width = 88.0 if spot.words_below else right + 6 + max(layouts.LETTER * len(title_of(node)), 62.0) - left
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


def _words_beside(node: Node, x: float, painting: Mapping[str, str]) -> str:
    return _words(node, [(x, y) for y in (-9.0, 4.0, 17.0)], "start", painting)


def _words_below(node: Node, painting: Mapping[str, str]) -> str:
    return _words(node, [(0.0, y) for y in (34.0, 47.0, 60.0)], "middle", painting)


def _words(node: Node, places: list[Point], anchor: str, painting: Mapping[str, str]) -> str:
    """Title, state, values: a line each."""

    def text(name: str, element: str, place: Point, words: str) -> str:
        shown = f' id="{element}"' if element else ""
        return f'<text{shown} class="{name}" x="{_n(place[0])}" y="{_n(place[1])}" text-anchor="{anchor}">{escape(words)}</text>'

    count = len(slots(node.type))
    values = " · ".join(painting.get(f"val-{node.id}-{k}", "") for k in range(0))  # the slots are elements of their own
    spans = "".join(
        f'{"<tspan> · </tspan>" if k else ""}<tspan id="val-{node.id}-{k}" data-field="{slot[0]}">'
        f"{escape(painting.get(f'val-{node.id}-{k}', ''))}</tspan>"
        for k, slot in enumerate(slots(node.type)[:count])
    )
    value_place = places[2]
    return (
        text("title", "", places[0], title_of(node))
        + text("state", f"state-{node.id}", places[1], painting.get(f"state-{node.id}", ""))
        + f'<text class="val" x="{_n(value_place[0])}" y="{_n(value_place[1])}" text-anchor="{anchor}">{values}{spans}</text>'
    )


def _ring(node: Node, painting: Mapping[str, str]) -> str:
    """The battery: a ring that empties, with the time left inside, and the wire to its owner."""
    x, r = layouts.RING_X, layouts.RING_R
    share = painting.get(f"ring-{node.id}", "0")
    return (
        f'<path class="fine" d="M{_n(x + r + 2)} 0H-19"/><circle class="ring-back" cx="{_n(x)}" r="{_n(r)}"/>'
        f'<circle id="ring-{node.id}" class="ring" cx="{_n(x)}" r="{_n(r)}" pathLength="{RING_LENGTH}" '
        f'stroke-dasharray="{escape(share)} {RING_LENGTH}" transform="rotate(-90 {_n(x)} 0)"/>'
        f'<text id="left-{node.id}" class="left" x="{_n(x)}" y="4" text-anchor="middle">{escape(painting.get(f"left-{node.id}", ""))}</text>'
    )
