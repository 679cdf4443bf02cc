"""The schema's tables agree with each other."""

import pytest
from winter_wire import schema, topics


def test_every_field_has_one_row():
    names = [row[0] for row in schema.FIELDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("type_name", sorted(schema.TYPES) + sorted(schema.VIRTUAL_FIELDS))
@pytest.mark.parametrize("kind", ["status", "view", "command", "ack", "event"])
def test_every_named_field_exists_once(kind, type_name):
    names = schema.fields(kind, type_name)
    assert len(names) == len(set(names))
    for name in names:
        assert schema.row(kind, name) is not None, name


def test_every_row_is_used_by_some_message():
    used = {"params"}
    for type_name in [*schema.TYPES, *schema.VIRTUAL_FIELDS]:
        for kind in schema.REQUIRED:
            used.update(schema.fields(kind, type_name))
    assert {row[0] for row in schema.FIELDS} <= used


@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_every_verb_of_a_type_is_in_the_table(type_name):
    for verb in schema.verbs(type_name):
        assert verb in schema.VERBS


def test_every_verb_belongs_to_some_type():
    obeyed = set()
    for type_name in schema.TYPES:
        obeyed.update(schema.verbs(type_name))
    assert obeyed == set(schema.VERBS)


# contract.md: the fields promised by name since the first design.
@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_every_status_carries_the_promised_fields(type_name):
    promised = {"node_id", "voltage_in", "current", "power_kw", "status", "wifi_rssi", "uptime"}
    assert promised <= set(schema.fields("status", type_name))


@pytest.mark.parametrize(
    ("type_name", "state", "health"),
    [
        ("ups", "NORMAL", "ok"),
        ("ups", "ON_BATTERY", "warning"),
        ("switchgear", "NO_INPUT", "off"),
        ("ups", "?", "fault"),
    ],
)
def test_health_follows_the_state(type_name, state, health):
    assert schema.health(type_name, state) == health


def test_longest_topic_is_under_100_bytes():
    longest = topics.topic("n" * topics.NODE_ID_LENGTH_MAX, "command", "r" * topics.ROOT_LENGTH_MAX)
    assert len(longest) <= topics.TOPIC_BYTES_MAX


@pytest.mark.parametrize("text", ["", "-a", "_a", "A", "a b", "a/b", "a+", "a#", "x" * 33, "ä", None])
def test_what_is_no_node_id_is_refused(text):
    assert not topics.is_node_id(text)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("winter-river/ups_a/status", ("ups_a", "status")),
        ("winter-river/ups_a/nonsense", None),
        ("winter-river/ups_a", None),
        ("winter-river/ups_a/status/more", None),
        ("elsewhere/ups_a/status", None),
        ("winter-river//status", None),
    ],
)
def test_topics_are_read_back(text, parsed):
    assert topics.parse(text) == parsed


def test_a_root_may_have_parts():
    assert topics.is_root("site/north") and topics.parse("site/north/ups_a/ack", "site/north") == ("ups_a", "ack")
    assert not topics.is_root("a//b") and not topics.is_root("+") and not topics.is_root("a/#")
