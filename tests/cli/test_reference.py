"""The reference says everything the contract has, and nothing else."""

import json
from collections.abc import Callable

from winter_river import reference, reference_commands, reference_words
from winter_river.engine import EQUIPMENT
from winter_river.engine.events import WORDS
from winter_wire import schema, topics


def states() -> set[str]:
    return {word for entry in schema.TYPES.values() for word, _ in entry[schema.STATES]}


def malfunctions() -> set[str]:
    return {kind for entry in schema.TYPES.values() for kind, _ in entry[schema.MALFUNCTIONS]}


def test_every_field_has_a_sentence_and_no_sentence_is_left_over() -> None:
    assert set(reference_words.FIELDS) == set(schema.ROWS) | {"id"}


def test_every_word_of_the_contract_has_a_sentence_and_none_is_left_over() -> None:
    assert set(reference_words.LEAVES) == set(topics.LEAVES)
    assert set(reference_words.KINDS) == set(schema.REQUIRED)
    own = {word for table in EQUIPMENT.values() for word in table.says}  # what a type's own file says
    assert set(reference_words.TYPES) == set(schema.TYPES) - own
    assert set(reference_words.STATES) == states() - own
    assert set(reference_words.MALFUNCTIONS) == malfunctions() - own
    assert set(reference_commands.VERBS) == set(schema.VERBS)
    assert set(reference_commands.PARAMS) == {row[0] for params in schema.VERBS.values() for row in params}
    assert set(reference_commands.REASONS) == set(schema.REASONS)


def test_every_sentence_ends_with_a_full_stop() -> None:
    for table in (reference_words.FIELDS, reference_words.TYPES, reference_words.STATES, reference_commands.VERBS):
        for word, sentence in table.items():
            assert sentence.endswith("."), word


def test_tables_have_a_cell_for_each_column_and_names_of_their_own() -> None:
    tables = reference.tables()
    assert len({table.name for table in tables}) == len(tables)
    for table in tables:
        assert table.rows, table.name
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.name


def test_field_table_shows_unit_range_and_decimals() -> None:
    view = next(table for table in reference.tables() if table.name == "view")
    row = next(dict(zip(view.columns, row, strict=True)) for row in view.rows if row[0] == "`soc_pct`")
    assert (row["unit"], row["range"], row["decimals"], row["of"]) == ("%", "0 to 100", "2", "ups, bess")


def test_the_verbs_are_those_of_the_nodes_and_of_the_weather() -> None:
    table = next(table for table in reference.tables() if table.name == "verbs")
    assert [row[0] for row in table.rows] == [f"`{verb}`" for verb in (*schema.VERBS, "set_weather")]
    assert table.rows[-1][2] == "the node `weather`" and "`preset` (integer, 1 to 6)" in table.rows[-1][1]


def test_ratings_name_their_source() -> None:
    ratings = next(table for table in reference.tables() if table.name == "ratings")
    assert {row[0] for row in ratings.rows} == set(schema.TYPES)
    assert all(row[-1] for row in ratings.rows)


def test_markdown_has_one_line_a_row(winter_river: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = winter_river("reference verbs")
    assert code == 0
    assert [line.split("`")[1] for line in out.splitlines() if line.startswith("| `")] == [*schema.VERBS, "set_weather"]


def test_json_has_the_same_tables(winter_river: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = winter_river("reference --json")
    assert code == 0
    data = json.loads(out)
    assert [row["reason"] for row in data["reasons"]] == [f"`{reason}`" for reason in schema.REASONS]


def test_unknown_table_is_refused_with_the_nearest_name(winter_river: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = winter_river("reference verb")
    assert code == 2
    assert "did you mean verbs?" in err


def table_of(name: str) -> dict[str, dict[str, str]]:
    found = next(table for table in reference.tables() if table.name == name)
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return {row[found.columns[1] if name == "constants" else found.columns[0]].strip("`"): row for row in rows}


def test_constants_name_their_source() -> None:
    constants = table_of("constants")
    assert all(row["source"] for row in constants.values())
    assert "C37.112" in constants["CURVE_A"]["source"]
    assert "19.61" in constants["CURVE_A"]["value"]
    assert "ITIC" in constants["SWELL_PU"]["source"]
    assert "IEC 60269-1" in constants["POINTS_PU"]["source"]
    assert "IEEE 1547-2018, table 18" in constants["LOW_HZ_PU"]["source"]
    assert constants["PRESSURE_PA"]["source"].startswith("ASHRAE")
    assert constants["FUEL_LINEAR_GAL_H"]["value"] == "26.8"
    assert "NONE" not in constants
    assert constants["COLD_START"]["value"] == constants["LOW_BATTERY"]["value"] == "0.2"
    assert (constants["CRANKS_MAX"]["value"], constants["CRANKS_MAX"]["source"][:8]) == ("3", "NFPA 110")


def test_every_event_of_the_engine_is_listed_with_its_phrase() -> None:
    events = table_of("events")
    assert set(events) == set(WORDS)
    assert events["battery_empty"]["phrase"] == "battery empty"
    assert all(row["phrase"] for row in events.values())


def test_calibrations_list_every_delay_of_each() -> None:
    delays = table_of("calibrations")
    assert delays["retransfer_s"] == {"delay": "`retransfer_s`", "training": "30", "quick": "3", "realistic": "300"}
