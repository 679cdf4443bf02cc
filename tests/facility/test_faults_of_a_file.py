"""Every fault of a facility file is told at once, at its place, with the nearest name."""

from __future__ import annotations

import pytest
from winter_river.facility import NODES_MAX, FacilityError, parse_facility
from winter_river.facility.yaml_lines import FILE_BYTES_MAX

UTILITY = "{type: utility, voltage_v: 480}"
GENERATOR = "{type: generator, power_kw: 600, power_kva: 750, voltage_v: 480}"
BOARD = "type: distribution, rated_a: 9"
GEAR = "type: switchgear, rated_a: 9"
RACK = "type: server, load_kw_max: 5, rated_a: 9"
TRANSFORMER = "type: transformer, power_kva: 9, secondary_voltage_v: 480"

# name, the nodes of a file with a mark before the place of their one fault, its message
NODE_FAULTS = [
    (
        "both mains on one feed",
        [f"g: {UTILITY}", f"s: {{from: g, {GEAR}, parallel: »on}}"],
        "`s` has both mains closed and needs two feeds",
    ),
    (
        "both mains on a utility and a generator",
        [
            f"g: {UTILITY}",
            "h: {type: generator, power_kw: 90, power_kva: 100, voltage_v: 480, fuel_gal: 9}",
            f"s: {{from: [g, h], {GEAR}, parallel: »on}}",
        ],
        (
            "`s` has both mains closed (`h` runs in an outage, not beside a grid for good: leave `parallel` out, and it "
            "takes over with a gap; `transition: closed` takes over and goes back without one while both are live)"
        ),
    ),
    (
        "both mains behind a board with two feeds",
        [
            *(f"{u}: {UTILITY}" for u in "ghi"),
            f"b: {{from: [g, h], {GEAR}}}",
            f"s: {{from: [b, i], {GEAR}, parallel: »on}}",
        ],
        (
            "`s` has both mains closed (its two feeds must come from one node or from two utilities, through devices "
            "with one feed each and no UPS)"
        ),
    ),
    (
        "both mains without an impedance",
        [f"g: {UTILITY}", *(f"{b}: {{from: g, {BOARD}}}" for b in "ab"), f"s: {{from: [a, b], {GEAR}, parallel: »on}}"],
        (
            "`s` has both mains closed (around its loop there is no transformer and no cable with an impedance; "
            "state a feed_resistance_ohm)"
        ),
    ),
    ("unknown type", ["g: {type: »genrator}"], "unknown type `genrator` (did you mean `generator`?)"),
    ("no type", ["»g: {title: x}"], "`g` has no `type`"),
    ("no mapping", ["g: »5"], "`g` must be a mapping (name: value), not `5`"),
    ("no value", ["»g:", f"u: {UTILITY}"], "`g` must be a mapping (name: value), not nothing"),
    (
        "unknown rating",
        ["g: {type: utility, voltage_v: 480, »frequenzy_hz: 9}"],
        "unknown rating of a utility `frequenzy_hz` (did you mean `frequency_hz`?)",
    ),
    (
        "missing rating",
        ["»g: {type: generator, power_kva: 750, voltage_v: 480}"],
        "`g` (generator) has no `power_kw` (in kW)",
    ),
    ("too low", ["g: {type: utility, voltage_v: »-1}"], "voltage_v is -1 V; must be 100 to 1000000 V"),
    ("no number", ["g: {type: utility, voltage_v: »5kV}"], "voltage_v must be a number, not `5kV`"),
    ("not finite", ["g: {type: utility, voltage_v: ».inf}"], "voltage_v is inf V; must be 100 to 1000000 V"),
    ("a flag is no number", ["g: {type: utility, voltage_v: »true}"], "voltage_v must be a number, not `true`"),
    (
        "unknown curve",
        [f"g: {UTILITY}", f"s: {{from: g, {GEAR}, curve: »iec_e}}"],
        "unknown curve `iec_e` (did you mean `iec_ei`?)",
    ),
    (
        "a static switch with one feed",
        [f"g: {UTILITY}", f"s: {{from: g, {GEAR}, transfer: »sts}}"],
        "`s`: transfer is sts; it needs two feeds in `from`",
    ),
    (
        "a fuse has no settings",
        [f"g: {UTILITY}", "d: {from: g, type: distribution, rated_a: 100, curve: gg, pickup_a: »90}"],
        "`d`: pickup_a 90 A is a setting, and a fuse (curve gg) has none: leave it out",
    ),
    (
        "no low-voltage fuse at medium voltage",
        ["g: {type: utility, voltage_v: 34500}", "d: {from: g, type: distribution, rated_a: 100, curve: »gg}"],
        "`d`: curve gg is a fuse for up to 1000 V, but `g` feeds it 34500 V",
    ),
    (
        "no fuse as a switchgear",
        [f"g: {UTILITY}", f"s: {{from: g, {GEAR}, curve: »gg}}"],
        "unknown curve `gg`",
    ),
    (
        "impossible combination",
        [f"g: {UTILITY}", f"s: {{from: g, {RACK}, load_kw: »9}}"],
        "`s`: load_kw 9 kW is more than load_kw_max, 5 kW",
    ),
    (
        "unknown parent",
        [f"gen_a: {UTILITY}", f"s: {{from: »gen_b, {GEAR}}}"],
        "unknown node `gen_b` (did you mean `gen_a`?)",
    ),
    ("doubled id", [f"g: {UTILITY}", f"»g: {UTILITY}"], "`g` is doubled; first on line 3"),
    (
        "bad id",
        [f"»Gen: {UTILITY}"],
        "`Gen` is no node id; write a-z, 0-9, _ and -, first a letter or digit, at most 32",
    ),
    ("reserved id", [f"»weather: {UTILITY}"], "`weather` is a node of the host itself; choose another id"),
    (
        "cycle, named the way power runs",
        [f"g: {UTILITY}", f"»a: {{from: [g, c], {GEAR}}}", f"b: {{from: a, {GEAR}}}", f"c: {{from: b, {GEAR}}}"],
        "nodes feed each other in a cycle: a -> b -> c -> a",
    ),
    ("feeds itself", [f"g: {UTILITY}", f"a: {{from: [g, »a], {GEAR}}}"], "`a` feeds itself"),
    ("fed twice from one", [f"g: {UTILITY}", f"a: {{from: [g, »g], {GEAR}}}"], "`a` is fed from `g` twice"),
    (
        "too many feeds",
        [f"g: {UTILITY}", f"h: {UTILITY}", f"i: {UTILITY}", f"»a: {{from: [g, h, i], {BOARD}}}"],
        "`a` (distribution) names 3 in `from`; must name 1 to 2",
    ),
    ("too few feeds", [f"g: {UTILITY}", f"»a: {{{BOARD}}}"], "`a` (distribution) names 0 in `from`; must name 1 to 2"),
    ("from is no id", [f"g: {UTILITY}", f"a: {{from: [g, »{{}}], {GEAR}}}"], "from must be a node id or a list of"),
    (
        "a type that may not feed another",
        [f"g: {UTILITY}", f"s: {{from: g, load_kw: 1, {RACK}}}", f"d: {{from: »s, {BOARD}}}"],
        "a server (`s`) may not feed a distribution (`d`) (it may be fed by: utility, transformer, switchgear, ",
    ),
    (
        "a transformer for another voltage",
        [f"u: {UTILITY}", f"t: {{from: u, {TRANSFORMER}, primary_voltage_v: »34500}}"],
        "`t`: primary_voltage_v is 34500 V, but `u` feeds it 480 V",
    ),
    (
        "two sources of different voltage",
        [f"u: {UTILITY}", "v: {type: utility, voltage_v: 208}", f"s: {{from: [u, »v], {GEAR}}}"],
        "`s` is fed 480 V by `u` and 208 V by `v`",
    ),
    (
        "two sources of different frequency",
        [f"u: {UTILITY}", "v: {type: utility, voltage_v: 480, frequency_hz: 50}", f"s: {{from: [u, »v], {GEAR}}}"],
        "`s` is fed 60 Hz by `u` and 50 Hz by `v`",
    ),
    ("a position of one number", ["g: {type: utility, voltage_v: 480, position: »[1]}"], "position must be [across, "),
    ("an empty title", ["g: {type: utility, voltage_v: 480, title: »''}"], "title `` must have 1 to 80 letters"),
]

# name, a whole file with a mark before the place of its one fault, its message
FILE_FAULTS = [
    ("no nodes", "facility: f\nnodes: »{}\n", "there are no nodes"),
    ("nodes as a list", "facility: f\nnodes: »[a]\n", "nodes must be a mapping (name: value), not a list"),
    ("no name", f"»nodes: {{g: {UTILITY}}}\n", "the facility has no `facility`"),
    ("a bad name", f"facility: »My Site\nnodes: {{g: {UTILITY}}}\n", "facility is `My Site`; write a-z, 0-9, "),
    (
        "an unknown key",
        f"facility: f\n»node: 1\nnodes: {{g: {UTILITY}}}\n",
        "unknown key of the facility `node` (did you mean `nodes`?)",
    ),
    (
        "an unknown calibration",
        f"facility: f\ncalibration: »fast\nnodes: {{g: {UTILITY}}}\n",
        "unknown calibration `fast` (known: training, quick, realistic)",
    ),
    (
        "a default that no such type has",
        f"facility: f\ndefaults: {{server: {{»fans: 3}}}}\nnodes: {{g: {UTILITY}}}\n",
        "unknown key of the defaults of server `fans`",
    ),
    (
        "a default out of range",
        f"facility: f\ndefaults: {{server: {{load_kw: »-3}}}}\nnodes: {{g: {UTILITY}}}\n",
        "load_kw is -3 kW; must be 0 to 1000000 kW",
    ),
    ("nothing", "»", "the file is empty (a facility starts with `facility: NAME`)"),
    ("only a comment", "»# later\n", "the file is empty (a facility starts with `facility: NAME`)"),
    ("a list", "»- 1\n", "the facility must be a mapping (name: value), not a list"),
    ("an anchor", "facility: f\nnodes: »&a {}\n", "anchors (&) and aliases (*) are not used here; shared ratings "),
    ("a tag", "facility: »!!str f\nnodes: {}\n", "tags (!) are not used here"),
    (
        "a second document",
        f"facility: f\nnodes: {{g: {UTILITY}}}\n»---\nx: 1\n",
        "a second document starts here; one file holds one",
    ),
    ("a key that is a list", "»[a]: 1\n", "a key must be a name, not a list or a mapping"),
    ("too deep", "[" * 13 + "»" + "[" * 5000, "nested deeper than 12 levels"),
]


def whole(nodes: list[str]) -> str:
    """A facility file with these nodes, the first on line 3."""
    return "facility: f\nnodes:\n" + "".join(f"  {node}\n" for node in nodes)


ONE_FAULT = [(name, whole(nodes), message) for name, nodes, message in NODE_FAULTS] + FILE_FAULTS


def faults_of(text: str | bytes) -> list[str]:
    """Every fault of a text as its lines."""
    with pytest.raises(FacilityError) as raised:
        parse_facility(text, path="f.yaml")
    assert str(raised.value) == "\n".join(str(fault) for fault in raised.value.faults)
    return str(raised.value).splitlines()


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in ONE_FAULT], ids=[row[0] for row in ONE_FAULT])
def test_one_fault_is_told_once_at_its_place(text: str, message: str) -> None:
    before, _, after = text.partition("»")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    (told,) = faults_of(before + after)
    assert told.startswith(f"f.yaml:{line}:{column}: {message}")


def test_a_site_without_a_source_is_refused() -> None:
    text = "facility: f\nnodes:\n  a: {type: pdu, from: b, rated_a: 9}\n  b: {type: pdu, from: a, rated_a: 9}\n"
    assert faults_of(text) == [
        "f.yaml:3:3: there is no source (a site needs one of: utility, generator)",
        "f.yaml:3:3: nodes feed each other in a cycle: a -> b -> a",
    ]


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "facility: f\n"
        "calibration: fast\n"
        "nodes:\n"
        "  Gen: {type: generator, power_kw: 0, power_kva: 750, voltage_v: 480}\n"
        "  sw: {type: switchgear, from: gen, ratd_a: 5}\n"
        "  sw: {type: ups}\n"
    )
    places = [line.split(": ")[0] for line in faults_of(text)]
    assert places == [f"f.yaml:{place}" for place in ("2:14", "4:3", "4:36", "5:3", "5:32", "5:37", "6:3")]


def test_text_that_is_not_yaml_is_told_with_its_place() -> None:
    (told,) = faults_of("facility: [a\nnodes: 5\n")
    assert told.startswith("f.yaml:2:")
    assert "not YAML" in told


def test_bytes_that_are_not_utf_8_are_told_with_their_place() -> None:
    assert faults_of(b"facility: f\ntitle: caf\xe9\n") == ["f.yaml:2:11: byte 0xe9 is not UTF-8"]


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    assert faults_of(b"#" * (FILE_BYTES_MAX + 1)) == [f"f.yaml:1:1: the file is larger than {FILE_BYTES_MAX} bytes"]


def test_more_nodes_than_the_limit_are_refused_with_the_limit() -> None:
    nodes = "".join(f"  n{index}: {{}}\n" for index in range(NODES_MAX + 1))
    assert faults_of(f"facility: f\nnodes:\n{nodes}") == [f"f.yaml:3:3: {NODES_MAX + 1} nodes; at most {NODES_MAX}"]


def test_a_flood_of_faults_is_cut_with_a_count() -> None:
    nodes = "".join(f"  N{index}: 1\n" for index in range(300))
    told = faults_of(f"facility: f\nnodes:\n{nodes}")
    assert len(told) == 101
    assert told[-1].endswith("and 500 more faults")  # two for each of 300 nodes, 100 told


def test_a_message_cannot_write_to_the_terminal() -> None:
    (told,) = faults_of('facility: f\nnodes:\n  "\\e[31m": {type: utility, voltage_v: 480}\n')
    assert "\x1b" not in told
    assert "\\x1b[31m" in told
