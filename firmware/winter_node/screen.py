"""What the screen shows: facts in, a picture out; drawing it needs nothing but framebuf's methods. Pure.

A picture is a tuple of shapes, comparable with the last one:
    ("text", x, y, text, ink)   ("fill", x, y, w, h, ink)   ("rect", x, y, w, h, ink)   ("hline", x, y, w, ink)
128 x 64 pixels, letters of 8 x 8: eight lines of 16 letters, every text on one of them.
"""

from winter_wire import codec, schema

from winter_node import roles

WIDTH, HEIGHT = 128, 64
COLUMNS, LINES = 16, 8
MAIN, NETWORK, ABOUT = range(3)
PAGES = 3
_LETTER = 8
_STATE_Y, _RULE_Y, _ROWS_Y, _NOTE_Y, _NET_Y = 8, 19, 24, 48, 56
_BAR_X, _BAR_W, _BAR_END = 34, 60, 96
_WORDS_OF_MODE = {"auto": "", "local": "LOC", "manual": "MAN"}
UNKNOWN = "--"


def draw(canvas, picture):
    """Draws a picture on anything with framebuf's fill, text, fill_rect, rect and hline."""
    canvas.fill(0)
    for shape in picture:
        kind = shape[0]
        if kind == "text":
            canvas.text(shape[3], shape[1], shape[2], shape[4])
        elif kind == "hline":
            canvas.hline(shape[1], shape[2], shape[3], shape[4])
        elif kind == "rect":
            canvas.rect(shape[1], shape[2], shape[3], shape[4], shape[5])
        else:
            canvas.fill_rect(shape[1], shape[2], shape[3], shape[4], shape[5])


def page(number, facts):
    """The picture of one of the PAGES; in safe mode the first one says so and why."""
    if number == NETWORK:
        return network_page(facts)
    if number == ABOUT:
        return about_page(facts)
    return safe_page(facts) if facts["safe"] else main_page(facts)


def main_page(facts):
    """The device: id, the pace of time where that is not the clock's, [STATE], its rows, what is amiss, the network line.

    facts: node_id, type, state, mode, handle, fault, values (fields of view and node), stale, and what network_line
    wants.
    """
    shapes = [
        _text(0, _title(facts)),
        _text(_STATE_Y, _pair(_state(facts), _WORDS_OF_MODE[facts["mode"]])),
        ("hline", 0, _RULE_Y, WIDTH, 1),
    ]
    y = _ROWS_Y
    for row in roles.rows(facts["type"]):
        if row[0] == roles.BAR:
            _bar(shapes, y, row, facts["values"].get(row[2]))
        else:
            right = _cell(row[1], facts["values"]) if len(row) > 1 else ""
            shapes.append(_text(y, _pair(_cell(row[0], facts["values"]), right)))
        y += _LETTER
    shapes.append(_text(_NOTE_Y, _note(facts)))
    shapes.append(_text(_NET_Y, network_line(facts)))
    return _without_blanks(shapes)


def network_page(facts):
    """Wi-Fi, broker and what is wrong with them. facts: as in network_line, and ssid, address, broker, lost,
    unsent, note (settings that were not adopted)."""
    return _lines(
        (
            "NETWORK",
            network_line(facts),
            facts["ssid"],
            "signal %ddBm" % facts["rssi"] if facts["rssi"] else "no signal",
            facts["address"] or "no address",
            facts["broker"],
            "lost %d times" % facts["lost"],
            facts["note"] or "unsent %d" % facts["unsent"],
        )
    )


def about_page(facts):
    """Version, uptime, memory, boots, faults met. facts: node_id, fw, uptime_s, heap_free, boots, and
    reset_cause, refused, errors."""
    return _lines(
        (
            "ABOUT",
            short(facts["node_id"]),
            "version " + facts["fw"],
            "up " + clock(facts["uptime_s"]),
            "heap %d" % facts["heap_free"],
            "boot %d %s" % (facts["boots"], facts["reset_cause"]),
            "refused %d" % facts["refused"],
            facts["errors"],
        )
    )


def safe_page(facts):
    """What stands in for the main page after several crashes in a row. facts: node_id, safe (why), and network_line's."""
    lines = ["SAFE MODE", short(facts["node_id"])] + wrapped(facts["safe"])
    lines = (lines + [""] * LINES)[: LINES - 1]
    lines.append(network_line(facts))
    return _lines(lines)


def identify_page(node_id):
    """Unmistakable across a room: the id, dark on light."""
    return (("fill", 0, 0, WIDTH, HEIGHT, 1), ("text", _center(short(node_id)), 28, short(node_id), 0))


def bad_settings_page(faults, turn=0, title="BAD SETTINGS"):
    """What to mend; where it takes more than one screen, turn counts through them round and round."""
    lines = []
    for fault in faults:
        lines.extend(wrapped(fault))
    room = LINES - 1
    screens = max(1, (len(lines) + room - 1) // room)
    first = turn % screens * room
    count = "" if screens == 1 else "%d/%d" % (turn % screens + 1, screens)
    return _lines([_pair(title, count)] + lines[first : first + room])


def wrapped(text):
    """A text in pieces of one line each."""
    lines = []
    while text:
        lines.append(text[:COLUMNS])
        text = text[COLUMNS:].strip()
    return lines


def network_line(facts):
    """One line that says whether what is shown is the present. facts: connected, trouble, stale, age_s, rssi."""
    if not facts["connected"]:
        return facts["trouble"] or "CONNECTING"
    if facts["trouble"]:
        return facts["trouble"]
    if facts["age_s"] is None:
        return "NO ENGINE YET"
    if facts["stale"]:
        return "NO ENGINE " + _age(facts["age_s"])
    return "ONLINE %ddBm" % facts["rssi"] if facts["rssi"] else "ONLINE"


def short(node_id, room=COLUMNS):
    """An id in so many letters: the middle goes, since the end tells the side."""
    return node_id if len(node_id) <= room else node_id[: room - 5] + "~" + node_id[-4:]


def clock(seconds):
    """1:40, or 27:46:40 from an hour on."""
    minutes = seconds // 60
    if minutes < 60:
        return "%d:%02d" % (minutes, seconds % 60)
    return "%d:%02d:%02d" % (minutes // 60, minutes % 60, seconds % 60)


def number(value, decimals, unit):
    """A value with its unit, in kV and MW where V and kW would be long."""
    if unit == "V" and value >= 10000:
        value, decimals, unit = value / 1000, 1, "kV"
    elif unit == "kW" and not -1000 < value < 1000:
        value, decimals, unit = value / 1000, 2, "MW"
    return codec.number_text(value, decimals) + unit  # printf rounds ties in another way on a board


def _title(facts):
    """The id, and in the corner how fast the engine's time passes; nothing there while it goes with the clock."""
    speed = facts["values"].get("speed")
    if speed is None:
        return short(facts["node_id"])
    pace = codec.number_text(speed, 2).rstrip("0").rstrip(".") + "x" if speed else "FROZEN"
    return _pair(short(facts["node_id"], COLUMNS - 1 - len(pace)), pace)


def _state(facts):
    word = facts["state"] or "WAITING"
    return "[" + word + ("?" if facts["stale"] and facts["state"] else "") + "]"


def _cell(cell, values):
    field, decimals, unit = cell
    value = values.get(field)
    if unit == roles.TIME:
        return unit + " " + (UNKNOWN if value is None else clock(value))
    return UNKNOWN + unit if value is None else number(value, decimals, unit)


def _bar(shapes, y, row, value):
    _, label, _, full = row
    shapes.append(_text(y, label))
    shapes.append(("rect", _BAR_X, y, _BAR_W, _LETTER - 1, 1))
    if value is None:
        shapes.append(_text(y, _right(UNKNOWN + "%"), x=_BAR_END))
        return
    part = max(0, min(full, value)) / full
    shapes.append(("fill", _BAR_X + 2, y + 2, int((_BAR_W - 4) * part + 0.5), _LETTER - 5, 1))
    shapes.append(_text(y, _right("%d%%" % min(999, int(value + 0.5))), x=_BAR_END))


def _note(facts):
    """The line for what is not as usual: a fault by name, else a handle that is not at rest."""
    if facts["fault"]:
        return "!" + facts["fault"].upper()
    if facts["handle"] != schema.TYPES[facts["type"]][schema.HANDLES][0]:
        return "handle " + facts["handle"]
    return ""


def _right(text):
    """A value at the right end of a bar: four letters."""
    return " " * (4 - len(text)) + text


def _age(seconds):
    return "%ds" % seconds if seconds < 100 else "%dm" % min(999, seconds // 60)


def _center(text):
    return (WIDTH - _LETTER * len(text)) // 2


def _pair(left, right):
    """A line with something at either end; where both do not fit, the left one is cut."""
    right = right[:COLUMNS]
    left = left[: COLUMNS - len(right)]
    return left + " " * (COLUMNS - len(left) - len(right)) + right if right else left


def _text(y, text, x=0):
    return ("text", x, y, text[: COLUMNS - x // _LETTER], 1)


def _lines(lines):
    return _without_blanks([_text(_LETTER * index, lines[index]) for index in range(len(lines))])


def _without_blanks(shapes):
    return tuple([shape for shape in shapes if shape[0] != "text" or shape[3]])
