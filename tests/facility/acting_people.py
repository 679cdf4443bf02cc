"""What people see of two sites that differ by one type only, in files, on screens, alarms and pages: the same."""

import re

import acting_types as new
from winter_node import roles
from winter_river import Simulation, reference
from winter_river.alerts.judging import Judge
from winter_river.alerts.model import Moment, Seen
from winter_river.alerts.rules import built_in
from winter_river.deploy.alerts import expression
from winter_river.emulator.redraw import redraw
from winter_river.engine import (
    apply,
    build_plan,
    new_world,
    step,
    view,
)
from winter_river.facility import FacilityError, parse_facility
from winter_river.facility.json_schema import schema_text
from winter_river.scenario import Scenario, Send, Step, run_scenario
from winter_river.station.initial import cook, fitting, library, parts_of
from winter_river.ui import cells, keys
from winter_river.web import painting
from winter_river.web.diagram import draw
from winter_river.web.diagram_sizes import is_bus, words_width
from winter_river.web.facts import facility_facts
from winter_wire import schema

PARAMS = {
    "set_load": {"power_kw": 35}, "set_fans": {"running": 20}, "set_fuel": {"pct": 50}, "charge": {"power_kw": 10},
    "discharge": {"power_kw": 15}, "set_setpoint": {"power_kw": 12}, "transfer": {"to": "second"},
}  # fmt: skip


def it_is_checked(pair):
    text = new.with_new(new.SITE, pair.part)
    for wrong in (f"type: {pair.name}, nonsense: 1", f"type: {pair.name[:-1]}"):
        try:
            parse_facility(text.replace(f"type: {pair.name}", wrong, 1))
        except FacilityError as error:
            assert pair.name in str(error), error
        else:
            raise AssertionError(wrong)
    for bad in new.REFUSED:
        told = []
        for site in (bad, new.with_new(bad, pair.part)):
            try:
                parse_facility(site)
            except FacilityError as error:
                told.append(re.sub(r"it may be fed by: .*|:\d+:\d+:", "", str(error)))
            else:
                raise AssertionError(site)
        wanted = re.sub(rf"\b{pair.part}\b(?!`)", pair.name, told[0])
        assert wanted == told[1], told
    assert f'"const": "{pair.name}"' in schema_text()
    for rating, default in new.NEW[pair.part][1].items():
        site = parse_facility(re.sub(rf"(type: {pair.name},.*?) {rating}: [\w.]+,?", r"\1", text, flags=re.DOTALL))
        assert site.nodes[pair.ids[0]].full_ratings()[rating] == default


def it_is_in_the_reference(pair):
    text = reference.markdown(reference.tables())
    for words in (
        *new.sentences(pair.part).values(),
        f"It acts as a {pair.part}.",
        *(row[0] for row in new.row_of(pair.part)[1]),
    ):
        assert words in text, words
    assert f"chosen: of a {pair.name}, for a test" in text


def cells_of(type_name):
    """What the main page of a type shows: (field, ...) of each cell and bar."""
    return [cell for row in roles.rows(type_name) for cell in ([(row[2], *row)] if row[0] == roles.BAR else row)]


def it_obeys_on_a_screen(pair):
    """A real node core of either type is told the same, and the site does the same."""
    sims = [Simulation(site, seed=1) for site in pair.sites]
    verbs = schema.TYPES[pair.part][schema.OWN_VERBS]
    first = schema.TYPES[pair.part][schema.MALFUNCTIONS][0][0]
    acts = [
        ("set_fault", {"state": True}),
        ("set_fault", {"state": False}),
        *((verb, PARAMS.get(verb, {})) for verb in verbs),
    ]
    acts += [("set_fault", {"state": True, "kind": first}), ("set_fault", {"state": False}), ("reset", {})]
    for node_id in pair.ids:
        for verb, params in acts:
            answers = []
            for k, sim in enumerate(sims):
                own = {name: pair.told(node_id, value) if k else value for name, value in params.items()}
                answers.append(sim.command(node_id, verb, **own).result)
                sim.advance(4.0)
            assert answers[0] == answers[1], (verb, answers)
            assert verb == "reset" or answers[0] == schema.RESULT_DONE or verb == "close", (verb, answers)
            for other in pair.sites[0].nodes:
                seen, status = (
                    [look(other) for look in looks] for looks in ([s.view for s in sims], [s.status for s in sims])
                )
                assert pair.seen(other, seen[0]) == seen[1], (other, verb)
                left_out = new.NEW[pair.part][3] if other in pair.ids else ()
                wanted = {name: each for name, each in pair.seen(other, status[0]).items() if name not in left_out}
                assert wanted == status[1], (other, verb)
    assert [sim.laws_broken for sim in sims] == [0, 0]
    assert roles.press_positions(pair.name) == roles.press_positions(pair.part)
    shown, fields = cells_of(pair.name), schema.fields("status", pair.name)
    assert shown == [cell for cell in cells_of(pair.part) if cell[0] in fields] != []
    seen = sims[1].view(pair.ids[0])
    lit = redraw(pair.ids[0], pair.name, view=seen, own={})
    assert lit != redraw(pair.ids[0], pair.name, view={**seen, "state": "?"}, own={}) != bytes(len(lit))


def it_alarms_alike(pair):
    judges = [Judge(built_in(), {node.id: node.type for node in site.nodes.values()}) for site in pair.sites]
    found = []
    for site, judge in zip(pair.sites, judges, strict=True):
        plan = build_plan(site.devices())
        world = new_world(plan)
        row = schema.TYPES[next(node.type for node in site.nodes.values() if node.id == pair.ids[0])]
        raised = []
        for k, (kind, severity) in enumerate(row[schema.MALFUNCTIONS][: new.NEW[pair.part][2]]):
            for fault in (kind if severity is None else f"{kind}=1", ""):
                apply(plan, world, pair.ids[0], {"fault": fault, "resets": k + 1}, present=True)
                for _ in range(4):
                    step(plan, world, 15.0)
                    views = {node: view(plan, world, node) for node in site.nodes}
                    for node, each in views.items():
                        each["status"] = schema.health(site.nodes[node].type, each["state"])
                    moment = Moment(steady_s=world.t_s, t_s=world.t_s)
                    raised += [(f.rule.id, f.node_id, f.raised) for f in judge.judge(Seen(moment, views))]
        found.append(raised)
    assert found[0] == found[1]
    if pair.part not in ("meter", "pv"):  # of which no rule is
        assert any(node_id == pair.ids[0] for _, node_id, _ in found[0]), found[0]


def it_is_watched_outside(pair):
    """Prometheus' rules have its type wherever the old one stands, with its own words for states."""
    for rule in built_in():
        text = expression(rule)
        if text and pair.part in rule.types:
            assert re.search(rf"\b{pair.name}\b", text), text
            for test in (test for tests in rule.when for test in tests if test.field == "state"):
                assert pair.words.get(test.value, test.value) in text, text


def it_is_on_the_page(pair):
    """As drawn and in a terminal: at rest, while its grid is gone, and switched off."""
    _, aside = roles.press_positions(pair.part)
    for told in ({}, {"utility": {"fault": "outage"}}, {pair.ids[0]: {"handle": aside}}):
        paintings, lines, boxes = [], [], []
        for k, site in enumerate(pair.sites):
            plan = build_plan(site.devices())
            world = new_world(plan)
            for node_id, fields in told.items():
                apply(plan, world, node_id, pair.seen(node_id, fields) if k else fields, present=True)
            step(plan, world, 5.0)
            views = {node.id: {**view(plan, world, node.id), "type": node.type} for node in site.nodes.values()}
            for node_id, each in views.items():
                each["status"] = schema.health(site.nodes[node_id].type, each["state"])
            paintings.append(painting.paint(site, views, {}, painting.flows(site, views)))
            lines.append([cells.line(views[node_id]).columns[1:] for node_id in site.nodes])
            boxes.append([(is_bus(node), words_width(node)) for node in site.nodes.values()])
            assert all(f'id="node-{node_id}"' in draw(site) for node_id in site.nodes)
        assert lines[0] == lines[1] and boxes[0] == boxes[1]
        for element, text in paintings[0].items():
            kind, _, node_id = element.partition("-")
            if kind == "val" and node_id.rpartition("-")[0] in pair.ids:
                continue
            word = pair.told(node_id, text) if kind == "state" else text
            assert paintings[1][element] == word.replace(f"type-{pair.part} ", f"type-{pair.name} "), element
    fields = schema.fields("view", pair.name)
    assert painting.slots(pair.name) == tuple(slot for slot in painting.slots(pair.part) if slot[0] in fields) != ()
    facts = facility_facts(pair.sites[1])
    assert all(facts["nodes"][node_id]["part"] == pair.part for node_id in pair.ids)
    states = facts["types"][pair.name]["states"]
    assert {states[own]["like"]: own for own in states}.items() <= pair.words.items()
    kinds = facts["types"][pair.name]["malfunctions"]
    assert {kind["like"]: kind["kind"] for kind in kinds}.items() <= pair.words.items()
    for quick in keys.QUICK:
        node = pair.sites[1].nodes[keys.first_of(pair.sites[1].nodes, quick.type)]
        assert keys.unknown_verb(node, "set_fault") == ""
        assert keys.in_words_of(node, quick.params).get("kind", "") in ("", *keys.choices(node, "set_fault"))


def it_is_trained_with(pair):
    """What an exercise measures: what racks go without, and the curves it shows unasked."""
    lost = {"state": True}
    steps = (
        Step(1.0, Send(pair.ids[-1], "set_fault", lost)),
        Step(20.0, Send("rack_2", "set_fault", lost)),
        Step(120.0, Send("rack_2", "set_fault", {"state": False})),
    )
    seen = []
    for site in pair.sites:
        result = run_scenario(Scenario("loss", site.name, steps), Simulation(site, seed=1))
        seen.append((result.energy_not_served_kwh, result.series, result.passed))
    assert seen[0] == seen[1]
    assert seen[0][0]["rack_2"] > 0.1


def it_begins_where_told(pair):
    """The initial conditions find its parts and break them by their own names."""
    cooked = []
    for site in pair.sites:
        recipe = next(each for each in fitting(library(), site) if each.info.id == "a-on-generator")
        done = cook(recipe, site, site.plan(), seed=1, breathe=lambda: None)
        cooked.append([(event.node_id, event.t_s, event.event) for event in done.events])
    assert cooked[0] == cooked[1]
    assert parts_of(pair.sites[0]) == parts_of(pair.sites[1])
