"""The codec: what goes out comes back, and nothing bad gets in."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from winter_wire import codec, schema

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x10FFFF, exclude_categories=["Cs", "Cc"]))


def values(row):
    """Hypothesis strategy for the values that fit a row of the schema."""
    _, form, decimals, low, high = row[:5]
    if form == schema.FLAG:
        return st.booleans()
    if form == schema.TEXT:
        return _TEXT.map(lambda text: (text + "x" * low)[: max(low, min(high, 16))])
    if form == schema.INTEGER:
        return st.integers(low, high)
    if form == schema.OBJECT:
        return st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9) | st.booleans() | st.just("w"), max_size=4)
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, decimals))


@st.composite
def messages(draw):
    kind = draw(st.sampled_from(sorted(schema.REQUIRED)))
    type_name = draw(st.sampled_from(sorted(schema.TYPES) + sorted(schema.VIRTUAL_FIELDS)))
    message = {}
    for name in schema.fields(kind, type_name):
        if name in schema.REQUIRED[kind] or draw(st.booleans()):
            message[name] = draw(values(schema.row(kind, name)))
    if "type" in message or kind == "status":
        message["type"] = type_name
    return kind, type_name, message


@given(messages())
def test_what_is_written_is_read_back(case):
    kind, type_name, message = case
    try:
        payload = codec.encode(kind, message, type_name)
    except ValueError as error:
        assert "bytes; at most" in str(error)  # texts of many-byte letters can be over the size
        return
    back, why = codec.decode(kind, payload)
    assert why is None
    assert set(back) == set(message)
    for name, value in message.items():
        row = schema.row(kind, name)
        if row[1] == schema.NUMBER:
            assert math.isclose(back[name], value, rel_tol=1e-12, abs_tol=0.5000001 * 10 ** -row[2])
        else:
            assert back[name] == value


@given(messages())
def test_any_json_parser_reads_what_is_written(case):
    kind, type_name, message = case
    try:
        payload = codec.encode(kind, message, type_name)
    except ValueError:
        return
    names = list(json.loads(payload))
    order = [name for name in schema.fields(kind, type_name) if name in message]
    assert names == order


@given(st.binary(max_size=1200), st.sampled_from(sorted(schema.REQUIRED)))
def test_any_bytes_decode_to_a_message_or_a_reason(payload, kind):
    message, why = codec.decode(kind, payload)
    assert (message is None) != (why is None)
    if why:
        assert why[0] in ("size", "schema")


STATUS = b'{"v":1,"node_id":"ups_a","status":"ok"'


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (STATUS + b',"current":NaN}', "schema"),
        (STATUS + b',"current":Infinity}', "schema"),
        (STATUS + b',"current":1e999}', "schema"),
        (STATUS + b',"current":true}', "schema"),
        (STATUS + b',"current":"12"}', "schema"),
        (STATUS + b',"current":-1}', "schema"),
        (STATUS + b',"resets":1.0}', "schema"),
        (STATUS + b',"resets":' + b"9" * 400 + b"}", "schema"),
        (STATUS + b',"fault":"\\ud800"}', "schema"),
        (STATUS + b',"fault":"a\\nb"}', "schema"),
        (STATUS + b',"fault":"a\x7fb"}', "schema"),
        (STATUS + b',"fault":null}', "schema"),
        (b'{"v":1,"node_id":"ups_a"}', "schema"),
        (b'{"v":2,"node_id":"ups_a","status":"ok"}', "schema"),
        (b"[" * 1000, "schema"),
        (b"", "schema"),
        (b"null", "schema"),
        (b"[]", "schema"),
        (b"\xff\xfe", "schema"),
        (STATUS + b" " * 1024 + b"}", "size"),
    ],
)
def test_bad_status_is_refused_with_its_reason(payload, reason):
    message, why = codec.decode("status", payload)
    assert message is None
    assert why[0] == reason


def test_the_first_design_s_command_is_a_whole_command():
    message, why = codec.decode("command", b'{"command":"set_fault","params":{"state":true}}')
    assert why is None
    assert message == {"command": "set_fault", "params": {"state": True}}


def test_unknown_keys_are_passed_over():
    message, why = codec.decode("status", STATUS + b',"colour":"red","id":{"a":[1]}}')
    assert why is None
    assert message == {"v": 1, "node_id": "ups_a", "status": "ok"}


# Half away from zero; the bytes must not depend on how a dialect prints floats.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, b"0.000"),
        (-0.0, b"0.000"),
        (1.0005, b"1.001"),
        (-0.0004, b"0.000"),
        (-2.5, b"-2.500"),
        (465.0623, b"465.062"),
    ],
)
def test_numbers_have_the_schema_s_decimals(value, text):
    payload = codec.encode("view", {"v": 1, "node_id": "a", "timeline": 0, "t_s": 0, "power_kw": value}, "ups")
    assert payload.endswith(b'"power_kw":' + text + b"}")


@pytest.mark.parametrize("type_name", sorted(schema.TYPES) + sorted(schema.VIRTUAL_FIELDS))
@pytest.mark.parametrize("kind", ["status", "view"])
def test_the_largest_message_of_every_type_fits(kind, type_name):
    message = {}
    for name in schema.fields(kind, type_name):
        _, form, _, low, high = schema.row(kind, name)[:5]
        longest = "x" * high if form == schema.TEXT else low if low < 0 else high
        message[name] = False if form == schema.FLAG else longest
    assert len(codec.encode(kind, message, type_name)) <= schema.STATUS_BYTES_MAX


@pytest.mark.parametrize(
    ("verb", "params", "fits"),
    [
        ("set_fault", {"state": True}, True),
        ("set_fault", {"state": 1}, False),
        ("set_fault", {}, False),
        ("set_fault", {"state": True, "severity": 1.5}, False),
        ("set_fault", {"state": True, "colour": 1}, False),
        ("set_load", {"power_kw": 150}, True),
        ("set_load", {"power_kw": float("nan")}, False),
        ("open", {}, True),
        ("explode", {}, False),
    ],
)
def test_parameters_fit_their_verb_or_are_refused(verb, params, fits):
    assert (codec.check_params(verb, params) is None) == fits


def test_encode_names_what_is_wrong():
    with pytest.raises(ValueError, match="status has no status"):
        codec.encode("status", {"v": 1, "node_id": "a"})
    with pytest.raises(ValueError, match="current is outside 0 to 1000000"):
        codec.encode("view", {"v": 1, "node_id": "a", "timeline": 0, "t_s": 0, "current": -5}, "ups")
