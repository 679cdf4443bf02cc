"""Messages to bytes and back, the same bytes in both dialects.

Keys go out in the schema's order and numbers with the schema's decimals. What comes in is checked
whole before anything is believed: size, UTF-8, JSON, required keys, form and range of each known key.
"""

import json

from winter_wire import schema

_FINITE_MAX = 1e30  # beyond every range in the schema: catches inf and nan by one comparison


# First bytes of UTF-8 that allow only some second bytes (Unicode 15, table 3-7): low, high.
_SECOND_BYTES = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}


def _refuse(text):
    raise ValueError(text)


# CPython's parser accepts NaN and Infinity unless told; a board's refuses them by itself.
_loads = json.JSONDecoder(parse_constant=_refuse).decode if hasattr(json, "JSONDecoder") else json.loads


def number_text(value, decimals):
    """Decimal text of a finite number, half away from zero: float printing differs between dialects."""
    scale = 10**decimals
    whole = int(abs(value) * scale + 0.5)
    sign = "-" if value < 0 and whole else ""
    if not decimals:
        return sign + str(whole)
    part = str(whole % scale)
    return sign + str(whole // scale) + "." + "0" * (decimals - len(part)) + part


def _text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_number(value):
    # True is an int in CPython only, so flags are told apart first.
    return value is not True and value is not False and isinstance(value, (int, float))


def _is_printable(text):
    """Whether a text has no control characters and no half letters (surrogates, ED A0 to ED BF).

    It looks at bytes: a board keeps every letter that is looked at singly, for good.
    """
    try:
        before = 0
        for code in text.encode():
            if code < 32 or code == 127 or (before == 0xED and code >= 0xA0):
                return False
            before = code
    except UnicodeError:
        return False  # CPython does not even encode half a letter
    return True


def fault_of(name, shape, value):
    """Why a value does not fit the shape (form, decimals, low, high) of a field, or None where it fits."""
    form, _, low, high = shape
    if form == schema.FLAG:
        return None if value is True or value is False else name + " is not true or false"
    if form == schema.TEXT:
        if not isinstance(value, str) or not low <= len(value) <= high:
            return "%s is not a text of %d to %d letters" % (name, low, high)
        return None if _is_printable(value) else name + " has an unprintable letter"
    if form == schema.OBJECT:
        return None if isinstance(value, dict) and len(value) <= high else name + " is not a small object"
    if not _is_number(value) or (form == schema.INTEGER and not isinstance(value, int)):
        return name + " is not a number" if form == schema.NUMBER else name + " is not a whole number"
    if not -_FINITE_MAX < value < _FINITE_MAX or not low <= value <= high:
        return "%s is outside %s to %s" % (name, low, high)
    return None


def _value(shape, value):
    form = shape[0]
    if form == schema.TEXT:
        return _text(value)
    if form == schema.FLAG:
        return "true" if value else "false"
    if form == schema.OBJECT:
        return _object(value)
    return number_text(value, shape[1]) if form == schema.NUMBER else str(value)


def _object(params):
    """A flat object with its keys sorted: params have no schema order of their own."""
    parts = []
    for name in sorted(params):
        value = params[name]
        if isinstance(value, str):
            text = _text(value)
        elif value is True or value is False:
            text = "true" if value else "false"
        elif isinstance(value, int):
            text = str(value)
        elif isinstance(value, float):
            text = number_text(value, 3)
        else:
            raise ValueError("params.%s is neither text, number nor flag" % name)
        parts.append(_text(name) + ":" + text)
    return "{" + ",".join(parts) + "}"


def encode(kind, message, type_name=None):
    """Bytes of one message; keys that this kind of message does not carry are left out.

    kind: status, view, command, ack or event. message: dict of fields. type_name: whose status or view
    (default: message["type"]). Raises ValueError naming a field that is missing or out of range,
    or a message over its size.
    """
    parts = []
    for name in schema.fields(kind, type_name or message.get("type")):
        if name not in message:
            if name in schema.REQUIRED[kind]:
                raise ValueError("%s has no %s" % (kind, name))
            continue
        shape = schema.shape(kind, name)
        why = fault_of(name, shape, message[name])
        if why:
            raise ValueError("%s: %s" % (kind, why))
        parts.append('"' + name + '":' + _value(shape, message[name]))
    payload = ("{" + ",".join(parts) + "}").encode()
    if len(payload) > schema.BYTES_MAX[kind]:
        raise ValueError("%s is %d bytes; at most %d" % (kind, len(payload), schema.BYTES_MAX[kind]))
    return payload


def _is_strict_utf8(payload):
    """Whether multi-byte letters are the shortest form of a real code point: MicroPython checks only their shape."""
    for index in range(len(payload)):
        lead = payload[index]
        if lead in (0xC0, 0xC1) or lead > 0xF4:
            return False
        if lead in _SECOND_BYTES:
            low, high = _SECOND_BYTES[lead]
            if not low <= payload[index + 1] <= high:
                return False
    return True


def _has_surrogate_escape(text):
    """Whether a letter is written as \\uD800 to \\uDFFF: one parser joins such pairs, the other keeps the halves.

    Letters beyond the first 65,536 come as UTF-8. A backslash that is itself escaped is not told apart: refused as well.
    """
    at = text.find("\\u")
    while at >= 0:
        if text[at + 2 : at + 3] in ("d", "D") and text[at + 3 : at + 4] >= "8":
            return True
        at = text.find("\\u", at + 2)
    return False


def decode(kind, payload):
    """(message, None), or (None, (reason, detail)) with reason size or schema. Never raises.

    Both dialects give the same verdict on JSON and on what is none, but for this: a board's parser passes over a missing
    colon or comma, a stray escape, a leading zero. What it then believes has passed every check of form and range.

    Unknown keys stay out of the message. Known keys have the schema's form and range.
    """
    if len(payload) > schema.BYTES_MAX[kind]:
        return None, ("size", "%d bytes; at most %d" % (len(payload), schema.BYTES_MAX[kind]))
    try:
        text = str(payload, "utf-8")
        if len(text) != len(payload) and not _is_strict_utf8(payload):
            raise ValueError
        if _has_surrogate_escape(text):
            raise ValueError
        data = _loads(text)
    except (ValueError, RuntimeError, MemoryError):  # RuntimeError: nested deeper than the parser goes
        return None, ("schema", "not JSON in UTF-8")
    if not isinstance(data, dict):
        return None, ("schema", "not an object")
    message = {}
    for name in data:
        shape = schema.shape(kind, name)
        if shape is None or (name == "id" and kind in ("status", "view")):
            continue
        why = fault_of(name, shape, data[name])
        if why:
            return None, ("schema", why)
        message[name] = data[name]
    for name in schema.REQUIRED[kind]:
        if name not in message:
            return None, ("schema", "no " + name)
    return message, None


def check_params(verb, params):
    """Why the parameters of a verb do not fit, or None. A parameter the verb does not know is refused:
    obeying half of an order is worse than refusing it."""
    rows = schema.VERBS.get(verb)
    if rows is None:
        return "unknown verb"
    known = 0
    for name, form, required, low, high in rows:
        if name not in params:
            if required:
                return "no " + name
            continue
        known += 1
        why = fault_of(name, (form, 3, low, high), params[name])
        if why:
            return why
    return None if known == len(params) else "a parameter that %s does not know" % verb
