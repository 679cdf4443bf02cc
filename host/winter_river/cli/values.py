"""Words of the command line into values, and values into text: durations, parameters, JSON."""

import getpass
import json
import re
from collections.abc import Callable, Mapping, Sequence

from winter_wire import codec, schema

from winter_river.audit.record import SECRET_SUFFIX, masked
from winter_river.cli.errors import UsageError
from winter_river.likeness import meant

__all__ = ["json_text", "masked", "params_of", "seconds", "table_text"]
_ASKED = "-"  # the value of a secret that is to be typed when asked
_FLAG_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_EXAMPLE = {schema.FLAG: "true", schema.NUMBER: "96.5", schema.INTEGER: "3", schema.TEXT: "word"}


def seconds(text: str, *, option: str) -> float:
    """Seconds of a duration such as 30s, 2m, 500ms; UsageError naming the option otherwise."""
    from winter_river.scenario.durations import duration_s

    try:
        return duration_s(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def json_text(value: object) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False)


def params_of(
    verb: str, words: Sequence[str], *, ask_secret: Callable[[str], str] = getpass.getpass
) -> dict[str, object]:
    """The parameters of a verb from words such as state=true kind=outage; UsageError for every one that does not fit.

    A password is asked for (`wifi_password=-`): a command line can be read by every user of the machine.
    """
    rows = {row[0]: row for row in schema.VERBS[verb]}
    faults: list[str] = []
    params: dict[str, object] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            faults.append(f"{word!r} is not key=value; {verb} takes {_takes(verb)}")
        elif name not in rows:
            faults.append(f"{verb} has no parameter {name}{meant(name, rows)}; it takes {_takes(verb)}")
        elif name.endswith(SECRET_SUFFIX) and text != _ASKED:
            faults.append(f"{name} does not belong on a command line; write {name}={_ASKED} and type it when asked")
        else:
            value = ask_secret(f"{name}: ") if name.endswith(SECRET_SUFFIX) else _value(rows[name][1], text)
            if value is None:
                faults.append(
                    f"{name}={text} is not {_form(rows[name][1])}; write it like {name}={_example(rows[name])}"
                )
            else:
                params[name] = value
    if not faults:
        why = codec.check_params(verb, params)
        if why:
            faults.append(f"{verb}: {why}; it takes {_takes(verb)}")
    if faults:
        raise UsageError("\n".join(faults))
    return params


def air_params_of(verb: str, words: Sequence[str]) -> dict[str, object]:
    """The same for the weather: words such as preset=arizona, preset=4, outdoor_c=38."""
    from winter_river import air

    faults, given = [], {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            faults.append(f"{word!r} is not key=value; {verb} takes {air.TAKES}")
        else:
            values = (_value(form, text) for form in (schema.INTEGER, schema.NUMBER, schema.TEXT))
            given[name] = next(value for value in values if value is not None)
    if faults:
        raise UsageError("\n".join(faults))
    try:
        return air.params_of(verb, given)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _value(form: str, text: str) -> object:
    """The value a word stands for, None where it is not of that form."""
    if form == schema.FLAG:
        return _FLAG_WORDS.get(text.lower())
    if form == schema.INTEGER:
        return int(text) if re.fullmatch(r"-?\d{1,12}", text) else None
    if form == schema.NUMBER:
        return float(text) if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", text) else None
    return text


def _form(form: str) -> str:
    return {schema.FLAG: "true or false", schema.INTEGER: "a whole number", schema.NUMBER: "a number"}.get(form, form)


def _example(row: Sequence[object]) -> str:
    return _EXAMPLE[str(row[1])]


def _takes(verb: str) -> str:
    """`state=true [kind=word]`, or `nothing`."""
    parts = [f"{row[0]}={_example(row)}" if row[2] else f"[{row[0]}={_example(row)}]" for row in schema.VERBS[verb]]
    return " ".join(parts) or "nothing"


def table_text(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a table of plain text, each column as wide as its widest cell."""
    cells = [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [max([len(column), *(len(line[place]) for line in cells)]) for place, column in enumerate(columns)]
    lines = [list(columns), *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
