"""The contract's claims where the JSON parsers of the two dialects differ, and what a board lets go of."""

from winter_wire import codec, schema

PLUG = "\U0001f50c"


def verdict(text):
    """None where a command with this text for its issuer is believed, else the reason."""
    _, refused = codec.decode("command", ('{"command":"open","by":"' + text + '"}').encode())
    return refused[0] if refused else None


def case_letters_beyond_the_first_plane_come_as_utf_8_and_never_as_escaped_pairs():
    assert verdict(PLUG) is None
    assert codec.decode("command", ('{"command":"open","by":"' + PLUG + '"}').encode())[0]["by"] == PLUG
    for text in ("\\ud83d\\udd0c", "\\uD83D\\uDD0C", "\\ud83d", "\\udd0c", "x\\uDFFFy", "\\udd0c\\ud83d"):
        assert verdict(text) == "schema", text


def case_other_escapes_are_letters_as_ever():
    for text in ("\\u00e4", "\\ud7ff", "\\uD7FF", "\\ue000", '\\"', "\\\\"):  # U+D7FF is the last before the surrogates
        assert verdict(text) is None, text


def case_escaped_pairs_are_refused_wherever_they_stand():
    for payload in (
        b'{"command":"open","colour":"\\ud83d\\udd0c"}',
        b'{"command":"open","\\ud83d":1}',
        b'{"command":"open","params":{"x":"\\udd0c"}}',
    ):
        assert codec.decode("command", payload)[1][0] == "schema", payload


def case_text_that_ends_in_an_escape_is_no_json():
    for payload in (b'{"command":"\\u', b'{"command":"\\ud', b'{"command":"\\ud8', b'"\\u"'):
        assert codec.decode("command", payload)[1][0] == "schema", payload


def case_every_type_has_all_rows_that_its_messages_name():
    for type_name in schema.TYPES:
        for kind in schema.REQUIRED:
            for name in schema.fields(kind, type_name):
                assert schema.row(kind, name) is not None, (type_name, kind, name)
